"""What /metrics says after each kind of call and each way to end, and that it is well-formed, complete
and bounded. One server with every feature that has metrics."""

import json
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.error
import urllib.request
from collections.abc import Callable

import grpc
import numpy as np
import tritonclient.grpc as triton
from faulty_store import FaultyStore
from harness import (DATA, LIMIT_SECONDS, NOW, ROOT, add_model, repository, serve,
                     serve_features, until)
from health import check, watch
from metric_series import (ADMITTED, ENQUEUED, WATCHED, admission, answered, computed, ended, job,
                           of_version, stopped)
from trace_collector import TraceCollector
from triton_calls import floats, tensor
from tritonclient.grpc import service_pb2 as messages
from tritonclient.utils import InferenceServerException

sys.path.insert(0, str(ROOT / "scripts/deploy"))
import exposition  # noqa: E402

SERVICE = "inference.GRPCInferenceService"
PROMTOOL = ROOT / "build/tools/promtool"
SHOWN = ROOT / "build/metrics.prom"

HOUR = "{ seconds: 3600 }"
CACHE = f'view {{ name: "plane_facts" cache {{ soft_age {HOUR} hard_age {HOUR} negative_age {HOUR} }} }}\n'


def asked(model: str, *values: float, name: str = "x") -> messages.ModelInferRequest:
    """What tritonclient would send for floats()."""
    request = messages.ModelInferRequest(model_name=model)
    request.inputs.add(name=name, datatype="FP32", shape=[len(values), 1])
    request.raw_input_contents.append(np.array(values, np.float32).tobytes())
    return request


class Metrics(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        real_store = serve_features()
        cls.addClassCleanup(real_store.kill)
        cls.store = FaultyStore(real_store.address)
        cls.addClassCleanup(cls.store.close)
        folder = repository(cls, "linear", "raises", "seats")
        add_model(folder, "cached", "seats")
        with (folder / "cached" / "features.pbtxt").open("a") as bindings:
            bindings.write(CACHE)
        log = tempfile.TemporaryDirectory(prefix="tournant-e2e-")
        cls.addClassCleanup(log.cleanup)
        collector = TraceCollector()
        cls.addClassCleanup(collector.close)
        cls.server = serve(
            folder, f"--feature_store=grpc:{cls.store.address}?health_check=false",
            f"--feature_registry={DATA}/registry.db", f"--now={NOW}",
            f"--prediction_log={log.name}", "--http_address=127.0.0.1:0", "--admission=off",
            f"--otlp_endpoint={collector.address}",
            # So that two calls in memory are all that the lowest class may have.
            "--max_in_flight=8",
        )
        cls.addClassCleanup(cls.server.kill)
        cls.client = triton.InferenceServerClient(cls.server.address)
        cls.addClassCleanup(cls.client.close)
        cls.channel = grpc.insecure_channel(cls.server.address)
        cls.addClassCleanup(cls.channel.close)

    def setUp(self):
        self.store.fault = lambda _, answer: answer

    def text(self) -> str:
        url = f"http://127.0.0.1:{self.server.ready['http']}/metrics"
        with urllib.request.urlopen(url, timeout=LIMIT_SECONDS) as answer:
            return answer.read().decode()

    def samples(self) -> dict[str, float]:
        # Without their labels taken apart, since it is asked for often.
        pairs = (line.rsplit(" ", 1) for line in self.text().splitlines() if line[0] != "#")
        return {series: float(value) for series, value in pairs}

    def counted(self, *names: str) -> dict[str, float]:
        return {s: v for s, v in self.samples().items() if s.split("{")[0] in names}

    def settled(self, *names: str) -> dict[str, float]:
        """The same once no call is under way: calls are counted after their answer."""
        until(lambda: not any(self.counted("tournant_calls", "tournant_admission_calls").values()))
        return self.counted(*names)

    def moved(self, before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
        return {s: v - before.get(s, 0) for s, v in after.items() if v != before.get(s, 0)}

    def assert_moves(self, action: Callable[[], object], *series: str, count: int = 1) -> None:
        """`action` raises each of these by `count` and nothing else that is watched."""
        before = self.settled(*WATCHED)
        action()
        expected = dict.fromkeys(series, count)
        until(lambda: set(self.moved(before, self.counted(*WATCHED))) >= set(expected))
        self.assertEqual(self.moved(before, self.settled(*WATCHED)), expected)

    def infer(self, model: str, *inputs, code: str = "OK", **options):
        options.setdefault("client_timeout", LIMIT_SECONDS)
        try:
            self.client.infer(model, list(inputs), **options)
            self.assertEqual(code, "OK")
        except InferenceServerException as error:
            self.assertEqual(error.status(), f"StatusCode.{code}", error)

    def seats(self, model: str = "seats", **options):
        tail = tensor("tailnum", np.array([[b"N1602"]], dtype=np.object_))
        return self.infer(model, tail, **options)

    def stream(self, *requests: messages.ModelInferRequest) -> list[str]:
        """Sends these on one stream, each when the one before is answered; the errors."""
        turn = threading.Semaphore(1)

        def one_by_one():
            for request in requests:
                if not turn.acquire(timeout=LIMIT_SECONDS):
                    return
                yield request.SerializeToString()

        errors = []
        path = f"/{SERVICE}/ModelStreamInfer"
        for answer in self.channel.stream_stream(path)(one_by_one(), timeout=LIMIT_SECONDS):
            errors.append(messages.ModelStreamInferResponse.FromString(answer).error_message)
            turn.release()
        return errors

    def post(self, model: str, body: str, code: int) -> None:
        url = f"http://127.0.0.1:{self.server.ready['http']}/v2/models/{model}/infer"
        try:
            with urllib.request.urlopen(url, body.encode(), timeout=LIMIT_SECONDS) as answer:
                self.assertEqual(answer.status, code)
        except urllib.error.HTTPError as error:
            with error:
                self.assertEqual(error.code, code)

    # --- every RPC ---

    def assert_counts(self, method: str, call: Callable[[], object]) -> None:
        """One more of `method` was started and ended with the code that the caller saw."""
        names = ("grpc_server_call_started_total", "grpc_server_call_duration_seconds_count",
                 "grpc_server_call_rcvd_total_compressed_message_size_bytes_count",
                 "grpc_server_call_sent_total_compressed_message_size_bytes_count",
                 "tournant_calls_total")
        before = self.counted(*names)
        code = "OK"
        try:
            call()
        except grpc.RpcError as error:
            code = error.code().name
        of_status = f'{{grpc_method="{method}",grpc_status="{code}"}}'
        expected = {f'{names[0]}{{grpc_method="{method}"}}': 1,
                    f'{names[4]}{{method="{method}",code="{code}"}}': 1,
                    **{name + of_status: 1 for name in names[1:4]}}
        moved = {}

        def all_have_moved() -> bool:
            moved.update(self.moved(before, self.counted(*names)))
            return len(moved) >= len(expected)

        until(all_have_moved)
        self.assertEqual(moved, expected)

    def test_every_rpc_is_counted_with_its_method_and_code(self):
        methods = messages.DESCRIPTOR.services_by_name["GRPCInferenceService"].methods
        # What it looks like with its own message; other ones are empty, and most of them wrong.
        linear = {"ModelReady", "ModelMetadata", "ModelConfig", "ModelStatistics"}
        for method in methods:
            request = getattr(messages, method.input_type.name)()
            if method.name in linear:
                request.name = "linear"
            path = f"/{SERVICE}/{method.name}"
            if method.client_streaming:
                self.assertEqual(method.name, "ModelStreamInfer")

                def call():
                    return self.stream(asked("linear", 1), asked("nobody", 1), asked("linear", 2))
            else:
                def call(path=path, request=request):
                    return self.channel.unary_unary(path)(request.SerializeToString(),
                                                          timeout=LIMIT_SECONDS)
            shared_memory = "SharedMemory" in method.name
            with self.subTest(method=method.name):
                self.assert_counts("other" if shared_memory else f"{SERVICE}/{method.name}", call)

    def test_health_and_methods_that_nobody_has_are_counted(self):
        self.assert_counts("grpc.health.v1.Health/Check", lambda: check(self.channel, "linear"))
        self.assert_counts("grpc.health.v1.Health/Check", lambda: check(self.channel, "nobody"))

        def leave_a_watch():
            states = watch(self.channel, "linear")
            next(states)
            states.cancel()
            list(states)

        self.assert_counts("grpc.health.v1.Health/Watch", leave_a_watch)
        nothing = self.channel.unary_unary("/no.Service/Nothing")
        self.assert_counts("other", lambda: nothing(b"", timeout=LIMIT_SECONDS))

    # --- every outcome ---

    def test_a_call_that_is_answered(self):
        self.assert_moves(lambda: self.infer("linear", floats(1, 2)), *computed("linear"))

    def test_requests_on_a_stream_are_calls(self):
        good = asked("linear", 1)
        self.assert_moves(lambda: self.assertEqual(self.stream(good, good, good), [""] * 3),
                          *computed("linear"), count=3)
        wrong, nobody = asked("linear", 1, name="z"), asked("nobody", 1)
        self.assert_moves(lambda: self.assertNotIn("", self.stream(wrong, nobody)),
                          ended("Failed"), stopped("failed", "Validating"), count=2)

    def test_predictions_over_http_are_calls(self):
        def body(name: str) -> str:
            tensor_in = {"name": name, "shape": [2, 1], "datatype": "FP32", "data": [1, 2]}
            return json.dumps({"inputs": [tensor_in]})

        self.assert_moves(lambda: self.post("linear", body("x"), 200), *computed("linear"))
        failed = ended("Failed"), stopped("failed", "Validating")
        self.assert_moves(lambda: self.post("linear", body("z"), 400), *failed)
        self.assert_moves(lambda: self.post("nobody", body("x"), 404), *failed)
        self.assert_moves(lambda: self.post("linear", "{", 400),
                          ended("Failed"), stopped("failed", "Accepted"))

    def test_a_call_with_features(self):
        attempts = ("grpc_client_attempt_started_total",
                    "grpc_client_attempt_duration_seconds_count",
                    "grpc_client_attempt_sent_total_compressed_message_size_bytes_count",
                    "grpc_client_attempt_rcvd_total_compressed_message_size_bytes_count",
                    "tournant_feature_requests_total", "tournant_feature_cells_total")
        before = self.counted(*attempts)
        self.assert_moves(self.seats, *computed("seats"))
        moved = self.moved(before, self.counted(*attempts))
        self.assertEqual({series.split("{")[0]: by for series, by in moved.items()},
                         dict.fromkeys(attempts, 1))
        self.assertIn('tournant_feature_cells_total{outcome="live"}', moved)

    def test_a_call_that_is_wrong(self):
        wrong = floats(1, name="z")
        self.assert_moves(lambda: self.infer("linear", wrong, code="INVALID_ARGUMENT"),
                          ended("Failed"), stopped("failed", "Validating"))

    def test_a_call_to_a_model_that_is_not_there(self):
        self.assert_moves(lambda: self.infer("nobody", floats(1), code="NOT_FOUND"),
                          ended("Failed"), stopped("failed", "Validating"))

    def test_a_call_whose_time_is_over(self):
        self.assert_moves(
            lambda: self.infer("linear", floats(1), timeout=1, code="DEADLINE_EXCEEDED"),
            ended("Expired"), stopped("expired", "Validating"), ENQUEUED,
            answered("linear", "DEADLINE_EXCEEDED"),
            of_version("nv_inference_request_failure", "linear", "REJECTED"))

    def test_a_call_whose_model_fails(self):
        self.assert_moves(
            lambda: self.infer("raises", floats(-1), code="INTERNAL"),
            ended("Failed"), stopped("failed", "Computing"), *ADMITTED, job("failed"), ENQUEUED,
            answered("raises", "INTERNAL"),
            of_version("nv_inference_request_failure", "raises", "BACKEND"))

    def hold_two(self) -> tuple[list[grpc.Future], threading.Event]:
        """Two calls that wait for their features until the event, or until they are cancelled."""
        release = threading.Event()
        self.addCleanup(release.set)

        def wait(_, answer: bytes) -> bytes:
            release.wait(LIMIT_SECONDS)
            return answer

        self.store.fault = wait
        held = [self.client.async_infer("seats", [tensor("tailnum", np.array([[tail]], np.object_))],
                                        lambda *_: None, client_timeout=LIMIT_SECONDS)
                for tail in (b"N1602", b"N1603")]
        waiting = 'tournant_calls{phase="AwaitingFeatures"}'
        until(lambda: self.counted("tournant_calls")[waiting] == 2)
        return held, release

    def test_a_call_that_is_refused(self):
        before = self.settled(*WATCHED)
        _, release = self.hold_two()
        metadata = {"tournant-criticality": "sheddable"}
        self.infer("linear", floats(1), headers=metadata, code="RESOURCE_EXHAUSTED")
        release.set()
        moved = self.moved(before, self.settled(*WATCHED))
        for series in computed("seats"):
            if "batch_rows" in series:
                self.assertIn(moved.pop(series), (1, 2))  # Executed together or not.
            elif series != ENQUEUED:
                self.assertEqual(moved.pop(series), 2, series)
        self.assertEqual(moved, {
            ended("Rejected"): 1, answered("linear", "RESOURCE_EXHAUSTED"): 1, ENQUEUED: 3,
            admission("offered", "sheddable"): 1,
            admission("rejected", "sheddable", "too_many_calls"): 1,
            of_version("nv_inference_request_failure", "linear", "REJECTED"): 1})

    def test_a_call_whose_caller_leaves(self):
        def leave():
            for call in self.hold_two()[0]:
                call.cancel()

        self.assert_moves(
            leave, ended("Cancelled"), stopped("cancelled", "AwaitingFeatures"), *ADMITTED, ENQUEUED,
            answered("seats", "CANCELLED"),
            of_version("nv_inference_request_failure", "seats", "CANCELED"), count=2)

    # --- the whole ---

    def test_nothing_that_callers_send_makes_a_series(self):
        def misbehave(i: int) -> None:
            self.infer(f"nobody-{i}", floats(1), code="NOT_FOUND")
            self.infer("linear", floats(1), model_version=f"{i + 7}", code="NOT_FOUND")
            self.infer("linear", floats(1, name=f"x{i}"), code="INVALID_ARGUMENT")
            self.infer("linear", floats(1), headers={"tournant-criticality": f"c{i}"},
                       code="INVALID_ARGUMENT")
            self.post(f"nobody-{i}", "{}", 400)
            self.stream(asked(f"nobody-{i}", 1))
            with self.assertRaises(grpc.RpcError):
                check(self.channel, f"nobody-{i}")
            with self.assertRaises(grpc.RpcError):
                self.channel.unary_unary(f"/no.Service/{i}")(b"", timeout=LIMIT_SECONDS)

        misbehave(0)
        self.settled()
        until(lambda: self.samples()['grpc_server_call_duration_seconds_count{grpc_method="other",'
                                     'grpc_status="UNIMPLEMENTED"}'])
        before = set(self.samples())
        for i in range(1, 6):
            misbehave(i)
        self.settled()
        self.assertEqual(set(self.samples()) - before, set())

    def test_promtool_finds_nothing_wrong_but_tritons_names(self):
        if not PROMTOOL.exists():
            self.skipTest("no promtool: scripts/setup check")
        result = subprocess.run([PROMTOOL, "check", "metrics"], input=self.text(), text=True,
                                capture_output=True, timeout=LIMIT_SECONDS)
        problems = [line for line in (result.stdout + result.stderr).splitlines()
                    if not line.startswith("nv_inference_")]
        self.assertEqual(problems, [])
        self.assertIn(result.returncode, (0, 3))  # 3: it has found something.

    def test_the_lists_of_metrics_are_those_of_the_server(self):
        self.infer("linear", floats(1))
        self.seats()
        self.seats("cached")
        self.seats("cached")
        until(lambda: self.samples()['tournant_model_calls_total{model="cached",code="OK"}'] == 2)
        text = self.text()
        shown = exposition.read(text)[0]
        lists = exposition.LIST.read_text(), exposition.table_of(exposition.README.read_text())
        if lists != (exposition.as_list(shown), exposition.as_table(shown)):
            SHOWN.write_text(text)
            self.assertEqual(lists[0], exposition.as_list(shown))
            self.fail(f"server/telemetry/README.md differs; scripts/deploy/metrics {SHOWN} mends both")


class WithoutTritonsNames(unittest.TestCase):
    def test_they_can_be_left_out(self):
        server = serve(repository(self), "--model_control=explicit",
                       "--http_address=127.0.0.1:0", "--triton_metrics=false")
        self.addCleanup(server.kill)
        url = f"http://127.0.0.1:{server.ready['http']}/metrics"
        with urllib.request.urlopen(url, timeout=LIMIT_SECONDS) as answer:
            text = answer.read().decode()
        self.assertIn("tournant_queue_jobs", text)
        self.assertNotIn("nv_", text)


if __name__ == "__main__":
    unittest.main()
