"""What is built is given back."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from antiphon.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
)
from support.peer import Peer, scope


def cookie() -> Response:
    response = Response()
    response.set_cookie("k", "v" * 20, max_age=1, expires=1, domain="a.example")
    return response


def refused() -> Response:
    for attempt in (
        lambda: Response(headers={"x-a": "\n"}),
        lambda: JSONResponse({"a": object()}),
        lambda: cookie().set_cookie("k", path=";"),
    ):
        with pytest.raises((ValueError, TypeError)):
            attempt()
    return Response()


class Sub(JSONResponse):
    def render(self, content: Any) -> bytes:
        return b"%d" % len(content)


ROWS = [{"id": i, "name": f"row {i}", "x": i / 7} for i in range(10)]

MAKERS: dict[str, Callable[[], Response]] = {
    "Response": lambda: Response(b"x", headers={"x-a": "1"}),
    "HTMLResponse": lambda: HTMLResponse("<p>"),
    "PlainTextResponse": lambda: PlainTextResponse("x" * 100),
    "JSONResponse": lambda: JSONResponse(ROWS),
    "RedirectResponse": lambda: RedirectResponse("/ä"),
    "headers": lambda: Response(headers={"x-n": os.urandom(4).hex()}),
    "cookie": cookie,
    "subclass": lambda: Sub([1]),
    "FileResponse": lambda: FileResponse(__file__, filename="ä"),
    "by Python's json": lambda: JSONResponse({"a": 2**70}),
}


async def send(make: Callable[[], Response], times: int = 1) -> None:
    """Make a response and send it, so many times.

    There is an event loop: a file that has left the page cache has to be waited for. None needs a
    task that listens for the client's leave, which would take memory of its own.
    """
    request = scope(asgi={"spec_version": "2.4"})
    for _ in range(times):
        peer = Peer()
        await make()(request, peer.receive, peer.send)


def resident() -> int:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc")
@pytest.mark.parametrize("kind", MAKERS)
def test_100_000_responses_leave_memory_where_it_was(kind: str) -> None:
    make = MAKERS[kind]

    async def grown() -> int:
        await send(make, 2_000)
        before = resident()
        await send(make, 100_000)
        return resident() - before

    # A leak of one object for each would be more than ten times as much.
    assert anyio.run(grown) < 1 << 19


@pytest.mark.parametrize("make", [*MAKERS.values(), refused])
def test_reference_counts_stay(make: Callable[[], Response]) -> None:
    names = ["x-a", "1", None, b"", (), 200, "text/plain"]
    anyio.run(send, make)
    before = [sys.getrefcount(name) for name in names]
    blocks = sys.getallocatedblocks()
    anyio.run(send, make, 200)
    gc.collect()
    after = [sys.getrefcount(name) for name in names]
    assert all(now - then < 100 for now, then in zip(after, before, strict=True))
    assert sys.getallocatedblocks() - blocks < 600
