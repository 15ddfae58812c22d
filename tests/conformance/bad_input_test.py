"""Fifty thousand mutated requests: each gets a defined error or a right answer, and the server lives.

A right request is taken, and one to three things in it are changed: names, datatypes, dimensions,
sizes, contents, versions, parameters, single bytes of the message. What has to come of it is not
known case by case, only that it is an answer of the right form or one of the codes that a caller's
mistake may have. The seed is fixed, and a failure prints it with the number of the request.
"""

import collections
import random
import threading
import unittest

import grpc
import numpy as np
from protocol import NUMPY, SERVICE, Served, Tensor, answers, numbers, pb, request, strings

SEED = 20130715
REQUESTS = 50_000
IN_FLIGHT = 64
# A right request goes after so many others, and is looked at.
EVERY = 500

# INTERNAL is for what cannot be parsed, which gRPC itself answers, and for the model that throws.
MISTAKES = {"INVALID_ARGUMENT", "NOT_FOUND", "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED",
            "UNIMPLEMENTED"}

NAMES = ("", "x", "a", "b", "text", "y", "total", "INPUT__0", "x\0", "x" * 5000, "\n\x1b[31m", "ä",
         "../x", "double", "pair", "strings", "nobody", "triton_x", "%s%n", "'; drop")
DIMENSIONS = (-(2**63), -(2**31), -2, -1, 0, 1, 2, 3, 4, 8, 9, 64, 2**31, 2**32, 2**61, 2**62,
              2**63 - 1)
DATATYPES = (*NUMPY, "BYTES", "", "fp32", "FLOAT", "TYPE_FP32", "INVALID", "BYTES\0")
VERSIONS = ("", "1", "2", "0", "01", "-1", "1.0", "x", "9" * 30, "1\0")
NUMBERS = (0, 1, -1, 2**31, -(2**31), 2**32 - 1, 2**63 - 1, -(2**63))


class Mutator:
    """Right requests, and changes to them."""

    def __init__(self, seed: int):
        self.rng = random.Random(seed)
        right = (
            request("double", numbers("x", 1, 2, 3)),
            request("double", Tensor("x", "FP32", (2, 1), typed={"fp32_contents": [1, 2]})),
            request("pair", numbers("a", 1, 2, 3, 4, shape=(1, 4)),
                    numbers("b", 1, 2, 3, 4, datatype="INT64", shape=(1, 4)),
                    outputs=["difference", "total"], id="id", parameters={"priority": 0}),
            request("strings", strings("text", b"one", b"two\0", b"")),
            request("unbatched", numbers("x", *range(6), shape=(2, 3))),
            request("raises", numbers("x", 1, 2)),
        )
        self.right = [message.SerializeToString() for message in right]
        self.changes = (self.model, self.version, self.input_name, self.datatype, self.dimension,
                        self.rank, self.size, self.contents, self.raw_count, self.drop_input,
                        self.repeat_input, self.add_input, self.typed, self.outputs, self.parameter,
                        self.tensor_parameter, self.id)

    def next(self) -> bytes:
        message = pb.ModelInferRequest.FromString(self.rng.choice(self.right))
        for _ in range(self.rng.randint(1, 3)):
            self.rng.choice(self.changes)(message)
        data = bytearray(message.SerializeToString())
        if self.rng.random() < 0.1:
            for _ in range(self.rng.randint(1, 4)):
                self.byte(data)
        return bytes(data)

    def byte(self, data: bytearray) -> None:
        if not data:
            return
        at = self.rng.randrange(len(data))
        what = self.rng.randrange(3)
        if what == 0:
            data[at] ^= 1 << self.rng.randrange(8)
        elif what == 1:
            del data[at:]
        else:
            data[at:at] = self.rng.randbytes(self.rng.randint(1, 8))

    def input(self, message):
        return self.rng.choice(message.inputs) if message.inputs else message.inputs.add()

    def model(self, message) -> None:
        message.model_name = self.rng.choice(NAMES)

    def version(self, message) -> None:
        message.model_version = self.rng.choice(VERSIONS)

    def id(self, message) -> None:
        message.id = self.rng.choice(NAMES)

    def input_name(self, message) -> None:
        self.input(message).name = self.rng.choice(NAMES)

    def datatype(self, message) -> None:
        self.input(message).datatype = self.rng.choice(DATATYPES)

    def dimension(self, message) -> None:
        shape = self.input(message).shape
        if not shape:
            shape.append(0)
        shape[self.rng.randrange(len(shape))] = self.rng.choice(DIMENSIONS)

    def rank(self, message) -> None:
        shape = self.input(message).shape
        if shape and self.rng.random() < 0.5:
            shape.pop()
        else:
            shape.extend(self.rng.choice(DIMENSIONS) for _ in range(self.rng.choice((1, 1, 40))))

    def size(self, message) -> None:
        if not message.raw_input_contents:
            return
        at = self.rng.randrange(len(message.raw_input_contents))
        raw = message.raw_input_contents[at]
        cut = self.rng.randrange(len(raw) + 1)
        message.raw_input_contents[at] = self.rng.choice(
            (raw[:cut], raw + self.rng.randbytes(self.rng.randint(1, 9)), b"", raw * 3))

    def contents(self, message) -> None:
        if not message.raw_input_contents:
            return
        at = self.rng.randrange(len(message.raw_input_contents))
        message.raw_input_contents[at] = self.rng.randbytes(len(message.raw_input_contents[at]))

    def raw_count(self, message) -> None:
        if message.raw_input_contents and self.rng.random() < 0.5:
            del message.raw_input_contents[-1]
        else:
            message.raw_input_contents.append(self.rng.randbytes(self.rng.randint(0, 16)))

    def drop_input(self, message) -> None:
        if message.inputs:
            del message.inputs[self.rng.randrange(len(message.inputs))]

    def repeat_input(self, message) -> None:
        for _ in range(self.rng.choice((1, 1, 100))):
            message.inputs.add().CopyFrom(self.input(message))

    def add_input(self, message) -> None:
        message.inputs.add(name=self.rng.choice(NAMES), datatype=self.rng.choice(DATATYPES),
                           shape=[self.rng.choice(DIMENSIONS)])

    def typed(self, message) -> None:
        contents = self.input(message).contents
        kind = self.rng.randrange(4)
        if kind == 0:
            contents.fp32_contents.extend(self.rng.random() for _ in range(self.rng.randint(0, 5)))
        elif kind == 1:
            contents.int_contents.append(self.rng.choice((0, 1, -(2**31), 2**31 - 1)))
        elif kind == 2:
            contents.bytes_contents.append(self.rng.randbytes(self.rng.randint(0, 9)))
        else:
            contents.uint64_contents.append(self.rng.choice((0, 2**64 - 1)))

    def outputs(self, message) -> None:
        made = message.outputs.add(name=self.rng.choice(NAMES))
        if self.rng.random() < 0.5:
            made.parameters["classification"].int64_param = self.rng.choice(NUMBERS)

    def parameter(self, message) -> None:
        key = self.rng.choice(("priority", "timeout", "sequence_id", "sequence_start", "triton_x",
                               "mine", "", *NAMES))
        self.put(message.parameters[key])

    def tensor_parameter(self, message) -> None:
        key = self.rng.choice(("shared_memory_region", "shared_memory_byte_size", "binary", ""))
        self.put(self.input(message).parameters[key])

    def put(self, target) -> None:
        kind = self.rng.randrange(6)
        if kind == 0:
            target.bool_param = self.rng.random() < 0.5
        elif kind == 1:
            target.int64_param = self.rng.choice(NUMBERS)
        elif kind == 2:
            target.uint64_param = abs(self.rng.choice(NUMBERS))
        elif kind == 3:
            target.string_param = self.rng.choice(NAMES)
        elif kind == 4:
            target.double_param = self.rng.choice((0.0, float("nan"), float("inf"), -1e308))


class BadInput(Served):
    MODELS = ("double", "pair", "strings", "unbatched", "raises")

    def test_fifty_thousand_mutated_requests_are_each_answered_or_refused(self):
        mutator = Mutator(SEED)
        call = self.channel.unary_unary(f"/{SERVICE}/ModelInfer",
                                        response_deserializer=pb.ModelInferResponse.FromString)
        places = threading.Semaphore(IN_FLIGHT)
        ended: collections.deque = collections.deque()
        codes: collections.Counter = collections.Counter()

        def look() -> None:
            while ended:
                number, data, done = ended.popleft()
                codes[self.outcome(number, data, done)] += 1

        for number in range(REQUESTS):
            data = mutator.next()
            places.acquire()
            future = call.future(data, timeout=100)
            future.add_done_callback(
                lambda done, number=number, data=data: (ended.append((number, data, done)),
                                                        places.release()))
            if number % EVERY == 0:
                self.right_request()
                look()
        for _ in range(IN_FLIGHT):
            places.acquire()
        look()
        self.right_request()
        self.assertEqual(sum(codes.values()), REQUESTS)
        # The generator makes what it is there for: answers, and the mistakes of a caller.
        self.assertGreater(codes["OK"], REQUESTS // 50)
        self.assertGreater(codes["INVALID_ARGUMENT"], REQUESTS // 4)
        self.assertGreater(codes["NOT_FOUND"], REQUESTS // 50)
        self.assertIsNone(self.server.process.poll())

    def right_request(self) -> None:
        got = self.infer("double", numbers("x", 21))
        np.testing.assert_array_equal(got["y"], [[42]])

    def outcome(self, number: int, data: bytes, done) -> str:
        """The code of a call, looked at."""
        code = done.code()
        told = f"request {number} of seed {SEED}: {code} {done.details()}"
        if code == grpc.StatusCode.OK:
            answers(done.result())  # Names, shapes and sizes agree.
            return "OK"
        if code == grpc.StatusCode.INTERNAL:
            self.assertRegex(done.details(), "a negative x|[Pp]ars|deserializ|protobuf", told)
            return "INTERNAL"
        self.assertIn(code.name, MISTAKES, told)
        self.assertTrue(done.details(), told)
        self.assertLess(len(done.details()), 4000, told)
        return code.name


if __name__ == "__main__":
    unittest.main()
