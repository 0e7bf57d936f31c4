"""Real servers in Python's development mode, which has nothing to say about what we leave."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from support import application
from support.clients import Httpx, vanish
from support.listeners import stopped
from support.servers import needs, served

#: What Python, asyncio and the servers say of a task, coroutine or file that was forgotten.
COMPLAINTS = [
    "was never awaited",
    "never retrieved",
    "different task",
    "different Context",
    "Task was destroyed",
    "Exception ignored",
    "ResourceWarning",
    "RuntimeWarning",
    "RuntimeError",
    "Traceback",
]


@pytest.mark.parametrize(
    "server", ["uvicorn", "uvicorn-h11", "hypercorn-alone", "granian", "daphne"]
)
def test_development_mode_has_nothing_to_say(server: str, tmp_path: Path) -> None:
    needs(server)
    pytest.importorskip("httpx")
    with served(server, tmp_path, options=("-X", "dev")) as running:
        client = Httpx(running.url)
        for path in application.RESPONSES:
            client.ask(path, "HEAD")
        for path in ("/response", "/html", "/text", "/json", "/redirect", "/file"):
            client.ask(path)
        client.ask("/open?gate")
        for path in ("/async", "/thread", "/events"):
            client.ask(f"{path}?gate")
        client.close()
        for path in application.STREAMS:
            vanish(running.port, path)
        asyncio.run(stopped(running, ["/idle", "/busy"], 20))
        log = running.log
    assert not [complaint for complaint in COMPLAINTS if complaint in log], log
