"""The demo's processes: started on free ports, ready when they say so, ended by SIGTERM."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path


class Service:
    """A server that prints one JSON line when it is ready. Its log goes to a file."""

    def __init__(self, command: list[str], log: Path) -> None:
        self.command = command
        self.log = log
        self.ready: dict[str, int] = {}
        self.start("127.0.0.1:0")

    def start(self, address: str) -> None:
        with self.log.open("a") as stderr:
            self.process = subprocess.Popen(
                [*self.command, f"--grpc_address={address}"],
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                start_new_session=True,  # Ctrl-C is for this script, which then ends it.
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            status = self.process.wait()
            raise SystemExit(
                f"{self.command[0]} ended with {status}:\n{self.log.read_text()[-2000:]}"
            )
        self.ready = json.loads(line)

    def start_again(self) -> None:
        """After stop(), on the port that it had."""
        self.start(f"127.0.0.1:{self.port()}")

    def port(self, name: str = "grpc") -> int:
        return self.ready[name]

    def stop(self) -> int:
        """Ends it as Kubernetes would, and waits."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait()
