"""Model server and feature store as two processes: features over gRPC, and what happens without them."""

import json
import socket
import unittest
from pathlib import Path

from harness import DATA, DEADLINE, NOW, Server, repository, serve, serve_features, tournant


class FeatureOutage(unittest.TestCase):
    def start_store(self) -> Server:
        store = serve_features()
        self.addCleanup(store.kill)
        return store

    def start_server(self, store_address: str, models: Path | None = None) -> Server:
        server = serve(
            models or repository(self, "linear", "seats"),
            f"--feature_store=grpc:{store_address}",
            f"--feature_registry={DATA}/registry.db",
            f"--now={NOW}",
        )
        self.addCleanup(server.kill)
        return server

    def address_of_nobody(self, port: int = 0) -> str:
        """Where connections are refused, and where nobody else can listen before the test ends."""
        held = socket.socket()
        self.addCleanup(held.close)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", port))
        return f"127.0.0.1:{held.getsockname()[1]}"

    def stop_for_good(self, store: Server) -> None:
        """Its connections are refused until the test ends."""
        self.assertEqual(store.stop()[0], 0, store.errors)
        self.address_of_nobody(store.ready["grpc"])

    def models_with_cache(self, ages: str, policy: str = "") -> Path:
        """The view of the model `seats` is cached, its column filled by this policy."""
        models = repository(self, "seats")
        bindings = models / "seats" / "features.pbtxt"
        text = bindings.read_text().replace("default: 149", f"default: 149 {policy}")
        bindings.write_text(f'{text}view {{ name: "plane_facts" cache {{ {ages} }} }}\n')
        return models

    def answer(self, server: Server, tailnum: str = "N1602") -> tuple[list[float], dict]:
        ended = tournant(
            "infer", "seats", f"tailnum={tailnum}", "--output=json",
            f"--server={server.address}", DEADLINE,
        )
        self.assertEqual(ended.returncode, 0, ended.stderr)
        answer = json.loads(ended.stdout)
        return answer["outputs"][0]["data"], answer["parameters"]

    def test_a_store_that_goes_away_costs_quality_and_nothing_else(self):
        store = self.start_store()
        server = self.start_server(store.address)
        data, parameters = self.answer(server)
        self.assertEqual(data, [660])
        self.assertEqual(parameters["features_live"], 1)
        self.assertFalse(parameters["degraded"])

        self.stop_for_good(store)
        data, parameters = self.answer(server)
        self.assertEqual(data, [298])
        self.assertEqual(parameters["features_defaulted"], 1)
        self.assertTrue(parameters["degraded"])
        linear = tournant("infer", "linear", "x=1", f"--server={server.address}", DEADLINE)
        self.assertIn("  3\n", linear.stdout)
        self.assertEqual(server.stop()[0], 0, server.errors)

    def test_what_is_cached_outlives_the_store(self):
        store = self.start_store()
        hour = "{ seconds: 3600 }"
        ages = f"soft_age {hour} hard_age {hour} negative_age {hour}"
        server = self.start_server(store.address, self.models_with_cache(ages))
        self.assertEqual(self.answer(server)[1]["features_live"], 1)
        self.assertEqual(self.answer(server, "NOPE")[0], [298])
        self.stop_for_good(store)

        data, parameters = self.answer(server)
        self.assertEqual(data, [660])
        self.assertEqual(parameters["features_cached"], 1)
        self.assertFalse(parameters["degraded"])
        data, parameters = self.answer(server, "NOPE")
        self.assertEqual(data, [298])
        self.assertFalse(parameters["degraded"])
        self.assertEqual(server.stop()[0], 0, server.errors)

    def test_the_last_known_value_stands_in_for_a_store_that_is_down(self):
        store = self.start_store()
        models = self.models_with_cache("soft_age { nanos: 1000 }", "on_error: LAST_KNOWN")
        server = self.start_server(store.address, models)
        self.assertEqual(self.answer(server)[1]["features_live"], 1)
        self.stop_for_good(store)

        data, parameters = self.answer(server)
        self.assertEqual(data, [660])
        self.assertEqual(parameters["features_stale"], 1)
        self.assertTrue(parameters["degraded"])
        self.assertGreater(parameters["oldest_feature_age_ms"], 0)

    def test_a_store_that_is_down_does_not_prevent_a_start(self):
        server = self.start_server(self.address_of_nobody())
        data, parameters = self.answer(server)
        self.assertEqual(data, [298])
        self.assertTrue(parameters["degraded"])


if __name__ == "__main__":
    unittest.main()
