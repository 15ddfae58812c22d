"""Stubs generated from proto/, requests, answers and refusals for the tests of this folder.

A process holds one copy of a schema, so a test file uses this or tritonclient, never both.
"""

import re
import struct
import subprocess
import sys
import unittest
from dataclasses import dataclass, field
from pathlib import Path

import grpc
import ml_dtypes
import numpy as np
from google.rpc import error_details_pb2, status_pb2
from harness import LIMIT_SECONDS, ROOT, Server, repository, serve

subprocess.run(
    [sys.executable, str(ROOT / "client/python/generate")],
    check=True,
    stdout=subprocess.DEVNULL,
    timeout=LIMIT_SECONDS,
)
sys.path.insert(0, str(ROOT / "build/python"))

from tournant_stubs.inference import grpc_service_pb2 as pb  # noqa: E402
from tournant_stubs.inference import grpc_service_pb2_grpc as rpc  # noqa: E402
from tournant_stubs.inference import model_config_pb2 as config_pb  # noqa: E402

SERVICE = "inference.GRPCInferenceService"
ANY_SIZE = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
# No call of a test takes as long.
TIMEOUT = 100

NUMPY = {
    "BOOL": np.dtype(np.bool_),
    "UINT8": np.dtype("<u1"),
    "UINT16": np.dtype("<u2"),
    "UINT32": np.dtype("<u4"),
    "UINT64": np.dtype("<u8"),
    "INT8": np.dtype("<i1"),
    "INT16": np.dtype("<i2"),
    "INT32": np.dtype("<i4"),
    "INT64": np.dtype("<i8"),
    "FP16": np.dtype("<f2"),
    "BF16": np.dtype(ml_dtypes.bfloat16),
    "FP32": np.dtype("<f4"),
    "FP64": np.dtype("<f8"),
}

# The list of InferTensorContents that holds each datatype.
TYPED = {
    "BOOL": "bool_contents",
    "INT8": "int_contents",
    "INT16": "int_contents",
    "INT32": "int_contents",
    "INT64": "int64_contents",
    "UINT8": "uint_contents",
    "UINT16": "uint_contents",
    "UINT32": "uint_contents",
    "UINT64": "uint64_contents",
    "FP32": "fp32_contents",
    "FP64": "fp64_contents",
    "BYTES": "bytes_contents",
}


@dataclass
class Tensor:
    """An input: raw bytes, or the values of one list of InferTensorContents."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    raw: bytes | None = None
    typed: dict[str, list] = field(default_factory=dict)
    parameters: dict[str, object] = field(default_factory=dict)


def numbers(name: str, *values, datatype: str = "FP32", shape: tuple[int, ...] | None = None):
    """Numbers in raw form, by default one to a row."""
    array = np.array(values, dtype=NUMPY[datatype])
    return Tensor(name, datatype, shape or (len(values), 1), array.tobytes())


def elements(values) -> bytes:
    """The raw form of a BYTES tensor."""
    return b"".join(struct.pack("<I", len(value)) + value for value in values)


def strings(name: str, *values: bytes, shape: tuple[int, ...] | None = None) -> Tensor:
    """BYTES in raw form, by default one to a row."""
    return Tensor(name, "BYTES", shape or (len(values), 1), elements(values))


def set_parameter(target, value) -> None:
    """Puts a value into an InferParameter or ModelRepositoryParameter by its Python type."""
    if isinstance(value, bool):
        target.bool_param = value
    elif isinstance(value, int):
        target.int64_param = value
    elif isinstance(value, float):
        target.double_param = value
    elif isinstance(value, bytes):
        target.bytes_param = value
    else:
        target.string_param = value


def request(model: str, *tensors: Tensor, outputs=(), version="", id="", parameters=None):
    """A ModelInferRequest; an output is a name, or (name, parameters)."""
    message = pb.ModelInferRequest(model_name=model, model_version=version, id=id)
    for name, value in (parameters or {}).items():
        set_parameter(message.parameters[name], value)
    for tensor in tensors:
        made = message.inputs.add(name=tensor.name, datatype=tensor.datatype, shape=tensor.shape)
        for name, value in tensor.parameters.items():
            set_parameter(made.parameters[name], value)
        for name, values in tensor.typed.items():
            getattr(made.contents, name).extend(values)
        if tensor.raw is not None:
            message.raw_input_contents.append(tensor.raw)
    for output in outputs:
        name, extra = (output, {}) if isinstance(output, str) else output
        made = message.outputs.add(name=name)
        for key, value in extra.items():
            set_parameter(made.parameters[key], value)
    return message


def split_elements(raw: bytes) -> list[bytes]:
    """The elements of a BYTES tensor."""
    found, at = [], 0
    while at < len(raw):
        (size,) = struct.unpack_from("<I", raw, at)
        found.append(raw[at + 4 : at + 4 + size])
        at += 4 + size
    return found


def answers(response) -> dict[str, np.ndarray]:
    """The outputs by name, in the order in which they came."""
    assert len(response.outputs) == len(response.raw_output_contents)
    found = {}
    for output, raw in zip(response.outputs, response.raw_output_contents):
        assert not output.HasField("contents")
        if output.datatype == "BYTES":
            flat = np.array(split_elements(raw), dtype=np.object_)
        else:
            flat = np.frombuffer(raw, NUMPY[output.datatype])
        found[output.name] = flat.reshape(tuple(output.shape))
    return found


def parameters(message) -> dict[str, object]:
    """The parameters of a message as plain values."""
    return {
        name: getattr(value, value.WhichOneof("parameter_choice"))
        for name, value in message.parameters.items()
    }


def details(error: grpc.RpcError) -> list:
    """The google.rpc messages in grpc-status-details-bin."""
    for key, value in error.trailing_metadata() or ():
        if key != "grpc-status-details-bin":
            continue
        status = status_pb2.Status.FromString(value)
        assert status.code == error.code().value[0] and status.message == error.details()
        found = []
        for packed in status.details:
            kind = getattr(error_details_pb2, packed.type_url.rsplit(".", 1)[-1])
            found.append(kind())
            assert packed.Unpack(found[-1])
        return found
    return []


def fields(error: grpc.RpcError) -> list[str]:
    """The paths that BadRequest names."""
    return [
        violation.field
        for detail in details(error)
        if isinstance(detail, error_details_pb2.BadRequest)
        for violation in detail.field_violations
    ]


def add_cases(test_class, check, cases: dict[str, tuple]) -> None:
    """Makes a test method of each entry: its key is the sentence, its value what check() gets."""
    for sentence, given in cases.items():
        name = "test_" + re.sub(r"\W+", "_", sentence).strip("_")
        assert not hasattr(test_class, name), sentence

        def method(self, given=given):
            check(self, *given)

        method.__name__ = name
        method.__doc__ = None
        setattr(test_class, name, method)


class Calls(unittest.TestCase):
    """Calls to a server, and what they have to be refused with."""

    def connect(self, server: Server) -> None:
        """Calls go to this server from now on; it is ended after the test."""
        self.addCleanup(server.kill)
        _connect(self, server, self.addCleanup)

    def call(self, method: str, message=None, **options):
        """One unary call; the message may be left out where it is empty."""
        message = message if message is not None else getattr(pb, f"{method}Request")()
        options.setdefault("timeout", TIMEOUT)
        return getattr(self.stub, method)(message, **options)

    def infer(self, model: str, *tensors: Tensor, **given) -> dict[str, np.ndarray]:
        """The outputs of one inference."""
        return answers(self.call("ModelInfer", request(model, *tensors, **given)))

    def refused(self, code: str, says: str, method: str, message, field="", **options):
        """Expects an error: its code, a part of its text, and the field that BadRequest names."""
        with self.assertRaises(grpc.RpcError) as caught:
            self.call(method, message, **options)
        error = caught.exception
        self.assertEqual(error.code().name, code, error.details())
        self.assertIn(says, error.details())
        if field:
            self.assertEqual(fields(error), [field], error.details())
        return error


class Served(Calls):
    """One server for all tests of a class, with MODELS of make_models.py, started with ARGUMENTS."""

    MODELS: tuple[str, ...] = ()
    ARGUMENTS: tuple[str, ...] = ()

    @classmethod
    def setUpClass(cls):
        folder = repository(cls, *cls.MODELS, made_by="conformance")
        cls.prepare(folder)
        server = serve(folder, *cls.ARGUMENTS)
        cls.addClassCleanup(server.kill)
        _connect(cls, server, cls.addClassCleanup)

    @classmethod
    def prepare(cls, folder: Path) -> None:
        """What a class changes in its repository before the server starts."""


def add_to_config(folder: Path, model: str, text: str) -> None:
    """Adds a line to a model's config.pbtxt."""
    with open(folder / model / "config.pbtxt", "a", encoding="utf-8") as config:
        config.write(text + "\n")


def _connect(owner, server: Server, cleanup) -> None:
    owner.server = server
    owner.channel = grpc.insecure_channel(server.address, options=ANY_SIZE)
    cleanup(owner.channel.close)
    owner.stub = rpc.GRPCInferenceServiceStub(owner.channel)
