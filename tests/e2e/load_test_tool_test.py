"""`tournant load-test` against a real server."""

import json
import os
import pty
import signal
import subprocess
import unittest

import tritonclient.grpc as triton
from harness import BIN, DEADLINE, LIMIT_SECONDS, environment, serve_for_class, tournant, until


class LoadTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = serve_for_class(cls, "identity", "linear", "raises")
        cls.client = triton.InferenceServerClient(cls.server.address)
        cls.addClassCleanup(cls.client.close)

    def arguments(self, *more: str) -> list[str]:
        return ["load-test", *more, f"--server={self.server.address}", DEADLINE, "--output=json"]

    def report(self, *arguments: str, status: int = 0, **options) -> dict:
        """What a run says that ends with this status, once it adds up."""
        ended = tournant(*self.arguments(*arguments), **options)
        self.assertEqual(ended.returncode, status, ended.stderr)
        report = json.loads(ended.stdout)
        self.assert_adds_up(report)
        return report

    def assert_adds_up(self, report: dict) -> None:
        for part in [report, *report["classes"]]:
            self.assertEqual(part["offered"], part["sent"] + part["unsent"])
            self.assertEqual(part["unsent"], part["unsent_in_flight"] + part["unsent_expired"])
            self.assertEqual(part["sent"], part["ok"] + part["failed"])
            self.assertEqual(part["failed"], sum(part["errors"].values()))
            self.assertEqual(part["rejected"], part["errors"].get("RESOURCE_EXHAUSTED", 0))
            self.assertLessEqual(part["in_time"], part["ok"])
            self.assertEqual(part["latency_ms"]["ok"]["count"], part["ok"])
            self.assertEqual(part["latency_ms"]["rejected"]["count"], part["rejected"])
            latencies = part["latency_ms"]["ok"]
            ascending = [latencies[p] for p in ("min", "p50", "p90", "p99", "p99.9", "max")]
            self.assertEqual(ascending, sorted(ascending))
        for what in ("offered", "sent", "ok", "in_time", "failed"):
            self.assertEqual(report[what], sum(one[what] for one in report["classes"]))

    def served(self, model: str) -> int:
        """Calls that the server has answered, as it counts itself."""
        (stats,) = self.client.get_inference_statistics(
            model, client_timeout=LIMIT_SECONDS).model_stats
        return stats.inference_stats.success.count

    def test_an_open_loop_sends_what_its_rate_asks_for(self):
        before = self.served("identity")
        report = self.report("identity", "x=1,2,3,4", "--rate=500", "--arrivals=constant",
                             "--duration=400ms", "--warm-up=100ms", "--threads=2", "--channels=2")
        self.assertEqual((report["offered"], report["ok"]), (200, 200))
        # With those of the warm-up.
        self.assertEqual(self.served("identity") - before, 250)
        self.assertEqual(report["settings"]["inputs"], "x FP32 [1,4]")

    def test_a_poisson_load_with_a_seed_repeats(self):
        load = ("identity", "--rate=1000", "--duration=300ms", "--warm-up=0s", "--seed=7",
                "--mix=critical:70:200s,sheddable:30:100s")
        first, second = self.report(*load), self.report(*load)
        self.assertGreater(first["offered"], 100)
        self.assertEqual([one["offered"] for one in first["classes"]],
                         [one["offered"] for one in second["classes"]])
        self.assertNotEqual(first["offered"], self.report(*load, "--seed=8")["offered"])

    def test_a_closed_loop_counts_every_call(self):
        before = self.served("linear")
        report = self.report("linear", "--rows=8", "--concurrency=20", "--duration=300ms",
                             "--warm-up=0s")
        self.assertGreaterEqual(report["ok"], 1)
        self.assertEqual(report["ok"], report["offered"])
        self.assertEqual(self.served("linear") - before, report["ok"])

    def test_calls_beyond_those_that_may_wait_are_unsent(self):
        report = self.report("identity", "--rate=200000", "--duration=100ms", "--warm-up=0s",
                             "--max-in-flight=3")
        self.assertGreater(report["unsent_in_flight"], 0)
        self.assertTrue(any("--max_in_flight=3" in text for text in report["warnings"]))

    def test_a_run_without_any_success_ends_with_one_and_says_why(self):
        report = self.report("raises", "x=-1", "--concurrency=2", "--duration=50ms", "--warm-up=0s",
                             status=1)
        self.assertEqual(report["errors"], {"INTERNAL": report["offered"]})
        self.assertIn("a negative x", report["first_errors"]["INTERNAL"])

    def test_the_report_is_a_table_for_a_person(self):
        ended = tournant("load-test", "identity", f"--server={self.server.address}", DEADLINE,
                         "--rate=300", "--duration=100ms", "--warm-up=0s", "--mix=critical")
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertEqual(ended.stderr, "no inputs given: sending random ones, x FP32 [1,4]\n")
        for line in (r"model     identity", r"calls +offered +/s +sent", r"critical 240000 ms +\d",
                     r"latency, ms +calls +mean +p50 +p90 +p99 +p99\.9 +max", r"all ok +\d"):
            self.assertRegex(ended.stdout, rf"(?m)^{line}")

    def test_wrong_usage_ends_with_two_and_is_named(self):
        for arguments, message in (
            (("identity",), "give either --rate for an open loop or --concurrency"),
            (("identity", "--rate=1", "--concurrency=1"), "give either --rate for an open loop"),
            (("identity", "--rate=1", "--mix=vital"), "--mix: 'vital': the class is none of"),
            (("identity", "--rate=1", "z=1"), "model 'identity' has no input 'z'; it has: x"),
            (("identity", "--rate=1", "--rows=9"), "--rows: 9 is more than 8, the largest batch"),
            (("identity", "--rate=1", "--dim=x=5"), "input 'x': --dim gives 1 sizes"),
            (("identity", "--rate=1", "--durations=1s"), "unknown flag --durations"),
        ):
            with self.subTest(arguments):
                ended = tournant(*self.arguments(*arguments))
                self.assertEqual(ended.returncode, 2)
                self.assertIn(message, ended.stderr)
                self.assertEqual(ended.stdout, "")

    def start(self, *arguments: str, stderr) -> subprocess.Popen:
        process = subprocess.Popen([str(BIN / "tournant"), *self.arguments(*arguments)],
                                   env=environment(), stdout=subprocess.PIPE, stderr=stderr, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def test_an_interrupt_ends_the_run_with_its_report(self):
        before = self.served("linear")
        process = self.start("linear", "--rate=200", "--duration=1h", "--warm-up=0s",
                             stderr=subprocess.DEVNULL)
        until(lambda: self.served("linear") > before)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=LIMIT_SECONDS)
        self.assertEqual(process.returncode, 0)
        report = json.loads(out)
        self.assert_adds_up(report)
        self.assertTrue(report["interrupted"])
        self.assertEqual(self.served("linear") - before, report["ok"])

    def test_a_terminal_shows_how_it_goes(self):
        ours, terminal = pty.openpty()
        self.addCleanup(os.close, ours)
        process = self.start("identity", "--concurrency=1", "--duration=1h", stderr=terminal)
        os.close(terminal)
        shown = ""
        while "in flight" not in shown:
            shown += os.read(ours, 4096).decode()
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=LIMIT_SECONDS)
        self.assertRegex(shown, r"\r\x1b\[K\[\.{20}\] \d+\.\d of 3601\.0 s .* sent/s .* ok/s  1 in flight")
        self.assertTrue(json.loads(out)["interrupted"])


if __name__ == "__main__":
    unittest.main()
