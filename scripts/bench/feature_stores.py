"""The processes of scripts/bench/features: Redis, Feast's gRPC server, ours."""

import socket
import subprocess
import time
from pathlib import Path

from processes import BIN, BUILD, OUT, BenchError, Server

FEAST_PYTHON = BUILD / "venv-feast" / "bin" / "python"
FEAST_ENVIRONMENT = {"TZ": "UTC"}


class Port:
    """A port that nobody else gets: bound, but never listened on, so that a server may listen beside it."""

    def __init__(self):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(("127.0.0.1", 0))
        self.number = self.socket.getsockname()[1]


class Redis(Server):
    """A redis-server that keeps nothing on the disk."""

    def __init__(self):
        self.own_port = Port()
        super().__init__("redis", ["redis-server", "--port", str(self.own_port.number), "--bind",
                                   "127.0.0.1", "--save", "", "--appendonly", "no"])

    def _wait_until_ready(self, timeout):
        for line in self.process.stdout:
            if "eady to accept connections" in line:
                return self.own_port.number
        raise BenchError("redis-server did not start")


class FeastListen(Server):
    """`feast listen` over a repository, with the settings that it has by default."""

    def __init__(self, name: str, repository: Path):
        self.own_port = Port()
        super().__init__(name, [str(FEAST_PYTHON.with_name("feast")), "--chdir", str(repository),
                                "listen", "--address", f"127.0.0.1:{self.own_port.number}"],
                         environment=FEAST_ENVIRONMENT)

    def _wait_until_ready(self, timeout):
        import grpc
        from grpc_health.v1 import health_pb2, health_pb2_grpc

        until = time.monotonic() + timeout
        options = [("grpc.max_reconnect_backoff_ms", 200)]
        address = f"127.0.0.1:{self.own_port.number}"
        with grpc.insecure_channel(address, options=options) as channel:
            stub = health_pb2_grpc.HealthStub(channel)
            while time.monotonic() < until and self.process.poll() is None:
                try:
                    stub.Check(health_pb2.HealthCheckRequest(), timeout=1, wait_for_ready=True)
                    return self.own_port.number
                except grpc.RpcError:
                    pass
        raise BenchError(f"feast listen does not answer; its log is {self.log}")


def our_store(name: str, store: str, registry: Path, port: int = 0) -> Server:
    """tournant-feature-store over what Feast wrote."""
    return Server(name, [str(BIN / "tournant-feature-store"), f"--store={store}",
                         f"--registry={registry}", f"--grpc_address=127.0.0.1:{port}"])


def make_store(out: Path, redis_port: int) -> None:
    """Fills SQLite and Redis, by Feast."""
    script = Path(__file__).with_name("feast_bench_store.py")
    OUT.mkdir(parents=True, exist_ok=True)
    log = OUT / "feast_bench_store.log"
    with open(log, "w") as file:
        made = subprocess.run([FEAST_PYTHON, script, out, str(redis_port)], stdout=file,
                              stderr=subprocess.STDOUT)
    if made.returncode != 0:
        raise BenchError(f"Feast made no store: {log.read_text()[-1500:]}")
