"""Features from real redis-server processes: alone, as a cluster that fails over, behind a sentinel."""

import json
import unittest
import urllib.request

import redis_servers
from harness import DATA, DEADLINE, LIMIT_SECONDS, NOW, Server, repository, serve, tournant, until
from redis_servers import RedisServer

REGISTRY = f"registry={DATA}/registry.db"


def answer(server: Server, plane: str) -> dict:
    """What the model `seats` says of a plane; `data` is twice its seats, or 298 without features."""
    ended = tournant("infer", "seats", f"tailnum={plane}", "--output=json",
                     f"--server={server.address}", DEADLINE)
    if ended.returncode != 0:
        raise AssertionError(ended.stderr)
    said = json.loads(ended.stdout)
    return {"data": said["outputs"][0]["data"], **said["parameters"]}


def is_live(server: Server, plane: str) -> bool:
    said = answer(server, plane)
    return said["features_live"] == 1 and not said["degraded"]


class RedisStore(unittest.TestCase):
    def serve_from(self, url: str) -> Server:
        server = serve(repository(self, "seats"), f"--feature_store={url}", f"--now={NOW}",
                       "--http_address=127.0.0.1:0")
        self.addCleanup(server.kill)
        return server

    def test_the_model_server_reads_a_redis_of_its_own_and_lives_through_its_restart(self):
        redis = RedisServer(self, "--requirepass", "s3cret")
        loaded = redis_servers.commands_of(redis_servers.RECORDED.read_bytes())
        redis.ask_all([["AUTH", "s3cret"], ["SELECT", "2"], *loaded])
        server = self.serve_from(f"redis://:s3cret@{redis.address}/2?{REGISTRY}")
        self.assertEqual(answer(server, "N1602")["data"], [660])
        self.assertTrue(is_live(server, "N1602"))

        status = f"http://127.0.0.1:{server.ready['http']}/status.json"
        with urllib.request.urlopen(status, timeout=LIMIT_SECONDS) as page:
            settings = page.read().decode()
        self.assertIn("redis://:***@", settings)
        self.assertNotIn("s3cret", settings)

        redis.kill()
        said = answer(server, "N1602")
        self.assertEqual(said["data"], [298])
        self.assertTrue(said["degraded"])

        redis.start()
        redis.ask_all([["AUTH", "s3cret"], ["SELECT", "2"], *loaded])
        until(lambda: is_live(server, "N1602"))
        self.assertEqual(server.stop()[0], 0, server.errors)
        self.assertNotIn("s3cret", server.errors)

    def test_a_redis_that_is_down_does_not_prevent_a_start(self):
        lease = redis_servers.PortLease()
        self.addCleanup(lease.close)
        server = self.serve_from(f"redis://127.0.0.1:{lease.port}?{REGISTRY}")
        self.assertEqual(answer(server, "N1602")["data"], [298])
        self.assertEqual(server.stop()[0], 0, server.errors)

    def test_a_cluster_is_read_while_slots_move_and_masters_fail(self):
        nodes = redis_servers.start_cluster(self, masters=3, replicas=3)
        masters = nodes[:3]
        seeds = ",".join(node.address for node in masters)
        servers = [self.serve_from(f"redis://{seeds}?mode=cluster{more}&{REGISTRY}")
                   for more in ("", "&replicas=true")]
        of_each = [next(plane for plane in redis_servers.recorded_planes()
                        if node.ask("EXISTS", redis_servers.plane_key(plane)) == 1)
                   for node in masters]
        for server in servers:
            for plane in of_each:
                until(lambda server=server, plane=plane: is_live(server, plane))

        # A key on its way: its old node sends on for once, and when it has arrived for good.
        key = redis_servers.plane_key(of_each[0])
        slot = masters[0].ask("CLUSTER", "KEYSLOT", key)
        names = [node.ask("CLUSTER", "MYID") for node in masters]
        masters[1].ask("CLUSTER", "SETSLOT", slot, "IMPORTING", names[0])
        masters[0].ask("CLUSTER", "SETSLOT", slot, "MIGRATING", names[1])
        moved = masters[0].ask("MIGRATE", "127.0.0.1", masters[1].port, key, 0, 60000)
        self.assertEqual(moved, "OK")
        self.assertTrue(is_live(servers[0], of_each[0]))
        for node in masters[:2]:
            self.assertEqual(node.ask("CLUSTER", "SETSLOT", slot, "NODE", names[1]), "OK")
        self.assertTrue(is_live(servers[0], of_each[0]))

        # A master dies: its keys are missed until its replica has taken over, the others never.
        masters[2].kill()
        self.assertTrue(is_live(servers[0], of_each[1]))
        for server in servers:
            until(lambda server=server: is_live(server, of_each[2]))
            self.assertEqual(server.stop()[0], 0, server.errors)

    def test_a_sentinels_failover_is_followed(self):
        first = RedisServer(self, "--repl-diskless-sync-delay", "0")
        first.load_recorded()
        second = RedisServer(self, "--replicaof", "127.0.0.1", str(first.port))
        until(lambda: second.ask("ROLE")[3] == "connected")
        sentinel = RedisServer(self, sentinel_config=(
            f"sentinel monitor features 127.0.0.1 {first.port} 1\n"
            "sentinel down-after-milliseconds features 500\n"
            "sentinel failover-timeout features 5000\n"))
        server = self.serve_from(
            f"redis://{sentinel.address}?mode=sentinel&master=features&{REGISTRY}")
        self.assertEqual(answer(server, "N1602")["data"], [660])
        # The sentinel has to know the replica before it can promote it.
        until(lambda: len(sentinel.ask("SENTINEL", "replicas", "features")) == 1)
        first.kill()
        self.assertEqual(answer(server, "N1602")["data"], [298])
        until(lambda: is_live(server, "N1602"))
        self.assertEqual(second.ask("ROLE")[0], "master")
        self.assertEqual(server.stop()[0], 0, server.errors)


if __name__ == "__main__":
    unittest.main()
