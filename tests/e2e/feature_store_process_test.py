"""tournant-feature-store as a process: ready line, answers, drain, exit status of every wrong start."""

import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.error
import urllib.request

import grpc
import harness
from harness import CLIENT_PYTHON, DATA, LIMIT_SECONDS, NOW, ROOT, Server, until
from health import SERVING, check, reflected_services
from redis_servers import RECORDED, RedisServer, commands_of

sys.path.insert(0, str(ROOT / "scripts/deploy"))
import exposition  # noqa: E402

BINARY = "tournant-feature-store"
SHOWN = ROOT / "build/feature_store_metrics.prom"
STORE = f"--store=sqlite:{DATA}/online_store.db"
REGISTRY = f"--registry={DATA}/registry.db"
ANY_PORT = "--grpc_address=127.0.0.1:0"

# Asks the server for two planes over gRPC, with messages that it builds from proto/ itself, and prints
# names, values, statuses as JSON.
CLIENT = """
import json, subprocess, sys, tempfile
root, address, limit = sys.argv[1:]
with tempfile.TemporaryDirectory() as out:
    from grpc_tools import protoc
    files = ["feast/serving/ServingService.proto", "feast/types/Value.proto"]
    assert protoc.main(["", f"-I{root}/proto", f"--python_out={out}", *files]) == 0
    sys.path.insert(0, out)
    import grpc
    from feast.serving import ServingService_pb2 as serving
    channel = grpc.insecure_channel(address)
    answers = []
    for path in ("/feast.serving.ServingService/", "/GrpcFeatureServer/"):
        call = channel.unary_unary(path + "GetOnlineFeatures",
                                   serving.GetOnlineFeaturesRequest.SerializeToString,
                                   serving.GetOnlineFeaturesResponse.FromString)
        request = serving.GetOnlineFeaturesRequest()
        request.features.val.extend(["plane_facts:seats", "plane_facts:speed"])
        for plane in ("N1602", "NOPE"):
            request.entities["tailnum"].val.add().string_val = plane
        response = call(request, timeout=float(limit))
        answers.append([list(response.metadata.feature_names.val),
                        response.results[1].values[0].int64_val,
                        [list(column.statuses) for column in response.results]])
print(json.dumps(answers))
"""


def run(*arguments, **environment):
    """Exit status, stdout, stderr of a server that is not expected to start."""
    ended = harness.run(BINARY, ANY_PORT, *arguments, env=environment)
    return ended.returncode, ended.stdout, ended.stderr


class FeatureStoreProcess(unittest.TestCase):
    def check_answers(self, server):
        client = subprocess.run(
            [CLIENT_PYTHON, "-c", CLIENT, str(ROOT), server.address, str(LIMIT_SECONDS)],
            capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False)
        self.assertEqual(client.returncode, 0, client.stderr)
        expected = [["tailnum", "seats", "speed"], 330, [[1, 1], [1, 3], [2, 3]]]
        self.assertEqual(json.loads(client.stdout), [expected, expected])

    def test_serves_what_a_redis_holds_and_hides_its_password(self):
        redis = RedisServer(self, "--requirepass", "s3cret")
        redis.ask_all([["AUTH", "s3cret"], *commands_of(RECORDED.read_bytes())])
        server = Server(f"--store=redis://:s3cret@{redis.address}/0", REGISTRY, ANY_PORT,
                        f"--now={NOW}", binary=BINARY)
        self.addCleanup(server.kill)
        self.check_answers(server)
        self.assertEqual(server.stop()[0], 0, server.errors)
        self.assertIn("redis://:***@", server.errors)
        self.assertNotIn("s3cret", server.errors)

    def test_serves_says_so_once_and_drains(self):
        server = Server(STORE, REGISTRY, ANY_PORT, f"--now={NOW}", binary=BINARY)
        self.addCleanup(server.kill)
        self.assertEqual(set(server.ready), {"event", "grpc"})
        self.assertEqual(server.ready["event"], "ready")

        self.check_answers(server)
        server.signal(signal.SIGHUP)
        status, rest = server.stop()
        self.assertEqual(status, 0, server.errors)
        self.assertEqual(rest, "")
        for line in server.errors.splitlines():
            self.assertIn("message", json.loads(line))

    def test_a_feast_repository_says_all_that_flags_would(self):
        with tempfile.TemporaryDirectory() as folder:
            settings = pathlib.Path(folder) / "feature_store.yaml"
            settings.write_text(
                f"project: nycflights\nregistry: {DATA}/registry.db\nprovider: local\n"
                f"online_store:\n  type: sqlite\n  path: {DATA}/online_store.db\n"
                "entity_key_serialization_version: 3\n")
            server = Server(f"--store=feast:{folder}", ANY_PORT, f"--now={NOW}", binary=BINARY)
            self.addCleanup(server.kill)
            self.check_answers(server)
            self.assertEqual(server.stop()[0], 0, server.errors)
            # A flag wins over the file.
            status, _, err = run(f"--store=feast:{folder}", "--project=other")
            self.assertEqual(status, 2)
            self.assertIn("'other'", err)
            status, _, err = run(f"--store=feast:{folder}", "--versioned_views=maybe")
            self.assertEqual(status, 2)
            self.assertIn("--versioned_views: versioned_views is true or false, not 'maybe'", err)
            settings.write_text("project: p\nonline_store: {type: dynamodb}\n")
            status, _, err = run(f"--store=feast:{folder}")
            self.assertEqual(status, 2)
            self.assertIn("feature_store.yaml:2:15: online_store 'dynamodb'", err)

    def test_health_and_reflection_are_there(self):
        server = Server(STORE, REGISTRY, ANY_PORT, binary=BINARY)
        self.addCleanup(server.kill)
        names = ("feast.serving.ServingService", "GrpcFeatureServer")
        with grpc.insecure_channel(server.address) as channel:
            for name in ("", *names):
                self.assertEqual(check(channel, name), SERVING)
            self.assertLessEqual({*names, "grpc.health.v1.Health"}, set(reflected_services(channel)))
        self.assertEqual(server.stop()[0], 0, server.errors)

    def test_metrics_and_health_are_shown_over_http_and_each_metric_is_in_the_readme(self):
        server = Server(STORE, REGISTRY, ANY_PORT, "--http_address=127.0.0.1:0", f"--now={NOW}",
                        binary=BINARY)
        self.addCleanup(server.kill)
        url = f"http://127.0.0.1:{server.ready['http']}"

        def shown(path):
            with urllib.request.urlopen(url + path, timeout=LIMIT_SECONDS) as answer:
                return answer.read().decode()

        self.assertEqual((shown("/livez"), shown("/readyz")), ("ok\n", "ok\n"))
        with self.assertRaises(urllib.error.HTTPError) as nothing, \
                urllib.request.urlopen(url + "/status.json", timeout=LIMIT_SECONDS):
            pass
        self.assertEqual(nothing.exception.code, 404)
        nothing.exception.close()
        self.check_answers(server)
        until(lambda: all(
            f'grpc_server_call_duration_seconds_count{{grpc_method="{method}/GetOnlineFeatures",'
            'grpc_status="OK"} 1\n' in shown("/metrics")
            for method in ("feast.serving.ServingService", "GrpcFeatureServer")))
        text = shown("/metrics")
        for line in ("tournant_feature_store_rows_total 4", "process_open_fds ",
                     'tournant_feature_store_cells_total{status="NOT_FOUND"} 4',
                     'tournant_feature_store_read_seconds_count{outcome="OK"} 2',
                     "tournant_log_lines_dropped_total 0"):
            self.assertIn(f"\n{line}", text)
        table = exposition.as_table(exposition.read(text)[0])
        if table != exposition.table_of(exposition.FEATURE_STORE_README.read_text()):
            SHOWN.write_text(text)
            self.fail(f"{exposition.FEATURE_STORE_README} differs; scripts/deploy/metrics {SHOWN} mends it")
        self.assertEqual(server.stop()[0], 0, server.errors)

    def test_connections_are_closed_when_they_are_old_and_calls_go_on(self):
        server = Server(STORE, REGISTRY, ANY_PORT, "--max_connection_age=100ms", binary=BINARY)
        self.addCleanup(server.kill)
        states: list[grpc.ChannelConnectivity] = []
        changed = threading.Condition()

        def note(state):
            with changed:
                states.append(state)
                changed.notify_all()

        with grpc.insecure_channel(server.address) as channel:
            channel.subscribe(note, try_to_connect=True)
            self.assertEqual(check(channel, ""), SERVING)
            with changed:
                self.assertTrue(changed.wait_for(
                    lambda: grpc.ChannelConnectivity.IDLE in states[1:], LIMIT_SECONDS), states)
            self.assertEqual(check(channel, ""), SERVING)
        self.assertEqual(server.stop()[0], 0, server.errors)

    def test_flags_come_from_the_environment_too_and_arguments_win(self):
        status, _, err = run(REGISTRY, "--store=sqlite:/no/such/file.db",
                             TOURNANT_STORE=f"sqlite:{DATA}/online_store.db")
        self.assertEqual(status, 2)
        self.assertIn("/no/such/file.db", err)
        status, _, err = run(STORE, REGISTRY, TOURNANT_KEY_VERSION="9", TOURNANT_PORT_TCP="x")
        self.assertEqual(status, 2)
        self.assertIn("'9'", err)
        self.assertIn("TOURNANT_PORT_TCP", err)

    def test_help_ends_well(self):
        status, out, _ = run("--help")
        self.assertEqual(status, 0)
        self.assertIn("--registry", out)

    def test_wrong_settings_end_with_2_and_are_named(self):
        for arguments, named in [
            ((STORE, REGISTRY, "--colour=red"), "--colour"),
            ((STORE, REGISTRY, "stray"), "stray"),
            ((STORE,), "--registry"),
            ((REGISTRY,), "--store"),
            ((STORE, REGISTRY, "--now=soon"), "--now: bad value 'soon'"),
            ((STORE, REGISTRY, "--key_version=4"), "--key_version: '4'"),
            ((STORE, REGISTRY, "--writer_tz=America/New_York"), "--writer_tz: 'America/New_York'"),
            ((STORE, REGISTRY, "--project=other"), "'other'"),
            ((REGISTRY, "--store=redis://user:secret@localhost:0"), "--store: 'redis://user:***@"),
            ((REGISTRY, "--store=rediss://user:secret@localhost"), "TLS is not supported"),
            ((REGISTRY, "--store=nowhere"), "--store: 'nowhere' is no feature store"),
            ((STORE, REGISTRY, "--max_in_flight=0"), "--max_in_flight: must be at least 1, not 0"),
            ((STORE, REGISTRY, "--max_message_bytes=1GB"), "--max_message_bytes"),
            ((STORE, REGISTRY, "--http_address=8002"), "--http_address: '8002' is not HOST:PORT"),
            ((STORE, REGISTRY, "--max_connection_age=-1s"), "--max_connection_age: must be between"),
            ((STORE, "--registry=/no/such/registry.db"), "/no/such/registry.db"),
            ((REGISTRY, "--store=sqlite:/no/such/store.db"), "/no/such/store.db"),
        ]:
            with self.subTest(arguments=arguments):
                status, out, err = run(*arguments)
                self.assertEqual(status, 2, err)
                self.assertEqual(out, "")
                self.assertIn(named, err)
                self.assertNotIn("secret", err)

    def test_truncated_files_end_with_2_and_are_named(self):
        with tempfile.TemporaryDirectory() as folder:
            store = pathlib.Path(folder) / "store.db"
            store.write_bytes((DATA / "online_store.db").read_bytes()[:1_000_000])
            registry = pathlib.Path(folder) / "registry.db"
            registry.write_bytes((DATA / "registry.db").read_bytes()[:5_000])
            status, _, err = run(f"--store=sqlite:{store}", REGISTRY)
            self.assertEqual(status, 2)
            self.assertIn(str(store), err)
            status, _, err = run(STORE, f"--registry={registry}")
            self.assertEqual(status, 2)
            self.assertIn(str(registry), err)


if __name__ == "__main__":
    unittest.main()
