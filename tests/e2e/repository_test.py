"""The model repository of a real process: control modes, layouts, and what a wrong start says.

tests/conformance asks for the same by calls; here it is flags, signals, files and exit status.
"""

import json
import shutil
import signal
import unittest
from pathlib import Path

import grpc
import tritonclient.grpc as triton
from harness import (
    DEADLINE,
    Server,
    add_model,
    models,
    repository,
    run,
    run_server,
    serve,
    tournant,
    until,
)
from health import NOT_SERVING, SERVING, check, wait_for
from triton_calls import y_of
from tritonclient.utils import InferenceServerException


class Repository(unittest.TestCase):
    def start(self, folder: Path, *arguments: str, **options) -> Server:
        server = serve(folder, *arguments, **options)
        self.addCleanup(server.kill)
        return server

    def client(self, server: Server) -> triton.InferenceServerClient:
        client = triton.InferenceServerClient(server.address)
        self.addCleanup(client.close)
        return client

    def index(self, server: Server) -> dict[tuple[str, str], tuple[str, str]]:
        """What `tournant models` lists: name and version -> state and reason."""
        ended = tournant("models", f"--server={server.address}", DEADLINE, "--output=json")
        self.assertEqual(ended.returncode, 0, ended.stderr)
        return {(m["name"], m["version"]): (m["state"], m["reason"])
                for m in json.loads(ended.stdout)["models"]}


class Explicit(Repository):
    def test_health_and_index_follow_a_model_through_load_and_unload(self):
        folder = repository(self, "linear", "raises")
        server = self.start(folder, "--model_control=explicit")
        client = self.client(server)
        with grpc.insecure_channel(server.address) as channel:
            self.assertEqual(check(channel, ""), SERVING)
            self.assertEqual(self.index(server),
                             {("linear", ""): ("", ""), ("raises", ""): ("", "")})
            client.load_model("linear")
            self.assertEqual(check(channel, "linear"), SERVING)
            self.assertEqual(y_of(client, "linear", 3), 7)
            client.unload_model("linear")
            self.assertEqual(check(channel, "linear"), NOT_SERVING)
            self.assertEqual(check(channel, ""), SERVING)
            until(lambda: self.index(server)[("linear", "1")] == ("UNAVAILABLE", "unloaded"))
        self.assertEqual(server.stop()[0], 0, server.errors)

    def test_a_load_that_fails_leaves_the_server_ready_for_the_others(self):
        server = self.start(repository(self, "linear", "broken"), "--model_control=explicit",
                            "--load_model=linear")
        client = self.client(server)
        with self.assertRaises(InferenceServerException) as caught:
            client.load_model("broken")
        self.assertEqual(caught.exception.status(), "StatusCode.INTERNAL")
        self.assertIn("failed to load 'broken', broken/1/model.pt", caught.exception.message())
        self.assertTrue(client.is_server_ready())
        self.assertEqual(y_of(client, "linear", 1), 3)
        self.assertIn("model.pt", self.index(server)[("broken", "1")][1])

    def test_files_of_a_call_leave_nothing_in_the_temporary_directory(self):
        model = (models() / "linear" / "1" / "model.pt").read_bytes()
        config = json.dumps({
            "max_batch_size": 8,
            "input": [{"name": "x", "data_type": "TYPE_FP32", "dims": [1]}],
            "output": [{"name": "y", "data_type": "TYPE_FP32", "dims": [1]}],
        })
        # Its own, or what other tests leave there for a moment would count.
        scratch = repository(self)
        server = self.start(repository(self), "--model_control=explicit",
                            env={"TMPDIR": str(scratch)})
        client = self.client(server)
        client.load_model("sent", config=config, files={"file:3/model.pt": model})
        self.assertEqual(y_of(client, "sent", 3, version="3"), 7)
        with self.assertRaises(InferenceServerException):
            client.load_model("sent", config=config, files={"file:../../evil/model.pt": model})
        with self.assertRaises(InferenceServerException):
            client.load_model("sent", config=config, files={"file:3/model.pt": b"not a model"})
        self.assertEqual(y_of(client, "sent", 3, version="3"), 7)
        self.assertEqual(list(scratch.iterdir()), [])

    def test_a_drain_does_not_wait_for_a_load_that_nobody_awaits_any_more(self):
        server = self.start(repository(self, "linear"), "--model_control=explicit",
                            "--drain_grace=0s")
        # Without retries: with them, in one run of ten, the call meets the server's GOAWAY in such a way
        # that grpcio 1.85 never ends it and takes all of the machine's memory.
        options = [("grpc.enable_retries", 0)]
        with grpc.insecure_channel(server.address, options=options) as channel:
            stub = triton.service_pb2_grpc.GRPCInferenceServiceStub(channel)
            ended = []
            stub.RepositoryModelLoad.future(
                triton.service_pb2.RepositoryModelLoadRequest(model_name="linear")
            ).add_done_callback(lambda call: ended.append(call.code()))
            self.assertEqual(server.stop()[0], 0, server.errors)
            until(lambda: ended)


class Poll(Repository):
    def test_changes_are_followed_without_a_signal(self):
        folder = repository(self, "linear")
        server = self.start(folder, "--model_control=poll", "--repository_poll_period=50ms")
        client = self.client(server)
        self.assertEqual(y_of(client, "linear", 3), 7)
        add_model(folder, "linear", source="raises", version=2)
        server.wait_for_log('"model is being served","model":"linear","version":2')
        until(lambda: y_of(client, "linear", 3) == 3)
        shutil.rmtree(folder / "linear" / "2")
        server.wait_for_log('"model version is no longer served","model":"linear","version":2')
        until(lambda: y_of(client, "linear", 3) == 7)
        add_model(folder, "added", source="linear")
        with grpc.insecure_channel(server.address) as channel:
            wait_for(channel, "added", SERVING)
            shutil.rmtree(folder / "added")
            wait_for(channel, "added", NOT_SERVING)
        self.assertEqual(server.stop()[0], 0, server.errors)

    def test_an_empty_repository_is_not_ready_until_a_model_comes(self):
        folder = repository(self)
        server = self.start(folder, "--model_control=poll", "--repository_poll_period=50ms")
        with grpc.insecure_channel(server.address) as channel:
            self.assertEqual(check(channel, "ready"), NOT_SERVING)
            add_model(folder, "linear")
            wait_for(channel, "ready", SERVING)

    def test_a_signal_looks_at_once_but_not_at_what_has_just_changed(self):
        folder = repository(self, "linear")
        server = self.start(folder, "--model_control=poll", "--repository_poll_period=50ms")
        add_model(folder, "added", source="linear")
        server.signal(signal.SIGHUP)
        with grpc.insecure_channel(server.address) as channel:
            wait_for(channel, "added", SERVING)
        server.wait_for_log("rescanning")


class Layouts(Repository):
    """What KServe's storage initializer leaves in /mnt/models for a URI of one model."""

    def mounted(self, where: str) -> Path:
        folder = repository(self)
        made = models() / "linear"
        text = (made / "config.pbtxt").read_text().replace('name: "linear"\n', "")
        (folder / "config.pbtxt").write_text(text)
        (folder / where).mkdir(exist_ok=True)
        shutil.copy(made / "1" / "model.pt", folder / where)
        return folder

    def test_a_file_in_the_directory_itself_is_version_1_and_follows_a_signal(self):
        folder = self.mounted(".")
        server = self.start(folder, "--model_name=delays")
        client = self.client(server)
        self.assertEqual(y_of(client, "delays", 3, version="1"), 7)
        self.assertEqual(self.index(server), {("delays", "1"): ("READY", "")})
        other = folder / "other"
        shutil.copy(models() / "raises" / "1" / "model.pt", other)
        other.rename(folder / "model.pt")
        server.signal(signal.SIGHUP)
        until(lambda: y_of(client, "delays", 3) == 3)

    def test_versions_in_the_directory_itself_are_one_model(self):
        folder = self.mounted("2")
        shutil.copytree(folder / "2", folder / "4")
        server = self.start(folder, "--model_name=delays")
        client = self.client(server)
        self.assertEqual(client.get_model_metadata("delays").versions, ["4"])
        self.assertEqual(y_of(client, "delays", 3), 7)

    def test_models_in_folders_are_found_in_spite_of_a_name(self):
        server = self.start(repository(self, "linear"), "--model_name=delays")
        self.assertEqual(y_of(self.client(server), "linear", 3), 7)

    def test_a_directory_of_one_model_without_a_name_is_told_to_need_one(self):
        for where, named in ((".", ""), ("1", "/1: ")):
            with self.subTest(layout=where):
                folder = self.mounted(where)
                ended = run_server(folder)
                self.assertEqual(ended.returncode, 2, ended.stderr)
                self.assertIn(f"{folder}{named}", ended.stderr)
                self.assertIn("--model_name=NAME serves a directory", ended.stderr)

    def test_an_empty_directory_is_named(self):
        ended = run_server(repository(self), "--model_name=delays")
        self.assertEqual(ended.returncode, 2)
        self.assertIn("model.pt: no such file", ended.stderr)

    def test_one_directory_can_be_checked_under_a_name(self):
        ended = run("tournant-server", f"--check_model={self.mounted('.')}", "--model_name=delays")
        self.assertEqual(ended.returncode, 0, ended.stdout + ended.stderr)
        self.assertIn("ok: model delays, version 1", ended.stdout)


class WrongStarts(Repository):
    def test_bad_flags_are_named(self):
        folder = repository(self, "linear")
        for named, *arguments in (
            ("--model_control", "--model_control=sometimes"),
            ("--load_model", "--load_model=linear"),
            ("--load_model", "--load_model=linear", "--model_control=poll"),
            ("nope", "--load_model=nope", "--model_control=explicit"),
            ("--model_name", "--model_name=two words"),
            ("the health service", "--model_name=inference.GRPCInferenceService"),
            ("--repository_poll_period", "--repository_poll_period=0s"),
            ("--check_config", "--check_config=x.json"),
        ):
            with self.subTest(arguments=arguments):
                ended = run_server(folder, *arguments)
                self.assertEqual(ended.returncode, 2, ended.stderr)
                self.assertIn(named, ended.stderr)

    def test_a_broken_model_that_is_named_ends_the_start(self):
        ended = run_server(repository(self, "broken"), "--model_control=explicit",
                           "--load_model=*")
        self.assertEqual(ended.returncode, 2, ended.stderr)
        self.assertIn("model.pt", ended.stderr)


if __name__ == "__main__":
    unittest.main()
