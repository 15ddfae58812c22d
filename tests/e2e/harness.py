"""Starts the real binaries for the tests in Python and takes them down again.

Where things are comes from scripts/test (see scripts/run_tests.py); without it, from the checkout.
Nothing here sleeps: tests wait for the ready line, for a process to end, or for a health watch.
"""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("TOURNANT_BUILD", ROOT / "build/release"))
BIN = Path(os.environ.get("TOURNANT_BIN", BUILD / "bin"))
SANITIZED = BUILD.name in ("asan", "tsan")
TORCH_PYTHON = os.environ.get("TOURNANT_VENV", str(ROOT / "build/venv/bin/python"))
CLIENT_PYTHON = os.environ.get("TOURNANT_VENV_CLIENTS", str(ROOT / "build/venv-clients/bin/python"))
DATA = ROOT / "tests/conformance/data"

# The stored features are from 2013: this moment, 15 July 2013, is the one they were read at.
NOW = 1373846400
STORE = f"sqlite:{DATA}/online_store.db?registry={DATA}/registry.db"

# A hang ends a test after this time; nothing takes as long, under a sanitizer either. No deadline
# that a test does not mean is shorter.
LIMIT_SECONDS = 240
DEADLINE = f"--deadline={LIMIT_SECONDS}s"


def environment() -> dict[str, str]:
    """Ours without the variables of the test runner, of which the binaries would warn."""
    return {name: value for name, value in os.environ.items() if not name.startswith("TOURNANT_")}


def models(folder: str = "e2e") -> Path:
    """The models of tests/<folder>/make_models.py, made once for each state of that script."""
    script = ROOT / "tests" / folder / "make_models.py"
    shared = Path(__file__).with_name("model_files.py")
    state = hashlib.sha256(script.read_bytes() + shared.read_bytes()).hexdigest()[:12]
    out = ROOT / "build" / folder / f"models-{state}"
    if not out.exists():
        subprocess.run([TORCH_PYTHON, str(script), str(out)], check=True, timeout=LIMIT_SECONDS,
                       env={**environment(), "PYTHONPATH": str(shared.parent)})
    return out


def add_model(
    repository: Path, name: str, source: str = "", version: int | str = 1, made_by: str = "e2e"
) -> None:
    """Puts a model into a repository under `name`; only a new version of it if it is there."""
    made = models(made_by) / (source or name)
    target = repository / name
    target.mkdir(parents=True, exist_ok=True)
    for file in made.iterdir():
        if file.is_file() and not (target / file.name).exists():
            text = file.read_text().replace(f'name: "{made.name}"', f'name: "{name}"', 1)
            (target / file.name).write_text(text)
    # Whole or not at all: the server may be looking.
    partial = target / f"partial-{version}"
    shutil.copytree(made / "1", partial)
    partial.rename(target / str(version))


def repository(test, *names: str, made_by: str = "e2e") -> Path:
    """A repository of its own for `test` (a TestCase or its class), with these models."""
    folder = Path(tempfile.mkdtemp(prefix="tournant-e2e-"))
    cleanup = getattr(test, "addClassCleanup" if isinstance(test, type) else "addCleanup")
    cleanup(shutil.rmtree, folder, ignore_errors=True)
    for name in names:
        add_model(folder, name, made_by=made_by)
    return folder


def run(binary: str, *arguments: str, env: dict[str, str] | None = None, **options):
    """Runs a binary of ours to its end: returncode, stdout, stderr."""
    return subprocess.run(
        [str(BIN / binary), *arguments],
        env={**environment(), **(env or {})},
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
        **options,
    )


def tournant(*arguments: str, **options):
    """Runs the command line tool."""
    return run("tournant", *arguments, **options)


def until(condition) -> None:
    """Asks again and again, at the pace of the answers, until `condition()` holds."""
    end = time.monotonic() + LIMIT_SECONDS
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("what was waited for did not come")


class Server:
    """A server process that is ready. Use it in a `with`, or end it with stop()."""

    def __init__(
        self,
        *arguments: str,
        binary: str = "tournant-server",
        env: dict[str, str] | None = None,
    ):
        self.process = subprocess.Popen(
            [str(BIN / binary), *arguments],
            env={**environment(), **(env or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._errors: list[str] = []
        self._logged = threading.Condition()
        self._reader = threading.Thread(target=self._read_errors, daemon=True)
        self._reader.start()
        self.ready = self._read_ready()

    def _read_errors(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self._logged:
                self._errors.append(line)
                self._logged.notify_all()

    def _read_ready(self) -> dict:
        # A server that hangs before it is ready is killed, which ends the read.
        watchdog = threading.Timer(LIMIT_SECONDS, self.process.kill)
        watchdog.start()
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        watchdog.cancel()
        if not line:
            self.wait()
            raise RuntimeError(f"ended with {self.process.returncode} before ready: {self.errors}")
        return json.loads(line)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.ready['grpc']}"

    @property
    def errors(self) -> str:
        return "".join(self._errors)

    def wait_for_log(self, text: str) -> None:
        """Returns once a line of the log holds `text`. Unlike until() it leaves the cores to others."""
        with self._logged:
            if not self._logged.wait_for(lambda: text in self.errors, LIMIT_SECONDS):
                raise AssertionError(f"the log never said {text!r}: {self.errors}")

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def wait(self) -> tuple[int, str]:
        """Waits for the end: exit status, and what came on stdout after the ready line."""
        assert self.process.stdout is not None
        watchdog = threading.Timer(LIMIT_SECONDS, self.process.kill)
        watchdog.start()
        rest = self.process.stdout.read()
        status = self.process.wait()
        watchdog.cancel()
        self._reader.join()
        self.process.stdout.close()
        self.process.stderr.close()
        return status, rest

    def stop(self) -> tuple[int, str]:
        """Drains it."""
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        return self.wait()

    def kill(self) -> None:
        """For cleaning up after a test that failed."""
        if self.process.poll() is None:
            self.process.kill()
            self.wait()

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_) -> None:
        self.kill()


def run_server(folder: Path, *arguments: str):
    """Runs a model server that is not expected to start: returncode, stdout, stderr."""
    return run("tournant-server", f"--model_repository={folder}", "--grpc_address=127.0.0.1:0",
               "--http_address=none", *arguments)


def serve(folder: Path, *arguments: str, env: dict[str, str] | None = None) -> Server:
    """A model server on any free port, without HTTP, that is patient and drains at once."""
    return Server(
        f"--model_repository={folder}",
        "--grpc_address=127.0.0.1:0",
        "--http_address=none",
        "--drain_delay=0s",
        f"--default_deadline={LIMIT_SECONDS}s",
        f"--max_deadline={LIMIT_SECONDS}s",
        f"--feature_timeout={LIMIT_SECONDS}s",
        *arguments,
        env=env,
    )


def serve_features() -> Server:
    """A feature store on any free port that has what was stored of the flights."""
    return Server(
        f"--store=sqlite:{DATA}/online_store.db",
        f"--registry={DATA}/registry.db",
        f"--now={NOW}",
        "--grpc_address=127.0.0.1:0",
        binary="tournant-feature-store",
    )


def serve_for_class(
    test_class, *names: str, arguments: tuple[str, ...] = (), made_by: str = "e2e"
) -> Server:
    """A server that all tests of a class share."""
    server = serve(repository(test_class, *names, made_by=made_by), *arguments)
    test_class.addClassCleanup(server.kill)
    return server
