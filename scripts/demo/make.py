#!/usr/bin/env python3
"""Makes the demo: data, feature store, model, reference scores. Does only what is not up to date.

Each step is a script of this folder, run by the Python environment that it needs. A step is up to
date when its stamp (OUT/.stamps/STEP.json) holds the hash of its scripts, its requirements and the
steps before it, and its outputs have the sizes noted there.
"""

import argparse
import fcntl
import hashlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from spec import MODEL, VIEWS, VOCABULARIES

SCRIPTS = Path(__file__).resolve().parent
ROOT = SCRIPTS.parent.parent
TORCH, FEAST = "requirements.txt", "requirements-feast.txt"
VERSION = f"models/{MODEL}/1"
VERSION_FILES = ("model.pt", "features.pbtxt", *(file for _, file in VOCABULARIES.values()))
PARQUET = tuple(f"feast/data/{view.name}.parquet" for view in VIEWS)


@dataclass(frozen=True)
class Step:
    """One script: what it is run with, what it comes after and what it leaves."""

    name: str
    requirements: str
    after: tuple[str, ...]
    outputs: tuple[str, ...]
    inputs: tuple[str, ...] = ()  # files of this folder other than its modules


STEPS = (
    Step(
        "fetch",
        FEAST,
        (),
        tuple(f"source/{t}.csv" for t in ("flights", "planes", "airports", "weather")),
        inputs=("requirements-data.txt",),
    ),
    Step(
        "tables",
        FEAST,
        ("fetch",),
        ("assembled/train.npz", "assembled/test.npz", "test.csv", *PARQUET),
    ),
    Step(
        "store",
        FEAST,
        ("tables",),
        ("feast/feature_store.yaml", "feast/data/registry.db", "feast/data/online_store.db"),
        inputs=("feature_repo/features.py", "feature_repo/feature_store.yaml"),
    ),
    Step("check_store", FEAST, ("store",), ()),
    Step(
        "train",
        TORCH,
        ("tables",),
        (f"models/{MODEL}/config.pbtxt", *(f"{VERSION}/{file}" for file in VERSION_FILES)),
    ),
    Step("reference", TORCH, ("train",), ("reference.csv", "quality.json")),
    Step(
        "bench_models",
        TORCH,
        (),
        ("models_bench/identity/1/model.pt", "models_bench/mlp/1/model.pt"),
    ),
)


def modules(script: Path) -> set[Path]:
    """The script and the modules of this folder that it imports, directly or not."""
    found, pending = set(), [script]
    while pending:
        path = pending.pop()
        if path not in found:
            found.add(path)
            names = re.findall(r"^(?:from|import) (\w+)", path.read_text(), re.MULTILINE)
            pending += [p for p in (SCRIPTS / f"{n}.py" for n in names) if p.exists()]
    return found


def key_of(step: Step, keys: dict[str, str]) -> str:
    """Hash of everything that decides what the step makes."""
    digest = hashlib.sha256()
    others = {SCRIPTS / name for name in (step.requirements, *step.inputs)}
    for path in sorted(modules(SCRIPTS / f"{step.name}.py") | others):
        digest.update(
            f"{path.relative_to(SCRIPTS)} {path.stat().st_size}\n".encode() + path.read_bytes()
        )
    for name in step.after:
        digest.update(keys[name].encode())
    return digest.hexdigest()


def sizes(out: Path, step: Step) -> dict[str, int]:
    """The outputs that exist."""
    return {name: (out / name).stat().st_size for name in step.outputs if (out / name).is_file()}


def up_to_date(out: Path, stamp: Path, step: Step, key: str) -> bool:
    try:
        noted = json.loads(stamp.read_text())
    except (OSError, ValueError):
        return False
    return noted == {"key": key, "outputs": sizes(out, step)} and len(noted["outputs"]) == len(
        step.outputs
    )


def run(out: Path, step: Step, python: Path) -> None:
    """Runs the step; its words go to a log, which is shown when it fails."""
    if not python.exists():
        sys.exit(
            f"demo: {python} is missing; make the environment from scripts/demo/{step.requirements}"
        )
    print(f"demo: {step.name} ...", file=sys.stderr, flush=True)
    log = out / "logs" / f"{step.name}.log"
    log.parent.mkdir(exist_ok=True)
    started = time.monotonic()
    # Feast's SQLite store holds event times in the writer's time zone.
    environment = os.environ | {"TZ": "UTC", "PYTHONDONTWRITEBYTECODE": "1"}
    with log.open("wb") as file:
        done = subprocess.run(
            [str(python), str(SCRIPTS / f"{step.name}.py"), str(out)],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode != 0:
        sys.exit(f"{log.read_text(errors='replace')}\ndemo: {step.name} failed")
    print(
        f"demo: {step.name} done in {time.monotonic() - started:.1f} s", file=sys.stderr, flush=True
    )


def make(out: Path, pythons: dict[str, Path]) -> Iterator[str]:
    """Yields the names of the steps that had to run."""
    stamps = out / ".stamps"
    stamps.mkdir(parents=True, exist_ok=True)
    keys: dict[str, str] = {}
    with (stamps / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # released with the file
        for step in STEPS:
            keys[step.name] = key = key_of(step, keys)
            stamp = stamps / f"{step.name}.json"
            if up_to_date(out, stamp, step, key):
                continue
            stamp.unlink(missing_ok=True)
            run(out, step, pythons[step.requirements])
            stamp.write_text(json.dumps({"key": key, "outputs": sizes(out, step)}))
            yield step.name


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "out", nargs="?", type=Path, default=ROOT / "build/demo", help="default: build/demo"
    )
    parser.add_argument(
        "--python", type=Path, default=ROOT / "build/venv/bin/python", help="has requirements.txt"
    )
    parser.add_argument(
        "--feast-python",
        type=Path,
        default=ROOT / "build/venv-feast/bin/python",
        help="has requirements-feast.txt",
    )
    arguments = parser.parse_args()
    ran = list(
        make(arguments.out.resolve(), {TORCH: arguments.python, FEAST: arguments.feast_python})
    )
    print("demo: made" if ran else "demo: up to date", file=sys.stderr)


if __name__ == "__main__":
    main()
