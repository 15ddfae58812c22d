"""Calls of GetOnlineFeatures as scripts/bench/features makes them, alike for each server."""

import asyncio
import itertools
import random
import time

import grpc
import grpc.aio
from feast.protos.feast.serving.ServingService_pb2 import (
    GetOnlineFeaturesRequest,
    GetOnlineFeaturesResponse,
)

# What feast_bench_store.py makes.
DRIVERS = 1000
WIDTHS = (12, 50)
FLEET = "fleet"

METHOD = "/GrpcFeatureServer/GetOnlineFeatures"
# Of each shape, sent in turn, so that no answer can be kept from the call before.
REQUESTS = 16
WARMUP_CALLS = 8
DEADLINE_S = 60


def view(width: int) -> str:
    return f"driver_{width}"


def feature(number: int) -> str:
    return f"f{number:02}"


def requests(rows: int, width: int) -> list[bytes]:
    """Serialized requests for drivers at random, the same ones each time."""
    rng = random.Random(rows * 1000 + width)
    made = []
    for _ in range(REQUESTS):
        request = GetOnlineFeaturesRequest(full_feature_names=True)
        request.features.val.extend(f"{view(width)}:{feature(i)}" for i in range(width))
        for driver in rng.sample(range(DRIVERS), rows):
            request.entities["driver_id"].val.add(int64_val=driver)
        made.append(request.SerializeToString())
    return made


def columns(port: int, request: bytes) -> dict[str, list[bytes]]:
    """The values that a server answers, by name of the feature."""
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        answer = GetOnlineFeaturesResponse.FromString(
            channel.unary_unary(METHOD)(request, timeout=DEADLINE_S))
    return {name: [value.SerializeToString() for value in vector.values]
            for name, vector in zip(answer.metadata.feature_names.val, answer.results)}


async def closed_loop(made: list[bytes], port: int, outstanding: int, seconds: float, cpu) -> dict:
    """Keeps calls outstanding on one channel; answers are not parsed. What is under way when the time
    is over is waited for and counted, so that all CPU between the calls of `cpu` is that of calls
    counted. `cpu` says what each process has spent so far."""
    latencies: list[float] = []
    bodies = itertools.cycle(made)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        call = channel.unary_unary(METHOD)

        async def warm() -> None:
            await call(next(bodies), timeout=DEADLINE_S)

        async def one_after_the_other(end: float) -> None:
            while (start := time.perf_counter()) < end:
                await call(next(bodies), timeout=DEADLINE_S)
                latencies.append(time.perf_counter() - start)

        await asyncio.gather(*(warm() for _ in range(WARMUP_CALLS)))
        before, start = cpu(), time.perf_counter()
        await asyncio.gather(*(one_after_the_other(start + seconds) for _ in range(outstanding)))
        elapsed, after = time.perf_counter() - start, cpu()
    ordered = sorted(latencies)
    return {
        "calls": len(ordered),
        "requests_per_second": len(ordered) / elapsed,
        "p50_ms": ordered[len(ordered) // 2] * 1e3,
        "p99_ms": ordered[len(ordered) * 99 // 100] * 1e3,
        **{f"{name}_cpu_s_per_1000": (after[name] - before[name]) / len(ordered) * 1000
           for name in after},
    }


def measure(server, redis, made: list[bytes], outstanding: int, seconds: float) -> dict[str, float]:
    """One measurement; `redis` is the process behind the server, if there is one."""
    def cpu() -> dict[str, float]:
        spent = {"server": server.cpu_seconds(), "generator": time.process_time()}
        return spent | ({"redis": redis.cpu_seconds()} if redis else {})

    return asyncio.run(closed_loop(made, server.port, outstanding, seconds, cpu))
