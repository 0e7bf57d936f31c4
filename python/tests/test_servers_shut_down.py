"""Real servers that are told to end, with a hundred streams of events open."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from support.listeners import LISTENERS, stopped
from support.servers import SERVERS, needs, served

#: How long a server may take after the grace period, in seconds, and what a loaded machine may add.
LIMIT, SLACK = 1.0, 2.0

#: It cancels its applications at once, and waits for no grace period.
WITHOUT_GRACE = {"daphne"}


@pytest.mark.parametrize("grace", [0, 1])
@pytest.mark.parametrize("server", SERVERS)
def test_sigterm_ends_streams_cleanly(server: str, grace: int, tmp_path: Path) -> None:
    needs(server)
    with served(server, tmp_path) as running:
        paths = ["/graceful"] if grace else ["/idle", "/busy"]
        took, listeners = asyncio.run(stopped(running, paths, grace + LIMIT + 10))
        assert all(listener.is_complete for listener in listeners), running.log[-2000:]
        assert (tmp_path / "ended").stat().st_size == LISTENERS
        assert took < grace + LIMIT + SLACK
        if grace and server not in WITHOUT_GRACE:
            assert all(listener.body.endswith(b"data: goodbye\r\n\r\n") for listener in listeners)
        assert "Traceback" not in running.log and "without completing" not in running.log
