"""Materializes the demo's features into a Redis of its own with Feast, and keeps what that saves.

    build/venv-feast/bin/python scripts/deploy/demo_redis.py DEMO OUT

DEMO is what scripts/demo/make.py made. OUT gets registry.db and dump.rdb.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

os.environ["TZ"] = "UTC"
time.tzset()

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "scripts/demo"))

from feast import FeatureStore

from store import END, REPOSITORY, START, definitions

CONFIG = """\
project: flights
registry: data/registry.db
provider: local
online_store:
  type: redis
  connection_string: 127.0.0.1:{port}
entity_key_serialization_version: 3
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    while server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    sys.exit(f"error: redis-server ended with {server.returncode}")


def repository(demo: Path, folder: Path, port: int) -> None:
    """The demo's Feast repository, with Redis as its online store and no registry yet."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "data").mkdir(parents=True)
    for file in (demo / "feast/data").glob("*.parquet"):
        shutil.copy(file, folder / "data")
    shutil.copy(REPOSITORY / "features.py", folder)
    (folder / "feature_store.yaml").write_text(CONFIG.format(port=port))


def main() -> None:
    demo, out = (Path(argument).resolve() for argument in sys.argv[1:])
    out.mkdir(parents=True, exist_ok=True)
    (out / "dump.rdb").unlink(missing_ok=True)
    port = free_port()
    server = subprocess.Popen(
        ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", str(out), "--save", ""],
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_for(port, server)
        folder = out / "feast"
        repository(demo, folder, port)
        store = FeatureStore(repo_path=str(folder))
        store.apply(definitions())
        store.materialize(START, END)
        subprocess.run(["redis-cli", "-p", str(port), "save"], check=True, stdout=subprocess.DEVNULL)
        shutil.copy(folder / "data/registry.db", out)
        shutil.rmtree(folder)
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
