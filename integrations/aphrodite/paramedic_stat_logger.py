"""Forwards an engine's statistics to paramedic.

A stat logger for Aphrodite Engine and vLLM (v1), standard library only, Python 3.9 and later. The
engine calls ``record`` in its event loop, so ``record`` copies a few numbers into a bounded queue and
returns: it never blocks, never raises, and does no I/O. A background thread turns the queue into
measurements once per interval and posts them; what cannot be delivered is kept up to a bound, then
the oldest is dropped and counted.

It works without the engine's package: what ``record`` is given is read by attribute.
"""

from __future__ import annotations

import collections
import itertools
import json
import logging
import math
import os
import random
import threading
import time
import urllib.error
import urllib.request
import uuid

__all__ = ["ParamedicStatLogger", "Settings", "VIOLATION_TYPES"]

_log = logging.getLogger("paramedic")

VIOLATION_TYPES = (
    "latency_breach",
    "throughput_degradation",
    "error_rate_spike",
    "availability_loss",
    "resource_exhaustion",
    "performance_regression",
)
_SEVERITIES = ("minor", "major", "critical")

# A quantile of fewer requests says nothing; the same least number as the detector's.
_MIN_REQUESTS = 5
# paramedic takes 10,000 measurements in one body; a tenth keeps bodies near 100 kB.
_MAX_BATCH = 1_000
_FIRST_BACKOFF_S = 0.5
_MAX_BACKOFF_S = 30.0


class Settings:
    """Where to send, and how much to keep. Arguments left out come from the environment.

    ``PARAMEDIC_URL`` (default http://127.0.0.1:2242), ``PARAMEDIC_SERVICE`` (default: the only service
    that paramedic watches), ``PARAMEDIC_REPLICA`` (default: host name and engine index),
    ``PARAMEDIC_TOKEN`` or ``PARAMEDIC_TOKEN_FILE``, ``PARAMEDIC_INTERVAL_SECONDS`` (default 1).
    """

    def __init__(
        self,
        url=None,
        service=None,
        replica=None,
        token=None,
        token_file=None,
        interval_s=None,
        window_s=30.0,
        timeout_s=2.0,
        max_records=20_000,
        max_measurements=20_000,
        max_incidents=100,
    ):
        env = os.environ.get
        self.url = (url or env("PARAMEDIC_URL") or "http://127.0.0.1:2242").rstrip("/")
        self.service = service or env("PARAMEDIC_SERVICE")
        self.replica = replica or env("PARAMEDIC_REPLICA")
        self.token = token or env("PARAMEDIC_TOKEN")
        self.token_file = token_file or env("PARAMEDIC_TOKEN_FILE")
        self.interval_s = float(interval_s or env("PARAMEDIC_INTERVAL_SECONDS") or 1.0)
        #: Latency quantiles and error rates look back so far.
        self.window_s = window_s
        self.timeout_s = timeout_s
        #: Calls of ``record`` kept between two intervals; some minutes of engine steps.
        self.max_records = max_records
        self.max_measurements = max_measurements
        self.max_incidents = max_incidents

    def bearer(self):
        """The token of now: a file is read anew, so a rotated one needs no restart."""
        if self.token_file:
            with open(self.token_file, encoding="utf-8") as file:
                return file.read().strip()
        return self.token


class ParamedicStatLogger:
    """The engine's side of the stat logger protocol, plus ``record_value`` and ``open_incident``.

    Give the class itself to the engine: ``stat_loggers=[ParamedicStatLogger]``. ``counters`` tells what
    was sent, dropped and refused.
    """

    def __init__(self, engine_config=None, engine_index=0, settings=None):
        self._settings = settings or Settings()
        self._index = engine_index
        self.counters = collections.Counter()
        self._records = collections.deque(maxlen=self._settings.max_records)
        self._outbox = collections.deque(maxlen=self._settings.max_measurements)
        self._incidents = collections.deque(maxlen=self._settings.max_incidents)
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._thread = None
        self._pid = None
        self._window = _Window(self._settings.window_s)
        replica = self._settings.replica
        self._replica = replica or "%s-%d" % (os.uname().nodename, engine_index)

    # What the engine calls ---------------------------------------------------------------------

    def record(self, scheduler_stats=None, iteration_stats=None, *rest, **named):
        """Takes the statistics of one engine step; releases differ in the arguments that follow."""
        try:
            engine_index = named.get("engine_idx", self._index)
            if engine_index != self._index and engine_index is not None:
                return
            self._offer(self._records, _read(scheduler_stats, iteration_stats), "records_dropped")
            self._ensure_thread()
        except Exception:  # pylint: disable=broad-except
            # An engine must not die of its statistics.
            self.counters["errors"] += 1
            _log.debug("record failed", exc_info=True)

    def log(self):
        """Called by the engine now and then; everything happens in the thread."""

    def log_engine_initialized(self):
        """Called by the engine once it is up."""

    # What an operator's code may call ----------------------------------------------------------

    def record_value(self, metric, value):
        """Forwards one value under its own name, e.g. ``echo_evolution_convergence`` (0 to 1)."""
        try:
            value = float(value)
            if math.isfinite(value):
                self._offer(self._records, (time.time(), str(metric), value), "records_dropped")
                self._ensure_thread()
            else:
                self.counters["values_refused"] += 1
        except Exception:  # pylint: disable=broad-except
            self.counters["errors"] += 1

    def open_incident(self, violation_type, severity, evidence=None, idempotency_key=None, **more):
        """Reports a violation that the engine knows of by itself; sent ahead of measurements.

        ``more`` may hold ``threshold``, ``metric`` and ``value``. The same key again is the same
        incident. Returns the key, or None where the arguments name no known type or severity.
        """
        if violation_type not in VIOLATION_TYPES or severity not in _SEVERITIES:
            self.counters["incidents_refused"] += 1
            _log.warning("no such incident: %s, %s", violation_type, severity)
            return None
        key = idempotency_key or str(uuid.uuid4())
        report = {
            "type": violation_type,
            "severity": severity,
            "service": self._settings.service or "default",
            "replica": self._replica,
            "evidence": evidence or {},
            "idempotencyKey": key,
            "time": time.time(),
        }
        report.update({k: v for k, v in more.items() if k in ("threshold", "metric", "value")})
        self._offer(self._incidents, report, "incidents_dropped")
        self._ensure_thread()
        self._wake.set()
        return key

    def close(self, timeout_s=5.0):
        """Sends what is there, once, and ends the thread."""
        self._stop.set()
        self._wake.set()
        thread = self._thread
        if thread is not None and self._pid == os.getpid():
            thread.join(timeout_s)

    # The thread --------------------------------------------------------------------------------

    def _offer(self, queue, item, counter):
        # A full deque drops its oldest by itself; only the count is ours.
        if len(queue) == queue.maxlen:
            self.counters[counter] += 1
        queue.append(item)

    def _ensure_thread(self):
        # Engines fork after they made their loggers, and a thread does not survive a fork.
        if self._pid == os.getpid() or self._stop.is_set():
            return
        self._pid = os.getpid()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="paramedic", daemon=True)
        self._thread.start()

    def _run(self):
        interval = self._settings.interval_s
        backoff = 0.0
        retry_at = 0.0
        due = time.monotonic() + interval
        while True:
            is_last = self._stop.is_set()
            try:
                if is_last or time.monotonic() >= due:
                    due = max(due + interval, time.monotonic())
                    self._aggregate()
                if is_last or time.monotonic() >= retry_at:
                    pause = self._send_all()
                    if pause is None:
                        backoff = 0.0
                    else:
                        backoff = min(_MAX_BACKOFF_S, max(_FIRST_BACKOFF_S, 2 * backoff))
                        # Replicas that lost the same server must not all come back at once.
                        wait = max(pause, backoff * (0.5 + random.random() / 2))
                        retry_at = time.monotonic() + wait
            except Exception:  # pylint: disable=broad-except
                self.counters["errors"] += 1
                _log.debug("forwarding failed", exc_info=True)
            if is_last:
                return
            self._wake.wait(max(0.01, due - time.monotonic()))
            self._wake.clear()

    def _aggregate(self):
        records = []
        while self._records:
            try:
                records.append(self._records.popleft())
            except IndexError:
                break
        now = time.time()
        for metric, value, at in self._window.take(records, now):
            item = {"metric": metric, "value": value, "replica": self._replica, "time": at}
            if self._settings.service:
                item["service"] = self._settings.service
            self._offer(self._outbox, item, "measurements_dropped")

    def _send_all(self):
        """Sends everything; None when it is done, else the seconds that the server asks to wait."""
        while self._incidents:
            report = self._incidents[0]
            pause = self._post("/v1/incidents", report)
            if pause is not None:
                return pause
            _discard(self._incidents, [report])
            self.counters["incidents_sent"] += 1
        while self._outbox:
            batch = list(itertools.islice(self._outbox, _MAX_BATCH))
            pause = self._post("/v1/measurements", {"measurements": batch})
            if pause is not None:
                return pause
            _discard(self._outbox, batch)
            self.counters["measurements_sent"] += len(batch)
        return None

    def _post(self, path, body):
        """None when the server took or finally refused it, else seconds to wait before another try."""
        headers = {"content-type": "application/json", "user-agent": "paramedic-stat-logger"}
        try:
            token = self._settings.bearer()
            if token:
                headers["authorization"] = "Bearer " + token
            data = json.dumps(body, allow_nan=False).encode()
            url = self._settings.url + path
            request = urllib.request.Request(url, data, headers, method="POST")
            with urllib.request.urlopen(request, timeout=self._settings.timeout_s) as response:
                response.read()
            return None
        except urllib.error.HTTPError as error:
            with error:
                if error.code in (408, 429) or error.code >= 500:
                    self.counters["retries"] += 1
                    return _seconds(error.headers.get("retry-after"))
                self.counters["refused"] += 1
                shown = error.read(200).decode("utf-8", "replace")
                _log.warning("paramedic refused %s: %s %s", path, error.code, shown)
                return None
        except (OSError, ValueError) as error:
            if isinstance(error, ValueError):
                self.counters["refused"] += 1
                return None
            self.counters["retries"] += 1
            _log.debug("paramedic is not reached: %s", error)
            return 0.0


def _discard(queue, items):
    # While they were sent, a full queue may have dropped some of them already.
    for item in items:
        if queue and queue[0] is item:
            queue.popleft()


def _seconds(text):
    try:
        return min(_MAX_BACKOFF_S, max(0.0, float(text)))
    except (TypeError, ValueError):
        return 0.0


def _number(thing, *names):
    """The first of the attributes that is a finite number, or None."""
    for name in names:
        value = getattr(thing, name, None)
        if isinstance(value, (int, float)) and math.isfinite(value):
            return value
    return None


def _read(scheduler, iteration):
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


class _Window:
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
