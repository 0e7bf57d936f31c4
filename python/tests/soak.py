"""Has clients come and go at random for minutes, and tells what is left of them in the server.

soak.py [SERVER] [SECONDS] [CLIENTS]

A client asks for one of the responses of ``support.application``, and reads it, fast or slowly, to
its end or until it leaves, with a reset or without. Then no task, thread, descriptor or generator
is to be left, and nothing is to be in the log.
"""

from __future__ import annotations

import asyncio
import random
import socket
import struct
import sys
import tempfile
from collections import Counter
from contextlib import closing, suppress
from http.client import HTTPConnection
from pathlib import Path

from support import application
from support.clients import vanish
from support.servers import Served, served
from test_vanishing_clients import Left

PATHS = [
    *application.STREAMS,
    *("/response", "/html", "/text", "/json", "/redirect", "/file", "/cookie"),
]

#: What the log of a server that has nothing to say holds none of.
COMPLAINTS = ("Traceback", "Exception", "ERROR", "CRITICAL", "WARNING", "never awaited")


async def visit(port: int, luck: random.Random) -> str:
    """Ask for a response, and leave; return what was asked for."""
    path = luck.choice(PATHS)
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 16)
    with suppress(ConnectionError, TimeoutError, asyncio.TimeoutError):
        writer.write(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        is_slow, patience = luck.random() < 0.3, luck.expovariate(2)
        async with asyncio.timeout(patience):
            while await reader.read(100 if is_slow else 1 << 16):
                if is_slow:
                    await asyncio.sleep(0.05)
    if luck.random() < 0.5:
        connection = writer.get_extra_info("socket")
        # A connection that the server has reset is closed already.
        with suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
    return path


async def soak(port: int, seconds: float, clients: int) -> Counter[str]:
    """Have so many clients come and go."""
    visits: Counter[str] = Counter()
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds

    async def client(seed: int) -> None:
        luck = random.Random(seed)
        while loop.time() < end:
            visits[await visit(port, luck)] += 1

    await asyncio.gather(*map(client, range(clients)))
    return visits


def judged(server: Served, seconds: float, clients: int) -> list[str]:
    """Run it, and name each thing that is left."""
    for path in application.STREAMS:
        vanish(server.port, path)
    before = settled(server)
    visits = asyncio.run(soak(server.port, seconds, clients))
    print(f"{sum(visits.values())} visits, {min(visits.values())} or more of each response")
    try:
        print(f"before: {before}, after: {settled(server, before)}")
    except AssertionError as error:
        return [str(error)]
    return [line for line in server.log.splitlines() if any(word in line for word in COMPLAINTS)]


def settled(server: Served, most: dict[str, int] | None = None) -> dict[str, int]:
    """Ask over a connection of its own, since a server closes one that is idle."""
    with closing(HTTPConnection("127.0.0.1", server.port, timeout=30)) as connection:
        return Left(connection).settled(most)


def main(name: str = "uvicorn", seconds: str = "600", clients: str = "200") -> int:
    """Run it against a server of its own; return the exit status."""
    with (
        tempfile.TemporaryDirectory() as place,
        served(name, Path(place)) as server,
    ):
        faults = judged(server, float(seconds), int(clients))
    print("\n".join([f"{name}: {fault}" for fault in faults]) or f"{name}: nothing is left")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
