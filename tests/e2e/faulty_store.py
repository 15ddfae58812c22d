"""A feature store that answers like another one, but for the faults that a test gives it."""

import importlib
import itertools
import sys
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import grpc
from grpc_tools import protoc
from harness import LIMIT_SECONDS, ROOT

METHOD = "/feast.serving.ServingService/GetOnlineFeatures"

# Gets the number of the call, from 0, and the right answer's bytes; returns what is sent instead,
# or raises Refusal.
Fault = Callable[[int, bytes], bytes]


class Refusal(Exception):
    """The call ends with UNAVAILABLE."""


def none(_: int, answer: bytes) -> bytes:
    return answer


def fails(number: int, answer: bytes) -> bytes:
    """Three calls of ten."""
    if number % 10 < 3:
        raise Refusal
    return answer


def delays(number: int, answer: bytes) -> bytes:
    """One call of ten, by 200 ms."""
    if number % 10 == 0:
        threading.Event().wait(0.2)
    return answer


def truncates(_: int, answer: bytes) -> bytes:
    """In the middle of the last value."""
    return answer[:-1]


def reverses(_: int, answer: bytes) -> bytes:
    """The rows of each column come in another order than was asked."""
    message = serving().GetOnlineFeaturesResponse.FromString(answer)
    for column in message.results:
        for cells in (column.values, column.statuses, column.event_timestamps):
            turned = list(cells)[::-1]
            del cells[:]
            cells.extend(turned)
    return message.SerializeToString()


def serving():
    """Feast's messages, built from proto/."""
    if "feast.serving.ServingService_pb2" not in sys.modules:
        with tempfile.TemporaryDirectory() as out:
            files = ["feast/serving/ServingService.proto", "feast/types/Value.proto"]
            if protoc.main(["", f"-I{ROOT}/proto", f"--python_out={out}", *files]) != 0:
                raise RuntimeError("protoc failed")
            sys.path.insert(0, out)
            importlib.import_module("feast.serving.ServingService_pb2")
            sys.path.remove(out)
    return sys.modules["feast.serving.ServingService_pb2"]


class FaultyStore:
    """Listens on any free port and asks `target` for its answers. `fault` may be set at any time."""

    def __init__(self, target: str):
        self.fault: Fault = none
        self.metadata: list[tuple[str, str]] = []  # Of all calls.
        self._numbers = itertools.count()
        self._channel = grpc.insecure_channel(target)
        self._ask = self._channel.unary_unary(METHOD)
        self._pool = ThreadPoolExecutor(16)
        self._server = grpc.server(self._pool)
        handlers = {"GetOnlineFeatures": grpc.unary_unary_rpc_method_handler(self._answer)}
        service = METHOD.split("/")[1]
        self._server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler(service, handlers),)
        )
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def _answer(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        self.metadata += [(key, value) for key, value in context.invocation_metadata()]
        answer = self._ask(request, timeout=LIMIT_SECONDS)
        try:
            return self.fault(next(self._numbers), answer)
        except Refusal:
            context.abort(grpc.StatusCode.UNAVAILABLE, "one of three in ten")

    def close(self) -> None:
        self._server.stop(None).wait()
        self._channel.close()
        self._pool.shutdown()
