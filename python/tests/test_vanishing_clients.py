"""Clients that vanish amid a response leave nothing behind in a real server."""

from __future__ import annotations

import json
import socket
import struct
import time
from contextlib import closing
from http.client import HTTPConnection

import pytest
from served import Served

#: Streams of each kind, of which some fill the client's window, and some are silent.
PATHS = ["/endless", "/flood", "/endless-thread", "/idle", "/busy", "/large-file"]

#: How many clients there are at a time.
CLIENTS = 8

#: When what they leave behind counts as left for good, in seconds.
DEADLINE = 20


class Left:
    """What there is in a server's process, asked for over one connection."""

    def __init__(self, connection: HTTPConnection) -> None:
        self._connection = connection

    def __call__(self) -> dict[str, int]:
        self._connection.request("GET", "/left")
        counts: dict[str, int] = json.loads(self._connection.getresponse().read())
        return counts

    def settled(self, most: dict[str, int] | None = None) -> dict[str, int]:
        """Wait until no generator is open, and nothing is above ``most`` or still changes."""
        deadline, before = time.monotonic() + DEADLINE, self()
        while time.monotonic() < deadline:
            time.sleep(0.05)
            now = self()
            bound = before if most is None else most
            if not now["generators"] and all(now[name] <= bound[name] for name in now):
                return now
            before = now
        raise AssertionError(f"left: {before}, before: {most}")


def vanish(port: int, path: str) -> None:
    """Have clients ask, read a little of the answer, and vanish with a reset."""
    clients = [
        socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) for _ in range(CLIENTS)
    ]
    for client in clients:
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    for client in clients:
        received = b""
        while not received.partition(b"\r\n\r\n")[2]:
            received += client.recv(1000)
        assert received.startswith(b"HTTP/1.1 200"), received
    for client in clients:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()


@pytest.mark.parametrize("path", PATHS)
def test_nothing_is_left_behind(server: Served, path: str) -> None:
    with closing(HTTPConnection("127.0.0.1", server.port, timeout=DEADLINE)) as connection:
        left = Left(connection)
        # What is made once, threads and modules, is there after the first time.
        vanish(server.port, path)
        before = left.settled()
        for _ in range(2):
            vanish(server.port, path)
        left.settled(before)
    assert "Traceback" not in server.log, server.log
