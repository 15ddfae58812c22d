"""Health and reflection by gRPC's own Python packages."""

import unittest

import grpc
import health
from google.protobuf import descriptor_pool, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)
from harness import repository, serve
from health import NOT_SERVING, SERVICE_UNKNOWN, SERVING, read_until
from protocol import SERVICE, TIMEOUT, Calls, Served, add_cases, numbers, pb, request, rpc

HEALTH = "grpc.health.v1.Health"


class HealthCalls(Calls):
    def check(self, service: str) -> int:
        return health.check(self.channel, service)

    def watch(self, service: str):
        stream = health.watch(self.channel, service)
        self.addCleanup(stream.cancel)
        return stream


class Health(Served, HealthCalls):
    MODELS = ("double", "pair")

    def test_check_of_an_unknown_name_is_not_found(self):
        with self.assertRaises(grpc.RpcError) as caught:
            self.check("nobody")
        self.assertEqual(caught.exception.code(), grpc.StatusCode.NOT_FOUND)

    def test_watch_of_an_unknown_name_is_told_so_and_stays_open(self):
        stream = self.watch("nobody")
        self.assertEqual(next(stream).status, SERVICE_UNKNOWN)
        self.assertTrue(stream.is_active())

    def test_a_version_is_no_name_of_a_service(self):
        with self.assertRaises(grpc.RpcError) as caught:
            self.check("double/1")
        self.assertEqual(caught.exception.code(), grpc.StatusCode.NOT_FOUND)

    def test_many_watches_at_once_each_get_the_state(self):
        streams = [self.watch(name) for name in ("", "ready", "live", SERVICE, "double") * 10]
        for stream in streams:
            self.assertEqual(next(stream).status, SERVING)


def check_serving(case: Health, name: str) -> None:
    case.assertEqual(case.check(name), SERVING)
    case.assertEqual(next(case.watch(name)).status, SERVING)


add_cases(Health, check_serving, {
    "the whole server is checked and watched by the empty name": ("",),
    "readiness is checked and watched by a name": ("ready",),
    "liveness is checked and watched by a name": ("live",),
    "the service is checked and watched by its full name": (SERVICE,),
    "a model is checked and watched by its name": ("double",),
    "another model is checked and watched by its name": ("pair",),
})


class Changes(HealthCalls):
    def test_a_model_that_is_loaded_and_unloaded_is_told_to_who_watches(self):
        folder = repository(self, "double", made_by="conformance")
        self.connect(serve(folder, "--model_control=explicit"))
        self.assertEqual(self.check("ready"), SERVING)  # Nothing is loaded, and that is meant.
        stream = self.watch("double")
        self.assertIn(next(stream).status, (SERVICE_UNKNOWN, NOT_SERVING))
        self.call("RepositoryModelLoad", pb.RepositoryModelLoadRequest(model_name="double"))
        read_until(stream, SERVING)
        self.assertEqual(self.check("double"), SERVING)
        self.call("RepositoryModelUnload", pb.RepositoryModelUnloadRequest(model_name="double"))
        read_until(stream, NOT_SERVING)
        self.assertEqual(self.check("double"), NOT_SERVING)
        self.assertEqual(self.check("ready"), SERVING)

    def test_a_broken_model_is_not_serving_and_neither_is_the_server(self):
        folder = repository(self, "double", "broken", made_by="conformance")
        self.connect(serve(folder, "--exit_on_error=false"))
        states = {name: self.check(name) for name in ("double", "broken", "ready", "", "live")}
        self.assertEqual(states, {"double": SERVING, "broken": NOT_SERVING, "ready": NOT_SERVING,
                                  "": NOT_SERVING, "live": SERVING})


class Reflection(Served):
    MODELS = ("double",)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.database = ProtoReflectionDescriptorDatabase(cls.channel)
        cls.pool = descriptor_pool.DescriptorPool(cls.database)

    def test_both_services_are_listed(self):
        self.assertLessEqual({SERVICE, HEALTH}, set(self.database.get_services()))

    def test_every_method_is_described_as_in_the_proto(self):
        def methods(service):
            return {m.name: (m.input_type.full_name, m.output_type.full_name,
                             m.client_streaming, m.server_streaming) for m in service.methods}
        reflected = methods(self.pool.FindServiceByName(SERVICE))
        self.assertEqual(reflected, methods(pb.DESCRIPTOR.services_by_name["GRPCInferenceService"]))
        self.assertEqual(len(reflected), 20)

    def test_messages_are_described_to_the_last_field(self):
        reflected = self.pool.FindMessageTypeByName("inference.ModelInferRequest")
        ours = pb.ModelInferRequest.DESCRIPTOR
        self.assertEqual({f.name: f.number for f in reflected.fields},
                         {f.name: f.number for f in ours.fields})
        config = self.pool.FindMessageTypeByName("inference.ModelConfig")
        self.assertEqual(config.fields_by_name["max_batch_size"].number, 4)

    def test_a_model_can_be_called_by_reflection_alone(self):
        method = self.pool.FindServiceByName(SERVICE).methods_by_name["ModelInfer"]
        answer = message_factory.GetMessageClass(method.output_type)
        call = self.channel.unary_unary(f"/{SERVICE}/ModelInfer",
                                        response_deserializer=answer.FromString)
        sent = message_factory.GetMessageClass(method.input_type).FromString(
            request("double", numbers("x", 4)).SerializeToString())
        got = call(sent.SerializeToString(), timeout=TIMEOUT)
        self.assertEqual(list(got.outputs[0].shape), [1, 1])


class ReflectionOff(Served):
    MODELS = ("double",)
    ARGUMENTS = ("--reflection=false",)

    def test_reflection_is_unimplemented_and_calls_go_on(self):
        with self.assertRaises(grpc.RpcError) as caught:
            list(ProtoReflectionDescriptorDatabase(self.channel).get_services())
        self.assertEqual(caught.exception.code(), grpc.StatusCode.UNIMPLEMENTED)
        self.assertTrue(rpc.GRPCInferenceServiceStub(self.channel).ServerLive(
            pb.ServerLiveRequest(), timeout=TIMEOUT).live)


if __name__ == "__main__":
    unittest.main()
