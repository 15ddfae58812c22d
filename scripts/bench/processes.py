"""Starts what a benchmark needs, and reads what it costs."""

import contextlib
import datetime
import json
import os
import select
import signal
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / "build"
BIN = BUILD / "release" / "bin"
OUT = BUILD / "bench"
MODELS = BUILD / "demo" / "models_bench"

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class BenchError(Exception):
    """Something that a benchmark cannot go on without; its text says what."""


def build(*targets):
    command = ". scripts/lib.sh && build release " + " ".join(targets)
    result = subprocess.run(["bash", "-c", command], cwd=ROOT, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True)
    if result.returncode != 0:
        raise BenchError(f"the build failed:\n{result.stdout[-3000:]}")


def make_models():
    """The identity and mlp models, written once."""
    if all((MODELS / name / "1" / "model.pt").exists() for name in ("identity", "mlp")):
        return
    python = BUILD / "venv" / "bin" / "python"
    if not python.exists():
        raise BenchError("no build/venv: run scripts/setup first")
    script = ROOT / "scripts" / "demo" / "bench_models.py"
    subprocess.run([python, script, MODELS.parent], check=True, stdout=subprocess.DEVNULL)


def make_work_model():
    """The folder of `work`, of about 10 ms a call, written once."""
    folder = BUILD / "bench" / "overload_models" / "work"
    if not (folder / "1" / "model.pt").exists():
        python = BUILD / "venv" / "bin" / "python"
        subprocess.run([python, ROOT / "scripts" / "demo" / "overload_models.py", folder.parent], check=True)
    return folder


def circumstances():
    """What a report says of its figures: the commit, the machine, the time."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True,
                            text=True).stdout.strip()
    return {"commit": commit, "cores": os.cpu_count(), "load_before": os.getloadavg()[0],
            "time": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")}


def rotated(items, by):
    """What a round begins with moves on, so that no one is always first."""
    items = list(items)
    return items[by % len(items):] + items[:by % len(items)]


def save(report, name, started):
    """Leaves all figures in build/bench/NAME.json, and says so."""
    OUT.mkdir(parents=True, exist_ok=True)
    path = OUT / f"{name}.json"
    path.write_text(json.dumps(report, indent=1) + "\n")
    print(f"\nall figures in {path.relative_to(ROOT)}; {time.monotonic() - started:.0f} s")


class Server:
    """A server process that printed its ready line. Use as a context; its end is SIGTERM."""

    def __init__(self, name, command, ready_timeout=60, environment=None):
        self.name = name
        OUT.mkdir(parents=True, exist_ok=True)
        self.log = OUT / f"{name}.log"
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True,
                                            env={**os.environ, **(environment or {})})
        try:
            self.port = self._wait_until_ready(ready_timeout)
        except BaseException:
            self.stop()
            raise

    def _wait_until_ready(self, timeout):
        self.ready = self.wait_for("ready", timeout)
        return self.ready.get("grpc") or self.ready["http"]

    def wait_for(self, name, timeout):
        """The next event of this name that it prints, a JSON line each."""
        until = time.monotonic() + timeout
        while (left := until - time.monotonic()) > 0:
            if not select.select([self.process.stdout], [], [], left)[0]:
                break
            line = self.process.stdout.readline()
            if not line:
                raise BenchError(f"{self.name} ended: {self.log.read_text()[-1500:]}")
            with contextlib.suppress(ValueError):
                event = json.loads(line)
                if event.get("event") == name:
                    return event
        raise BenchError(f"{self.name} was not {name} within {timeout} s; its log is {self.log}")

    @property
    def pid(self):
        return self.process.pid

    def cpu_seconds(self):
        """User and system time of all its threads so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND

    def rss_kib(self):
        return self._status("VmRSS")

    def threads(self):
        return self._status("Threads")

    def _status(self, field):
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            name, _, value = line.partition(":")
            if name == field:
                return int(value.split()[0])
        raise BenchError(f"no {field} of {self.name}")

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


# What tournant-server has by default (--max_connection_age).
AGE_MS = 300_000


def echo_command(binary=BIN / "bench" / "echo_server", age_ms=0):
    return [str(binary), str(age_ms)]


def server_command(binary=BIN / "tournant-server", models=MODELS):
    return [str(binary), f"--model_repository={models}", "--grpc_address=127.0.0.1:0",
            "--http_address=none"]


def load(port, model, timeout=120, **flags):
    """One run of the load generator: what it printed, as a dictionary."""
    command = [str(BIN / "bench" / "load_generator"), f"--address=127.0.0.1:{port}",
               f"--model={model}", *(f"--{name}={value}" for name, value in flags.items())]
    result = subprocess.run(command, capture_output=True, text=True, timeout=timeout)
    if result.returncode != 0:
        raise BenchError(f"the load generator failed on {model}: {result.stderr.strip()}")
    return json.loads(result.stdout)
