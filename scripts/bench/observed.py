"""What a server did during a measurement, as the kernel and the server itself counted it."""

import json
import os
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

from processes import TICKS_PER_SECOND, Server

NANO = 1e-9


def machine_busy() -> float:
    """Seconds that all cores were busy so far, for whomever."""
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    user, nice, system, _, _, irq, softirq, steal = (int(field) for field in fields[:8])
    return (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND


def children_cpu() -> float:
    """Of the generators that have ended, this script's own time included."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def worker_seconds(pid: int) -> float:
    """Of all workers, on a core."""
    on_core = 0.0
    for task in Path(f"/proc/{pid}/task").iterdir():
        if (task / "comm").read_text().startswith("worker-"):
            on_core += int((task / "schedstat").read_text().split()[0]) * NANO
    return on_core


def executed(server: Server) -> tuple[int, int]:
    """Rows and executions so far, of all models."""
    url = f"http://127.0.0.1:{server.ready['http']}/status.json"
    with urllib.request.urlopen(url, timeout=10) as page:
        workers = json.load(page)["workers"]
    return workers["rows"], workers["executions"]


@contextmanager
def observed(server: Server, result: dict):
    """Adds to `result` what happened inside the block:

    rows_per_execution; worker_us_per_row and server_us_per_row, CPU; others_cores, how many cores
    processes other than server and generator were using.
    """
    busy, cpu, own = machine_busy(), server.cpu_seconds(), children_cpu()
    started = time.monotonic()
    rows, runs = executed(server)
    on_core = worker_seconds(server.pid)
    yield
    on_core = worker_seconds(server.pid) - on_core
    now_rows, now_runs = executed(server)
    elapsed = time.monotonic() - started
    rows, runs = now_rows - rows, now_runs - runs
    cpu = server.cpu_seconds() - cpu
    ours = cpu + children_cpu() - own
    result["others_cores"] = max(0.0, (machine_busy() - busy - ours) / elapsed)
    # Nothing is executed where all is refused.
    result["rows_per_execution"] = rows / runs if runs else 0.0
    result["worker_us_per_row"] = on_core * 1e6 / rows if rows else 0.0
    result["server_us_per_row"] = cpu * 1e6 / rows if rows else 0.0
