"""uvicorn comes to its end by a flag or by its limit, and streams of events notice."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

from antiphon import _shutdown, _uvicorn
from antiphon.responses import PlainTextResponse
from antiphon.sse import EventSourceResponse

uvicorn = pytest.importorskip("uvicorn")


async def ticks() -> AsyncIterator[str]:
    number = 0
    while True:
        yield str(number)
        number += 1
        await asyncio.sleep(0.05)


async def app(scope: Any, receive: Any, send: Any) -> None:
    response = EventSourceResponse(ticks()) if scope["path"] == "/events" else PlainTextResponse()
    await response(scope, receive, send)


class Serving:
    """A server in this event loop, and a client that reads events from it."""

    def __init__(self, limit: int | None = None) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(app, log_level="critical", lifespan="off", limit_max_requests=limit)
        self.server = uvicorn.Server(config)

    async def __aenter__(self) -> Serving:
        self.task = asyncio.ensure_future(self.server.serve(sockets=[self.listener]))
        while not self.server.started:
            await asyncio.sleep(0.01)
        self.reader, self.writer = await self.get("/events")
        await self.reader.readuntil(b"data: 1")
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.close()
        self.server.should_exit = self.server.force_exit = True
        await self.task

    async def get(self, path: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        port = self.listener.getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        return reader, writer


def test_the_flag_ends_the_events() -> None:
    async def run() -> None:
        async with Serving() as serving:
            serving.server.should_exit = True
            rest = await asyncio.wait_for(serving.reader.read(), 5)
            assert rest.endswith(b"0\r\n\r\n")
            await asyncio.wait_for(serving.task, 5)

    asyncio.run(run())


def test_the_limit_of_requests_ends_the_events() -> None:
    async def run() -> None:
        async with Serving(limit=3) as serving:
            for _ in range(3):
                reader, writer = await serving.get("/")
                await reader.readuntil(b"\r\n\r\n")
                writer.close()
            rest = await asyncio.wait_for(serving.reader.read(), 5)
            assert rest.endswith(b"0\r\n\r\n")
            await asyncio.wait_for(serving.task, 5)

    asyncio.run(run())


def test_the_streams_of_another_loop_go_on_and_nothing_is_watched_without_streams() -> None:
    async def run() -> None:
        loop = asyncio.get_running_loop()
        async with Serving() as serving:
            watcher = _uvicorn._watchers[loop]
            assert watcher._next is not None
            other = asyncio.new_event_loop()
            _shutdown.loop_ends(other)
            other.close()
            await serving.reader.readuntil(b"data: 5")
            serving.writer.close()
            for _ in range(200):
                if watcher._next is None:
                    break
                await asyncio.sleep(0.01)
            assert watcher._next is None and watcher._streams == 0

    asyncio.run(run())


def test_a_server_that_has_ended_does_not_end_the_streams_of_a_later_one() -> None:
    async def run() -> None:
        async with Serving() as first:
            first.server.should_exit = True
            await asyncio.wait_for(first.task, 5)
            async with Serving() as second:
                # Longer than it takes to look at a server.
                await asyncio.wait_for(second.reader.readuntil(b"data: 20"), 5)
                assert not second.task.done()

    asyncio.run(run())
