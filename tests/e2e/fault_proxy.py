"""A TCP proxy that does to connections what networks and dying servers do to them."""

import asyncio
import contextlib
import enum
import socket
import struct
import threading


class Mode(enum.Enum):
    """What happens to bytes and connections."""

    PASS = "pass"
    DOWN = "down"  # Every connection is reset, those that come as well as those that are there.
    BLACK_HOLE = "black hole"  # Bytes go nowhere; nobody says so.
    SLOW = "slow"  # What the target sends comes 200 ms later.
    TRICKLE = "trickle"  # What the target sends comes byte by byte.
    TRUNCATE = "truncate"  # Of what the target sends next one half comes, then the end.


def reset(writer: asyncio.StreamWriter) -> None:
    """Ends a connection by RST, not by an orderly end."""
    raw = writer.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


class FaultProxy:
    """Listens on `host` (port 0: any free one) and passes connections on to `target`.

    Runs in a thread of its own; modes are switched by the test's. In force, for connections that
    exist too, when set_mode returns.
    """

    def __init__(self, target: str, host: str = "127.0.0.1", port: int = 0):
        self._host, self._port = target.rsplit(":", 1)
        self._mode = Mode.PASS
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        try:
            self._server = self._run(asyncio.start_server(self._serve, host, port))
        except OSError:
            self._end()
            raise

    @property
    def address(self) -> str:
        return "{}:{}".format(*self._server.sockets[0].getsockname())

    @property
    def port(self) -> int:
        return self._server.sockets[0].getsockname()[1]

    def set_mode(self, mode: Mode) -> None:
        self._run(self._set_mode(mode))

    def close(self) -> None:
        self._run(self._close())
        self._end()

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    async def _set_mode(self, mode: Mode) -> None:
        # What a black hole has swallowed is missing for good.
        broken = mode is Mode.DOWN or self._mode is Mode.BLACK_HOLE
        self._mode = mode
        if broken:
            for writer in list(self._writers):
                reset(writer)

    async def _close(self) -> None:
        self._server.close()
        for writer in list(self._writers):
            reset(writer)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._serve_both_ways(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)

    async def _serve_both_ways(self, reader, writer) -> None:
        if self._mode is Mode.DOWN:
            reset(writer)
            return
        to_reader, to_writer = await asyncio.open_connection(self._host, int(self._port))
        self._writers |= {writer, to_writer}
        try:
            await asyncio.gather(
                self._pump(reader, to_writer, answers=False),
                self._pump(to_reader, writer, answers=True),
            )
        finally:
            self._writers -= {writer, to_writer}
            for each in (writer, to_writer):
                with contextlib.suppress(OSError):
                    each.transport.abort()

    async def _pump(self, reader, writer, answers: bool) -> None:
        while data := await reader.read(65536):
            if self._mode is Mode.BLACK_HOLE:
                continue
            if answers and self._mode is Mode.SLOW:
                await asyncio.sleep(0.2)
            if answers and self._mode is Mode.TRICKLE:
                for i in range(len(data)):
                    writer.write(data[i : i + 1])
                    await writer.drain()
                    await asyncio.sleep(0.002)
                continue
            if answers and self._mode is Mode.TRUNCATE:
                writer.write(data[: len(data) // 2])
                await writer.drain()
                break
            writer.write(data)
            await writer.drain()
        # The other direction ends as well: nobody here uses half a connection.
        writer.close()
        raise ConnectionError("one side has ended")
