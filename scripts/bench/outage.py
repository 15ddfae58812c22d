"""What features add to a call of a model while their store is well, refuses connections, or is silent."""

import re
import shutil
import signal
import statistics
import tempfile
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path

from feature_calls import FLEET, feature
from feature_stores import Port, our_store
from processes import MODELS, BenchError, Server, load, server_command

# The model is the same for both; 12 of its 64 columns come from the store, or from the caller.
PLAIN, FEATURES = "mlp", "mlp_features"
WIDTH, COLUMNS = 64, 12
GIVEN = {PLAIN: ("INPUT__0", WIDTH), FEATURES: ("x", WIDTH - COLUMNS)}
OUTSTANDING = (1, 16)
OPEN = 2  # tournant_feature_breaker_state
WAIT_S = 60


def bindings() -> str:
    columns = "".join(
        f'  column {{ feature: "{FLEET}:{feature(i)}"  default: 0.5 }}\n' for i in range(COLUMNS))
    return (f'request {{ name: "x"  data_type: TYPE_FP32  dims: {WIDTH - COLUMNS} }}\n'
            f'input {{\n  name: "INPUT__0"\n  column {{ request: "x"  width: {WIDTH - COLUMNS} }}\n'
            f"{columns}}}\n")


def make_repository(folder: Path) -> None:
    for name in (PLAIN, FEATURES):
        shutil.copytree(MODELS / PLAIN, folder / name)
        config = folder / name / "config.pbtxt"
        config.write_text(config.read_text().replace(f'name: "{PLAIN}"', f'name: "{name}"', 1))
    (folder / FEATURES / "features.pbtxt").write_text(bindings())


def breaker(server: Server) -> int:
    url = f"http://127.0.0.1:{server.ready['http']}/metrics"
    with urllib.request.urlopen(url, timeout=10) as page:
        found = re.search(r"^tournant_feature_breaker_state\{.*\} (\d)", page.read().decode(), re.M)
    if not found:
        raise BenchError("no state of a breaker in /metrics")
    return int(found[1])


def call(server: Server, model: str, outstanding: int, **flags) -> dict:
    name, width = GIVEN[model]
    # A call that fails ends the benchmark.
    return load(server.port, model, input=name, width=width, outstanding=outstanding, **flags)


def measure(server: Server, rounds: int, seconds: float) -> dict[str, list[dict]]:
    """"model@outstanding" -> one result a round; the models take turns."""
    results: dict[str, list[dict]] = {}
    for number in range(rounds):
        for outstanding in OUTSTANDING:
            for model in (PLAIN, FEATURES)[:: 1 if number % 2 else -1]:
                results.setdefault(f"{model}@{outstanding}", []).append(
                    call(server, model, outstanding, seconds=seconds, warmup_calls=200))
    return results


def run_case(registry: Path, store_name: str, end, rounds: int, seconds: float) -> dict:
    """Measures after `end(store)`, once the breaker is open, or at once where nothing ended."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tournant-outage-")))
        make_repository(folder)
        port = Port()  # Nobody else answers here when the store has gone.
        store = stack.enter_context(our_store("outage-store", store_name, registry, port.number))
        server = stack.enter_context(Server("tournant-server", [
            *server_command(models=folder), "--http_address=127.0.0.1:0",
            f"--feature_store=grpc:127.0.0.1:{port.number}", f"--feature_registry={registry}",
            "--drain_delay=0s"]))
        for model in (PLAIN, FEATURES):
            call(server, model, 16, calls=3000)
        if end is not None:
            end(store)
            until = time.monotonic() + WAIT_S
            while breaker(server) != OPEN:
                if time.monotonic() > until:
                    raise BenchError("the breaker did not open")
                call(server, FEATURES, 16, calls=16, warmup_calls=0)
        try:
            return measure(server, rounds, seconds)
        finally:
            if store.process.poll() is None:
                store.process.send_signal(signal.SIGCONT)


def run(registry: Path, store_name: str, rounds: int, seconds: float) -> dict[str, dict]:
    cases = {
        "well": None,
        "refuses": lambda store: store.stop(),
        "silent": lambda store: store.process.send_signal(signal.SIGSTOP),
    }
    return {name: run_case(registry, store_name, end, rounds, seconds)
            for name, end in cases.items()}


def added(results: dict[str, list[dict]], outstanding: int, key: str) -> float:
    """Median of what the features of a round added, in microseconds."""
    return statistics.median(
        with_them[key] - without[key] for with_them, without in zip(
            results[f"{FEATURES}@{outstanding}"], results[f"{PLAIN}@{outstanding}"]))


def report(cases: dict[str, dict]) -> None:
    def middle(results: dict, model: str, outstanding: int, key: str) -> float:
        return statistics.median(run[key] for run in results[f"{model}@{outstanding}"])

    print("\nA model with 12 features from a store that is well, refuses connections, or is silent, beside "
          "the same\nmodel without; outages after the breaker opened; no call failed; us")
    print(f"  {'store':<9}{'outstanding':>11}{'p50 without':>13}{'with':>8}{'added':>8}"
          f"{'p99 without':>13}{'with':>8}{'added':>8}{'calls/s with':>14}")
    for name, results in cases.items():
        for n in OUTSTANDING:
            print(f"  {name:<9}{n:>11}{middle(results, PLAIN, n, 'p50_us'):>13,.0f}"
                  f"{middle(results, FEATURES, n, 'p50_us'):>8,.0f}{added(results, n, 'p50_us'):>8,.0f}"
                  f"{middle(results, PLAIN, n, 'p99_us'):>13,.0f}"
                  f"{middle(results, FEATURES, n, 'p99_us'):>8,.0f}{added(results, n, 'p99_us'):>8,.0f}"
                  f"{middle(results, FEATURES, n, 'calls_per_second'):>14,.0f}")
    print("  aimed at: at most 2,000 us added to p99 in an outage")
