"""Whatever happens at whichever message of whichever class: nothing is left behind.

A client stalls until the task is cancelled, or until it times out; it leaves; or ``send`` fails.
The event loop is asyncio's in debug mode, or trio's.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import logging
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from antiphon.channel import EventChannel
from antiphon.requests import ClientDisconnect
from antiphon.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from antiphon.sse import EventSourceResponse
from support.scripted import Scripted, request

STALLS = ("cancel", "time out")


class Ledger:
    """What a response has opened, and what of it was closed."""

    def __init__(self) -> None:
        self.opened = self.closed = 0

    async def chunks(self) -> AsyncIterator[str]:
        self.opened += 1
        try:
            for number in range(3):
                yield str(number)
                await anyio.sleep(0)
        finally:
            self.closed += 1

    def sync_chunks(self) -> Iterator[str]:
        self.opened += 1
        try:
            for number in range(3):
                yield str(number) * 40_000
        finally:
            self.closed += 1


def channel() -> EventChannel:
    made = EventChannel(newcomers="history")
    for number in range(3):
        made.publish({"data": number})
    made.close()
    return made


CLASSES: dict[str, Callable[[Ledger, Path], Any]] = {
    "response": lambda ledger, path: Response(b"a"),
    "html": lambda ledger, path: HTMLResponse("a"),
    "text": lambda ledger, path: PlainTextResponse("a"),
    "json": lambda ledger, path: JSONResponse([]),
    "redirect": lambda ledger, path: RedirectResponse("/"),
    "stream": lambda ledger, path: StreamingResponse(ledger.chunks()),
    "sync stream": lambda ledger, path: StreamingResponse(ledger.sync_chunks()),
    "file": lambda ledger, path: FileResponse(path),
    "events": lambda ledger, path: EventSourceResponse(ledger.chunks()),
    "sync events": lambda ledger, path: EventSourceResponse(ledger.sync_chunks()),
    "timed events": lambda ledger, path: EventSourceResponse(ledger.chunks(), send_timeout=0.05),
    "fed events": lambda ledger, path: EventSourceResponse(
        ledger.chunks(), data_sender_callable=anyio.sleep_forever
    ),
    "channel": lambda ledger, path: EventSourceResponse(channel().subscribe()),
}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("files") / "file.bin"
    path.write_bytes(bytes(150_000))
    return path


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd") else 0


async def leftovers() -> int:
    """Count the tasks beside this one, once those have ended that only had to be told."""
    for _ in range(100):
        if asyncio._get_running_loop() is not None:
            left = len(asyncio.all_tasks()) - 1
        else:
            import trio

            left = len(trio.lowlevel.current_root_task().child_nurseries[1].child_tasks) - 1
        if left <= 0:
            break
        await anyio.sleep(0.01)
    return left


async def sent(response: Any, peer: Scripted, version: str, does: str) -> None:
    """Send a response, whatever becomes of it."""
    try:
        if does == "cancel":
            async with anyio.create_task_group() as group:

                async def call() -> None:
                    await response(request(version), peer.receive, peer.send)
                    group.cancel_scope.cancel()

                group.start_soon(call)
                await peer.stalled.wait()
                group.cancel_scope.cancel()
        elif does == "time out":
            with anyio.CancelScope() as scope:

                def time_out() -> None:
                    scope.deadline = anyio.current_time() + 0.01

                peer.call = time_out
                await response(request(version), peer.receive, peer.send)
        else:
            await response(request(version), peer.receive, peer.send)
    except (OSError, ClientDisconnect, TimeoutError):
        pass
    except BaseException as error:
        # A group of what is one error.
        assert isinstance(getattr(error, "exceptions", (None,))[0], TimeoutError)


@pytest.mark.parametrize("version", ["2.3", "2.4"])
@pytest.mark.parametrize("name", CLASSES)
def test_nothing_is_left(
    name: str, version: str, anyio_backend: str, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        for does in (*STALLS, "fail", "leave"):
            for number in itertools.count():
                ledger = Ledger()
                response = CLASSES[name](ledger, file)
                peer = Scripted(at=number, does="stall" if does in STALLS else does)
                await sent(response, peer, version, does)
                assert ledger.opened == ledger.closed, (does, number)
                if not peer.has_acted:
                    break
            assert number >= 2
        assert await leftovers() <= 0

    before = descriptors()
    options = {"debug": True} if anyio_backend == "asyncio" else {}
    anyio.run(run, backend=anyio_backend, backend_options=options)
    gc.collect()
    deadline = time.monotonic() + 5
    while descriptors() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert descriptors() <= before
    # What a task or a generator raised that nobody waited for.
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
