"""Health checks and reflection, as probes and generic tools use them."""

import unittest

import grpc
from harness import LIMIT_SECONDS, repository, serve, serve_for_class
from health import NOT_SERVING, SERVICE_UNKNOWN, SERVING, check, reflected_services, watch

SERVICE = "inference.GRPCInferenceService"


class Health(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = serve_for_class(cls, "linear")
        cls.channel = grpc.insecure_channel(cls.server.address)
        cls.addClassCleanup(cls.channel.close)

    def test_every_name_is_serving(self):
        for name in ("", "ready", "live", SERVICE, "linear"):
            with self.subTest(name=name):
                self.assertEqual(check(self.channel, name), SERVING)

    def test_an_unknown_name_is_not_found_by_check_and_unknown_to_watch(self):
        with self.assertRaises(grpc.RpcError) as caught:
            check(self.channel, "nobody")
        self.assertEqual(caught.exception.code(), grpc.StatusCode.NOT_FOUND)
        states = watch(self.channel, "nobody")
        self.assertEqual(next(states).status, SERVICE_UNKNOWN)
        states.cancel()

    def test_watch_begins_with_the_present_state(self):
        states = watch(self.channel, "linear")
        self.assertEqual(next(states).status, SERVING)
        states.cancel()

    def test_reflection_lists_what_is_served(self):
        services = reflected_services(self.channel)
        self.assertIn(SERVICE, services)
        self.assertIn("grpc.health.v1.Health", services)

    def test_an_unknown_method_is_unimplemented(self):
        call = self.channel.unary_unary(f"/{SERVICE}/Nothing")
        with self.assertRaises(grpc.RpcError) as caught:
            call(b"", timeout=LIMIT_SECONDS)
        self.assertEqual(caught.exception.code(), grpc.StatusCode.UNIMPLEMENTED)


class Settings(unittest.TestCase):
    def test_reflection_can_be_turned_off(self):
        server = serve(repository(self, "linear"), "--reflection=false")
        self.addCleanup(server.kill)
        with grpc.insecure_channel(server.address) as channel:
            with self.assertRaises(grpc.RpcError) as caught:
                reflected_services(channel)
            self.assertEqual(caught.exception.code(), grpc.StatusCode.UNIMPLEMENTED)
            self.assertEqual(check(channel, ""), SERVING)

    def test_a_broken_model_makes_the_server_not_ready_and_leaves_it_alive(self):
        server = serve(repository(self, "linear", "broken"), "--exit_on_error=false")
        self.addCleanup(server.kill)
        with grpc.insecure_channel(server.address) as channel:
            self.assertEqual(check(channel, "live"), SERVING)
            self.assertEqual(check(channel, "ready"), NOT_SERVING)
            self.assertEqual(check(channel, "linear"), SERVING)
            self.assertEqual(check(channel, "broken"), NOT_SERVING)


if __name__ == "__main__":
    unittest.main()
