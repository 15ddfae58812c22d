"""A feature store behind a faulty network: the model server stays ready, answers, and recovers."""

import concurrent.futures
import pathlib
import re
import shutil
import tempfile
import threading
import unittest
import urllib.request
from collections import Counter

import faulty_store
import grpc
import numpy as np
import tritonclient.grpc as triton
from fault_proxy import FaultProxy, Mode
from faulty_store import FaultyStore
from harness import DATA, LIMIT_SECONDS, NOW, repository, serve, serve_features, until
from health import SERVING, check
from name_server import NameServer
from triton_calls import tensor
from tritonclient.utils import InferenceServerException

LIVE = 660.0  # Twice the seats of the plane,
DEFAULT = 298.0  # or twice the default.
CELLS = ("live", "cached", "stale", "defaulted", "from_request")


class FeatureFaults(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.store = serve_features()
        cls.addClassCleanup(cls.store.kill)

    def start(self, proxies: int = 1) -> None:
        self.proxies = [self.proxy() for _ in range(proxies)]
        self.start_server(",".join(proxy.address for proxy in self.proxies))

    def proxy(self, host: str = "127.0.0.1", port: int = 0) -> FaultProxy:
        proxy = FaultProxy(self.store.address, host, port)
        self.addCleanup(proxy.close)
        return proxy

    def proxies_on_one_port(self, *hosts: str) -> list[FaultProxy]:
        for _ in range(20):
            first = self.proxy(hosts[0])
            try:
                return [first, *(self.proxy(host, first.port) for host in hosts[1:])]
            except OSError:
                pass  # Somebody has the port there.
        raise AssertionError(f"no port is free on all of {hosts}")

    def start_server(self, store: str) -> None:
        self.server = serve(
            repository(self, "seats"),
            f"--feature_store=grpc:{store}",
            f"--feature_registry={DATA}/registry.db",
            f"--now={NOW}",
            "--feature_timeout=100ms",
            "--http_address=127.0.0.1:0",
        )
        self.addCleanup(self.server.kill)
        self.client = triton.InferenceServerClient(self.server.address)
        self.addCleanup(self.client.close)
        self.pool = concurrent.futures.ThreadPoolExecutor(8)
        self.addCleanup(self.pool.shutdown)
        self.counted = dict.fromkeys(CELLS, 0)
        self.counting = threading.Lock()
        until(lambda: self.infer() == LIVE)

    def infer_rows(self, *planes: bytes) -> list[float]:
        """What the model says about each; the answer's cells are added to those counted."""
        name = tensor("tailnum", np.array([[plane] for plane in planes], dtype=np.object_))
        result = self.client.infer("seats", [name], client_timeout=LIMIT_SECONDS)
        parameters = result.get_response().parameters
        with self.counting:
            for source in CELLS:
                self.counted[source] += parameters[f"features_{source}"].int64_param
        return [float(y) for y in result.as_numpy("y")[:, 0]]

    def infer(self) -> float:
        return self.infer_rows(b"N1602")[0]

    def infer_many(self, count: int) -> list[float]:
        """Eight at a time; every one of them is answered, or this raises."""
        futures = [self.pool.submit(self.infer) for _ in range(count)]
        return [future.result() for future in futures]

    def metrics(self) -> str:
        url = f"http://127.0.0.1:{self.server.ready['http']}/metrics"
        with urllib.request.urlopen(url, timeout=LIMIT_SECONDS) as answer:
            return answer.read().decode()

    def metric(self, series: str) -> float:
        found = re.search(f"^{re.escape(series)} (.*)$", self.metrics(), re.MULTILINE)
        self.assertIsNotNone(found, f"no {series}")
        return float(found.group(1))

    def faults(self) -> float:
        """Fetches that did not end well or were not even tried, whatever the reason."""
        series = re.findall(
            r'^tournant_feature_(?:requests|brownout_fetches)_total\{.*outcome="(?!ok")[a-z_]+"\} (.*)$',
            self.metrics(), re.MULTILINE)
        self.assertGreater(len(series), 0)
        return sum(float(value) for value in series)

    def assert_ready(self) -> None:
        with grpc.insecure_channel(self.server.address) as channel:
            for name in ("", "ready", "live", "seats"):
                self.assertEqual(check(channel, name), SERVING)

    def breaker(self, address: str) -> float:
        return self.metric(f'tournant_feature_breaker_state{{backend="{address}"}}')

    def recovers(self) -> None:
        for proxy in self.proxies:
            proxy.set_mode(Mode.PASS)
        until(lambda: set(self.infer_many(8)) == {LIVE})

    def test_an_outage_opens_the_breaker_and_costs_no_answer(self):
        self.start()
        (proxy,) = self.proxies
        for mode in (Mode.DOWN, Mode.BLACK_HOLE):
            with self.subTest(mode=mode):
                opened = f'tournant_feature_breaker_transitions_total{{backend="{proxy.address}",to="open"}}'
                before = self.metric(opened)
                proxy.set_mode(mode)
                until(lambda: set(self.infer_many(8)) == {DEFAULT} and self.metric(opened) > before)
                self.assertEqual(set(self.infer_many(200)), {DEFAULT})
                self.assert_ready()
                self.recovers()
                until(lambda: self.infer() == LIVE and self.breaker(proxy.address) == 0)
        self.server.wait_for_log('"from":"half_open"')
        self.assertIn('"to":"closed"', self.server.errors)
        for source, count in self.counted.items():
            # Counted once the answer is out.
            series = f'tournant_feature_cells_total{{outcome="{source}"}}'
            until(lambda series=series, count=count: self.metric(series) == count)
        self.assertEqual(self.server.stop()[0], 0, self.server.errors)

    def test_whatever_happens_to_a_message_an_answer_comes_and_no_wrong_value(self):
        self.start()
        for mode in (Mode.SLOW, Mode.TRICKLE, Mode.TRUNCATE):
            with self.subTest(mode=mode):
                before = self.faults()
                self.proxies[0].set_mode(mode)
                if mode is Mode.SLOW:  # Twice the time-out: nothing but defaults is left.
                    until(lambda: set(self.infer_many(8)) == {DEFAULT})
                self.assertLessEqual(set(self.infer_many(64)), {LIVE, DEFAULT})
                self.assertGreater(self.faults(), before)
                self.assert_ready()
                self.recovers()

    def test_flapping_leaves_it_usable(self):
        self.start()
        for _ in range(5):
            self.proxies[0].set_mode(Mode.DOWN)
            before = self.faults()
            self.assertEqual(set(self.infer_many(16)), {DEFAULT})
            self.assertGreater(self.faults(), before)
            self.proxies[0].set_mode(Mode.PASS)
            self.assertLessEqual(set(self.infer_many(16)), {LIVE, DEFAULT})
        self.assert_ready()
        self.recovers()

    def test_one_dead_backend_of_two_leaves_all_features_to_the_other(self):
        self.start(proxies=2)
        for dead in self.proxies:
            for mode in (Mode.DOWN, Mode.BLACK_HOLE):
                with self.subTest(mode=mode):
                    dead.set_mode(mode)
                    until(lambda: set(self.infer_many(64)) == {LIVE})
                    self.assert_ready()
                    dead.set_mode(Mode.PASS)
        self.recovers()

    def test_a_name_that_moves_to_another_address_is_followed(self):
        self.proxies = self.proxies_on_one_port("127.0.0.2", "127.0.0.3")
        before, after = self.proxies
        names = NameServer({"features.test": "127.0.0.2"})
        self.addCleanup(names.close)
        after.set_mode(Mode.DOWN)
        self.start_server(f"dns://{names.address}/features.test:{before.port}")
        names.names["features.test"] = "127.0.0.3"
        after.set_mode(Mode.PASS)
        before.set_mode(Mode.DOWN)
        until(lambda: set(self.infer_many(8)) == {LIVE})

    def test_a_copy_of_the_registry_that_changes_is_what_later_loads_are_checked_by(self):
        copy = pathlib.Path(tempfile.mkdtemp(prefix="tournant-e2e-")) / "registry.db"
        self.addCleanup(shutil.rmtree, copy.parent)
        right = (DATA / "registry.db").read_bytes()
        # The view has another name there, of the same length.
        copy.write_bytes(right.replace(b"plane_facts", b"plane_fakes"))
        server = serve(
            repository(self, "seats"),
            f"--feature_store=grpc:{self.store.address}",
            f"--feature_registry={copy}",
            "--model_control=explicit",
        )
        self.addCleanup(server.kill)
        with triton.InferenceServerClient(server.address) as client:
            with self.assertRaisesRegex(InferenceServerException, "plane_facts"):
                client.load_model("seats")
            copy.write_bytes(right)
            server.wait_for_log("read the changed feature registry")
            client.load_model("seats")
            self.assertTrue(client.is_model_ready("seats"))
        self.assertEqual(server.stop()[0], 0, server.errors)

    def start_with_faulty_store(self) -> FaultyStore:
        store = FaultyStore(self.store.address)
        self.addCleanup(store.close)
        self.start_server(store.address)
        return store

    def test_a_store_that_fails_three_calls_of_ten_stays_in_use(self):
        store = self.start_with_faulty_store()
        store.fault = faulty_store.fails
        answers = Counter(self.infer() for _ in range(200))
        self.assertEqual(set(answers), {LIVE, DEFAULT})
        # Some of the failed ones are tried again.
        self.assertLessEqual(answers[DEFAULT], 62, answers)
        self.assertGreater(self.metric("tournant_feature_retries_total"), 0)
        self.assertEqual(self.breaker(store.address), 0)
        self.assertGreater(self.metric("tournant_feature_brownout_level"), 0)
        self.assert_ready()
        self.assertEqual(self.server.stop()[0], 0, self.server.errors)

    def test_a_store_that_is_late_for_one_call_of_ten_costs_the_features_of_that_one(self):
        store = self.start_with_faulty_store()
        store.fault = faulty_store.delays
        late = 'tournant_feature_requests_total{backend="%s",outcome="timeout"}' % store.address
        before = self.metric(late)
        answers = Counter(self.infer() for _ in range(100))
        self.assertEqual(set(answers), {LIVE, DEFAULT})
        # A busy machine is late for others, too.
        self.assertGreaterEqual(self.metric(late) - before, 10)
        self.assertGreater(answers[LIVE], 50)
        self.assertEqual(self.breaker(store.address), 0)
        self.assert_ready()

    def test_an_answer_that_is_cut_off_or_in_another_order_is_not_used(self):
        store = self.start_with_faulty_store()
        planes = (b"N1602", b"N10575")
        right = self.infer_rows(*planes)
        self.assertEqual(len({*right, DEFAULT}), 3, "the two planes differ")
        for fault in (faulty_store.truncates, faulty_store.reverses):
            with self.subTest(fault=fault.__name__):
                before = self.faults()
                store.fault = fault
                self.assertEqual(self.infer_rows(*planes), [DEFAULT, DEFAULT])
                self.assertGreater(self.faults(), before)
                store.fault = faulty_store.none
                self.assertEqual(self.infer_rows(*planes), right)


if __name__ == "__main__":
    unittest.main()
