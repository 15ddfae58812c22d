"""Real redis-server processes for tests: alone, as a cluster, with a sentinel. Nothing is kept on a disk."""

import re
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

from harness import DATA, LIMIT_SECONDS, until

RECORDED = DATA / "redis.resp"


class PortLease:
    """A port that nobody else gets: bound, but never listened on, so that a server may listen beside it."""

    def __init__(self):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]

    def close(self):
        self.socket.close()


def encoded(*arguments: bytes | str | int) -> bytes:
    """One command in Redis's protocol."""
    parts = [a if isinstance(a, bytes) else str(a).encode() for a in arguments]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts)


def commands_of(data: bytes) -> list[list[bytes]]:
    """The commands of a file in Redis's protocol."""
    commands, at = [], 0

    def number() -> int:
        nonlocal at
        end = data.index(b"\r\n", at)
        value = int(data[at + 1:end])
        at = end + 2
        return value

    while at < len(data):
        command = []
        for _ in range(number()):
            size = number()
            command.append(data[at:at + size])
            at += size + 2
        commands.append(command)
    return commands


class RedisServer:
    """A redis-server that is ready, ended with the test (a TestCase or its class) that it is for."""

    def __init__(self, test, *settings: str, sentinel_config: str = ""):
        self.lease, self.bus = PortLease(), PortLease()
        self.port = self.lease.port
        self.folder = Path(tempfile.mkdtemp(prefix="tournant-redis-"))
        arguments = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)]
        if sentinel_config:
            # A sentinel writes what it learns into its file.
            file = self.folder / "sentinel.conf"
            file.write_text(sentinel_config)
            arguments = [str(file), *arguments, "--sentinel"]
        else:
            arguments += ["--save", "", "--appendonly", "no", "--cluster-port", str(self.bus.port)]
        self.arguments = [*arguments, *settings]
        self.process = None
        cleanup = getattr(test, "addClassCleanup" if isinstance(test, type) else "addCleanup")
        cleanup(self.close)
        self.start()

    def start(self) -> None:
        # setpriv: it does not outlive a test that crashes.
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "redis-server", *self.arguments],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        def answers() -> bool:
            if self.process.poll() is not None:
                raise RuntimeError(f"redis-server ended with {self.process.returncode}")
            try:
                # One that wants a password first is ready too.
                return not str(self.ask("PING")).startswith("LOADING")
            except OSError:
                return False

        until(answers)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        self.kill()
        self.lease.close()
        self.bus.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def ask(self, *command: bytes | str | int):
        """The answer to one command: text, int, None, a list of those, or an Exception."""
        return self.ask_all([command])[0]

    def ask_all(self, commands) -> list:
        with socket.create_connection(("127.0.0.1", self.port), timeout=LIMIT_SECONDS) as connection:
            connection.sendall(b"".join(encoded(*command) for command in commands))
            stream = connection.makefile("rb")
            return [self._read(stream) for _ in commands]

    def _read(self, stream):
        line = stream.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("the connection was closed")
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return rest.decode()
        if kind == b"-":
            return RuntimeError(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"*":
            return [self._read(stream) for _ in range(int(rest))] if rest != b"-1" else None
        return stream.read(int(rest) + 2)[:-2].decode(errors="replace") if rest != b"-1" else None

    def load_recorded(self) -> None:
        """What Feast wrote; of a cluster, what this node serves."""
        self.ask_all(commands_of(RECORDED.read_bytes()))


def serves(node: RedisServer) -> bool:
    return "cluster_state:ok" in node.ask("CLUSTER", "INFO")


def start_cluster(test, masters: int, replicas: int) -> list[RedisServer]:
    """A cluster that serves all slots and holds what Feast wrote; masters first."""
    nodes = [RedisServer(test, "--cluster-enabled", "yes", "--cluster-node-timeout", "1000",
                         "--cluster-replica-validity-factor", "0",
                         "--repl-diskless-sync-delay", "0")
             for _ in range(masters + replicas)]
    subprocess.run(
        ["redis-cli", "--cluster", "create", *(node.address for node in nodes), "--cluster-replicas",
         str(replicas // masters), "--cluster-yes"],
        check=True, stdout=subprocess.DEVNULL, timeout=LIMIT_SECONDS)
    for node in nodes:
        until(lambda node=node: serves(node))
    owners = [node for node in nodes if node.ask("ROLE")[0] == "master"]
    copies = [node for node in nodes if node not in owners]
    for node in owners:
        node.load_recorded()
    # What a replica has not got yet is lost with its master.
    for node in copies:
        until(lambda node=node: node.ask("ROLE")[3] == "connected")
    held = sorted(node.ask("DBSIZE") for node in owners)
    if copies:
        until(lambda: sorted(node.ask("DBSIZE") for node in copies) == held)
    return owners + copies


def plane_key(tailnum: str) -> bytes:
    """The Redis key of a plane of the recorded data."""
    name, value = b"tailnum", tailnum.encode()
    return (b"\x01\0\0\0\x02\0\0\0" + len(name).to_bytes(4, "little") + name +
            b"\x02\0\0\0" + len(value).to_bytes(4, "little") + value + b"nycflights")


def recorded_planes() -> list[str]:
    """The tail numbers of all planes of the recorded data whose facts are stored."""
    found = []
    for command in commands_of(RECORDED.read_bytes()):
        key = re.fullmatch(rb".*tailnum\x02\0\0\0.\0\0\0(\w+)nycflights", command[1], re.DOTALL)
        if key and b"_ts:plane_facts" in command:
            found.append(key[1].decode())
    return sorted(found)
