"""Right and wrong requests by tritonclient, which knows nothing of this server."""

import concurrent.futures
import queue
import re
import unittest
import urllib.request

import numpy as np
import tritonclient.grpc as triton
from harness import LIMIT_SECONDS, NOW, STORE, repository, serve, serve_for_class
from triton_calls import floats, tensor
from tritonclient.utils import InferenceServerException


def strings(name: str, *values: str) -> triton.InferInput:
    return tensor(name, np.array([[v.encode()] for v in values], dtype=np.object_))


class Inference(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        arguments = (f"--feature_store={STORE}", f"--now={NOW}")
        cls.server = serve_for_class(
            cls, "linear", "identity", "raises", "types", "seats", arguments=arguments
        )
        cls.client = triton.InferenceServerClient(cls.server.address)
        cls.addClassCleanup(cls.client.close)

    def infer(self, model: str, *inputs, **options):
        options.setdefault("client_timeout", LIMIT_SECONDS)
        return self.client.infer(model, list(inputs), **options)

    def refused(self, code: str, says: str, model: str, *inputs, **options):
        with self.assertRaises(InferenceServerException) as caught:
            self.infer(model, *inputs, **options)
        self.assertEqual(caught.exception.status(), f"StatusCode.{code}", caught.exception)
        self.assertIn(says, caught.exception.message())
        # Nothing else is disturbed.
        self.assertEqual(self.infer("linear", floats(1)).as_numpy("y")[0, 0], 3)

    def test_every_row_is_answered_in_its_place(self):
        result = self.infer("linear", floats(1, 2, 3), request_id="r-7")
        np.testing.assert_array_equal(result.as_numpy("y"), [[3], [5], [7]])
        response = result.get_response()
        self.assertEqual(response.id, "r-7")
        self.assertEqual(response.model_version, "1")
        self.assertEqual(response.outputs[0].datatype, "FP32")

    def test_no_rows_are_answered_with_no_rows(self):
        result = self.infer("linear", floats())
        self.assertEqual(list(result.get_response().outputs[0].shape), [0, 1])

    def test_numbers_of_every_type_come_back_as_they_went(self):
        sent = {
            "fp32": np.array([[1.5, -2.25]], dtype=np.float32),
            "fp64": np.array([[0.1, 1e300]]),
            "int32": np.array([[-(2**31), 2**31 - 1]], dtype=np.int32),
            "int64": np.array([[-(2**63), 2**63 - 1]], dtype=np.int64),
            "flag": np.array([[True, False]]),
        }
        result = self.infer("types", *(tensor(name, array) for name, array in sent.items()))
        for name, array in sent.items():
            np.testing.assert_array_equal(result.as_numpy(f"{name}_out"), array)

    def test_outputs_come_as_asked_for(self):
        zeros = [
            tensor("fp32", np.zeros((1, 2), np.float32)),
            tensor("fp64", np.zeros((1, 2))),
            tensor("int32", np.zeros((1, 2), np.int32)),
            tensor("int64", np.zeros((1, 2), np.int64)),
            tensor("flag", np.zeros((1, 2), bool)),
        ]
        wanted = [triton.InferRequestedOutput(name) for name in ("int64_out", "fp32_out")]
        response = self.infer("types", *zeros, outputs=wanted).get_response()
        self.assertEqual([output.name for output in response.outputs], ["int64_out", "fp32_out"])
        twice = [triton.InferRequestedOutput("fp32_out")] * 2
        self.refused("INVALID_ARGUMENT", "fp32_out", "types", *zeros, outputs=twice)
        other = [triton.InferRequestedOutput("z")]
        self.refused("INVALID_ARGUMENT", "'z'", "types", *zeros, outputs=other)

    def test_unknown_models_and_versions_are_not_found(self):
        self.refused("NOT_FOUND", "'nobody'", "nobody", floats(1))
        self.refused("NOT_FOUND", "'linear' version 9", "linear", floats(1), model_version="9")
        self.refused("NOT_FOUND", "linear\\000", "linear\0", floats(1))
        for version in ("01", "1.0", "-1", "one"):
            with self.subTest(version=version):
                self.refused(
                    "INVALID_ARGUMENT", "version", "linear", floats(1), model_version=version
                )

    def test_wrong_names_are_named(self):
        self.refused("INVALID_ARGUMENT", "'z'", "linear", floats(1), floats(1, name="z"))
        self.refused("INVALID_ARGUMENT", "'z'", "linear", floats(1, name="z"))
        self.refused("INVALID_ARGUMENT", "'x'", "linear", floats(1), floats(1))
        self.refused("INVALID_ARGUMENT", "'x'", "linear")

    def test_wrong_types_are_named(self):
        self.refused("INVALID_ARGUMENT", "FP64", "linear", tensor("x", np.ones((1, 1))))
        self.refused("INVALID_ARGUMENT", "BYTES", "linear", strings("x", "1"))

    def test_wrong_shapes_and_sizes_are_named(self):
        for shape in ((1, 2), (1,), (1, 1, 1)):
            with self.subTest(shape=shape):
                array = np.ones(shape, dtype=np.float32)
                self.refused("INVALID_ARGUMENT", "x", "linear", tensor("x", array))
        self.refused("INVALID_ARGUMENT", "<= 8", "linear", floats(*range(9)))
        short = floats(1, 2)
        short._raw_content = short._raw_content[:-1]
        self.refused("INVALID_ARGUMENT", "Expected 8, got 7", "linear", short)
        # The product of these is 0 modulo 2^64.
        huge = floats(1)
        huge._input.ClearField("shape")
        huge._input.shape.extend([2**62, 4])
        self.refused("INVALID_ARGUMENT", "x", "linear", huge)
        negative = floats(1)
        negative._input.ClearField("shape")
        negative._input.shape.extend([-1, -1])
        self.refused("INVALID_ARGUMENT", "x", "linear", negative)

    def test_rows_of_inputs_have_to_agree(self):
        self.refused(
            "INVALID_ARGUMENT",
            "batch size",
            "types",
            tensor("fp32", np.zeros((2, 2), np.float32)),
            tensor("fp64", np.zeros((1, 2))),
            tensor("int32", np.zeros((2, 2), np.int32)),
            tensor("int64", np.zeros((2, 2), np.int64)),
            tensor("flag", np.zeros((2, 2), bool)),
        )

    def test_a_model_that_raises_harms_only_its_own_call(self):
        def call(value: float):
            try:
                return float(self.infer("raises", floats(value)).as_numpy("y")[0, 0])
            except InferenceServerException as error:
                return error.status()

        values = [-1 if i % 5 == 0 else i for i in range(40)]
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(call, values))
        expected = ["StatusCode.INTERNAL" if v < 0 else float(v) for v in values]
        self.assertEqual(answers, expected)
        self.refused("INTERNAL", "a negative x", "raises", floats(-1))

    def test_a_deadline_in_the_past_is_exceeded(self):
        # A deadline ahead of now, however near, may be met: clients round up to milliseconds.
        self.refused("DEADLINE_EXCEEDED", "", "linear", floats(1), client_timeout=-1)

    def test_metadata_and_config_tell_a_caller_what_to_send(self):
        metadata = self.client.get_model_metadata("linear")
        self.assertEqual(list(metadata.inputs[0].shape), [-1, 1])
        self.assertEqual(self.client.get_model_config("linear").config.max_batch_size, 8)
        seats = self.client.get_model_metadata("seats")
        self.assertEqual([i.name for i in seats.inputs], ["tailnum"])
        self.assertEqual(self.client.get_server_metadata().name, "tournant")

    def parameters(self, result) -> dict[str, object]:
        return {
            name: getattr(value, value.WhichOneof("parameter_choice"))
            for name, value in result.get_response().parameters.items()
        }

    def test_features_are_fetched_defaulted_and_told(self):
        # 330 seats are stored for N1602; nobody knows the plane NOPE, whose 149 are the default.
        result = self.infer("seats", strings("tailnum", "N1602", "NOPE"))
        np.testing.assert_array_equal(result.as_numpy("y"), [[660], [298]])
        parameters = self.parameters(result)
        self.assertEqual(parameters["features_live"], 1)
        self.assertEqual(parameters["features_defaulted"], 1)
        self.assertEqual(parameters["features_cached"], 0)
        self.assertEqual(parameters["features_stale"], 0)
        self.assertEqual(parameters["features_from_request"], 0)
        self.assertFalse(parameters["degraded"])
        # Stored on 1 January 2013; --now is 15 July.
        self.assertEqual(parameters["oldest_feature_age_ms"], 195 * 86400 * 1000)

    def test_what_the_caller_sends_wins_over_the_store(self):
        override = tensor("plane_facts:seats", np.array([[10.0]]))
        result = self.infer("seats", strings("tailnum", "N1602"), override)
        np.testing.assert_array_equal(result.as_numpy("y"), [[20]])
        self.assertEqual(self.parameters(result)["features_from_request"], 1)

    def test_a_missing_or_wrong_key_is_named(self):
        self.refused("INVALID_ARGUMENT", "tailnum", "seats")
        key = tensor("tailnum", np.array([[5]], dtype=np.int64))
        self.refused("INVALID_ARGUMENT", "tailnum", "seats", key)
        self.refused("INVALID_ARGUMENT", "tailnum", "seats", strings("tailnum", "N" * 100_000))


class RowBatching(unittest.TestCase):
    def test_without_it_each_call_of_a_burst_asks_the_store_by_itself(self):
        arguments = (f"--feature_store={STORE}", f"--now={NOW}", "--feature_row_batching=false",
                     "--http_address=127.0.0.1:0")
        server = serve(repository(self, "seats"), *arguments)
        self.addCleanup(server.kill)
        calls = 64
        answers: queue.SimpleQueue = queue.SimpleQueue()
        with triton.InferenceServerClient(server.address) as client:
            for number in range(calls):
                client.async_infer("seats", [strings("tailnum", f"NOPE{number}")],
                                   callback=lambda result, error: answers.put((result, error)))
            for _ in range(calls):
                result, error = answers.get(timeout=LIMIT_SECONDS)
                self.assertIsNone(error)
                self.assertEqual(result.as_numpy("y")[0, 0], 298)
        url = f"http://127.0.0.1:{server.ready['http']}/metrics"
        with urllib.request.urlopen(url, timeout=LIMIT_SECONDS) as page:
            fetches = re.search(r"^tournant_feature_shared_fetches_total (\d+)$", page.read().decode(),
                                re.MULTILINE)
        self.assertEqual(fetches and fetches[1], str(calls))


if __name__ == "__main__":
    unittest.main()
