"""From the engine's statistics to measurements."""

from __future__ import annotations

import collections
import math
import time

# A quantile of fewer requests says nothing; the same least number as the detector's.
_MIN_REQUESTS = 5


def _number(thing, *names):
    """The first of the attributes that is a finite number, or None."""
    for name in names:
        value = getattr(thing, name, None)
        if isinstance(value, (int, float)) and math.isfinite(value):
            return value
    return None


def read_step(scheduler, iteration):
    """What one step says, as plain numbers: the engine reuses its objects."""
    prefix = getattr(scheduler, "prefix_cache_stats", None)
    finished = []
    for request in getattr(iteration, "finished_requests", None) or ():
        reason = str(getattr(request, "finish_reason", "")).lower()
        finished.append((_number(request, "e2e_latency"), "error" in reason))
    return {
        "at": time.time(),
        "running": _number(scheduler, "num_running_reqs"),
        "waiting": _number(scheduler, "num_waiting_reqs"),
        "kv": _number(scheduler, "kv_cache_usage", "gpu_cache_usage"),
        "convergence": _number(scheduler, "echo_evolution_convergence"),
        "queries": _number(prefix, "queries") or 0,
        "hits": _number(prefix, "hits") or 0,
        "tokens": _number(iteration, "num_generation_tokens") or 0,
        "preempted": _number(iteration, "num_preempted_reqs") or 0,
        "finished": finished,
    }


class Window:
    """Turns the records of one interval into measurements; remembers finished requests for a while."""

    def __init__(self, window_s):
        self._window_s = window_s
        self._finished = collections.deque()
        self._since = None

    def take(self, records, now):
        """Measurements as (metric, value, Unix seconds)."""
        values = [record for record in records if isinstance(record, tuple)]
        steps = [record for record in records if not isinstance(record, tuple)]
        out = [(metric, value, at) for at, metric, value in values]
        since, self._since = self._since, now
        for step in steps:
            self._finished.extend((step["at"],) + request for request in step["finished"])
        while self._finished and self._finished[0][0] < now - self._window_s:
            self._finished.popleft()
        if not steps:
            return out
        last = steps[-1]
        for metric, key, factor in (
            ("num_requests_running", "running", 1),
            ("num_requests_waiting", "waiting", 1),
            ("kv_cache_usage_percent", "kv", 100),
            ("echo_evolution_convergence", "convergence", 1),
        ):
            if last[key] is not None:
                out.append((metric, last[key] * factor, now))
        elapsed = now - since if since is not None else 0
        if elapsed > 0:
            out.append(("tokens_per_second", sum(s["tokens"] for s in steps) / elapsed, now))
            preempted = sum(s["preempted"] for s in steps)
            out.append(("preemptions_per_second", preempted / elapsed, now))
        queries = sum(s["queries"] for s in steps)
        if queries > 0:
            hits = sum(s["hits"] for s in steps)
            out.append(("prefix_cache_hit_percent", 100 * hits / queries, now))
        return out + self._of_requests(now)

    def _of_requests(self, now):
        if len(self._finished) < _MIN_REQUESTS:
            return []
        errors = sum(1 for request in self._finished if request[2])
        out = [("error_rate_percent", 100 * errors / len(self._finished), now)]
        latencies = sorted(r[1] for r in self._finished if r[1] is not None)
        if len(latencies) >= _MIN_REQUESTS:
            for metric, q in (("request_latency_p95", 0.95), ("request_latency_p99", 0.99)):
                out.append((metric, 1000 * _quantile(latencies, q), now))
        return out


def _quantile(ordered, q):
    """Linear interpolation between order statistics (Hyndman and Fan's type 7)."""
    place = q * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)
