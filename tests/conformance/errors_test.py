"""Every mistake of a request has its code, Triton's words for it, and the path of the field."""

import unittest

import grpc
import numpy as np
from protocol import (TIMEOUT, Served, Tensor, add_cases, details, fields, numbers, pb, request,
                      strings)

BAD = "INVALID_ARGUMENT"


def pair(rows: int = 1, **replaced):
    """Right inputs for `pair`, some replaced; None leaves one out."""
    count = 4 * rows
    tensors = {
        "a": numbers("a", *range(count), shape=(rows, 4)),
        "b": numbers("b", *range(count), datatype="INT64", shape=(rows, 4)),
    }
    tensors.update(replaced)
    return [tensor for tensor in tensors.values() if tensor is not None]


def floats(shape, size=None, name="a") -> Tensor:
    """FP32 of any claimed shape, with so many bytes of contents."""
    if size is None:
        size = 4 * int(np.prod([max(d, 0) for d in shape]))
    return Tensor(name, "FP32", tuple(shape), bytes(size))


def mixed():
    """Contents beside raw_input_contents."""
    message = request("pair", *pair())
    message.inputs[1].contents.int64_contents.extend([1, 2, 3, 4])
    return message


def surplus():
    message = request("pair", *pair())
    message.raw_input_contents.append(b"more")
    return message


def too_few_raw():
    message = request("pair", *pair())
    del message.raw_input_contents[1]
    return message


class Refusals(Served):
    MODELS = ("pair", "double", "unbatched", "raises", "raises_deep", "wrong_type", "strings")

    def tearDown(self):
        """Whatever was sent, a right request is answered."""
        got = self.infer("pair", *pair())
        np.testing.assert_array_equal(got["total"], [[0, 2, 4, 6]])


def check(case: Refusals, code: str, says: str, path: str, make) -> None:
    error = case.refused(code, says, "ModelInfer", make())
    case.assertEqual(fields(error), [path] if path else [])


add_cases(Refusals, check, {
    # Models and versions
    "an unknown model is not found": (
        "NOT_FOUND", "Request for unknown model: 'nobody' is not found", "",
        lambda: request("nobody", *pair())),
    "an unknown version is not found": (
        "NOT_FOUND", "Request for unknown model: 'pair' version 9 is not found", "",
        lambda: request("pair", *pair(), version="9")),
    "a version that is no integer is refused": (
        BAD, "model version", "model_version", lambda: request("pair", *pair(), version="one")),
    "a negative version is refused": (
        BAD, "model version", "model_version", lambda: request("pair", *pair(), version="-1")),
    "a version with a zero before is refused": (
        BAD, "model version", "model_version", lambda: request("pair", *pair(), version="01")),
    "a version with a fraction is refused": (
        BAD, "model version", "model_version", lambda: request("pair", *pair(), version="1.5")),
    "a version with a letter behind is refused": (
        BAD, "model version", "model_version", lambda: request("pair", *pair(), version="1a")),
    "a version with a plus is refused": (
        BAD, "model version", "model_version", lambda: request("pair", *pair(), version="+1")),
    "a version with a space before is refused": (
        BAD, "model version", "model_version", lambda: request("pair", *pair(), version=" 1")),
    "a model name with a NUL behind is another name": (
        "NOT_FOUND", "Request for unknown model: 'pair\\", "", lambda: request("pair\0", *pair())),

    # Names of inputs
    "a missing input is named with those that came": (
        BAD, "expected 2 inputs but got 1 inputs for model 'pair'. Got input(s) ['a'], but missing "
        "required input(s) ['b']. Please provide all required input(s).", "inputs",
        lambda: request("pair", *pair(b=None))),
    "a request without inputs names all of them": (
        BAD, "expected 2 inputs but got 0 inputs for model 'pair'", "inputs",
        lambda: request("pair")),
    "an unknown input is named": (
        BAD, "unexpected inference input 'c' for model 'pair'", "inputs[2].name",
        lambda: request("pair", *pair(c=floats((1, 4), name="c")))),
    "an unknown input in place of a right one is named": (
        BAD, "unexpected inference input 'c' for model 'pair'", "inputs[0].name",
        lambda: request("pair", *pair(a=floats((1, 4), name="c")))),
    "an input with an empty name is refused": (
        BAD, "unexpected inference input '' for model 'pair'", "inputs[0].name",
        lambda: request("pair", *pair(a=floats((1, 4), name="")))),
    "an input that comes twice is named": (
        BAD, "input 'a' already exists in request", "inputs[2].name",
        lambda: request("pair", *pair(c=floats((1, 4))))),
    "an input name of a hundred kilobytes is cut in the error": (
        BAD, "unexpected inference input 'xxx", "inputs[0].name",
        lambda: request("pair", *pair(a=floats((1, 4), name="x" * 100_000)))),
    "control characters of an input name are escaped": (
        BAD, "unexpected inference input 'a\\n\\033", "inputs[0].name",
        lambda: request("pair", *pair(a=floats((1, 4), name="a\n\x1b[31m")))),

    # Outputs
    "an unknown output is named": (
        BAD, "unexpected inference output 'c' for model 'pair'", "outputs[1].name",
        lambda: request("pair", *pair(), outputs=["total", "c"])),
    "an output that is asked for twice is refused": (
        BAD, "output 'total' already exists in request", "outputs[1].name",
        lambda: request("pair", *pair(), outputs=["total", "total"])),

    # Datatypes
    "a wrong datatype is named beside the right one": (
        BAD, "inference input 'a' data-type is 'FP64', but model 'pair' expects 'FP32'",
        "inputs[0].datatype",
        lambda: request("pair", *pair(a=numbers("a", 1, 2, 3, 4, datatype="FP64", shape=(1, 4))))),
    "strings in place of numbers are refused": (
        BAD, "inference input 'a' data-type is 'BYTES', but model 'pair' expects 'FP32'",
        "inputs[0].datatype",
        lambda: request("pair", *pair(a=strings("a", b"1", b"2", b"3", b"4", shape=(1, 4))))),
    "numbers in place of strings are refused": (
        BAD, "inference input 'text' data-type is 'FP32', but model 'strings' expects 'BYTES'",
        "inputs[0].datatype", lambda: request("strings", floats((1, 1), name="text"))),
    "a datatype that nobody knows is refused": (
        BAD, "FLOAT", "inputs[0].datatype",
        lambda: request("pair", *pair(a=Tensor("a", "FLOAT", (1, 4), bytes(16))))),
    "an empty datatype is refused": (
        BAD, "datatype", "inputs[0].datatype",
        lambda: request("pair", *pair(a=Tensor("a", "", (1, 4), bytes(16))))),
    "the name of a datatype in small letters is refused": (
        BAD, "fp32", "inputs[0].datatype",
        lambda: request("pair", *pair(a=Tensor("a", "fp32", (1, 4), bytes(16))))),
    "the config's name of a datatype is refused": (
        BAD, "TYPE_FP32", "inputs[0].datatype",
        lambda: request("pair", *pair(a=Tensor("a", "TYPE_FP32", (1, 4), bytes(16))))),

    # Shapes
    "a wrong dimension is told with the right one": (
        BAD, "unexpected shape for input 'a' for model 'pair'. Expected [-1,4], got [1,5].",
        "inputs[0].shape", lambda: request("pair", *pair(a=floats((1, 5))))),
    "too many dimensions are refused": (
        BAD, "unexpected shape for input 'a' for model 'pair'. Expected [-1,4], got [1,4,1].",
        "inputs[0].shape", lambda: request("pair", *pair(a=floats((1, 4, 1))))),
    "too few dimensions are refused": (
        BAD, "unexpected shape for input 'a' for model 'pair'. Expected [-1,4], got [4].",
        "inputs[0].shape", lambda: request("pair", *pair(a=floats((4,))))),
    "a shape without dimensions is refused": (
        BAD, "input 'a' has no shape but model requires batch dimension for 'pair'",
        "inputs[0].shape", lambda: request("pair", *pair(a=floats((), 4)))),
    "a wrong shape of a model without a batch is told with the right one": (
        BAD, "unexpected shape for input 'x' for model 'unbatched'. Expected [2,3], got [1,2,3].",
        "inputs[0].shape", lambda: request("unbatched", floats((1, 2, 3), name="x"))),
    "a thousand dimensions are refused": (
        BAD, "a", "inputs[0].shape", lambda: request("pair", *pair(a=floats((1,) * 1000, 4)))),
    "-1 in a dimension is refused": (
        BAD, "All input dimensions should be specified for input 'a' for model 'pair'",
        "inputs[0].shape[1]", lambda: request("pair", *pair(a=floats((1, -1), 16)))),
    "-1 in the batch dimension is refused": (
        BAD, "All input dimensions should be specified for input 'a' for model 'pair'",
        "inputs[0].shape[0]", lambda: request("pair", *pair(a=floats((-1, 4), 16)))),
    "two negative dimensions are refused": (
        BAD, "All input dimensions should be specified", "inputs[0].shape[0]",
        lambda: request("pair", *pair(a=floats((-4, -4), 64)))),
    "the most negative dimension is refused": (
        BAD, "All input dimensions should be specified", "inputs[0].shape[0]",
        lambda: request("pair", *pair(a=floats((-(2**63), 4), 16)))),
    "a shape whose bytes are 0 modulo 2 to the 64 is refused": (
        BAD, "a", "inputs[0].shape", lambda: request("pair", *pair(a=floats((2**62, 4), 0)))),
    "a shape whose elements overflow is refused": (
        BAD, "a", "inputs[0].shape",
        lambda: request("pair", *pair(a=floats((2**63 - 1, 2**63 - 1), 0)))),
    "more rows than the batch allows are refused": (
        BAD, "inference request batch-size must be <= 8 for 'pair'", "inputs[0].shape",
        lambda: request("pair", *pair(rows=9))),
    "inputs with different numbers of rows are refused": (
        BAD, "input 'b' batch size does not match other inputs for 'pair'", "inputs[1].shape",
        lambda: request("pair", *pair(a=floats((2, 4))))),

    # Contents
    "a byte too few is told": (
        BAD, "input byte size mismatch for input 'a' for model 'pair'. Expected 16, got 15",
        "inputs[0].contents", lambda: request("pair", *pair(a=floats((1, 4), 15)))),
    "a byte too many is told": (
        BAD, "input byte size mismatch for input 'a' for model 'pair'. Expected 16, got 17",
        "inputs[0].contents", lambda: request("pair", *pair(a=floats((1, 4), 17)))),
    "empty raw contents of a tensor with elements are told": (
        BAD, "input byte size mismatch for input 'a' for model 'pair'. Expected 16, got 0",
        "inputs[0].contents", lambda: request("pair", *pair(a=floats((1, 4), 0)))),
    "contents beside raw contents are refused": (
        BAD, "contents field must not be specified when using raw_input_contents for 'b' for model "
        "'pair'", "inputs[1].contents", mixed),
    "no contents at all are refused": (
        BAD, "unable to find data for input tensor 'x' for model 'double' in request",
        "inputs[0].contents", lambda: request("double", Tensor("x", "FP32", (1, 1)))),
    "more raw contents than inputs are refused": (BAD, "3", "raw_input_contents", surplus),
    "fewer raw contents than inputs are refused": (
        BAD, "unable to find data for input tensor 'b' for model 'pair' in request",
        "inputs[1].contents", too_few_raw),
    "typed values in the wrong list are refused": (
        BAD, "unexpected explicit tensor data for input tensor 'x' for model 'double'",
        "inputs[0].contents",
        lambda: request("double", Tensor("x", "FP32", (1, 1), typed={"int_contents": [1]}))),
    "too many typed values are refused": (
        BAD, "input byte size mismatch for input 'x' for model 'double'. Expected 4, got 8",
        "inputs[0].contents",
        lambda: request("double", Tensor("x", "FP32", (1, 1), typed={"fp32_contents": [1, 2]}))),

    # Request parameters
    "a triton parameter that nobody knows is refused": (
        BAD, "parameter keys starting with 'triton_' are reserved for Triton usage",
        "parameters[triton_secret]",
        lambda: request("pair", *pair(), parameters={"triton_secret": True})),
    "a priority below zero is refused": (
        BAD, "priority", "parameters[priority]",
        lambda: request("pair", *pair(), parameters={"priority": -1})),
    "a priority of another type is refused": (
        BAD, "priority", "parameters[priority]",
        lambda: request("pair", *pair(), parameters={"priority": "high"})),
    "a timeout of another type is refused": (
        BAD, "timeout", "parameters[timeout]",
        lambda: request("pair", *pair(), parameters={"timeout": "soon"})),
    "a timeout below zero is refused": (
        BAD, "timeout", "parameters[timeout]",
        lambda: request("pair", *pair(), parameters={"timeout": -5})),
    "a sequence is refused": (
        BAD, "stateful", "parameters[sequence_id]",
        lambda: request("pair", *pair(), parameters={"sequence_id": 7})),

    # Execution
    "a model that throws is told in one line": (
        "INTERNAL", "a negative x", "", lambda: request("raises", numbers("x", -1))),
    "a model that throws in a method that freezing removed is told in one line": (
        "INTERNAL", "is invalid for input of size", "",
        lambda: request("raises_deep", numbers("x", -1))),
    "a datatype that the config does not promise is an error of the call": (
        "INTERNAL", "FP64", "", lambda: request("wrong_type", numbers("x", 2000))),
})


class Parameters(Served):
    MODELS = ("double",)

    def accepted(self, parameters, **given):
        got = self.infer("double", numbers("x", 4), parameters=parameters, **given)
        self.assertEqual(got["y"][0, 0], 8)

    def test_a_priority_may_be_signed_or_unsigned(self):
        self.accepted({"priority": 0})
        message = request("double", numbers("x", 4))
        message.parameters["priority"].uint64_param = 0
        self.assertEqual(len(self.call("ModelInfer", message).outputs), 1)

    def test_a_timeout_in_microseconds_is_accepted(self):
        self.accepted({"timeout": 100_000_000})

    def test_a_timeout_of_zero_asks_for_nothing(self):
        self.accepted({"timeout": 0})

    def test_the_flag_of_the_cpp_client_is_accepted(self):
        self.accepted({"triton_enable_empty_final_response": True})

    def test_parameters_of_ones_own_are_accepted(self):
        self.accepted({"tenant": "blue", "debug": True, "tries": 3, "rate": 0.5})

    def test_a_custom_parameter_of_uint64_is_refused(self):
        message = request("double", numbers("x", 4))
        message.parameters["tries"].uint64_param = 3
        self.refused(BAD, "tries", "ModelInfer", message, field="parameters[tries]")

    def test_a_sequence_id_of_zero_asks_for_nothing(self):
        self.accepted({"sequence_id": 0, "sequence_start": False})

    def test_an_answer_of_a_unary_call_is_not_marked_as_final(self):
        response = self.call("ModelInfer", request("double", numbers("x", 4)))
        self.assertNotIn("triton_final_response", response.parameters)

    def test_the_id_comes_back_with_the_version_that_answered(self):
        response = self.call("ModelInfer", request("double", numbers("x", 4), id="é-7\n"))
        self.assertEqual((response.id, response.model_name, response.model_version),
                         ("é-7\n", "double", "1"))

    def test_an_id_of_a_hundred_kilobytes_comes_back(self):
        response = self.call("ModelInfer", request("double", numbers("x", 4), id="i" * 100_000))
        self.assertEqual(response.id, "i" * 100_000)

    def test_a_deadline_in_the_past_is_exceeded(self):
        self.refused("DEADLINE_EXCEEDED", "", "ModelInfer", request("double", numbers("x", 4)),
                     timeout=-1)

    def test_metadata_of_the_call_does_no_harm(self):
        response = self.call("ModelInfer", request("double", numbers("x", 4)),
                             metadata=(("x-tenant", "blue"), ("x-bin", b"\0\1\xff")))
        self.assertEqual(len(response.outputs), 1)

    def test_compressed_requests_are_answered(self):
        for compression in (grpc.Compression.Gzip, grpc.Compression.Deflate):
            with self.subTest(compression=compression):
                response = self.call("ModelInfer", request("double", numbers("x", 4)),
                                     compression=compression)
                self.assertEqual(len(response.outputs), 1)


class Details(Served):
    MODELS = ("raises", "raises_deep", "pair")

    def test_an_error_of_the_model_has_no_stack_trace(self):
        error = self.refused("INTERNAL", "a negative x", "ModelInfer",
                             request("raises", numbers("x", -1)))
        self.assertNotIn("\n", error.details())
        self.assertLess(len(error.details()), 500)
        self.assertNotIn(".py", error.details())

    def test_only_the_culprit_of_a_batch_fails(self):
        for model in ("raises", "raises_deep"):
            calls = [self.stub.ModelInfer.future(request(model, numbers("x", -1 if i % 4 == 0 else i)),
                                                 timeout=TIMEOUT) for i in range(40)]
            for i, call in enumerate(calls):
                expected = grpc.StatusCode.INTERNAL if i % 4 == 0 else grpc.StatusCode.OK
                self.assertEqual(call.code(), expected)
        self.assertTrue(self.call("ServerLive").live)

    def test_the_violation_has_the_same_text_as_the_status(self):
        error = self.refused(BAD, "unexpected inference input", "ModelInfer",
                             request("raises", floats((1, 1), name="z")))
        self.assertEqual(details(error)[0].field_violations[0].description, error.details())

    def test_bytes_that_are_no_message_are_refused(self):
        call = self.channel.unary_unary("/inference.GRPCInferenceService/ModelInfer")
        for junk in (b"\xff" * 20, b"\x0a\xff\xff\xff\xff\x0f", bytes(range(64))):
            with self.subTest(junk=junk):
                with self.assertRaises(grpc.RpcError):
                    call(junk, timeout=60)
                self.assertTrue(self.call("ServerLive").live)

    def test_fields_that_nobody_knows_are_skipped(self):
        known = request("raises", numbers("x", 3)).SerializeToString()
        call = self.channel.unary_unary("/inference.GRPCInferenceService/ModelInfer",
                                        response_deserializer=pb.ModelInferResponse.FromString)
        unknown = bytes([0xFA, 0x3E, 3]) + b"abc"  # Field 1007, three bytes.
        self.assertEqual(call(known + unknown, timeout=60).model_name, "raises")


class Dialect(Served):
    """--status_dialect=triton"""

    MODELS = ("double",)
    ARGUMENTS = ("--status_dialect=triton",)

    def test_codes_that_are_the_same_stay(self):
        self.refused("NOT_FOUND", "unknown model", "ModelInfer", request("nobody"))
        self.refused(BAD, "expected 1 inputs but got 0", "ModelInfer", request("double"))


if __name__ == "__main__":
    unittest.main()
