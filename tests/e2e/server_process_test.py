"""tournant-server as a process: ready line, SIGHUP, drain, and the end of every wrong start."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path

import grpc
import tritonclient.grpc as triton
from harness import (
    BIN,
    DATA,
    LIMIT_SECONDS,
    STORE,
    Server,
    add_model,
    environment,
    models,
    repository,
    run,
    run_server,
    serve,
    tournant,
    until,
)
from health import NOT_SERVING, SERVING, wait_for, watch
from triton_calls import floats, y_of
from tritonclient.utils import InferenceServerException


def served_version(client: triton.InferenceServerClient, model: str) -> str:
    """The version that metadata names."""
    return client.get_model_metadata(model, client_timeout=LIMIT_SECONDS).versions[-1]


class ServerProcess(unittest.TestCase):
    def start(self, folder: Path, *arguments: str) -> Server:
        server = serve(folder, *arguments)
        self.addCleanup(server.kill)
        return server

    def test_says_once_that_it_is_ready_serves_and_ends_well(self):
        server = self.start(repository(self, "linear"))
        self.assertEqual(set(server.ready), {"event", "grpc"})
        self.assertEqual(server.ready["event"], "ready")
        with triton.InferenceServerClient(server.address) as client:
            self.assertTrue(client.is_server_ready())
            self.assertEqual(y_of(client, "linear", 3), 7)
        status, rest = server.stop()
        self.assertEqual(status, 0, server.errors)
        self.assertEqual(rest, "")
        for line in server.errors.splitlines():
            self.assertIn("message", json.loads(line))

    def test_interrupt_drains_as_well(self):
        server = self.start(repository(self, "linear"))
        server.signal(signal.SIGINT)
        self.assertEqual(server.wait()[0], 0)

    def test_a_model_that_never_ends_does_not_keep_it_from_ending(self):
        server = self.start(repository(self, "linear", "endless"), "--drain_grace=1s")
        with triton.InferenceServerClient(server.address) as client:
            client.async_infer("endless", [floats(1000)], callback=lambda result, error: None)
            self.assertEqual(y_of(client, "linear", 3), 7)  # The other call has come before it.
            self.assertEqual(server.stop()[0], 1, server.errors)
        self.assertIn("a model does not end what it computes", server.errors)

    def test_goes_on_answering_while_it_drains_and_says_that_it_is_not_ready(self):
        server = self.start(repository(self, "linear"), "--drain_delay=10m")
        with grpc.insecure_channel(server.address) as channel:
            states = watch(channel, "ready")
            self.assertEqual(next(states).status, SERVING)
            server.signal(signal.SIGTERM)
            self.assertEqual(next(states).status, NOT_SERVING)
            with triton.InferenceServerClient(server.address) as client:
                self.assertFalse(client.is_server_ready())
                self.assertEqual(y_of(client, "linear", 1), 3)
            states.cancel()
        server.signal(signal.SIGTERM)
        self.assertEqual(server.wait()[0], 1, server.errors)
        self.assertIn("a second signal ends the server at once", server.errors)

    def test_a_second_signal_does_not_wait_for_calls_and_saves_the_predictions_before_it(self):
        with tempfile.TemporaryDirectory() as folder:
            server = self.start(repository(self, "linear", "endless"), f"--prediction_log={folder}",
                                "--drain_delay=0s", "--drain_grace=10m")
            with triton.InferenceServerClient(server.address) as client:
                client.async_infer("endless", [floats(1000)], callback=lambda result, error: None)
                self.assertEqual(y_of(client, "linear", 3), 7)
                server.signal(signal.SIGTERM)
                server.wait_for_log('"draining"')
                server.signal(signal.SIGTERM)
                self.assertEqual(server.wait()[0], 1, server.errors)
            printed = tournant("predictions", folder)
            self.assertEqual(len(printed.stdout.splitlines()), 1, printed.stderr)

    def test_whoever_does_not_read_the_log_holds_up_nobody(self):
        process = subprocess.Popen(
            [str(BIN / "tournant-server"), f"--model_repository={repository(self, 'linear')}",
             "--grpc_address=127.0.0.1:0", "--http_address=none", "--drain_delay=0s"],
            env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        port = json.loads(process.stdout.readline())["grpc"]
        with triton.InferenceServerClient(f"127.0.0.1:{port}") as client:
            client.update_log_settings({"log_verbose_level": 1})  # A line for each call,
            for _ in range(600):  # and more of them than a pipe holds.
                self.assertEqual(y_of(client, "linear", 3), 7)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(LIMIT_SECONDS), 0)

    def test_a_call_that_fails_has_a_line_with_what_one_looks_for(self):
        server = self.start(repository(self, "linear"))
        trace_id = "d5" * 16
        with triton.InferenceServerClient(server.address) as client:
            with self.assertRaises(InferenceServerException):
                client.infer("nope\n{}", [floats(1)], request_id="r-1",
                             headers={"traceparent": f"00-{trace_id}-{'1' * 16}-00"})
        server.wait_for_log('"a call failed"')
        line = next(json.loads(line) for line in server.errors.splitlines() if "a call failed" in line)
        self.assertEqual(line["trace_id"], trace_id)
        self.assertEqual(line["request_id"], "r-1")
        self.assertEqual(line["model"], "nope\\n{}")
        self.assertEqual(line["code"], "NOT_FOUND")
        self.assertTrue(line["peer"].startswith("ipv4:127.0.0.1:"), line["peer"])

    def test_sighup_picks_up_a_new_model(self):
        folder = repository(self, "linear")
        server = self.start(folder)
        add_model(folder, "added", source="linear")
        server.signal(signal.SIGHUP)
        with grpc.insecure_channel(server.address) as channel:
            wait_for(channel, "added", SERVING)
        with triton.InferenceServerClient(server.address) as client:
            self.assertEqual(y_of(client, "added", 2), 5)
        self.assertEqual(server.stop()[0], 0, server.errors)

    def test_sighup_takes_the_highest_version_and_lets_go_of_what_is_gone(self):
        folder = repository(self, "linear", "raises")
        server = self.start(folder)
        add_model(folder, "linear", source="raises", version=2)
        shutil.rmtree(folder / "raises")
        server.signal(signal.SIGHUP)
        with grpc.insecure_channel(server.address) as channel:
            wait_for(channel, "raises", NOT_SERVING)
        with triton.InferenceServerClient(server.address) as client:
            until(lambda: served_version(client, "linear") == "2")
            self.assertEqual(y_of(client, "linear", 2), 2)  # y = x is version 2.
            with self.assertRaises(InferenceServerException) as caught:
                y_of(client, "raises", 2)
            self.assertEqual(caught.exception.status(), "StatusCode.NOT_FOUND")

    def test_a_broken_model_is_not_found_with_its_reason_where_errors_are_allowed(self):
        server = self.start(repository(self, "linear", "broken"), "--exit_on_error=false")
        with triton.InferenceServerClient(server.address) as client:
            self.assertEqual(y_of(client, "linear", 1), 3)
            with self.assertRaises(InferenceServerException) as caught:
                y_of(client, "broken", 1)
            self.assertEqual(caught.exception.status(), "StatusCode.NOT_FOUND")
            self.assertIn("model.pt", caught.exception.message())
            self.assertFalse(client.is_model_ready("broken"))
            self.assertFalse(client.is_server_ready())
            index = {m.name: m for m in client.get_model_repository_index().models}
            self.assertEqual(index["linear"].state, "READY")
            self.assertEqual(index["broken"].state, "UNAVAILABLE")
            self.assertIn("model.pt", index["broken"].reason)
        self.assertEqual(server.stop()[0], 0, server.errors)


def catches(process: subprocess.Popen, number: signal.Signals) -> bool:
    """Whether a process has a handler for a signal."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught.split()[1], 16) >> (number - 1) & 1)


def cpu_seconds(process: subprocess.Popen) -> float:
    """What a process has computed until now."""
    times = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(int(time) for time in times) / os.sysconf("SC_CLK_TCK")


class Checks(unittest.TestCase):
    """--check_model, which `tournant validate` becomes."""

    def start(self) -> subprocess.Popen:
        """A check that has seen to all signals, and will not end."""
        process = subprocess.Popen(
            [str(BIN / "tournant-server"), f"--check_model={models() / 'hangs'}"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            # Who runs tests in a shell's background hands an ignored SIGINT down.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        until(lambda: catches(process, signal.SIGALRM))  # The last of them.
        return process

    def test_a_check_that_hangs_can_be_interrupted(self):
        process = self.start()
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(LIMIT_SECONDS), -signal.SIGINT)

    def test_a_model_that_crashes_its_check_is_named_an_error(self):
        process = self.start()
        # Well into the model, which computes for ever: ThreadSanitizer's runtime, which is busy with
        # memory and files before, does not survive a SIGSEGV of its own.
        enough = cpu_seconds(process) + 0.5
        until(lambda: cpu_seconds(process) > enough)
        process.send_signal(signal.SIGSEGV)
        self.assertEqual(process.wait(LIMIT_SECONDS), 2)
        self.assertIn("error: the model ended the process that tried it: Segmentation fault",
                      process.stdout.read())


class WrongStarts(unittest.TestCase):
    def ends_with_2(self, named: str, *arguments: str, folder: Path | None = None) -> str:
        folder = folder or repository(self, "linear")
        ended = run_server(folder, *arguments)
        self.assertEqual(ended.returncode, 2, ended.stderr)
        self.assertEqual(ended.stdout, "")
        self.assertIn(named, ended.stderr)
        return ended.stderr

    def test_bad_flags_are_named(self):
        for named, *arguments in (
            ("--colour", "--colour=red"),
            ("stray", "stray"),
            ("--workers", "--workers=many"),
            ("--workers", "--workers=-1"),
            ("--drain_delay", "--drain_delay=-1s"),
            ("--feature_store", "--feature_store=mysql:x"),
            ("--status_dialect", "--status_dialect=french"),
            ("--max_message_bytes", "--max_message_bytes=1"),
        ):
            with self.subTest(arguments=arguments):
                self.ends_with_2(named, *arguments)

    def test_a_bad_value_of_a_flag_is_named_with_what_it_should_have_been(self):
        self.assertIn("unit", self.ends_with_2("--default_deadline", "--default_deadline=5"))
        self.assertIn("2147483647", self.ends_with_2("--max_message_bytes",
                                                     "--max_message_bytes=99999999999"))

    def test_secrets_are_not_told(self):
        errors = self.ends_with_2("--feature_store", "--feature_store=mysql://user:secret@host/1")
        self.assertNotIn("secret", errors)

    def test_a_bad_variable_is_named(self):
        ended = run("tournant-server", env={"TOURNANT_WORKERS": "many"})
        self.assertEqual(ended.returncode, 2)
        self.assertIn("TOURNANT_WORKERS", ended.stderr)

    def test_a_missing_repository_is_named(self):
        self.ends_with_2("/no/such/folder", folder=Path("/no/such/folder"))

    def test_a_repository_without_models_is_named(self):
        folder = repository(self)
        self.ends_with_2(str(folder), folder=folder)

    def test_a_missing_registry_or_store_is_named(self):
        self.ends_with_2(
            "/no/such/registry.db",
            f"--feature_store=sqlite:{DATA}/online_store.db?registry=/no/such/registry.db",
        )
        self.ends_with_2(
            "/no/such/store.db",
            f"--feature_store=sqlite:/no/such/store.db?registry={DATA}/registry.db",
        )

    def test_a_truncated_store_or_registry_is_named(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in ("online_store.db", "registry.db"):
                with self.subTest(file=name):
                    whole = (DATA / name).read_bytes()
                    cut = Path(folder) / name
                    cut.write_bytes(whole[: len(whole) // 3])
                    self.ends_with_2(str(cut), "--feature_store=" + STORE.replace(
                        str(DATA / name), str(cut)))

    def test_a_broken_model_is_named(self):
        errors = self.ends_with_2("broken", folder=repository(self, "linear", "broken"))
        self.assertIn("model.pt", errors)

    def test_a_config_with_an_unknown_field_is_named_with_its_line(self):
        folder = repository(self, "linear")
        config = folder / "linear" / "config.pbtxt"
        config.write_text(config.read_text() + "max_batchsize: 3\n")
        lines = config.read_text().count("\n")
        self.ends_with_2(f"config.pbtxt:{lines}", folder=folder)

    def test_bindings_without_a_feature_store_are_named(self):
        self.ends_with_2("plane_facts:seats", folder=repository(self, "seats"))

    def test_a_feature_that_the_registry_lacks_is_named(self):
        folder = repository(self, "seats")
        bindings = folder / "seats" / "features.pbtxt"
        bindings.write_text(bindings.read_text().replace("plane_facts:seats", "plane_facts:wings"))
        self.ends_with_2("wings", f"--feature_store={STORE}", folder=folder)

    def test_a_port_in_use_ends_with_1(self):
        with serve(repository(self, "linear")) as first:
            ended = run_server(repository(self, "linear"), f"--grpc_address={first.address}")
        self.assertEqual(ended.returncode, 1, ended.stderr)
        self.assertIn(first.address, ended.stderr)

    def test_help_ends_with_0(self):
        ended = run("tournant-server", "--help")
        self.assertEqual(ended.returncode, 0)
        self.assertIn("--model_repository", ended.stdout)


if __name__ == "__main__":
    unittest.main()
