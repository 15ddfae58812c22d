"""Health checks and reflection by gRPC's own packages, for the tests in Python."""

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from harness import LIMIT_SECONDS

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
SERVICE_UNKNOWN = health_pb2.HealthCheckResponse.SERVICE_UNKNOWN


def check(channel: grpc.Channel, service: str) -> int:
    """Health/Check."""
    request = health_pb2.HealthCheckRequest(service=service)
    return health_pb2_grpc.HealthStub(channel).Check(request, timeout=LIMIT_SECONDS).status


def watch(channel: grpc.Channel, service: str):
    """Health/Watch: an iterator over answers, which can be cancelled."""
    request = health_pb2.HealthCheckRequest(service=service)
    return health_pb2_grpc.HealthStub(channel).Watch(request, timeout=LIMIT_SECONDS)


def read_until(stream, state: int) -> None:
    """Returns when a watch says that state; fails after the watch's time."""
    for answer in stream:
        if answer.status == state:
            return
    raise AssertionError(f"the watch ended before state {state}")


def wait_for(channel: grpc.Channel, service: str, state: int) -> None:
    """Returns when the service is in that state. Unlike until() it leaves the cores to others."""
    stream = watch(channel, service)
    read_until(stream, state)
    stream.cancel()


def reflected_services(channel: grpc.Channel) -> list[str]:
    """The names that server reflection lists."""
    request = reflection_pb2.ServerReflectionRequest(list_services="*")
    stub = reflection_pb2_grpc.ServerReflectionStub(channel)
    (answer,) = stub.ServerReflectionInfo(iter([request]), timeout=LIMIT_SECONDS)
    return sorted(service.name for service in answer.list_services_response.service)
