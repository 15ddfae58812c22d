"""Runs `tournant load-test` and reads its JSON."""

import json
import subprocess

from processes import BIN, BenchError


def command(port, model, seconds, host="127.0.0.1", prefix=(), **flags):
    return [*prefix, str(BIN / "tournant"), "load-test", model, f"--server={host}:{port}",
            f"--duration={seconds}s", "--output=json", "--progress=false",
            *(f"--{name}={value}" for name, value in flags.items())]


def run(port, model, seconds, host="127.0.0.1", prefix=(), **flags):
    ended = subprocess.run(command(port, model, seconds, host, prefix, **flags),
                           capture_output=True, text=True, timeout=seconds + 120)
    # 1: no call succeeded, which is a result here.
    if ended.returncode not in (0, 1) or not ended.stdout:
        raise BenchError(f"load-test failed: {ended.stderr.strip()}")
    return json.loads(ended.stdout)
