"""The test's side of the model `gate`: a file that both map, which says who came in and when to go on.

With it a test knows, without looking at a clock, that a call computes and that others wait.
"""

import json
import mmap
import os
import tempfile
import urllib.request

import numpy as np
from harness import until
from protocol import Tensor, request

SIZE = 4096
FIRST = 16


class Gate:
    """A gate that is shut. It opens when it is closed down, so that no worker waits for ever."""

    def __init__(self, case):
        self.case = case
        handle, self.path = tempfile.mkstemp(prefix="tournant-gate-")
        os.ftruncate(handle, SIZE)
        self.bytes = mmap.mmap(handle, SIZE)
        os.close(handle)
        case.addCleanup(self._remove)
        case.addCleanup(self.open)

    def _remove(self) -> None:
        os.unlink(self.path)

    def open(self) -> None:
        """Lets all go on that are inside and all that come."""
        self.bytes[0] = 1

    @property
    def order(self) -> list[int]:
        """The x of each call that came in, the first one first."""
        return list(self.bytes[FIRST : FIRST + self.bytes[1]])

    @property
    def most_at_once(self) -> int:
        return self.bytes[3]

    def request(self, x: int, model: str = "gate", **given):
        """A call that goes through the gate; x, from 1 to 255, is its name in `order`."""
        codes = np.frombuffer(self.path.encode(), np.uint8)
        return request(
            model,
            Tensor("path", "UINT8", (1, len(codes)), codes.tobytes()),
            Tensor("x", "FP32", (1, 1), np.float32(x).tobytes()),
            **given,
        )

    def wait_for(self, count: int) -> None:
        """Returns when so many calls have come in."""
        until(lambda: self.case.call("ServerLive").live and self.bytes[1] >= count)


def waiting(server) -> int:
    """How many calls wait for a worker; of a server with HTTP."""
    with urllib.request.urlopen(f"http://127.0.0.1:{server.ready['http']}/status.json") as answer:
        status = json.load(answer)
    return sum(queue["jobs"] for queue in status["workers"]["queues"])
