"""The prediction log of a real server: where it goes, what it holds, what it refuses."""

import csv
import io
import json
import os
import re
import shutil
import signal
import socket
import tempfile
import unittest
import urllib.request
from pathlib import Path

from harness import DEADLINE, LIMIT_SECONDS, NOW, STORE, repository, run_server, serve, tournant, until


def listens(server) -> bool:
    host, port = server.address.rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), timeout=LIMIT_SECONDS).close()
        return True
    except ConnectionError:
        return False


class PredictionLog(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="tournant-e2e-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def serve(self, *models: str, arguments: tuple[str, ...], config: str = ""):
        """A server of these models, each with `config` at the end of its config.pbtxt."""
        folder = repository(self, *models)
        for model in models:
            with open(folder / model / "config.pbtxt", "a") as file:
                file.write(config)
        server = serve(folder, *arguments)
        self.addCleanup(server.kill)
        return server

    def infer(self, server, *arguments: str):
        ended = tournant("infer", *arguments, f"--server={server.address}", DEADLINE)
        self.assertEqual(ended.returncode, 0, ended.stderr)

    def test_holds_features_and_becomes_training_data(self):
        log = str(self.folder / "log")
        hashed = 'parameters { key: "prediction_log.hash" value { string_value: "tailnum" } }\n'
        server = self.serve("seats", config=hashed, arguments=(
            f"--feature_store={STORE}", f"--now={NOW}", f"--prediction_log={log}",
            "--prediction_log_compression=zstd"))
        self.infer(server, "seats", 'tailnum=["N1602","NOPE"]', "--id=both")
        self.assertEqual(server.stop()[0], 0, server.errors)

        checked = tournant("predictions", log, "--check")
        self.assertEqual(checked.returncode, 0, checked.stderr)
        self.assertIn("1 records, 0 missing in 0 gaps, 0 places damaged", checked.stdout)
        printed = tournant("predictions", log).stdout
        self.assertNotIn("N1602", printed)
        record = json.loads(printed)
        self.assertEqual(record["columns"][0]["feature"], "plane_facts:seats")
        self.assertEqual(record["columns"][0]["source"], ["live", "defaulted"])
        self.assertEqual(record["entity_keys"], {"tailnum": "tailnum"})
        self.assertEqual(len(record["bindings"]), 16)
        rows = list(csv.DictReader(io.StringIO(
            tournant("predictions", log, "--format=training", "--provenance").stdout)))
        self.assertEqual([row["output.y:FP32"] for row in rows], ["660", "298"])
        self.assertEqual(rows[1]["feature.plane_facts:seats:FP32"], "149")
        self.assertEqual([row["source.plane_facts:seats:BYTES"] for row in rows],
                         ["live", "defaulted"])
        self.assertEqual([row["degraded:BOOL"] for row in rows], ["false", "false"])

    def test_a_synchronous_answer_comes_after_its_line(self):
        lines = self.folder / "log.jsonl"
        server = self.serve("linear", arguments=(
            f"--prediction_log=jsonl:{lines}", "--prediction_log_mode=sync"))
        for number in range(3):
            self.infer(server, "linear", f"x={number}", f"--id=r{number}")
            last = json.loads(lines.read_text().splitlines()[-1])
            self.assertEqual(last["request_id"], f"r{number}")
            self.assertEqual(last["outputs"][0]["data"], [2 * number + 1])
        self.assertEqual(server.stop()[0], 0, server.errors)

    def test_a_sink_that_hangs_holds_up_no_answer_and_loses_nothing_uncounted(self):
        pipe = self.folder / "pipe"
        os.mkfifo(pipe)
        reader = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)  # Keeps what is in the pipe; reads at last.
        self.addCleanup(os.close, reader)
        bound = 200_000
        server = self.serve("linear", arguments=(
            f"--prediction_log=jsonl:{pipe}", f"--prediction_log_max_bytes={bound}",
            "--prediction_log_close_timeout=10m", "--http_address=127.0.0.1:0"))
        rows = self.folder / "rows.csv"
        calls = 2000
        rows.write_text("x\n" + "1\n" * calls)  # Far more lines than a pipe and the log take.
        for round_number in (1, 2):  # In the second one nothing has room from the first call on.
            ended = tournant("score", "linear", str(rows), "--rows=1", "--out=-",
                             f"--server={server.address}", DEADLINE)
            self.assertEqual(ended.returncode, 0, ended.stderr)
            self.assertEqual(ended.stdout.count("\n"), calls + 1)
            until(lambda: self.books(server)["enqueued"] == round_number * calls)
            now = self.books(server)
            self.assertEqual(now["enqueued"], now["durable"] + now["dropped"] + now["in_memory"])
            self.assertEqual(now["dropped"], now["full"], "for no other reason")
            self.assertLessEqual(now["in_memory_bytes"], bound)
            self.assertGreater(now["in_memory"], 0)
        self.assertGreaterEqual(now["full"], calls)

        server.signal(signal.SIGTERM)
        until(lambda: not listens(server))
        self.assertEqual(self.books(server), now, "it is told for as long as the log is being saved")
        server.signal(signal.SIGTERM)
        self.assertEqual(server.wait()[0], 1, server.errors)
        self.assertEqual(self.lost(server), now["in_memory"])
        lines = os.read(reader, 1 << 20).decode().split("\n")
        numbers = [json.loads(line)["sequence"] for line in lines[:-1]]  # The last one is torn.
        self.assertEqual(numbers, list(range(1, len(numbers) + 1)), "none was dropped before")
        self.assertGreaterEqual(len(numbers), now["durable"])
        self.assertLessEqual(len(numbers), now["durable"] + now["in_memory"])

    def test_records_that_cannot_be_saved_at_the_end_are_counted_and_fail_it(self):
        server = self.serve("linear", arguments=(
            "--prediction_log=jsonl:/dev/full", "--prediction_log_mode=reserve",
            "--prediction_log_close_timeout=10ms"))
        for number in (1, 2):
            self.infer(server, "linear", f"x={number}")
        self.assertEqual(server.stop()[0], 1, server.errors)
        self.assertEqual(self.lost(server), 2)
        self.assertNotIn('"drained"', server.errors)

    def lost(self, server) -> int:
        line = next(line for line in server.errors.splitlines() if "could not save all" in line)
        return json.loads(line)["lost"]

    def books(self, server) -> dict[str, int]:
        """What /metrics says has become of the records, summed up over the reasons."""
        url = f"http://127.0.0.1:{server.ready['http']}/metrics"
        with urllib.request.urlopen(url, timeout=LIMIT_SECONDS) as answer:
            text = answer.read().decode()

        def value(pattern: str) -> int:
            return sum(int(float(found)) for found in
                       re.findall(rf"^tournant_predictions_{pattern} (\S+)$", text, re.MULTILINE))
        return {
            "enqueued": value("enqueued_total"),
            "durable": value(r'total\{outcome="durable",reason=""\}'),
            "dropped": value(r'total\{outcome="dropped",reason="\w+"\}'),
            "full": value(r'total\{outcome="dropped",reason="full"\}'),
            "in_memory": value("in_memory"),
            "in_memory_bytes": value("in_memory_bytes"),
        }

    def test_a_model_that_needs_a_place_is_refused_without_a_log(self):
        folder = repository(self, "linear")
        with open(folder / "linear" / "config.pbtxt", "a") as file:
            file.write('parameters { key: "prediction_log.mode" value { string_value: "reserve" } }')
        ended = run_server(folder)
        self.assertEqual(ended.returncode, 2, ended.stderr)
        self.assertIn("the server has no prediction log: set --prediction_log", ended.stderr)

    def test_bad_flags_are_named(self):
        folder = repository(self, "linear")
        properties = self.folder / "kafka.properties"
        properties.write_text("sasl.username=me\nsasl.password: hunter2\n")
        for named, *arguments in (
            ("--prediction_log: 'jsonl:-' is not possible", "--prediction_log=jsonl:-"),
            ("is not kafka:HOST:PORT", "--prediction_log=kafka:host/topic"),
            ("goes with --prediction_log only", "--prediction_log_mode=sync"),
            ("--prediction_log_salt_file", "--prediction_log_salt_file=/no/such/file"),
            ("goes with --prediction_log=kafka:... only",
             "--prediction_log_kafka_properties=/no/such/file"),
            (f"--prediction_log_kafka_properties: {properties}:2: a line is name=value",
             "--prediction_log=kafka:127.0.0.1:9/t", f"--prediction_log_kafka_properties={properties}"),
            ("writes its ready line", "--prediction_log=jsonl:/proc/self/fd/2"),
        ):
            with self.subTest(arguments=arguments):
                ended = run_server(folder, *arguments)
                self.assertEqual(ended.returncode, 2, ended.stderr)
                self.assertIn(named, ended.stderr)
                self.assertNotIn("hunter2", ended.stderr)


if __name__ == "__main__":
    unittest.main()
