"""The engine's side: takes statistics, and runs the thread that forwards them."""

from __future__ import annotations

import collections
import logging
import math
import os
import random
import threading
import time
import uuid

from .sender import MAX_BACKOFF_S, Sender, offer
from .settings import Settings
from .window import Window, read_step

_log = logging.getLogger("paramedic")

#: The kinds of violation that ``open_incident`` takes.
VIOLATION_TYPES = (
    "latency_breach",
    "throughput_degradation",
    "error_rate_spike",
    "availability_loss",
    "resource_exhaustion",
    "performance_regression",
)
_SEVERITIES = ("minor", "major", "critical")
_FIRST_BACKOFF_S = 0.5


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
        self._sender = Sender(self._settings, self.counters)
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._thread = None
        self._pid = None
        self._window = Window(self._settings.window_s)
        replica = self._settings.replica
        self._replica = replica or "%s-%d" % (os.uname().nodename, engine_index)

    # What the engine calls ---------------------------------------------------------------------

    def record(self, scheduler_stats=None, iteration_stats=None, *rest, **named):
        """Takes the statistics of one engine step; releases differ in the arguments that follow."""
        try:
            engine_index = named.get("engine_idx", self._index)
            if engine_index != self._index and engine_index is not None:
                return
            self._keep(read_step(scheduler_stats, iteration_stats))
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
                self._keep((time.time(), str(metric), value))
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
        offer(self._sender.incidents, report, self.counters, "incidents_dropped")
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

    def _keep(self, record):
        offer(self._records, record, self.counters, "records_dropped")

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
                    pause = self._sender.send_all()
                    if pause is None:
                        backoff = 0.0
                    else:
                        backoff = min(MAX_BACKOFF_S, max(_FIRST_BACKOFF_S, 2 * backoff))
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
            offer(self._sender.measurements, item, self.counters, "measurements_dropped")
