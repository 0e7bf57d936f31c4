"""Clients that vanish amid a response leave nothing behind in a real server."""

from __future__ import annotations

import json
import time
from contextlib import closing
from http.client import HTTPConnection

import pytest

from support import application
from support.clients import vanish
from support.servers import Served

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


@pytest.mark.parametrize("path", application.STREAMS)
def test_nothing_is_left_behind(server: Served, path: str) -> None:
    with closing(HTTPConnection("127.0.0.1", server.port, timeout=DEADLINE)) as connection:
        left = Left(connection)
        # What is made once, threads and modules, is there after the first time.
        vanish(server.port, path)
        before = left.settled()
        for _ in range(2):
            vanish(server.port, path)
        left.settled(before)
    assert "Traceback" not in server.log, server.log[-2000:]
