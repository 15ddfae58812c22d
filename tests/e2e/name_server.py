"""A DNS server whose answers the test changes."""

import socket
import struct
import threading

_A, _IN = 1, 1


class NameServer:
    """Answers A questions for `names` (name to IPv4 address, may be changed at any time) over UDP, and
    everything else with nothing. Runs in a thread of its own until close."""

    def __init__(self, names: dict[str, str]):
        self.names = names
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    @property
    def address(self) -> str:
        return "127.0.0.1:{}".format(self._socket.getsockname()[1])

    def close(self) -> None:
        # An empty packet is no question and ends the loop.
        self._socket.sendto(b"", self._socket.getsockname())
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            question, sender = self._socket.recvfrom(512)
            if not question:
                return
            self._socket.sendto(self._answer(question), sender)

    def _answer(self, message: bytes) -> bytes:
        """Header and question as they came (RFC 1035, 4.1), and the record if there is one."""
        labels, at = [], 12
        while message[at]:
            labels.append(message[at + 1:at + 1 + message[at]].decode())
            at += 1 + message[at]
        kind, _ = struct.unpack_from("!HH", message, at + 1)
        question = message[12:at + 5]
        address = self.names.get(".".join(labels).lower()) if kind == _A else None
        record = b""
        if address is not None:
            # 0xc00c points to the question's name; the record lives 0 seconds.
            record = struct.pack("!HHHIH", 0xC00C, _A, _IN, 0, 4) + socket.inet_aton(address)
        flags = 0x8580  # An authoritative answer, without an error.
        header = message[:2] + struct.pack("!HHHHH", flags, 1, int(bool(record)), 0, 0)
        return header + question + record
