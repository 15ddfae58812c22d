"""Three servers are restarted one after the other, again and again, behind a round-robin client."""

import json
import signal
import subprocess
import unittest

from harness import BIN, LIMIT_SECONDS, SANITIZED, Server, environment, repository, serve

# Under a sanitizer each takes several times as long.
RESTARTS = 6 if SANITIZED else 20


class RollingRestart(unittest.TestCase):
    def start(self, folder, port: int = 0) -> Server:
        server = serve(folder, f"--grpc_address=127.0.0.1:{port}", "--drain_delay=500ms")
        self.addCleanup(server.kill)
        return server

    def restart(self, folder, server: Server) -> Server:
        self.assertEqual(server.stop()[0], 0, server.errors)
        for _ in range(20):
            try:
                return self.start(folder, server.ready["grpc"])
            except RuntimeError as error:
                # Somebody else may have the port for a moment.
                self.assertIn("cannot listen", str(error))
        self.fail("its port is not free again")

    def load_test(self, addresses: str, *flags: str) -> subprocess.Popen:
        load = subprocess.Popen(
            [str(BIN / "tournant"), "load-test", "linear", "x=1", f"--server={addresses}",
             "--output=json", "--progress=false", *flags],
            env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(load.kill)
        return load

    def report(self, load: subprocess.Popen) -> dict:
        printed, errors = load.communicate(timeout=LIMIT_SECONDS)
        self.assertEqual(load.returncode, 0, errors)
        return json.loads(printed)

    def test_no_call_fails(self):
        folder = repository(self, "linear")
        servers = [self.start(folder) for _ in range(3)]
        addresses = ",".join(server.address for server in servers)
        # Of callers who wait for each other's answers; calls that come by themselves cost more, and a
        # server that starts takes a core.
        carried = self.report(self.load_test(addresses, "--concurrency=4", "--duration=1s"))
        rate = 0.7 * carried["per_second"]["ok"] / 2
        # No retries but gRPC's own, of calls that no server has begun with.
        load = self.load_test(addresses, f"--rate={rate:.0f}", "--deadline=10s", "--duration=1h",
                              "--warm_up=0s")
        for i in range(RESTARTS):
            servers[i % 3] = self.restart(folder, servers[i % 3])
            self.assertIsNone(load.poll())
        load.send_signal(signal.SIGINT)
        report = self.report(load)
        self.assertGreater(report["ok"], RESTARTS)
        self.assertEqual(report["errors"], {}, report["first_errors"])
        self.assertEqual(report["ok"], report["sent"])
        for server in servers:
            self.assertEqual(server.stop()[0], 0, server.errors)


if __name__ == "__main__":
    unittest.main()
