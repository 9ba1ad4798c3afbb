"""What waits to be sent, and its delivery."""

from __future__ import annotations

import collections
import itertools
import json
import logging
import urllib.error
import urllib.request

_log = logging.getLogger("paramedic")

# paramedic takes 10,000 measurements in one body; a tenth keeps bodies near 100 kB.
_MAX_BATCH = 1_000
#: The longest pause between two tries, seconds.
MAX_BACKOFF_S = 30.0


def offer(queue, item, counters, counter):
    """Appends to a bounded queue. A full one drops its oldest by itself; only the count is ours."""
    if len(queue) == queue.maxlen:
        counters[counter] += 1
    queue.append(item)


class Sender:
    """Two bounded queues, and one thread that empties them; incidents go first."""

    def __init__(self, settings, counters):
        self._settings = settings
        self._counters = counters
        self.measurements = collections.deque(maxlen=settings.max_measurements)
        self.incidents = collections.deque(maxlen=settings.max_incidents)

    def send_all(self):
        """Sends everything; None when it is done, else the seconds that the server asks to wait."""
        while self.incidents:
            report = self.incidents[0]
            pause = self._post("/v1/incidents", report)
            if pause is not None:
                return pause
            _discard(self.incidents, [report])
            self._counters["incidents_sent"] += 1
        while self.measurements:
            batch = list(itertools.islice(self.measurements, _MAX_BATCH))
            pause = self._post("/v1/measurements", {"measurements": batch})
            if pause is not None:
                return pause
            _discard(self.measurements, batch)
            self._counters["measurements_sent"] += len(batch)
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
                    self._counters["retries"] += 1
                    return _seconds(error.headers.get("retry-after"))
                self._counters["refused"] += 1
                shown = error.read(200).decode("utf-8", "replace")
                _log.warning("paramedic refused %s: %s %s", path, error.code, shown)
                return None
        except (OSError, ValueError) as error:
            if isinstance(error, ValueError):
                self._counters["refused"] += 1
                return None
            self._counters["retries"] += 1
            _log.debug("paramedic is not reached: %s", error)
            return 0.0


def _discard(queue, items):
    # While they were sent, a full queue may have dropped some of them already.
    for item in items:
        if queue and queue[0] is item:
            queue.popleft()


def _seconds(text):
    try:
        return min(MAX_BACKOFF_S, max(0.0, float(text)))
    except (TypeError, ValueError):
        return 0.0
