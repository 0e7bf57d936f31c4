"""Real servers that are told to end, with a hundred streams of events open."""

from __future__ import annotations

import asyncio
import signal
import time
from pathlib import Path

import pytest
from support.servers import SERVERS, Served, needs, served

CLIENTS = 100

#: How long a server may take after the grace period, in seconds, and what a loaded machine may add.
LIMIT, SLACK = 1.0, 2.0

#: It cancels its applications at once, and waits for no grace period.
WITHOUT_GRACE = {"daphne"}


class Client:
    """One connection, and what came over it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.body = b""
        self.is_complete = False

    @classmethod
    async def connected(cls, port: int, path: str) -> Client:
        """Ask for a stream, and wait for its head and its first event."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        client = cls(reader, writer)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        assert head.startswith(b"http/1.1 200") and b"transfer-encoding: chunked" in head
        await client._chunk()
        return client

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


async def stopped(running: Served, paths: list[str], timeout: float) -> tuple[float, list[Client]]:
    """Send SIGTERM while clients listen; returns when the server was gone, and the clients."""
    connecting = [Client.connected(running.port, path) for path in paths * (CLIENTS // len(paths))]
    clients = await asyncio.wait_for(asyncio.gather(*connecting), 30)
    reading = asyncio.gather(*(client.run() for client in clients))
    begun = time.monotonic()
    running.process.send_signal(signal.SIGTERM)
    is_gone = await asyncio.to_thread(running.wait_until_gone, timeout)
    took = time.monotonic() - begun
    assert is_gone, f"still there after {took} s:\n{running.log[-2000:]}"
    await asyncio.wait_for(reading, 10)
    return took, clients


@pytest.mark.parametrize("grace", [0, 1])
@pytest.mark.parametrize("server", SERVERS)
def test_sigterm_ends_streams_cleanly(server: str, grace: int, tmp_path: Path) -> None:
    needs(server)
    with served(server, tmp_path) as running:
        paths = ["/graceful"] if grace else ["/idle", "/busy"]
        took, clients = asyncio.run(stopped(running, paths, grace + LIMIT + 10))
        assert all(client.is_complete for client in clients), running.log[-2000:]
        assert (tmp_path / "ended").stat().st_size == CLIENTS
        assert took < grace + LIMIT + SLACK
        if grace and server not in WITHOUT_GRACE:
            assert all(client.body.endswith(b"data: goodbye\r\n\r\n") for client in clients)
        assert "Traceback" not in running.log and "without completing" not in running.log
