"""Which versions are served, what a server loads by itself, and KServe's layouts."""

import shutil
import signal
import tempfile
import unittest
from pathlib import Path

import health
from harness import repository, serve, until
from protocol import Served, add_cases, add_to_config, numbers, pb, request
from repository_calls import MADE, Explicit, RepositoryCalls, add_version, model_file


class Policies(Explicit):
    def start(self, policy: str, versions) -> None:
        """Loads a model with these versions; version k is y = k x where k is 2 to 5."""
        shutil.rmtree(self.folder / self.name)
        for version in versions:
            add_version(self.folder, self.name, version, version if version in (2, 3, 4, 5) else 2)
        if policy:
            add_to_config(self.folder, self.name, f"version_policy {{ {policy} }}")
        self.load(self.name)

    def test_an_explicit_version_is_served_by_its_number(self):
        self.start("all {}", (2, 3, 4))
        self.assertEqual([self.factor(self.name, version=v) for v in ("2", "3", "4")], [2, 3, 4])

    def test_a_version_that_the_policy_leaves_out_is_not_found(self):
        self.start("", (2, 3))
        self.refused("NOT_FOUND", f"'{self.name}' version 2 is not found", "ModelInfer",
                     request(self.name, numbers("x", 1), version="2"))

    def test_metadata_of_one_version_lists_only_that(self):
        self.start("all {}", (2, 3))
        message = pb.ModelMetadataRequest(name=self.name, version="2")
        self.assertEqual(list(self.call("ModelMetadata", message).versions), ["2"])

    def test_each_version_is_ready_by_its_number(self):
        self.start("specific { versions: [2, 4] }", (2, 3, 4))
        for version in ("2", "4"):
            message = pb.ModelReadyRequest(name=self.name, version=version)
            self.assertTrue(self.call("ModelReady", message).ready)
        self.refused("NOT_FOUND", "version 3 is not found", "ModelReady",
                     pb.ModelReadyRequest(name=self.name, version="3"))


def check_policy(case: Policies, policy: str, versions, served, answering: int) -> None:
    case.start(policy, versions)
    case.assertEqual(case.served(case.name), served)
    case.assertEqual(case.factor(case.name), answering)
    case.assertEqual(case.index(case.name), {version: ("READY", "") for version in served})


add_cases(Policies, check_policy, {
    "without a policy the highest version is served": ("", (2, 3, 5), ["5"], 5),
    "latest serves as many of the highest as it says": (
        "latest { num_versions: 2 }", (2, 3, 5), ["3", "5"], 5),
    "latest of more than there are serves all": (
        "latest { num_versions: 9 }", (2, 3), ["2", "3"], 3),
    "all serves every version": ("all {}", (2, 3, 5), ["2", "3", "5"], 5),
    "specific serves what it names, and the highest of it by default": (
        "specific { versions: [3, 2] }", (2, 3, 5), ["2", "3"], 3),
    "a version is a number and not a text": ("", (3, 10), ["10"], 2),
    "folders that are no canonical numbers are ignored": (
        "all {}", (3, "0", "07", "1.5", "tmp", "-1", "v2"), ["3"], 3),
})


class AtStart(RepositoryCalls):
    """What mode explicit loads before the server is ready."""

    def start(self, *arguments: str) -> None:
        folder = repository(self, "double", "times3", "pair", made_by=MADE)
        self.connect(serve(folder, "--model_control=explicit", *arguments))

    def states(self) -> dict[str, str]:
        return {m.name: m.state for m in self.call("RepositoryIndex").models}

    def test_nothing_is_loaded_and_the_server_is_ready(self):
        self.start()
        self.assertTrue(self.call("ServerReady").ready)
        self.assertEqual(self.states(), {"double": "", "times3": "", "pair": ""})

    def test_models_that_are_named_are_loaded(self):
        self.start("--load_model=double,times3")
        self.assertEqual(self.states(), {"double": "READY", "times3": "READY", "pair": ""})

    def test_a_star_loads_all(self):
        self.start("--load_model=*")
        self.assertEqual(self.states(), dict.fromkeys(("double", "times3", "pair"), "READY"))


class Rescan(RepositoryCalls):
    """Mode none looks again on SIGHUP."""

    def test_a_signal_takes_up_what_is_new_and_takes_away_what_is_gone(self):
        folder = repository(self, "double", made_by=MADE)
        add_version(folder, "m", 1, 2)
        self.connect(serve(folder))
        self.assertEqual(self.factor("m"), 2)
        add_version(folder, "m", 2, 3)
        add_version(folder, "other", 1, 5)
        shutil.rmtree(folder / "double")
        self.server.signal(signal.SIGHUP)
        health.wait_for(self.channel, "other", health.SERVING)
        until(lambda: self.served("m") == ["2"] and self.served("other") == ["1"])
        self.assertEqual((self.factor("m"), self.factor("other")), (3, 5))
        until(lambda: self.served("double") == [])


class Poll(Served, RepositoryCalls):
    """Mode poll looks by itself, and waits until a folder is still."""

    MODELS = ("double",)
    ARGUMENTS = ("--model_control=poll", "--repository_poll_period=100ms")

    @classmethod
    def prepare(cls, folder):
        cls.folder = folder

    def test_a_new_model_is_loaded_and_a_removed_one_is_unloaded(self):
        add_version(self.folder, "new", 1, 3)
        health.wait_for(self.channel, "new", health.SERVING)
        self.assertEqual((self.factor("new"), self.served("new")), (3, ["1"]))
        shutil.rmtree(self.folder / "new")
        health.wait_for(self.channel, "new", health.NOT_SERVING)
        self.assertEqual(self.served("new"), [])

    def test_a_new_version_is_loaded_and_replaces_the_old_one(self):
        add_version(self.folder, "versions", 1, 2)
        health.wait_for(self.channel, "versions", health.SERVING)
        self.assertEqual(self.served("versions"), ["1"])
        add_version(self.folder, "versions", 2, 5)
        self.server.wait_for_log('"model is being served","model":"versions","version":2')
        until(lambda: self.served("versions") == ["2"])
        self.assertEqual(self.factor("versions"), 5)

    def test_a_model_that_is_copied_piece_by_piece_is_loaded_when_it_is_whole(self):
        target = self.folder / "slow" / "1"
        target.mkdir(parents=True)
        config = (model_file(4).parents[1] / "config.pbtxt").read_text()
        (target.parent / "config.pbtxt").write_text(config.replace('"times4"', '"slow"'))
        whole = model_file(4).read_bytes()
        with open(target / "model.pt", "wb", buffering=0) as file:
            for at in range(0, len(whole), 256):
                file.write(whole[at : at + 256])
        health.wait_for(self.channel, "slow", health.SERVING)
        self.assertEqual((self.factor("slow"), self.served("slow")), (4, ["1"]))

    def test_load_and_unload_are_refused(self):
        self.load_refused("FAILED_PRECONDITION", "explicit model load / unload is not allowed",
                          "double")
        self.refused("FAILED_PRECONDITION", "explicit model load / unload is not allowed",
                     "RepositoryModelUnload", pb.RepositoryModelUnloadRequest(model_name="double"))


class Layouts(RepositoryCalls):
    """KServe mounts one model, without a folder of its name."""

    def mounted(self) -> Path:
        folder = Path(tempfile.mkdtemp(prefix="tournant-conformance-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        config = (model_file(3).parents[1] / "config.pbtxt").read_text()
        (folder / "config.pbtxt").write_text(config.replace('name: "times3"\n', ""))
        return folder

    def test_versions_directly_below_the_folder_are_one_model(self):
        folder = self.mounted()
        shutil.copytree(model_file(3).parent, folder / "4")
        self.connect(serve(folder, "--model_name=flights"))
        self.assertEqual((self.factor("flights"), self.served("flights")), (3, ["4"]))

    def test_a_model_file_directly_in_the_folder_is_version_one(self):
        folder = self.mounted()
        shutil.copy(model_file(3), folder)
        self.connect(serve(folder, "--model_name=flights"))
        self.assertEqual((self.factor("flights"), self.served("flights")), (3, ["1"]))


if __name__ == "__main__":
    unittest.main()
