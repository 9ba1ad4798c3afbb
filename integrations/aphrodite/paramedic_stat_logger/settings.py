"""Where measurements go, and how much is kept."""

from __future__ import annotations

import os


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
