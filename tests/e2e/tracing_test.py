"""Traces from the caller through the server to the feature store, as a collector gets them."""

import json
import tempfile
import unittest
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import tritonclient.grpc as triton
from faulty_store import FaultyStore
from google.protobuf import descriptor_pb2, descriptor_pool
from grpc_tools import protoc
from harness import (
    DATA,
    LIMIT_SECONDS,
    NOW,
    ROOT,
    repository,
    run_server,
    serve,
    serve_features,
    tournant,
)
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2  # noqa: F401, fills the pool
from trace_collector import TraceCollector, attributes
from triton_calls import floats, tensor, y_of
from tritonclient.utils import InferenceServerException

ROOT_SPAN = "Recv.inference.GRPCInferenceService.ModelInfer"
HTTP_SPAN = "POST /v2/models/{model}/infer"
SENT_SPAN = "Sent.feast.serving.ServingService.GetOnlineFeatures"
CALLER = "00f067aa0ba902b7"


class Tracing(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        features = serve_features()
        cls.addClassCleanup(features.kill)
        cls.collector = TraceCollector()
        cls.addClassCleanup(cls.collector.close)
        cls.store = FaultyStore(features.address)
        cls.addClassCleanup(cls.store.close)
        cls.server = serve(
            repository(cls, "seats", "linear"),
            f"--feature_store=grpc:{cls.store.address}?health_check=false",
            f"--feature_registry={DATA}/registry.db",
            f"--now={NOW}",
            f"--otlp_endpoint={cls.collector.address}", "--http_address=127.0.0.1:0",
        )
        cls.addClassCleanup(cls.server.kill)
        cls.client = triton.InferenceServerClient(cls.server.address)
        cls.addClassCleanup(cls.client.close)

    def infer(self, trace_id: str, flags: str, request_id: str = "") -> None:
        plane = tensor("tailnum", np.array([[b"N1602"]], dtype=np.object_))
        self.client.infer("seats", [plane], request_id=request_id, client_timeout=LIMIT_SECONDS,
                          headers={"traceparent": f"00-{trace_id}-{CALLER}-{flags}",
                                   "tracestate": "vendor=x"})

    def test_a_call_is_a_tree_of_spans_from_its_caller_to_the_feature_store_and_its_batch(self):
        trace_id = "a1" * 16
        self.infer(trace_id, "01", "r-1")
        steps = ("admission", "features", "queue", "compute", "respond")
        spans = self.collector.wait_for(ROOT_SPAN, SENT_SPAN, *steps, trace_id=trace_id)
        call = spans[ROOT_SPAN]
        self.assertEqual(call.parent_span_id.hex(), CALLER)
        self.assertEqual(call.trace_state, "vendor=x")
        self.assertEqual(call.kind, call.SPAN_KIND_SERVER)
        said = attributes(call)
        self.assertEqual(said["request_id"], "r-1")
        self.assertEqual(said["model_name"], "seats")
        self.assertEqual(said["model_version"], 1)
        self.assertEqual(said["rpc.method"], "inference.GRPCInferenceService/ModelInfer")
        self.assertEqual(said["rpc.response.status_code"], "OK")
        ended = call.start_time_unix_nano
        for name in steps:
            self.assertEqual(spans[name].parent_span_id, call.span_id, name)
            self.assertEqual(spans[name].start_time_unix_nano, ended, name)
            ended = spans[name].end_time_unix_nano
        self.assertEqual(call.end_time_unix_nano, ended)
        sent = spans[SENT_SPAN]
        self.assertEqual(sent.parent_span_id, spans["features"].span_id)
        self.assertEqual(sent.kind, sent.SPAN_KIND_CLIENT)
        self.assertIn(("traceparent", f"00-{trace_id}-{sent.span_id.hex()}-01"),
                      self.store.metadata)
        self.assertIn(("tracestate", "vendor=x"), self.store.metadata)

        [link] = spans["compute"].links
        batch = self.collector.wait_for("batch", trace_id=link.trace_id.hex())["batch"]
        self.assertEqual(link.span_id, batch.span_id)
        self.assertIn(spans["compute"].span_id, [back.span_id for back in batch.links])
        self.assertEqual(attributes(batch)["model_name"], "seats")
        resource = attributes(self.collector.resources[0])
        self.assertEqual(resource["service.name"], "tournant-server")

    def test_a_call_that_its_caller_does_not_record_is_passed_on_and_not_recorded(self):
        trace_id = "b2" * 16
        self.infer(trace_id, "00")
        self.assertIn(("traceparent", f"00-{trace_id}-{CALLER}-00"), self.store.metadata)
        self.infer("b3" * 16, "01")  # Whose spans come later than those of the other would.
        self.collector.wait_for(ROOT_SPAN, trace_id="b3" * 16)
        self.assertEqual(self.collector.spans(trace_id), [])

    def test_a_call_that_is_refused_says_so_in_its_span(self):
        with self.assertRaises(InferenceServerException):
            self.client.infer("nope", [floats(1)], client_timeout=LIMIT_SECONDS,
                              headers={"traceparent": f"00-{'c4' * 16}-{CALLER}-01"})
        call = self.collector.wait_for(ROOT_SPAN, trace_id="c4" * 16)[ROOT_SPAN]
        self.assertEqual(call.status.code, call.status.STATUS_CODE_ERROR)
        self.assertEqual(attributes(call)["rpc.response.status_code"], "NOT_FOUND")

    def post(self, model: str, trace_id: str) -> None:
        plane = {"name": "tailnum", "shape": [1, 1], "datatype": "BYTES", "data": ["N1602"]}
        url = f"http://127.0.0.1:{self.server.ready['http']}/v2/models/{model}/infer"
        request = urllib.request.Request(url, json.dumps({"inputs": [plane]}).encode(), {
            "traceparent": f"00-{trace_id}-{CALLER}-01", "tracestate": "vendor=x"})
        urllib.request.urlopen(request, timeout=LIMIT_SECONDS).close()

    def test_a_prediction_over_http_is_a_span_of_its_callers_trace_down_to_the_feature_store(self):
        trace_id = "d5" * 16
        self.post("seats", trace_id)
        spans = self.collector.wait_for(HTTP_SPAN, SENT_SPAN, "compute", trace_id=trace_id)
        call = spans[HTTP_SPAN]
        self.assertEqual(call.parent_span_id.hex(), CALLER)
        self.assertEqual(call.trace_state, "vendor=x")
        self.assertEqual(attributes(call)["http.route"], "/v2/models/{model}/infer")
        sent = spans[SENT_SPAN].span_id.hex()
        self.assertIn(("traceparent", f"00-{trace_id}-{sent}-01"), self.store.metadata)

    def test_a_prediction_over_http_that_fails_has_a_span_and_a_line_in_the_log(self):
        trace_id = "e6" * 16
        with self.assertRaises(urllib.error.HTTPError) as raised:
            self.post("nobody", trace_id)
        raised.exception.close()
        self.assertEqual(raised.exception.code, 404)
        call = self.collector.wait_for(HTTP_SPAN, trace_id=trace_id)[HTTP_SPAN]
        self.assertEqual(call.status.code, call.status.STATUS_CODE_ERROR)
        self.assertEqual(attributes(call)["error.type"], "NOT_FOUND")
        self.server.wait_for_log(HTTP_SPAN)


class Lifetimes(unittest.TestCase):
    def check_that_what_is_left_is_sent_at_the_end(self, mode):
        collector = TraceCollector()
        self.addCleanup(collector.close)
        with tempfile.TemporaryDirectory() as log:
            server = serve(repository(self, "linear"), f"--otlp_endpoint={collector.address}",
                           "--trace_sampling=1", f"--prediction_log={log}",
                           f"--prediction_log_mode={mode}")
            self.addCleanup(server.kill)
            with triton.InferenceServerClient(server.address) as client:
                self.assertEqual(y_of(client, "linear", 3), 7)
            self.assertEqual(server.stop()[0], 0, server.errors)
            [record] = map(json.loads, tournant("predictions", log).stdout.splitlines())
        [call] = [span for span in collector.spans() if span.name == ROOT_SPAN]
        self.assertEqual(call.parent_span_id, b"")
        self.assertEqual(record["traceparent"],
                         f"00-{call.trace_id.hex()}-{call.span_id.hex()}-03")

    def test_what_is_left_is_sent_at_the_end_and_predictions_know_their_traces(self):
        self.check_that_what_is_left_is_sent_at_the_end("best_effort")

    def test_a_prediction_that_is_saved_before_its_answer_knows_its_trace(self):
        self.check_that_what_is_left_is_sent_at_the_end("sync")

    def test_a_collector_that_is_down_keeps_the_server_neither_from_serving_nor_from_ending(self):
        closed = TraceCollector()
        closed.close()
        server = serve(repository(self, "linear"), f"--otlp_endpoint={closed.address}",
                       "--trace_sampling=1")
        self.addCleanup(server.kill)
        with triton.InferenceServerClient(server.address) as client:
            self.assertEqual(y_of(client, "linear", 3), 7)
        server.wait_for_log("the trace collector cannot be reached")
        self.assertEqual(server.stop()[0], 0, server.errors)

    def test_settings_that_make_no_sense_are_named(self):
        for flags, named in (
            (("--trace_sampling=2", "--otlp_endpoint=localhost:4317"), "--trace_sampling"),
            (("--trace_sampling=0.5",), "--otlp_endpoint"),
            (("--otlp_endpoint=http://localhost:4317",), "without a scheme"),
            (("--otlp_endpoint=localhost",), "--otlp_endpoint"),
        ):
            with self.subTest(flags=flags):
                ended = run_server(Path("/nowhere"), *flags)
                self.assertEqual(ended.returncode, 2)
                self.assertIn(named, ended.stderr)


class Protocol(unittest.TestCase):
    def test_the_messages_are_those_of_opentelemetry(self):
        """Every field of ours has the number, the type and the label that OpenTelemetry's has."""
        folder = ROOT / "proto/opentelemetry"
        files = [str(file.relative_to(ROOT / "proto")) for file in folder.rglob("*.proto")]
        with tempfile.NamedTemporaryFile() as out:
            arguments = ["", f"-I{ROOT}/proto", f"--descriptor_set_out={out.name}", *files]
            self.assertEqual(protoc.main(arguments), 0)
            ours = descriptor_pb2.FileDescriptorSet.FromString(out.read())
        theirs = descriptor_pool.Default()
        compared = 0
        for file in ours.file:
            for message, name in messages_of(file):
                official = descriptor_pb2.DescriptorProto()
                theirs.FindMessageTypeByName(name).CopyToProto(official)
                fields = {f.name: (f.number, f.type, f.type_name, f.label) for f in official.field}
                for field in message.field:
                    self.assertEqual((field.number, field.type, field.type_name, field.label),
                                     fields[field.name], f"{name}.{field.name}")
                    compared += 1
        self.assertGreater(compared, 30)


def messages_of(file, scope=None, prefix=""):
    """The messages of a file, those within others too, with their full names."""
    nested = file.message_type if scope is None else scope.nested_type
    for message in nested:
        name = f"{prefix or file.package}.{message.name}"
        yield message, name
        yield from messages_of(file, message, name)


if __name__ == "__main__":
    unittest.main()
