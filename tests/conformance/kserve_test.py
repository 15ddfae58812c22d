"""The calls of KServe's InferenceGRPCClient, with its channel options and its retries."""

import json
import unittest

import grpc
import grpc.aio
from gate import Gate
from protocol import Served, Tensor, add_to_config, answers, numbers, pb, request, rpc, strings

# As it makes its channel: any size, and UNAVAILABLE is tried three times.
OPTIONS = [
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    ("grpc.enable_retries", 1),
    ("grpc.service_config", json.dumps({"methodConfig": [{
        "name": [{}],
        "retryPolicy": {
            "maxAttempts": 3,
            "initialBackoff": "0.1s",
            "maxBackoff": "1s",
            "backoffMultiplier": 2,
            "retryableStatusCodes": ["UNAVAILABLE"],
        },
    }]})),
]
TIMEOUT = 60


class KServe(Served, unittest.IsolatedAsyncioTestCase):
    MODELS = ("double", "strings", "gate")
    ARGUMENTS = ("--workers=1",)

    async def asyncSetUp(self):
        self.aio_channel = grpc.aio.insecure_channel(self.server.address, options=OPTIONS)
        self.aio = rpc.GRPCInferenceServiceStub(self.aio_channel)

    async def asyncTearDown(self):
        await self.aio_channel.close()

    async def test_the_server_is_ready_and_live(self):
        ready = await self.aio.ServerReady(pb.ServerReadyRequest(), timeout=TIMEOUT, metadata=None)
        live = await self.aio.ServerLive(pb.ServerLiveRequest(), timeout=TIMEOUT, metadata=None)
        self.assertTrue(ready.ready and live.live)

    async def test_a_model_is_ready(self):
        answer = await self.aio.ModelReady(pb.ModelReadyRequest(name="double"), timeout=TIMEOUT)
        self.assertTrue(answer.ready)

    async def test_an_unknown_model_is_an_error_of_model_ready(self):
        with self.assertRaises(grpc.aio.AioRpcError) as caught:
            await self.aio.ModelReady(pb.ModelReadyRequest(name="nobody"), timeout=TIMEOUT)
        self.assertEqual(caught.exception.code(), grpc.StatusCode.NOT_FOUND)

    async def test_raw_contents_are_inferred(self):
        response = await self.aio.ModelInfer(request("double", numbers("x", 1, 2), id="k"),
                                             metadata=(), timeout=TIMEOUT)
        self.assertEqual(response.id, "k")
        self.assertEqual(answers(response)["y"].tolist(), [[2], [4]])

    async def test_typed_contents_are_inferred(self):
        tensor = Tensor("x", "FP32", (2, 1), typed={"fp32_contents": [1, 2]})
        response = await self.aio.ModelInfer(request("double", tensor), timeout=TIMEOUT)
        self.assertEqual(answers(response)["y"].tolist(), [[2], [4]])

    async def test_typed_strings_are_inferred(self):
        typed = Tensor("text", "BYTES", (1, 1), typed={"bytes_contents": ["ä".encode()]})
        for tensor in (typed, strings("text", "ä".encode())):
            response = await self.aio.ModelInfer(request("strings", tensor), timeout=TIMEOUT)
            self.assertEqual(answers(response)["same"].tolist(), [["ä".encode()]])

    async def test_headers_and_parameters_go_along(self):
        response = await self.aio.ModelInfer(
            request("double", numbers("x", 1), parameters={"tenant": "blue"}),
            metadata=(("x-request-id", "7"),), timeout=TIMEOUT)
        self.assertEqual(len(response.outputs), 1)

    async def test_a_message_of_ten_megabytes_passes(self):
        tensor = Tensor("text", "BYTES", (1, 1), typed={"bytes_contents": [bytes(10 << 20)]})
        response = await self.aio.ModelInfer(request("strings", tensor), timeout=TIMEOUT)
        self.assertEqual(len(response.raw_output_contents[0]), 4 + (10 << 20))

    async def test_many_calls_at_once_are_answered(self):
        calls = [self.aio.ModelInfer(request("double", numbers("x", i)), timeout=TIMEOUT)
                 for i in range(200)]
        for i, call in enumerate(calls):
            self.assertEqual(answers(await call)["y"][0, 0], 2 * i)

    async def test_a_call_without_a_timeout_is_answered(self):
        response = await self.aio.ModelInfer(request("double", numbers("x", 1)), timeout=None)
        self.assertEqual(len(response.outputs), 1)


class Overload(Served, unittest.IsolatedAsyncioTestCase):
    """Its client tries UNAVAILABLE again, so overload must not be that."""

    MODELS = ("gate",)
    ARGUMENTS = ("--workers=1",)

    @classmethod
    def prepare(cls, folder):
        add_to_config(folder, "gate",
                      "dynamic_batching { default_queue_policy { max_queue_size: 1 } }")

    async def test_a_call_that_is_refused_is_sent_once(self):
        gate = Gate(self)
        inside = self.stub.ModelInfer.future(gate.request(1), timeout=TIMEOUT)
        gate.wait_for(1)
        async with grpc.aio.insecure_channel(self.server.address, options=OPTIONS) as channel:
            stub = rpc.GRPCInferenceServiceStub(channel)
            calls = [stub.ModelInfer(gate.request(x), timeout=TIMEOUT) for x in range(2, 8)]
            refused = []
            while len(refused) < 5:
                refused = [call for call in calls if call.done()]
                await stub.ServerLive(pb.ServerLiveRequest(), timeout=TIMEOUT)
            for call in refused:
                self.assertEqual(await call.code(), grpc.StatusCode.RESOURCE_EXHAUSTED)
            gate.open()
            codes = [await call.code() for call in calls]
        self.assertEqual(codes.count(grpc.StatusCode.OK), 1)
        self.assertEqual(inside.code(), grpc.StatusCode.OK)
        self.assertEqual(len(gate.order), 2)


if __name__ == "__main__":
    unittest.main()
