#!/usr/bin/env python3
"""Serves the demo, scores the test flights through it, and shows what came out.

Ends with 1 when an answer differs from what Python computes from the same features.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

from processes import Service

ROOT = Path(__file__).resolve().parents[2]
BIN = ROOT / "build/bin"
DEMO = ROOT / "build/demo"
OUT = DEMO / "served"
FLIGHT = (
    "carrier=UA flight=1545 tailnum=N14228 origin=EWR dest=IAH time_hour=385000 "
    "sched_dep_time=515 distance=1400"
)


def start_store() -> Service:
    return Service(
        [
            str(BIN / "tournant-feature-store"),
            f"--store=sqlite:{DEMO}/feast/data/online_store.db",
            f"--registry={DEMO}/feast/data/registry.db",
        ],
        OUT / "feature_store.log",
    )


def start_server(store: Service | None) -> Service:
    if store is None:
        features = (
            f"sqlite:{DEMO}/feast/data/online_store.db?registry={DEMO}/feast/data/registry.db"
        )
        registry = []
    else:
        features = f"grpc:127.0.0.1:{store.port()}"
        registry = [f"--feature_registry={DEMO}/feast/data/registry.db"]
    return Service(
        [
            str(BIN / "tournant-server"),
            f"--model_repository={DEMO}/models",
            "--http_address=127.0.0.1:0",
            f"--feature_store={features}",
            *registry,
            # A scoring run keeps the store busy on purpose; nobody waits for a single answer.
            "--feature_timeout=2s",
            f"--prediction_log={OUT}/predictions",
            "--drain_delay=0s",
        ],
        OUT / "server.log",
    )


def score_command(server: Service, name: str) -> list[str]:
    return [
        str(BIN / "tournant"),
        "score",
        "flight_delay",
        str(DEMO / "test.csv"),
        f"--server=127.0.0.1:{server.port()}",
        "--label=late",
        f"--out={OUT}/{name}.csv",
        f"--json-summary={OUT}/{name}.json",
    ]


def compare(name: str, *options: str) -> tuple[bool, str]:
    done = subprocess.run(
        [
            sys.executable,
            str(ROOT / "scripts/demo/compare.py"),
            str(OUT / f"{name}.csv"),
            str(DEMO / "reference.csv"),
            str(DEMO / "quality.json"),
            *options,
        ],
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    return done.returncode == 0, done.stdout


def percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"


def block(title: str, name: str) -> None:
    summary = json.loads((OUT / f"{name}.json").read_text())
    python = json.loads((DEMO / "quality.json").read_text())
    features = summary["features"]
    cells = sum(
        features[key] for key in ("live", "cached", "stale", "defaulted", "from_request")
    )
    latency = summary["latency_ms"]
    quality = summary["quality"]
    print(f"\n  {title}")
    print(f"    rows       {summary['scored']:,} scored, {summary['failed']:,} failed")
    print(
        f"    speed      {summary['rows_per_second']:,.0f} rows/s in"
        f" {summary['requests']:,} requests, p50 {latency['p50']:.1f} ms,"
        f" p99 {latency['p99']:.1f} ms"
    )
    print(
        f"    quality    AUC {quality['auc']:.6f} served, {python['auc']:.6f} in Python;"
        f" Brier {quality['brier']:.6f}, {python['brier']:.6f}"
    )
    print(
        f"    features   {features['live']:,} live ({percent(features['live'], cells)}),"
        f" {features['defaulted']:,} defaulted; {features['degraded_rows']:,} rows degraded"
    )


def score(server: Service) -> None:
    subprocess.run(score_command(server, "scores"), check=True, stdout=subprocess.DEVNULL)
    block("Will this flight arrive more than 15 minutes late?", "scores")
    equal, report = compare("scores")
    if not equal:
        raise SystemExit(f"the answers differ from Python's:\n{report}")
    print("    answers    every row equals PyTorch's in Python within 1e-5")


def rows_written(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def score_through_an_outage(server: Service, store: Service) -> None:
    """Stops the store when a third of the rows are out, and starts it again afterwards."""
    (OUT / "outage.csv").unlink(missing_ok=True)
    total = rows_written(DEMO / "test.csv")
    scoring = subprocess.Popen(score_command(server, "outage"), stdout=subprocess.DEVNULL)
    while scoring.poll() is None and rows_written(OUT / "outage.csv") < total / 3:
        time.sleep(0.02)
    store.stop()
    if scoring.wait() != 0:
        raise SystemExit("scoring failed when the feature store was stopped")
    block("The same with the feature store stopped in the middle", "outage")
    store.start_again()


def lines_to_try(server: Service, store: Service | None) -> None:
    address = f"127.0.0.1:{server.port()}"
    http = f"127.0.0.1:{server.port('http')}"
    python = ROOT / "build/venv-clients/bin/python"
    print(f"\n  Try it (gRPC at {address}, HTTP at {http}):")
    print(f"    {BIN}/tournant infer flight_delay --server={address} {FLIGHT}")
    print(f"    {python} {ROOT}/client/python/example.py --server={address}")
    print(f"    {python} {ROOT}/client/python/triton_example.py --server={address}")
    print(f"    {BIN}/tournant predictions {OUT}/predictions --limit=3")
    print(f"    curl -s http://{http}/metrics | grep tournant_feature")
    if store is not None:
        print(f"    kill {store.process.pid}      # stops the feature store: answers say degraded")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--once", action="store_true")
    parser.add_argument("--embedded", action="store_true")
    parser.add_argument("--outage", action="store_true")
    options = parser.parse_args()
    if options.embedded and options.outage:
        parser.error("--outage needs a feature store of its own, so not --embedded")
    OUT.mkdir(parents=True, exist_ok=True)

    store = None if options.embedded else start_store()
    server = start_server(store)
    try:
        score(server)
        if options.outage and store is not None:
            score_through_an_outage(server, store)
        if not options.once:
            lines_to_try(server, store)
            print("\n  Running until Ctrl-C.", flush=True)
            signal.pause()
    except KeyboardInterrupt:
        print("\n  Stopping.", flush=True)
    finally:
        server_status = server.stop()
        store_status = store.stop() if store is not None else 0
    if server_status != 0 or store_status != 0:
        raise SystemExit(f"ended with {server_status} and {store_status}: see {OUT}")


def interrupt(signum: int, frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, interrupt)
    main()
