"""Sends many HTTP requests at once, each for an entity of its own on a connection of its own, waits for
all answers, and prints one JSON line as tests/bench/call_burst.cc does.

    scripts/bench/http_burst.py PORT PATH CALLS

All connections are open before the first request is sent. One epoll and no asyncio: it costs a call some
10 us, so that it is the server that is measured.
"""

import collections
import json
import resource
import select
import socket
import sys
import time

LIMIT_S = 600  # Without any answer.


def connect(port: int, calls: int) -> list[socket.socket]:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if calls + 16 > most:
        sys.exit(f"http_burst: {calls} connections, and no more than {most} files may be open (ulimit -n)")
    return [socket.create_connection(("127.0.0.1", port)) for _ in range(calls)]


class Burst:
    def __init__(self, port: int, path: str, calls: int):
        self.path = path
        self.sockets = connect(port, calls)
        self.received = [b""] * calls
        self.epoll = select.epoll()
        self.entities = {}  # By descriptor.
        for entity, connection in enumerate(self.sockets):
            connection.setblocking(False)
            self.entities[connection.fileno()] = entity
            self.epoll.register(connection.fileno(), select.EPOLLIN)
        self.result = {"right": 0, "wrong": 0, "failed": 0}
        self.first_error = ""
        self.answered = collections.Counter()

    def run(self) -> dict:
        start = time.perf_counter()
        for entity, connection in enumerate(self.sockets):
            connection.send(f"GET {self.path}?entity={entity} HTTP/1.1\r\nHost: bench\r\n\r\n".encode())
        sending = now = time.perf_counter() - start
        while self.entities:
            events = self.epoll.poll(LIMIT_S)
            if not events:
                break
            now = time.perf_counter() - start
            for descriptor, _ in events:
                self._read(descriptor, now)
        self.result["failed"] += len(self.entities)  # Of which nothing was heard.
        if self.first_error:
            print(f"http_burst: {self.first_error}", file=sys.stderr)
        return {**self.result, "sending_s": sending, "seconds": now,
                "answered": sorted(self.answered.items())}

    def _read(self, descriptor: int, now: float) -> None:
        entity = self.entities[descriptor]
        try:
            read = self.sockets[entity].recv(65536)
        except OSError as error:
            read, self.first_error = b"", self.first_error or str(error)
        answer = self.received[entity] = self.received[entity] + read
        head, end, body = answer.partition(b"\r\n\r\n")
        if read and (not end or len(body) < content_length(head)):
            return
        self.epoll.unregister(descriptor)
        del self.entities[descriptor]
        if not read or not head.startswith(b"HTTP/1.1 200 "):
            self.result["failed"] += 1
            self.first_error = self.first_error or repr(answer[:200])
            return
        self.result["right" if json.loads(body)["value"] == entity else "wrong"] += 1
        self.answered[int(now * 1000)] += 1


def content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


if __name__ == "__main__":
    print(json.dumps(Burst(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])).run()))
