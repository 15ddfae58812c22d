"""ModelStreamInfer: many requests on one stream, answers and errors as messages."""

import queue
import unittest

import grpc
from gate import Gate
from protocol import (TIMEOUT, Served, add_cases, answers, fields, numbers, parameters, pb, request,
                      strings)

REAL_STATUS = (("triton_grpc_error", "true"),)


class Stream:
    """A stream to which requests are given one by one."""

    def __init__(self, case: Served, metadata=(), timeout=TIMEOUT):
        self._requests: queue.SimpleQueue = queue.SimpleQueue()
        self.call = case.stub.ModelStreamInfer(iter(self._requests.get, None), metadata=metadata,
                                               timeout=timeout)
        case.addCleanup(self.call.cancel)

    def send(self, message) -> None:
        self._requests.put(message)

    def half_close(self) -> None:
        self._requests.put(None)

    def receive(self):
        return next(self.call)

    def rest(self) -> list:
        """Half-closes and reads to the end."""
        self.half_close()
        return list(self.call)


def y_of(message) -> float:
    """The one number that an answer holds."""
    return float(answers(message.infer_response)["y"][0, 0])


class Streaming(Served):
    MODELS = ("double", "raises", "strings", "gate")
    ARGUMENTS = ("--workers=2",)

    def double(self, value: float, **given):
        return request("double", numbers("x", value), **given)

    def test_one_request_is_answered_like_a_unary_one(self):
        stream = Stream(self)
        stream.send(self.double(4, id="a"))
        message = stream.receive()
        self.assertEqual(message.error_message, "")
        response = message.infer_response
        self.assertEqual((response.id, response.model_name, response.model_version),
                         ("a", "double", "1"))
        self.assertEqual(y_of(message), 8)
        self.assertEqual(stream.rest(), [])
        self.assertEqual(stream.call.code(), grpc.StatusCode.OK)

    def test_answers_are_marked_as_final(self):
        stream = Stream(self)
        stream.send(self.double(4))
        self.assertIs(parameters(stream.receive().infer_response)["triton_final_response"], True)

    def test_a_thousand_requests_on_one_stream_are_all_answered(self):
        stream = Stream(self)
        for i in range(1000):
            stream.send(self.double(i, id=str(i)))
        got = {message.infer_response.id: y_of(message) for message in stream.rest()}
        self.assertEqual(got, {str(i): 2.0 * i for i in range(1000)})

    def test_requests_of_several_models_share_a_stream(self):
        stream = Stream(self)
        stream.send(self.double(1, id="d"))
        stream.send(request("raises", numbers("x", 5), id="r"))
        got = {m.infer_response.id: (m.infer_response.model_name, y_of(m)) for m in stream.rest()}
        self.assertEqual(got, {"d": ("double", 2), "r": ("raises", 5)})

    def test_a_slow_request_does_not_hold_up_the_others(self):
        gate, stream = Gate(self), Stream(self)
        stream.send(gate.request(7, id="slow"))
        gate.wait_for(1)
        for i in range(20):
            stream.send(self.double(i, id=f"quick {i}"))
        first = [stream.receive() for _ in range(20)]
        self.assertEqual({m.infer_response.id for m in first}, {f"quick {i}" for i in range(20)})
        gate.open()
        (last,) = stream.rest()
        self.assertEqual((last.infer_response.id, y_of(last)), ("slow", 7))

    def test_an_error_is_a_message_and_the_stream_goes_on(self):
        stream = Stream(self)
        stream.send(request("raises", numbers("x", -1), id="bad"))
        message = stream.receive()
        self.assertIn("a negative x", message.error_message)
        self.assertEqual(message.infer_response.id, "bad")
        self.assertEqual(len(message.infer_response.outputs), 0)
        stream.send(self.double(3, id="good"))
        self.assertEqual(y_of(stream.receive()), 6)
        self.assertEqual(stream.rest(), [])
        self.assertEqual(stream.call.code(), grpc.StatusCode.OK)

    def test_errors_and_answers_are_told_apart_by_their_ids(self):
        stream = Stream(self)
        for i in range(60):
            stream.send(request("raises", numbers("x", -1 if i % 3 == 0 else i), id=str(i)))
        failed = {m.infer_response.id: m.error_message != "" for m in stream.rest()}
        self.assertEqual(failed, {str(i): i % 3 == 0 for i in range(60)})

    def test_a_stream_without_requests_ends_well(self):
        stream = Stream(self)
        self.assertEqual(stream.rest(), [])
        self.assertEqual(stream.call.code(), grpc.StatusCode.OK)

    def test_what_was_sent_before_the_half_close_is_answered(self):
        gate, stream = Gate(self), Stream(self)
        stream.send(gate.request(9))
        stream.half_close()
        gate.wait_for(1)
        gate.open()
        self.assertEqual([y_of(message) for message in stream.call], [9])
        self.assertEqual(stream.call.code(), grpc.StatusCode.OK)

    def test_a_cancelled_stream_leaves_the_server_well(self):
        gate, stream = Gate(self), Stream(self)
        stream.send(gate.request(9))
        gate.wait_for(1)
        stream.call.cancel()
        gate.open()
        self.assertEqual(self.infer("double", numbers("x", 2))["y"][0, 0], 4)
        self.assertEqual(stream.call.code(), grpc.StatusCode.CANCELLED)

    def test_many_streams_at_once_keep_their_answers_apart(self):
        streams = [Stream(self) for _ in range(20)]
        for i, stream in enumerate(streams):
            for j in range(10):
                stream.send(self.double(100 * i + j))
        for i, stream in enumerate(streams):
            self.assertEqual(sorted(y_of(m) for m in stream.rest()),
                             [2.0 * (100 * i + j) for j in range(10)])

    def test_strings_go_through_a_stream(self):
        stream = Stream(self)
        stream.send(request("strings", strings("text", "Grüße\0".encode())))
        (message,) = stream.rest()
        self.assertEqual(answers(message.infer_response)["same"][0, 0], "Grüße\0".encode())

    def test_an_answer_of_no_rows_is_an_answer(self):
        stream = Stream(self)
        stream.send(request("double", numbers("x")))
        (message,) = stream.rest()
        self.assertEqual(message.error_message, "")
        self.assertEqual(answers(message.infer_response)["y"].shape, (0, 1))

    def test_a_request_for_an_empty_final_response_is_accepted(self):
        stream = Stream(self)
        stream.send(self.double(2, parameters={"triton_enable_empty_final_response": True}))
        messages = stream.rest()
        self.assertEqual([m.error_message for m in messages], [""] * len(messages))
        self.assertEqual(y_of(messages[0]), 4)

    def test_outputs_are_those_asked_for(self):
        stream = Stream(self)
        stream.send(self.double(2, outputs=["y"]))
        self.assertEqual(list(answers(stream.receive().infer_response)), ["y"])

    def test_a_false_header_asks_for_messages(self):
        stream = Stream(self, metadata=(("triton_grpc_error", "false"),))
        stream.send(request("nobody", id="n"))
        self.assertIn("unknown model: 'nobody'", stream.receive().error_message)

    def test_the_deadline_of_a_stream_ends_it(self):
        with self.assertRaises(grpc.RpcError) as caught:
            stream = Stream(self, timeout=-1)
            stream.send(self.double(1))
            stream.receive()
        self.assertEqual(caught.exception.code(), grpc.StatusCode.DEADLINE_EXCEEDED)

    def test_answers_before_an_error_status_still_come(self):
        stream = Stream(self, metadata=REAL_STATUS)
        stream.send(self.double(5))
        self.assertEqual(y_of(stream.receive()), 10)
        stream.send(request("nobody"))
        with self.assertRaises(grpc.RpcError) as caught:
            stream.receive()
        self.assertEqual(caught.exception.code(), grpc.StatusCode.NOT_FOUND)


ERRORS = {
    "an unknown model": ("NOT_FOUND", "Request for unknown model: 'nobody' is not found", "",
                         request("nobody", numbers("x", 1), id="e")),
    "an unknown version": ("NOT_FOUND", "version 9 is not found", "",
                           request("double", numbers("x", 1), version="9", id="e")),
    "a version that is no number": ("INVALID_ARGUMENT", "version", "model_version",
                                    request("double", numbers("x", 1), version="v1", id="e")),
    "an unknown input": ("INVALID_ARGUMENT", "unexpected inference input 'z' for model 'double'",
                         "inputs[0].name", request("double", numbers("z", 1), id="e")),
    "a wrong shape": ("INVALID_ARGUMENT", "unexpected shape for input 'x' for model 'double'",
                      "inputs[0].shape", request("double", numbers("x", 1, 2, shape=(1, 2)), id="e")),
    "a wrong size": ("INVALID_ARGUMENT", "Expected 8, got 4", "inputs[0].contents",
                     request("double", numbers("x", 1, shape=(2, 1)), id="e")),
    "a model that throws": ("INTERNAL", "a negative x", "",
                            request("raises", numbers("x", -1), id="e")),
}


def check_message(case: Streaming, code: str, says: str, path: str, message) -> None:
    stream = Stream(case)
    stream.send(message)
    (answer,) = stream.rest()
    case.assertIn(says, answer.error_message)
    case.assertEqual(answer.infer_response.id, "e")
    case.assertEqual(stream.call.code(), grpc.StatusCode.OK)


def check_status(case: Streaming, code: str, says: str, path: str, message) -> None:
    stream = Stream(case, metadata=REAL_STATUS)
    stream.send(message)
    with case.assertRaises(grpc.RpcError) as caught:
        stream.receive()
    case.assertEqual(caught.exception.code().name, code)
    case.assertIn(says, caught.exception.details())
    case.assertEqual(fields(caught.exception), [path] if path else [])


add_cases(Streaming, check_message,
          {f"{what} is an error message of the stream": given for what, given in ERRORS.items()})
add_cases(Streaming, check_status,
          {f"{what} ends a stream with its status where the header asks for it": given
           for what, given in ERRORS.items()})


class Sizes(Served):
    MODELS = ("types",)
    ARGUMENTS = ("--max_message_bytes=1048576",)

    def test_a_message_above_the_cap_ends_the_stream_and_says_the_cap(self):
        stream = Stream(self)
        stream.send(pb.ModelInferRequest(model_name="types", raw_input_contents=[bytes(2 << 20)]))
        with self.assertRaises(grpc.RpcError) as caught:
            stream.receive()
        self.assertEqual(caught.exception.code(), grpc.StatusCode.RESOURCE_EXHAUSTED)
        self.assertIn("1048576", caught.exception.details())


if __name__ == "__main__":
    unittest.main()
