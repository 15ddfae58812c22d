"""The processes of scripts/bench/waiting, and what a burst of calls costs them."""

import json
import shutil
import subprocess
import sys
import threading
from pathlib import Path

from processes import BIN, BUILD, MODELS, BenchError, Server, server_command

FASTAPI_PYTHON = BUILD / "venv-fastapi" / "bin" / "python"
HERE = Path(__file__).parent
MODEL = "waits"
DELAY_S = 1
# Calls to each new server before it is measured.
WARMUP_CALLS = 16
SAMPLE_S = 0.02
# How long the store waits once it holds all calls: for the memory to be read.
HELD_S = 3
LIMIT_S = 600

# The answer is the one feature, and a call that does not get it fails.
BINDINGS = """\
request { name: "id"  data_type: TYPE_INT64  dims: 1 }
entity { join_key: "entity"  request: "id" }
input {
  name: "INPUT__0"
  column {
    feature: "late:value"
    on_missing: FAIL  on_null: FAIL  on_stale: FAIL  on_error: FAIL
  }
}
"""


def make_repository(folder: Path, calls: int) -> None:
    """One model: the identity of one feature. So many calls may have theirs at once, and are queued."""
    model = folder / MODEL
    shutil.copytree(MODELS / "identity", model)
    config = model / "config.pbtxt"
    text = config.read_text().replace('name: "identity"', f'name: "{MODEL}"', 1)
    config.write_text(text.replace("dims: [ -1 ]", "dims: [ 1 ]") + "dynamic_batching { "
                      f"default_queue_policy {{ max_queue_size: {calls} }} }}\n")
    (model / "features.pbtxt").write_text(BINDINGS)


def late_store(name: str, **flags) -> Server:
    return Server(name, [str(BIN / "bench" / "late_feature_store"),
                         *(f"--{flag}={value}" for flag, value in flags.items())])


def model_server(repository: Path, store: Server, calls: int, row_batching: bool) -> Server:
    """One loop thread, and what has to be raised for so many calls that wait for so long."""
    return Server("tournant-server", [
        *server_command(models=repository), "--completion_queues=1",
        f"--feature_store=grpc:127.0.0.1:{store.port}?max_in_flight={max(calls, 4096)}",
        f"--feature_row_batching={str(row_batching).lower()}", f"--feature_timeout={LIMIT_S}s",
        f"--max_deadline={LIMIT_S}s",
        f"--max_in_flight={2 * max(calls, 65536)}", "--drain_delay=0s"])


def fastapi_server(store: Server) -> Server:
    return Server("fastapi", [str(FASTAPI_PYTHON), str(HERE / "fastapi_server.py"),
                              f"127.0.0.1:{store.port}"])


def grpc_burst(server: Server, calls: int) -> list[str]:
    return [str(BIN / "bench" / "call_burst"), f"--address=127.0.0.1:{server.port}",
            f"--model={MODEL}", f"--calls={calls}", f"--deadline={LIMIT_S}s"]


def http_burst(server: Server, path: str, calls: int) -> list[str]:
    return [sys.executable, str(HERE / "http_burst.py"), str(server.port), path, str(calls)]


class Peak(threading.Thread):
    """The most memory and threads that a server has while this context is open."""

    def __init__(self, server: Server):
        super().__init__()
        self.server = server
        self.over = threading.Event()
        self.rss_kib = self.threads = 0

    def run(self) -> None:
        while not self.over.wait(SAMPLE_S):
            self.rss_kib = max(self.rss_kib, self.server.rss_kib())
            self.threads = max(self.threads, self.server.threads())

    def __enter__(self) -> "Peak":
        self.start()
        return self

    def __exit__(self, *_) -> None:
        self.over.set()
        self.join()


def finish(generator: subprocess.Popen) -> dict:
    """What a generator printed in the end."""
    text, errors = generator.communicate(timeout=2 * LIMIT_S)
    if generator.returncode != 0:
        raise BenchError(f"the generator failed: {errors.strip()}")
    return json.loads(text) | {"first_error": errors.strip()}


def start(command: list[str]) -> subprocess.Popen:
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def measure(server: Server, calls: int, burst) -> dict:
    """`burst(calls)` is the command that sends so many calls."""
    warm = finish(start(burst(WARMUP_CALLS)))
    if warm["right"] != WARMUP_CALLS:
        raise BenchError(f"{server.name} does not answer: {warm['first_error']}")
    rss, cpu = server.rss_kib(), server.cpu_seconds()
    with Peak(server) as peak:
        result = finish(start(burst(calls)))
    return result | {"calls": calls, "kib_a_call": (peak.rss_kib - rss) / calls,
                     "threads": peak.threads,
                     "cpu_us_a_call": (server.cpu_seconds() - cpu) / calls * 1e6}


def measure_held(repository: Path, calls: int, row_batching: bool) -> dict:
    """The store holds its answers until all calls have come, and a while longer."""
    check_memory(calls)
    with (late_store("late-store", hold=calls, delay=f"{HELD_S}s") as store,
          model_server(repository, store, calls, row_batching) as server):
        rss, cpu = server.rss_kib(), server.cpu_seconds()
        generator = start(grpc_burst(server, calls))
        try:
            requests = store.wait_for("held", LIMIT_S)["requests"]
            parked = {"kib_a_call": (server.rss_kib() - rss) / calls, "threads": server.threads()}
            result = finish(generator)
        finally:
            if generator.poll() is None:
                generator.kill()
                generator.communicate()
        if not result["answered"]:
            raise BenchError(f"no call was answered: {result['first_error']}")
        first = result["answered"][0][0] / 1000
        return result | parked | {
            "calls": calls, "requests": requests,
            "cpu_us_a_call": (server.cpu_seconds() - cpu) / calls * 1e6,
            # Until the last call's row was at the store; from the first answer to the last.
            "parking_s": first - HELD_S, "answering_s": result["seconds"] - first}


def check_memory(calls: int) -> None:
    """What server, store and generator take for so many calls, and then some."""
    needed = calls * 100
    available = int(next(line.split()[1] for line in Path("/proc/meminfo").read_text().splitlines()
                         if line.startswith("MemAvailable:")))
    if available < needed:
        raise BenchError(f"--held={calls} needs {needed >> 20} GiB of memory, and there are "
                         f"{available >> 20}")
