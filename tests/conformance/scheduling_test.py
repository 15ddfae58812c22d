"""Queues, priorities and concurrency, looked at through a model that waits until it is let go."""

import unittest

import grpc
from gate import Gate, waiting
from google.rpc import error_details_pb2
from harness import until
from protocol import TIMEOUT, Served, add_to_config, details, numbers, request

HTTP = "--http_address=127.0.0.1:0"
OK = grpc.StatusCode.OK
EXHAUSTED = grpc.StatusCode.RESOURCE_EXHAUSTED
EXPIRED = grpc.StatusCode.DEADLINE_EXCEEDED


class Gated(Served):
    """`gate` with one worker and BATCHING in its config."""

    MODELS = ("gate", "double")
    ARGUMENTS = ("--workers=1", HTTP)
    BATCHING = ""

    @classmethod
    def prepare(cls, folder):
        add_to_config(folder, "gate", cls.BATCHING)

    def setUp(self):
        self.gate = Gate(self)
        self.deadline = TIMEOUT

    def send(self, x: int, deadline: int = 0, **given):
        """A call through the gate that is not waited for. Within a level the nearer deadline goes
        first, so each has one ten seconds after the one before, unless it is given."""
        self.deadline += 10
        return self.stub.ModelInfer.future(self.gate.request(x, **given),
                                           timeout=deadline or self.deadline)

    def send_double(self):
        """A call of the other model."""
        return self.stub.ModelInfer.future(request("double", numbers("x", 1)), timeout=TIMEOUT)

    def send_in(self, x: int, **given):
        """The same, once it computes."""
        count = self.gate.bytes[1]
        call = self.send(x, **given)
        self.gate.wait_for(count + 1)
        return call

    def send_waiting(self, x: int, **given):
        """The same, once it waits for a worker."""
        count = waiting(self.server)
        call = self.send(x, **given)
        until(lambda: waiting(self.server) == count + 1)
        return call


class Order(Gated):
    BATCHING = "dynamic_batching { priority_levels: 3  default_priority_level: 2 }"

    def test_calls_of_one_level_are_computed_in_the_order_of_their_deadlines(self):
        calls = [self.send_in(1)]
        for x, deadline in ((4, 180), (2, 140), (5, 200), (3, 160)):
            calls.append(self.send_waiting(x, deadline=deadline))
        self.gate.open()
        self.assertEqual([call.code() for call in calls], [OK] * 5)
        self.assertEqual(self.gate.order, [1, 2, 3, 4, 5])

    def test_a_more_urgent_call_overtakes_those_that_wait(self):
        calls = [self.send_in(1)]
        for x, priority in ((30, 3), (20, 2), (10, 1)):
            calls.append(self.send_waiting(x, parameters={"priority": priority}))
        self.gate.open()
        self.assertEqual([call.code() for call in calls], [OK] * 4)
        self.assertEqual(self.gate.order, [1, 10, 20, 30])

    def test_a_call_without_priority_has_the_default_level(self):
        calls = [self.send_in(1)]
        for x, priority in ((30, 3), (21, 0), (20, 2), (10, 1)):
            calls.append(self.send_waiting(x, parameters={"priority": priority}))
        calls.append(self.send_waiting(22))
        self.gate.open()
        self.assertEqual([call.code() for call in calls], [OK] * 6)
        self.assertEqual(self.gate.order, [1, 10, 21, 20, 22, 30])

    def test_a_call_that_computes_is_not_interrupted(self):
        first = self.send_in(30, parameters={"priority": 3})
        second = self.send_waiting(10, parameters={"priority": 1})
        self.assertEqual(self.gate.most_at_once, 1)
        self.gate.open()
        self.assertEqual((first.code(), second.code()), (OK, OK))
        self.assertEqual(self.gate.order, [30, 10])


class FullQueue(Gated):
    BATCHING = "dynamic_batching { default_queue_policy { max_queue_size: 2 } }"

    def test_calls_beyond_the_queue_are_refused_at_once_and_the_others_served(self):
        calls = [self.send_in(1)] + [self.send_waiting(x) for x in (2, 3)]
        refused = [self.send(x) for x in range(4, 10)]
        self.assertEqual([call.code() for call in refused], [EXHAUSTED] * 6)
        self.gate.open()
        self.assertEqual([call.code() for call in calls], [OK] * 3)
        self.assertEqual(self.gate.order, [1, 2, 3])

    def test_a_refusal_says_why_and_when_to_come_again(self):
        calls = [self.send_in(1)] + [self.send_waiting(x) for x in (2, 3)]
        refused = self.send(4)
        self.assertEqual(refused.code(), EXHAUSTED)
        self.assertIn("Exceeds maximum queue size", refused.details())
        trailers = dict(refused.trailing_metadata())
        self.assertGreater(int(trailers["grpc-retry-pushback-ms"]), 0)
        kinds = {type(detail) for detail in details(refused)}
        self.assertEqual(kinds, {error_details_pb2.ErrorInfo, error_details_pb2.RetryInfo})
        self.gate.open()
        self.assertEqual([call.code() for call in calls], [OK] * 3)

    def test_a_cancelled_call_frees_its_place_at_once_and_is_never_computed(self):
        calls = [self.send_in(1)] + [self.send_waiting(2)]
        gone = self.send_waiting(3)
        gone.cancel()
        until(lambda: waiting(self.server) == 1)
        calls.append(self.send_waiting(4))
        self.gate.open()
        self.assertEqual([call.code() for call in calls], [OK] * 3)
        self.assertEqual(self.gate.order, [1, 2, 4])

    def test_a_full_queue_of_one_model_does_not_refuse_calls_of_another(self):
        calls = [self.send_in(1)] + [self.send_waiting(x) for x in (2, 3)]
        self.assertEqual(self.send(4).code(), EXHAUSTED)
        other = self.send_double()
        self.gate.open()
        self.assertEqual(other.code(), OK)
        self.assertEqual([call.code() for call in calls], [OK] * 3)


class TritonsCodes(Gated):
    BATCHING = "dynamic_batching { default_queue_policy { max_queue_size: 1 } }"
    ARGUMENTS = ("--workers=1", HTTP, "--status_dialect=triton")

    def test_a_full_queue_is_unavailable_in_tritons_dialect(self):
        calls = [self.send_in(1), self.send_waiting(2)]
        refused = self.send(3)
        self.assertEqual(refused.code(), grpc.StatusCode.UNAVAILABLE)
        self.assertIn("Exceeds maximum queue size", refused.details())
        self.gate.open()
        self.assertEqual([call.code() for call in calls], [OK] * 2)


class Rejected(Gated):
    BATCHING = """dynamic_batching {
      priority_levels: 2  default_priority_level: 2
      priority_queue_policy {
        key: 1 value { timeout_action: REJECT  default_timeout_microseconds: 1 }
      }
      priority_queue_policy {
        key: 2 value { default_timeout_microseconds: 90000000  allow_timeout_override: true }
      }
    }"""

    def expired(self, **parameters):
        """A call that waits behind another until its time is over; it is not computed."""
        first = self.send_in(1)
        late = self.send(2, parameters=parameters)
        # An end may come while it waits, or when a worker would take it.
        until(lambda: late.done() or waiting(self.server) == 1)
        self.gate.open()
        self.assertEqual(late.code(), EXPIRED)
        self.assertEqual(first.code(), OK)
        self.assertEqual(self.gate.order, [1])
        return late.details()

    def test_a_call_that_waits_longer_than_its_level_allows_is_expired(self):
        self.assertIn("Request timeout expired", self.expired(priority=1))

    def test_a_call_may_shorten_its_timeout_where_the_level_allows_it(self):
        self.expired(timeout=1)


class Delayed(Gated):
    BATCHING = """dynamic_batching {
      default_queue_policy { timeout_action: DELAY  default_timeout_microseconds: 1 }
    }"""

    def test_a_call_that_has_waited_too_long_is_served_all_the_same(self):
        calls = [self.send_in(1)] + [self.send_waiting(x) for x in (2, 3)]
        self.gate.open()
        self.assertEqual([call.code() for call in calls], [OK] * 3)
        self.assertEqual(sorted(self.gate.order), [1, 2, 3])


class TwoWorkers(Gated):
    ARGUMENTS = ("--workers=2", HTTP)

    def test_a_model_runs_on_all_workers_unless_its_config_says_less(self):
        calls = [self.send_in(1), self.send(2)]
        # An idle worker is looked for when a call comes, so calls come until it was found.
        until(lambda: calls.append(self.send_double()) or self.gate.bytes[1] == 2)
        self.gate.open()
        self.assertEqual({call.code() for call in calls}, {OK})
        self.assertEqual(self.gate.most_at_once, 2)


class OneInstance(Gated):
    ARGUMENTS = ("--workers=2", HTTP)
    BATCHING = "instance_group { count: 1  kind: KIND_CPU }"

    def test_a_model_of_one_instance_is_computed_by_one_worker_at_a_time(self):
        calls = [self.send_in(1)] + [self.send_waiting(x) for x in range(2, 8)]
        self.gate.open()
        self.assertEqual([call.code() for call in calls], [OK] * 7)
        self.assertEqual(self.gate.most_at_once, 1)

    def test_the_other_worker_serves_other_models_meanwhile(self):
        calls = [self.send_in(1), self.send_waiting(2)]
        others = []
        until(lambda: others.append(self.send_double()) or any(call.done() for call in others))
        self.assertEqual(self.gate.order, [1])
        self.gate.open()
        self.assertEqual({call.code() for call in calls + others}, {OK})


if __name__ == "__main__":
    unittest.main()
