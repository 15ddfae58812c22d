"""Every call of tritonclient: synchronous, with callbacks, streaming, and asyncio."""

import asyncio
import queue
import unittest

import ml_dtypes
import numpy as np
import tritonclient.grpc as triton
import tritonclient.grpc.aio as triton_aio
from harness import repository, serve, serve_for_class, until
from triton_calls import floats, tensor
from tritonclient.utils import InferenceServerException

MODELS = ("double", "pair", "strings", "types", "labelled", "raises")
TIMEOUT = 100


def every_type() -> list[triton.InferInput]:
    """An input of each type but BYTES, in the order of the config."""
    made = []
    for name in ("bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64",
                 "fp16", "bf16", "fp32", "fp64"):
        if name == "bf16":
            array, datatype = np.array([[1.5, -2.0]], ml_dtypes.bfloat16), "BF16"
        else:
            numpy_name = name.replace("fp", "float") if name != "bool" else "bool_"
            array, datatype = np.array([[1, 0]], dtype=getattr(np, numpy_name)), ""
        made.append(tensor(f"in_{name}", array, datatype))
    return made


class Client(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = serve_for_class(cls, *MODELS, made_by="conformance")
        cls.client = triton.InferenceServerClient(cls.server.address)
        cls.addClassCleanup(cls.client.close)

    def refused(self, code: str, says: str, call, *arguments, **given):
        with self.assertRaises(InferenceServerException) as caught:
            call(*arguments, **given)
        self.assertEqual(caught.exception.status(), f"StatusCode.{code}")
        self.assertIn(says, caught.exception.message())

    def test_is_server_live(self):
        self.assertTrue(self.client.is_server_live())

    def test_is_server_ready(self):
        self.assertTrue(self.client.is_server_ready())

    def test_is_model_ready(self):
        self.assertTrue(self.client.is_model_ready("double"))
        self.assertTrue(self.client.is_model_ready("double", "1"))

    def test_is_model_ready_of_an_unknown_model(self):
        self.refused("NOT_FOUND", "unknown model", self.client.is_model_ready, "nobody")

    def test_get_server_metadata(self):
        metadata = self.client.get_server_metadata(as_json=True)
        self.assertEqual(metadata["name"], "tournant")
        self.assertIn("statistics", metadata["extensions"])

    def test_get_model_metadata(self):
        metadata = self.client.get_model_metadata("pair", as_json=True)
        self.assertEqual([i["name"] for i in metadata["inputs"]], ["a", "b"])
        self.assertEqual(metadata["inputs"][0]["shape"], ["-1", "4"])

    def test_get_model_config(self):
        config = self.client.get_model_config("pair", as_json=True)["config"]
        self.assertEqual(config["max_batch_size"], 8)
        self.assertEqual(config["input"][1]["data_type"], "TYPE_INT64")

    def test_get_model_repository_index(self):
        index = self.client.get_model_repository_index().models
        self.assertEqual({m.name: m.state for m in index}, dict.fromkeys(MODELS, "READY"))

    def test_get_inference_statistics(self):
        before = self.client.get_inference_statistics("pair").model_stats[0]
        zeros = [tensor("a", np.zeros((2, 4), np.float32)), tensor("b", np.zeros((2, 4), np.int64))]
        self.client.infer("pair", zeros, client_timeout=TIMEOUT)
        after = self.client.get_inference_statistics("pair").model_stats[0]
        self.assertEqual(after.inference_count - before.inference_count, 2)
        self.assertEqual(len(self.client.get_inference_statistics().model_stats), len(MODELS))

    def test_get_and_update_log_settings(self):
        self.assertTrue(self.client.get_log_settings().settings["log_error"].bool_param)
        answer = self.client.update_log_settings({"log_verbose_level": 1})
        self.assertEqual(answer.settings["log_verbose_level"].uint32_param, 1)
        self.client.update_log_settings({"log_verbose_level": 0})

    def test_get_trace_settings(self):
        settings = self.client.get_trace_settings().settings
        self.assertEqual(list(settings["trace_level"].value), ["OFF"])

    def test_shared_memory_is_unimplemented(self):
        says = "Client shared memory is disabled"
        for call, *arguments in (
            (self.client.get_system_shared_memory_status,),
            (self.client.register_system_shared_memory, "r", "/r", 64),
            (self.client.unregister_system_shared_memory, "r"),
            (self.client.get_cuda_shared_memory_status,),
            (self.client.register_cuda_shared_memory, "r", b"aGFuZGxl", 0, 64),
            (self.client.unregister_cuda_shared_memory, "r"),
        ):
            with self.subTest(call=call.__name__):
                self.refused("UNIMPLEMENTED", says, call, *arguments)

    def test_load_and_unload_are_refused_in_mode_none(self):
        for call in (self.client.load_model, self.client.unload_model):
            self.refused("FAILED_PRECONDITION", "not allowed", call, "double")

    def test_infer_with_everything_that_it_takes(self):
        result = self.client.infer(
            "double", [floats(1, 2)], model_version="1",
            outputs=[triton.InferRequestedOutput("y")], request_id="id-1", priority=0,
            timeout=50_000_000, client_timeout=TIMEOUT, headers={"x-tenant": "blue"},
            compression_algorithm="gzip", parameters={"tenant": "blue", "tries": 3})
        np.testing.assert_array_equal(result.as_numpy("y"), [[2], [4]])
        self.assertEqual(result.get_response().id, "id-1")
        self.assertEqual(result.get_output("y").datatype, "FP32")

    def test_infer_keeps_every_type(self):
        inputs = every_type()
        result = self.client.infer("types", inputs, client_timeout=TIMEOUT)
        response = result.get_response()
        for i, given in enumerate(inputs):
            self.assertEqual(response.outputs[i].datatype, given.datatype())
            self.assertEqual(response.raw_output_contents[i], given._get_content(), given.name())

    def test_infer_reads_half_floats_back(self):
        result = self.client.infer("types", every_type(), client_timeout=TIMEOUT)
        np.testing.assert_array_equal(result.as_numpy("out_bf16"), [[1.5, -2.0]])
        np.testing.assert_array_equal(result.as_numpy("out_fp16"), [[1, 0]])

    def test_infer_takes_and_gives_strings(self):
        sent = np.array([["Grüße".encode()], [b"a\0b"], [b""]], dtype=np.object_)
        result = self.client.infer("strings", [tensor("text", sent)], client_timeout=TIMEOUT)
        np.testing.assert_array_equal(result.as_numpy("same"), sent)

    def test_infer_classifies(self):
        wanted = [triton.InferRequestedOutput("y", class_count=2)]
        x = tensor("x", np.array([[0.5, 0.25, 4, 1]], np.float32))
        result = self.client.infer("labelled", [x], outputs=wanted, client_timeout=TIMEOUT)
        self.assertEqual(result.as_numpy("y").tolist(), [[b"4.000000:2:sea horse", b"1.000000:3"]])

    def test_infer_refuses_a_sequence(self):
        self.refused("INVALID_ARGUMENT", "stateful", self.client.infer, "double", [floats(1)],
                     sequence_id=5, sequence_start=True, client_timeout=TIMEOUT)

    def test_infer_takes_an_input_twice(self):
        given = floats(3)
        for _ in range(2):
            result = self.client.infer("double", [given], client_timeout=TIMEOUT)
            self.assertEqual(result.as_numpy("y")[0, 0], 6)

    def test_async_infer_calls_back(self):
        done: queue.Queue = queue.Queue()
        for i in range(50):
            self.client.async_infer(
                "double", [floats(i)], request_id=str(i), client_timeout=TIMEOUT,
                callback=lambda result, error: done.put((result, error)))
        got = [done.get(timeout=TIMEOUT) for _ in range(50)]
        self.assertEqual([error for _, error in got], [None] * 50)
        self.assertEqual({r.get_response().id: float(r.as_numpy("y")[0, 0]) for r, _ in got},
                         {str(i): 2.0 * i for i in range(50)})

    def test_async_infer_calls_back_with_the_error(self):
        done: queue.Queue = queue.Queue()
        self.client.async_infer("raises", [floats(-1)], client_timeout=TIMEOUT,
                                callback=lambda result, error: done.put((result, error)))
        result, error = done.get(timeout=TIMEOUT)
        self.assertIsNone(result)
        self.assertEqual(error.status(), "StatusCode.INTERNAL")

    def stream(self, headers=None) -> queue.Queue:
        done: queue.Queue = queue.Queue()
        client = triton.InferenceServerClient(self.server.address)
        self.addCleanup(client.close)
        client.start_stream(callback=lambda result, error: done.put((result, error)),
                            headers=headers)
        self.streaming = client
        return done

    def test_a_stream_answers_many_requests(self):
        done = self.stream()
        for i in range(200):
            self.streaming.async_stream_infer("double", [floats(i)], request_id=str(i))
        got = [done.get(timeout=TIMEOUT) for _ in range(200)]
        self.assertEqual({r.get_response().id: float(r.as_numpy("y")[0, 0]) for r, _ in got},
                         {str(i): 2.0 * i for i in range(200)})
        self.streaming.stop_stream()

    def test_a_stream_goes_on_after_an_error(self):
        done = self.stream()
        self.streaming.async_stream_infer("raises", [floats(-1)])
        result, error = done.get(timeout=TIMEOUT)
        self.assertIn("a negative x", error.message())
        self.streaming.async_stream_infer("double", [floats(2)])
        result, error = done.get(timeout=TIMEOUT)
        self.assertIsNone(error)
        self.assertEqual(result.as_numpy("y")[0, 0], 4)

    def test_a_stream_with_the_header_ends_with_the_status(self):
        done = self.stream(headers={"triton_grpc_error": "true"})
        self.streaming.async_stream_infer("nobody", [floats(2)])
        _, error = done.get(timeout=TIMEOUT)
        self.assertEqual(error.status(), "StatusCode.NOT_FOUND")

    def test_a_stream_can_ask_for_an_empty_final_response(self):
        done = self.stream()
        self.streaming.async_stream_infer("double", [floats(2)],
                                          enable_empty_final_response=True)
        result, error = done.get(timeout=TIMEOUT)
        self.assertIsNone(error)
        parameters = result.get_response().parameters
        self.assertTrue(parameters["triton_final_response"].bool_param)


class Control(unittest.TestCase):
    def test_load_and_unload(self):
        folder = repository(self, "double", made_by="conformance")
        server = serve(folder, "--model_control=explicit")
        self.addCleanup(server.kill)
        with triton.InferenceServerClient(server.address) as client:
            client.load_model("double")
            self.assertTrue(client.is_model_ready("double"))
            client.unload_model("double")
            until(lambda: [(m.name, m.state) for m in client.get_model_repository_index().models]
                  == [("double", "UNAVAILABLE")])

    def test_load_with_config_and_files(self):
        folder = repository(self, "double", made_by="conformance")
        server = serve(folder, "--model_control=explicit")
        self.addCleanup(server.kill)
        model = (folder / "double/1/model.pt").read_bytes()
        config = ('{"max_batch_size": 3, "input": [{"name": "x", "data_type": "TYPE_FP32", '
                  '"dims": [1]}], "output": [{"name": "y", "data_type": "TYPE_FP32", "dims": [1]}]}')
        with triton.InferenceServerClient(server.address) as client:
            client.load_model("other", config=config, files={"file:1/model.pt": model})
            result = client.infer("other", [floats(5)], client_timeout=TIMEOUT)
            self.assertEqual(result.as_numpy("y")[0, 0], 10)
            self.assertEqual(client.get_model_config("other").config.max_batch_size, 3)


class Asyncio(unittest.IsolatedAsyncioTestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = serve_for_class(cls, *MODELS, made_by="conformance")

    async def asyncSetUp(self):
        self.client = triton_aio.InferenceServerClient(self.server.address)

    async def asyncTearDown(self):
        await self.client.close()

    async def test_health_and_metadata(self):
        self.assertTrue(await self.client.is_server_live())
        self.assertTrue(await self.client.is_server_ready())
        self.assertTrue(await self.client.is_model_ready("double"))
        self.assertEqual((await self.client.get_server_metadata()).name, "tournant")
        self.assertEqual((await self.client.get_model_metadata("double")).inputs[0].name, "x")
        self.assertEqual((await self.client.get_model_config("double")).config.name, "double")

    async def test_index_and_statistics(self):
        index = await self.client.get_model_repository_index()
        self.assertEqual(len(index.models), len(MODELS))
        stats = await self.client.get_inference_statistics("double")
        self.assertEqual(stats.model_stats[0].version, "1")

    async def test_settings(self):
        settings = await self.client.get_log_settings()
        self.assertIn("log_info", settings.settings)
        settings = await self.client.get_trace_settings()
        self.assertIn("trace_level", settings.settings)

    async def test_many_inferences_at_once(self):
        calls = [self.client.infer("double", [floats(i)], client_timeout=TIMEOUT)
                 for i in range(100)]
        results = await asyncio.gather(*calls)
        self.assertEqual([float(r.as_numpy("y")[0, 0]) for r in results],
                         [2.0 * i for i in range(100)])

    async def test_an_error_has_its_code(self):
        with self.assertRaises(InferenceServerException) as caught:
            await self.client.infer("nobody", [floats(1)], client_timeout=TIMEOUT)
        self.assertEqual(caught.exception.status(), "StatusCode.NOT_FOUND")

    async def test_a_stream_answers_and_tells_errors(self):
        async def requests():
            for i, model in enumerate(("double", "raises", "double")):
                yield {"model_name": model, "inputs": [floats(-1)], "request_id": str(i)}

        got = []
        async for result, error in self.client.stream_infer(requests()):
            got.append(error.message() if error else float(result.as_numpy("y")[0, 0]))
        self.assertEqual(got.count(-2.0), 2)
        self.assertEqual(sum("a negative x" in str(g) for g in got), 1)


if __name__ == "__main__":
    unittest.main()
