"""Run with: python3 -m unittest discover -s integrations/aphrodite"""

import http.server
import json
import threading
import time
import types
import unittest

from paramedic_stat_logger import ParamedicStatLogger, Settings


class Receiver:
    """A real server that answers with the statuses it is told, then with 202."""

    def __init__(self, *statuses):
        self.statuses = list(statuses)
        self.bodies = []
        self.headers = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):  # pylint: disable=invalid-name
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                status = outer.statuses.pop(0) if outer.statuses else 202
                if status < 300:
                    outer.bodies.append((self.path, body))
                outer.headers.append(dict(self.headers))
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):  # pylint: disable=arguments-differ
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def values(self, metric):
        return [
            item["value"]
            for path, body in list(self.bodies)
            if path == "/v1/measurements"
            for item in body["measurements"]
            if item["metric"] == metric
        ]


def step(tokens=10, finished=(), kv=0.5, running=3):
    scheduler = types.SimpleNamespace(
        num_running_reqs=running,
        num_waiting_reqs=1,
        kv_cache_usage=kv,
        prefix_cache_stats=types.SimpleNamespace(queries=10, hits=4),
    )
    iteration = types.SimpleNamespace(
        num_generation_tokens=tokens,
        num_preempted_reqs=0,
        finished_requests=[
            types.SimpleNamespace(finish_reason=reason, e2e_latency=seconds)
            for reason, seconds in finished
        ],
    )
    return scheduler, iteration


def wait_for(condition, seconds=5.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return False


class StatLoggerTest(unittest.TestCase):
    def start(self, receiver_or_url, **more):
        url = getattr(receiver_or_url, "url", receiver_or_url)
        settings = Settings(url=url, service="chat", replica="engine-1", interval_s=0.05, **more)
        logger = ParamedicStatLogger(None, 0, settings)
        self.addCleanup(logger.close, 1.0)
        return logger

    def receiver(self, *statuses):
        receiver = Receiver(*statuses)
        self.addCleanup(receiver.close)
        return receiver

    def test_forwards_what_the_engine_says(self):
        receiver = self.receiver()
        logger = self.start(receiver, token="s3cret")
        finished = [("stop", 0.1 * i) for i in range(1, 11)]
        finished[0] = ("FinishReason.ERROR", 0.1)
        logger.record(*step(finished=finished))
        self.assertTrue(wait_for(lambda: receiver.values("request_latency_p95")))
        # Of 0.1 .. 1.0 s: order statistic 0.95 * 9 = 8.55, between 0.9 and 1.0.
        self.assertAlmostEqual(receiver.values("request_latency_p95")[0], 955.0)
        self.assertAlmostEqual(receiver.values("request_latency_p99")[0], 991.0)
        self.assertEqual(receiver.values("error_rate_percent")[0], 10.0)
        self.assertEqual(receiver.values("kv_cache_usage_percent"), [50.0])
        self.assertEqual(receiver.values("num_requests_running"), [3])
        self.assertEqual(receiver.values("prefix_cache_hit_percent"), [40.0])
        path, body = receiver.bodies[0]
        self.assertEqual(path, "/v1/measurements")
        item = body["measurements"][0]
        self.assertEqual((item["service"], item["replica"]), ("chat", "engine-1"))
        self.assertLess(abs(item["time"] - time.time()), 5)
        sent = {name.lower(): value for name, value in receiver.headers[0].items()}
        self.assertEqual(sent["authorization"], "Bearer s3cret")

    def test_tells_tokens_per_second(self):
        receiver = self.receiver()
        logger = self.start(receiver)
        began = time.monotonic()
        while time.monotonic() - began < 0.6:
            logger.record(*step(tokens=2))
            time.sleep(0.01)
        self.assertTrue(wait_for(lambda: len(receiver.values("tokens_per_second")) >= 5))
        values = receiver.values("tokens_per_second")
        # 2 tokens each 10 ms, less what the sleeps overshoot.
        self.assertLess(sum(values) / len(values), 220)
        self.assertGreater(sum(values) / len(values), 40)

    def test_keeps_and_retries_while_the_server_is_away(self):
        receiver = self.receiver(503, 500)
        logger = self.start(receiver)
        logger.record_value("echo_evolution_convergence", 0.9)
        self.assertTrue(wait_for(lambda: receiver.values("echo_evolution_convergence")))
        self.assertEqual(receiver.values("echo_evolution_convergence"), [0.9])
        self.assertEqual(logger.counters["retries"], 2)

    def test_drops_the_oldest_and_counts_it(self):
        logger = self.start("http://127.0.0.1:9", max_records=100, max_measurements=10)
        for i in range(1000):
            logger.record_value("echo_evolution_convergence", i / 1000)
        dropped = lambda: (
            logger.counters["records_dropped"] + logger.counters["measurements_dropped"]
        )
        self.assertTrue(wait_for(lambda: dropped() == 990))
        self.assertEqual(len(logger._sender.measurements), 10)
        self.assertEqual(logger._sender.measurements[-1]["value"], 0.999)

    def test_gives_up_what_is_refused_for_good(self):
        receiver = self.receiver(400)
        logger = self.start(receiver)
        logger.record_value("a", 1)
        self.assertTrue(wait_for(lambda: logger.counters["refused"] == 1))
        logger.record_value("b", 2)
        self.assertTrue(wait_for(lambda: receiver.values("b")))
        self.assertEqual(receiver.values("a"), [])

    def test_never_raises_into_the_engine(self):
        logger = self.start("http://127.0.0.1:9")
        logger.record()
        logger.record(None, None)
        logger.record(object(), object(), engine_idx=0)
        logger.record(types.SimpleNamespace(num_running_reqs="many"), 7, None, 3)
        logger.record(types.SimpleNamespace(), types.SimpleNamespace(finished_requests=5))
        logger.record_value("a", "not a number")
        logger.record_value("a", float("nan"))
        logger.log()
        logger.log_engine_initialized()
        # The two that can't be read are counted, not raised.
        self.assertEqual(logger.counters["errors"], 2)
        self.assertEqual(logger.counters["values_refused"], 1)

    def test_never_blocks_the_engine(self):
        # A server that accepts and never answers.
        import socket

        trap = socket.socket()
        self.addCleanup(trap.close)
        trap.bind(("127.0.0.1", 0))
        trap.listen(1)
        logger = self.start("http://127.0.0.1:%d" % trap.getsockname()[1], timeout_s=30)
        slowest = 0.0
        for _ in range(2000):
            began = time.perf_counter()
            logger.record(*step())
            slowest = max(slowest, time.perf_counter() - began)
        # A step of an engine takes 10 ms and more; the bound leaves room for a busy machine.
        self.assertLess(slowest, 0.25)

    def test_opens_incidents(self):
        receiver = self.receiver(503)
        logger = self.start(receiver)
        self.assertIsNone(logger.open_incident("no_such_type", "major"))
        key = logger.open_incident(
            "resource_exhaustion", "critical", {"error": "out of memory"}, metric="kv_cache_usage_percent"
        )
        self.assertTrue(wait_for(lambda: receiver.bodies))
        path, body = receiver.bodies[0]
        self.assertEqual(path, "/v1/incidents")
        self.assertEqual(body["idempotencyKey"], key)
        self.assertEqual(body["evidence"], {"error": "out of memory"})
        self.assertEqual(body["metric"], "kv_cache_usage_percent")

    def test_sends_what_is_left_when_it_is_closed(self):
        receiver = self.receiver()
        settings = Settings(url=receiver.url, service="chat", replica="r", interval_s=60)
        logger = ParamedicStatLogger(None, 0, settings)
        logger.record_value("a", 1)
        logger.close()
        self.assertEqual(receiver.values("a"), [1])


if __name__ == "__main__":
    unittest.main()
