"""What the tests of the model repository ask and put there."""

import itertools
from pathlib import Path

import grpc
from harness import add_model, models
from protocol import Calls, Served, answers, numbers, pb, request, set_parameter

MADE = "conformance"
# The models y = k x of make_models.py by k.
FACTORS = {2: "double", 3: "times3", 4: "times4", 5: "times5"}


def model_file(factor: int) -> Path:
    """The model.pt of y = factor x."""
    return models(MADE) / FACTORS[factor] / "1" / "model.pt"


def add_version(folder: Path, name: str, version: int | str, factor: int) -> None:
    """Puts y = factor x under this version of a model."""
    add_model(folder, name, source=FACTORS[factor], version=version, made_by=MADE)


def replace_file(path: Path, content: bytes) -> None:
    """In one step, as a careful copy does it."""
    partial = path.with_name("partial")
    partial.write_bytes(content)
    partial.rename(path)


def load_request(name: str, parameters: dict | None = None):
    message = pb.RepositoryModelLoadRequest(model_name=name)
    for key, value in (parameters or {}).items():
        set_parameter(message.parameters[key], value)
    return message


class RepositoryCalls(Calls):
    """Calls about models that are y = k x."""

    def factor(self, name: str, version: str = "") -> int:
        """The k of the version that answers."""
        message = request(name, numbers("x", 1), version=version)
        return int(answers(self.call("ModelInfer", message))["y"][0, 0])

    def load(self, name: str, parameters: dict | None = None) -> None:
        self.call("RepositoryModelLoad", load_request(name, parameters))

    def load_refused(self, code: str, says: str, name: str, parameters: dict | None = None):
        return self.refused(code, says, "RepositoryModelLoad", load_request(name, parameters))

    def unload(self, name: str, **parameters) -> None:
        message = pb.RepositoryModelUnloadRequest(model_name=name)
        for key, value in parameters.items():
            set_parameter(message.parameters[key], value)
        self.call("RepositoryModelUnload", message)

    def index(self, name: str) -> dict[str, tuple[str, str]]:
        """State and reason of a model's entries by version."""
        return {m.version: (m.state, m.reason)
                for m in self.call("RepositoryIndex").models if m.name == name}

    def served(self, name: str) -> list[str]:
        """The versions that are ready, by the metadata."""
        try:
            return list(self.call("ModelMetadata", pb.ModelMetadataRequest(name=name)).versions)
        except grpc.RpcError as error:
            self.assertIn(error.code().name, ("NOT_FOUND", "UNAVAILABLE"))
            return []

    def config(self, name: str):
        return self.call("ModelConfig", pb.ModelConfigRequest(name=name)).config


class Explicit(Served, RepositoryCalls):
    """A server in mode explicit, and a model of its own for each test: `self.name`, not loaded."""

    ARGUMENTS = ("--model_control=explicit",)

    @classmethod
    def prepare(cls, folder):
        cls.folder = folder
        cls.numbers = itertools.count(1)

    def setUp(self):
        self.name = f"m{next(self.numbers)}"
        add_version(self.folder, self.name, 1, 2)

    def file(self, version: int = 1) -> Path:
        return self.folder / self.name / str(version) / "model.pt"
