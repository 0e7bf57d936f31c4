"""Clients that listen to events while a server is told to end."""

from __future__ import annotations

import asyncio
import signal
import time

from support.servers import Served

LISTENERS = 100


class Listener:
    """One connection, and what came over it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.body = b""
        self.is_complete = False

    @classmethod
    async def connected(cls, port: int, path: str) -> Listener:
        """Ask for a stream, and wait for its head and its first event."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        listener = cls(reader, writer)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        assert head.startswith(b"http/1.1 200") and b"transfer-encoding: chunked" in head
        await listener._chunk()
        return listener

    async def _chunk(self) -> bool:
        size = int(await self._reader.readuntil(b"\r\n"), 16)
        self.body += (await self._reader.readexactly(size + 2))[:-2]
        return size > 0

    async def run(self) -> None:
        """Read to the end, and see whether the framing says that it is one."""
        try:
            while await self._chunk():
                pass
            self.is_complete = True
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._writer.close()


async def stopped(
    running: Served, paths: list[str], timeout: float
) -> tuple[float, list[Listener]]:
    """Send SIGTERM to a server that they listen to; return how long it took to end, and them."""
    connecting = [
        Listener.connected(running.port, path) for path in paths * (LISTENERS // len(paths))
    ]
    listeners = await asyncio.wait_for(asyncio.gather(*connecting), 30)
    reading = asyncio.gather(*(listener.run() for listener in listeners))
    begun = time.monotonic()
    running.process.send_signal(signal.SIGTERM)
    is_gone = await asyncio.to_thread(running.wait_until_gone, timeout)
    took = time.monotonic() - begun
    assert is_gone, f"still there after {took} s:\n{running.log[-2000:]}"
    await asyncio.wait_for(reading, 10)
    return took, listeners
