"""RepositoryModelLoad and RepositoryModelUnload, with what a call may override."""

import json
import shutil
import signal
import unittest

import grpc
from gate import Gate
from harness import until
from protocol import TIMEOUT, Served, add_cases, answers, numbers, pb, request
from repository_calls import (Explicit, RepositoryCalls, add_version, load_request, model_file,
                              replace_file)


class Loading(Explicit):
    MODELS = ("gate",)

    def test_a_model_that_was_never_loaded_is_listed_without_version_and_state(self):
        self.assertEqual(self.index(self.name), {"": ("", "")})
        self.refused("NOT_FOUND", f"'{self.name}'", "ModelInfer",
                     request(self.name, numbers("x", 1)))

    def test_a_loaded_model_answers_and_is_listed_as_ready(self):
        self.load(self.name)
        self.assertEqual(self.factor(self.name), 2)
        self.assertEqual(self.index(self.name), {"1": ("READY", "")})

    def test_the_index_of_what_is_ready_leaves_the_others_out(self):
        add_version(self.folder, self.name + "-not", 1, 2)
        self.load(self.name)
        ready = self.call("RepositoryIndex", pb.RepositoryIndexRequest(ready=True)).models
        self.assertIn(self.name, [m.name for m in ready])
        self.assertNotIn(self.name + "-not", [m.name for m in ready])

    def test_an_unloaded_model_is_gone_and_listed_with_the_reason(self):
        self.load(self.name)
        self.unload(self.name)
        until(lambda: self.index(self.name) == {"1": ("UNAVAILABLE", "unloaded")})
        self.refused("NOT_FOUND", f"'{self.name}'", "ModelInfer",
                     request(self.name, numbers("x", 1)))

    def test_an_unloaded_model_can_be_loaded_again(self):
        for _ in range(3):
            self.load(self.name)
            self.assertEqual(self.factor(self.name), 2)
            self.unload(self.name)
        self.load(self.name)
        self.assertEqual(self.factor(self.name), 2)

    def test_dependents_may_be_named_in_an_unload(self):
        self.load(self.name)
        self.unload(self.name, unload_dependents=True)
        self.assertEqual(self.served(self.name), [])

    def test_a_load_takes_up_a_new_version(self):
        self.load(self.name)
        self.assertEqual(self.factor(self.name), 2)
        add_version(self.folder, self.name, 2, 3)
        self.load(self.name)
        self.assertEqual((self.factor(self.name), self.served(self.name)), (3, ["2"]))

    def test_a_load_takes_up_a_changed_file_of_the_same_version(self):
        self.load(self.name)
        replace_file(self.file(), model_file(5).read_bytes())
        self.load(self.name)
        self.assertEqual((self.factor(self.name), self.served(self.name)), (5, ["1"]))

    def test_a_load_takes_up_a_changed_config(self):
        self.load(self.name)
        config = self.folder / self.name / "config.pbtxt"
        config.write_text(config.read_text().replace("max_batch_size: 8", "max_batch_size: 3"))
        self.load(self.name)
        self.assertEqual(self.config(self.name).max_batch_size, 3)

    def test_a_load_without_a_change_is_fine(self):
        self.load(self.name)
        self.load(self.name)
        self.assertEqual(self.factor(self.name), 2)

    def test_a_failed_reload_keeps_the_old_version_and_tells_why(self):
        self.load(self.name)
        replace_file(self.file(), b"not a model\n")
        error = self.load_refused("INTERNAL", f"failed to load '{self.name}'", self.name)
        self.assertIn("model.pt", error.details())
        self.assertLess(len(error.details()), 2000)
        self.assertEqual(self.factor(self.name), 2)
        state, reason = self.index(self.name)["1"]
        self.assertEqual(state, "READY")
        self.assertIn("model.pt", reason)
        self.assertTrue(self.call("ModelReady", pb.ModelReadyRequest(name=self.name)).ready)

    def test_a_reload_that_is_mended_clears_the_reason(self):
        self.load(self.name)
        replace_file(self.file(), b"not a model\n")
        self.load_refused("INTERNAL", "failed to load", self.name)
        replace_file(self.file(), model_file(3).read_bytes())
        self.load(self.name)
        self.assertEqual(self.index(self.name), {"1": ("READY", "")})
        self.assertEqual(self.factor(self.name), 3)

    def test_a_broken_new_version_keeps_the_old_one_serving(self):
        self.load(self.name)
        self.file(2).parent.mkdir()
        self.file(2).write_bytes(b"not a model\n")
        self.load_refused("INTERNAL", "failed to load", self.name)
        self.assertEqual(self.factor(self.name), 2)

    def test_calls_during_a_reload_are_all_answered_by_one_version_or_the_other(self):
        self.load(self.name)
        add_version(self.folder, self.name, 2, 3)
        loading = self.stub.RepositoryModelLoad.future(load_request(self.name), timeout=TIMEOUT)

        def some_calls() -> set[tuple[str, int]]:
            """The versions and factors that answered."""
            calls = [self.stub.ModelInfer.future(request(self.name, numbers("x", 1)),
                                                 timeout=TIMEOUT) for _ in range(20)]
            return {(response.model_version, int(answers(response)["y"][0, 0]))
                    for response in (call.result() for call in calls)}

        seen = some_calls()
        while not loading.done():
            seen |= some_calls()
        loading.result()
        self.assertLessEqual(seen, {("1", 2), ("2", 3)})
        self.assertEqual(some_calls(), {("2", 3)})

    def test_an_unload_lets_calls_in_flight_end(self):
        gate = Gate(self)
        self.load("gate")
        call = self.stub.ModelInfer.future(gate.request(7), timeout=TIMEOUT)
        gate.wait_for(1)
        unloading = self.stub.RepositoryModelUnload.future(
            pb.RepositoryModelUnloadRequest(model_name="gate"), timeout=TIMEOUT)
        until(lambda: self.served("gate") == [])
        gate.open()
        self.assertEqual(call.code(), grpc.StatusCode.OK)
        unloading.result()

    def test_loads_of_several_models_at_once_all_succeed(self):
        names = [f"{self.name}-{i}" for i in range(3)]
        for name in names:
            add_version(self.folder, name, 1, 2)
        calls = [self.stub.RepositoryModelLoad.future(load_request(name), timeout=TIMEOUT)
                 for name in names for _ in range(3)]
        self.assertEqual([call.code() for call in calls], [grpc.StatusCode.OK] * 9)
        self.assertEqual([self.served(name) for name in names], [["1"]] * 3)

    def test_a_signal_changes_nothing(self):
        self.load(self.name)
        add_version(self.folder, self.name, 2, 3)
        self.server.signal(signal.SIGHUP)
        self.server.wait_for_log("no rescan")
        self.assertEqual(self.served(self.name), ["1"])

    def test_a_named_repository_is_unimplemented(self):
        says = "'repository_name' specification is not supported"
        for kind in ("Load", "Unload"):
            message = getattr(pb, f"RepositoryModel{kind}Request")(repository_name="r",
                                                                   model_name=self.name)
            self.refused("UNIMPLEMENTED", says, f"RepositoryModel{kind}", message)


def check_unload(case: Loading, name: str) -> None:
    case.refused("NOT_FOUND", "", "RepositoryModelUnload",
                 pb.RepositoryModelUnloadRequest(model_name=name))


add_cases(Loading, check_unload, {
    "an unload of an unknown model is not found": ("nobody",),
    "an unload of an empty name is not found": ("",),
    "an unload of a path is not found": ("../gate",),
})


class Overrides(Explicit):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        add_version(cls.folder, "kept", 1, 2)
        cls.stub.RepositoryModelLoad(load_request("kept"), timeout=TIMEOUT)

    def json_config(self, **changes) -> str:
        config = {
            "name": self.name,
            "platform": "pytorch_libtorch",
            "max_batch_size": 8,
            "input": [{"name": "x", "data_type": "TYPE_FP32", "dims": [1]}],
            "output": [{"name": "y", "data_type": "TYPE_FP32", "dims": [1]}],
        }
        return json.dumps(config | changes)

    def test_a_config_in_the_call_replaces_that_of_the_repository(self):
        self.load(self.name, {"config": self.json_config(max_batch_size=2)})
        self.assertEqual(self.config(self.name).max_batch_size, 2)
        self.refused("INVALID_ARGUMENT", "batch-size must be <= 2", "ModelInfer",
                     request(self.name, numbers("x", 1, 2, 3)))

    def test_a_config_in_the_call_may_use_the_names_of_protobufs_json(self):
        text = json.loads(self.json_config())
        text["maxBatchSize"] = text.pop("max_batch_size") - 4
        text["input"][0]["dataType"] = text["input"][0].pop("data_type")
        self.load(self.name, {"config": json.dumps(text)})
        self.assertEqual(self.config(self.name).max_batch_size, 4)

    def test_a_plain_load_drops_the_override(self):
        self.load(self.name, {"config": self.json_config(max_batch_size=2)})
        self.load(self.name)
        self.assertEqual(self.config(self.name).max_batch_size, 8)

    def test_a_config_in_the_call_chooses_the_versions(self):
        add_version(self.folder, self.name, 2, 3)
        self.load(self.name, {"config": self.json_config(version_policy={"all": {}})})
        self.assertEqual(self.served(self.name), ["1", "2"])

    def test_files_in_the_call_are_served_without_touching_the_repository(self):
        before = sorted(str(path) for path in self.folder.rglob("*"))
        self.load(self.name, {"config": self.json_config(),
                              "file:1/model.pt": model_file(4).read_bytes()})
        self.assertEqual(self.factor(self.name), 4)
        self.assertEqual(sorted(str(path) for path in self.folder.rglob("*")), before)
        self.load(self.name)
        self.assertEqual(self.factor(self.name), 2)

    def test_files_in_the_call_may_be_a_version_that_nobody_has(self):
        self.load(self.name, {"config": self.json_config(),
                              "file:7/model.pt": model_file(4).read_bytes()})
        self.assertEqual((self.factor(self.name), self.served(self.name)), (4, ["7"]))

    def test_a_model_can_come_by_a_call_alone(self):
        shutil.rmtree(self.folder / self.name)
        self.load(self.name, {"config": self.json_config(),
                              "file:1/model.pt": model_file(4).read_bytes()})
        self.assertEqual(self.factor(self.name), 4)

    def test_a_broken_file_in_the_call_keeps_the_old_version(self):
        self.load(self.name)
        self.load_refused("INTERNAL", "failed to load", self.name,
                          {"config": self.json_config(), "file:1/model.pt": b"not a model"})
        self.assertEqual(self.factor(self.name), 2)


def check_load(case: Overrides, codes: tuple, says: str, name: str | None, given: dict) -> None:
    with case.assertRaises(grpc.RpcError) as caught:
        case.load("kept" if name is None else name, given)
    error = caught.exception
    case.assertIn(error.code().name, codes, error.details())
    case.assertIn(says, error.details())
    case.assertEqual(case.factor("kept"), 2)
    case.assertEqual(list(case.folder.parent.glob("*evil*")), [])


BAD = ("INVALID_ARGUMENT",)
FAILED = ("INTERNAL", "INVALID_ARGUMENT")
NO_MODEL = ("INTERNAL", "INVALID_ARGUMENT", "NOT_FOUND")
CONFIG = json.dumps({"max_batch_size": 8,
                     "input": [{"name": "x", "data_type": "TYPE_FP32", "dims": [1]}],
                     "output": [{"name": "y", "data_type": "TYPE_FP32", "dims": [1]}]})
WITH_SEQUENCES = CONFIG[:-1] + ', "sequence_batching": {}}'
FILE = "file:1/model.pt"
add_cases(Overrides, check_load, {
    "a load of a model that nobody has fails": (NO_MODEL, "nobody", "nobody", {}),
    "a load of an empty name is refused": (NO_MODEL, "", "", {}),
    "a load of a path is refused": (NO_MODEL, "", "../kept", {}),
    "a load of an absolute path is refused": (NO_MODEL, "", "/etc", {}),
    "a load of a name with a NUL is refused": (NO_MODEL, "", "kept\0", {}),
    "an unknown load parameter is refused": (
        BAD, "unrecognized load parameter", None, {"colour": "red"}),
    "a config that is no JSON is refused": (FAILED, "config", None, {"config": "{"}),
    "a config with an unknown field is refused": (
        FAILED, "max_batchsize", None, {"config": '{"max_batchsize": 3}'}),
    "a config of another type is refused": (BAD, "", None, {"config": 7}),
    "a config that asks for what nobody does is refused": (
        FAILED, "sequence_batching", None, {"config": WITH_SEQUENCES}),
    "a file without a config is refused": (BAD, "config", None, {FILE: b"x"}),
    "a file of another type is refused": (BAD, "bytes", None, {"config": CONFIG, FILE: "text"}),
    "a file above the folder is refused": (
        BAD, "evil", None, {"config": CONFIG, "file:../evil.pt": b"x"}),
    "a file above the version is refused": (
        BAD, "evil", None, {"config": CONFIG, "file:1/../../evil.pt": b"x"}),
    "a file with an absolute path is refused": (
        BAD, "evil", None, {"config": CONFIG, "file:/tmp/evil.pt": b"x"}),
    "a file with a NUL in its name is refused": (
        BAD, "", None, {"config": CONFIG, "file:1/evil\0.pt": b"x"}),
    "a file without a name is refused": (BAD, "", None, {"config": CONFIG, "file:": b"x"}),
})


class NoControl(Served, RepositoryCalls):
    MODELS = ("double",)

    def test_load_is_refused(self):
        error = self.load_refused("FAILED_PRECONDITION",
                                  "explicit model load / unload is not allowed", "double")
        self.assertIn("--model_control=explicit", error.details())

    def test_unload_is_refused(self):
        self.refused("FAILED_PRECONDITION", "explicit model load / unload is not allowed",
                     "RepositoryModelUnload", pb.RepositoryModelUnloadRequest(model_name="double"))
        self.assertEqual(self.factor("double"), 2)


if __name__ == "__main__":
    unittest.main()
