"""An OpenTelemetry collector that keeps the spans it gets, by OpenTelemetry's own messages."""

import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
from harness import LIMIT_SECONDS
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc


class TraceCollector(trace_service_pb2_grpc.TraceServiceServicer):
    """Listens on any free port, or on one that was free."""

    def __init__(self, port: int = 0):
        self.resources = []
        self._spans = []
        self._added = threading.Condition()
        self._server = grpc.server(ThreadPoolExecutor(4))
        trace_service_pb2_grpc.add_TraceServiceServicer_to_server(self, self._server)
        self.address = f"127.0.0.1:{self._server.add_insecure_port(f'127.0.0.1:{port}')}"
        self._server.start()

    def Export(self, request, context):  # noqa: N802, the service's name for it
        with self._added:
            for group in request.resource_spans:
                self.resources.append(group.resource)
                for scope in group.scope_spans:
                    self._spans += scope.spans
            self._added.notify_all()
        return trace_service_pb2.ExportTraceServiceResponse()

    def spans(self, trace_id: str = "") -> list:
        """All of a trace, or all of them."""
        with self._added:
            return [span for span in self._spans if trace_id in ("", span.trace_id.hex())]

    def wait_for(self, *names: str, trace_id: str = "") -> dict:
        """One span of each name, once there is one, in a trace or in any."""
        def found() -> dict:
            return {span.name: span for span in self._spans
                    if span.name in names and trace_id in ("", span.trace_id.hex())}

        with self._added:
            if not self._added.wait_for(lambda: len(found()) == len(names), LIMIT_SECONDS):
                raise AssertionError(f"of {names} only {list(found())} came")
            return found()

    def close(self) -> None:
        self._server.stop(None).wait()


def attributes(of) -> dict:
    """Those of a span or a resource, by their keys."""
    return {a.key: getattr(a.value, a.value.WhichOneof("value")) for a in of.attributes}
