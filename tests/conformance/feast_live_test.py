"""Feast itself: a store that Feast made, read through `feast listen`, our feature store, and from within."""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from harness import LIMIT_SECONDS, ROOT, Server, environment, repository, serve, until
from health import SERVING, check
from protocol import Calls, answers, numbers, parameters, request, strings
from redis_servers import PortLease

FEAST_PYTHON = Path(os.environ.get("TOURNANT_VENV_FEAST", ROOT / "build/venv-feast/bin/python"))
MAKE_STORE = Path(__file__).with_name("make_feast_store.py")

# 1 March 2026. Everything was seen an hour before, but driver 1002 a month.
NOW = 1772323200
AGE = 3600.0

# For the model `types`, whose outputs are its inputs. Feast's gRPC server does not look at the ttl of
# a view, so the model says the same age.
MODEL = "types"
BINDINGS = """\
request { name: "driver"  data_type: TYPE_INT64   dims: 1 }
request { name: "zone"    data_type: TYPE_STRING  dims: 1 }
entity { join_key: "driver_id"  request: "driver"  data_type: TYPE_INT64 }
entity { join_key: "zone"  request: "zone" }
input {
  name: "fp32"
  column { feature: "drivers:acceptance"  default: -1  max_age { seconds: 604800 } }
  column { age_seconds: "drivers:trips"  default: -1  max_age { seconds: 604800 } }
}
input {
  name: "fp64"
  column { feature: "drivers:last_ratings"  width: 2  default: -1  max_age { seconds: 604800 } }
}
input {
  name: "int32"
  column { feature: "routes:minutes"  default_int: -1 }
  column { feature: "routes:vehicle"  vocabulary: "vehicles.txt"  default_string: "van" }
}
input {
  name: "int64"
  column { feature: "drivers:trips"  default_int: -1  indicator: true  max_age { seconds: 604800 } }
}
input {
  name: "flag"
  column { feature: "drivers:active"  default_int: 0  indicator: true  max_age { seconds: 604800 } }
}
"""
VEHICLES = "bike\nvan\n"

# What the model says where all is filled by defaults.
NOTHING = {"fp32": [-1, -1], "fp64": [-1, -1], "int32": [-1, 2], "int64": [-1, 0], "flag": [0, 0]}
CELLS = 7

# (driver, zone): what the model says, cells that are live, whether the answer is degraded.
ROWS = {
    "two views have all values": (
        (1001, "Zürich"),
        {"fp32": [0.5, AGE], "fp64": [5, 4.5], "int32": [12, 1], "int64": [7, 1], "flag": [1, 1]},
        7, False),
    "one key of two is another, and a word is new to the model": (
        (1001, "Bern"),
        {"fp32": [0.5, AGE], "fp64": [5, 4.5], "int32": [40, 0], "int64": [7, 1], "flag": [1, 1]},
        7, False),
    "one view is stale, and a value of the other null": (
        (1002, "Bern"), {**NOTHING, "int32": [33, 2]}, 1, True),
    "one view has a null, the other no such entity": (
        (2**40, "Bern"),
        {"fp32": [-1, AGE], "fp64": [3, 3.5], "int32": [-1, 2], "int64": [2**53 + 1, 1],
         "flag": [1, 1]},
        4, False),
    "no view knows the entity": ((5, "Bern"), NOTHING, 0, False),
}


class Feast:
    """Feast's gRPC server in a process of its own, always on the same port, over the store in `folder`."""

    def __init__(self, test_class, folder: Path):
        self.lease = PortLease()
        test_class.addClassCleanup(self.lease.close)
        self.folder = folder
        self.log = folder / "listen.log"
        self.process = None
        test_class.addClassCleanup(self.kill)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.lease.port}"

    def start(self) -> None:
        # setpriv: it does not outlive a test that crashes.
        with open(self.log, "a", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", FEAST_PYTHON.with_name("feast"), "--chdir",
                 self.folder, "listen", "--address", self.address],
                env=feast_environment(), stdout=log, stderr=log)
        options = [("grpc.initial_reconnect_backoff_ms", 100), ("grpc.max_reconnect_backoff_ms", 100)]
        with grpc.insecure_channel(self.address, options=options) as channel:
            until(lambda: self._answers(health_pb2_grpc.HealthStub(channel)))

    def _answers(self, stub) -> bool:
        """Asks once, and waits a second for somebody to ask."""
        if self.process.poll() is not None:
            raise AssertionError(f"feast listen ended: {self.log.read_text(encoding='utf-8')}")
        try:
            return stub.Check(health_pb2.HealthCheckRequest(), timeout=1,
                              wait_for_ready=True).status == SERVING
        except grpc.RpcError:
            return False

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


def feast_environment() -> dict[str, str]:
    """Without the folders of our tests, whose modules have common names."""
    env = {**environment(), "TZ": "UTC"}
    env.pop("PYTHONPATH", None)
    return env


def make_store(folder: Path) -> None:
    made = subprocess.run([FEAST_PYTHON, MAKE_STORE, folder], env=feast_environment(), text=True,
                          capture_output=True, timeout=LIMIT_SECONDS, check=False)
    if made.returncode != 0:
        raise AssertionError(f"Feast made no store: {made.stderr}")


class FeastLive(Calls):
    @classmethod
    def setUpClass(cls):
        folder = Path(tempfile.mkdtemp(prefix="tournant-feast-"))
        cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)
        cls.store = folder / "store"
        make_store(cls.store)
        cls.feast = Feast(cls, cls.store)
        cls.feast.start()

        cls.models = repository(cls, MODEL)
        (cls.models / MODEL / "features.pbtxt").write_text(BINDINGS)
        (cls.models / MODEL / "vehicles.txt").write_text(VEHICLES)

    def start_server(self, feature_store: str) -> None:
        self.connect(serve(self.models, f"--feature_store={feature_store}", f"--now={NOW}"))

    def start_with_feast(self) -> None:
        self.start_server(f"grpc:{self.feast.address}?method=/GrpcFeatureServer/GetOnlineFeatures")

    def ask(self, *rows: tuple[int, str]):
        """What the model says about each of these rows, and the answer's parameters."""
        drivers, zones = zip(*rows)
        response = self.call("ModelInfer", request(
            MODEL, numbers("driver", *drivers, datatype="INT64"),
            strings("zone", *(zone.encode() for zone in zones))))
        outputs = {name.removesuffix("_out"): array.tolist()
                   for name, array in answers(response).items()}
        said = [{name: values[row] for name, values in outputs.items()}
                for row in range(len(rows))]
        return said, parameters(response)

    def check_answers(self) -> None:
        """Every row by itself, then all of them in one request."""
        for name, (row, values, live, degraded) in ROWS.items():
            with self.subTest(name):
                said, given = self.ask(row)
                self.assertEqual(said, [values])
                self.check_provenance(given, CELLS, live, degraded)
        said, given = self.ask(*(row[0] for row in ROWS.values()))
        self.assertEqual(said, [row[1] for row in ROWS.values()])
        self.check_provenance(given, CELLS * len(ROWS), sum(row[2] for row in ROWS.values()), True)

    def check_provenance(self, given: dict, cells: int, live: int, degraded: bool) -> None:
        expected = {"features_live": live, "features_cached": 0, "features_stale": 0,
                    "features_defaulted": cells - live, "features_from_request": 0,
                    "degraded": degraded}
        if live > 0:
            expected["oldest_feature_age_ms"] = int(AGE * 1000)
        self.assertEqual(given, expected)

    def test_a_model_gets_what_feast_serves(self):
        self.start_with_feast()
        self.check_answers()
        self.assertEqual(self.server.stop()[0], 0, self.server.errors)

    def test_our_feature_store_serves_the_same_from_feasts_files(self):
        store = Server(
            f"--store=sqlite:{self.store}/data/online_store.db",
            f"--registry={self.store}/data/registry.db",
            f"--now={NOW}",
            "--grpc_address=127.0.0.1:0",
            binary="tournant-feature-store",
        )
        self.addCleanup(store.kill)
        for method in ("", "?method=/GrpcFeatureServer/GetOnlineFeatures"):
            with self.subTest(method):
                self.start_server(f"grpc:{store.address}{method}")
                self.check_answers()
                self.assertEqual(self.server.stop()[0], 0, self.server.errors)
        self.assertEqual(store.stop()[0], 0, store.errors)

    def test_the_model_server_reads_the_same_from_feasts_files_itself(self):
        data = self.store / "data"
        for source in (
            f"sqlite:{data}/online_store.db?registry={data}/registry.db",
            f"feast:{self.store}",
        ):
            with self.subTest(source):
                self.start_server(source)
                self.check_answers()
                self.assertEqual(self.server.stop()[0], 0, self.server.errors)

    def test_without_feast_answers_are_degraded_and_the_server_stays_ready(self):
        self.start_with_feast()
        row, values, live, _ = ROWS["two views have all values"]
        self.assertEqual(self.ask(row)[0], [values])
        self.feast.kill()
        said, given = self.ask(row)
        self.assertEqual(said, [NOTHING])
        self.check_provenance(given, CELLS, 0, True)
        for service in ("", "ready", "live", MODEL):
            self.assertEqual(check(self.channel, service), SERVING)

        self.feast.start()
        said = []

        def is_live() -> bool:
            said[:] = self.ask(row)
            return said[0] == [values]

        until(is_live)
        self.check_provenance(said[1], CELLS, live, False)
        self.assertEqual(self.server.stop()[0], 0, self.server.errors)


if __name__ == "__main__":
    unittest.main()
