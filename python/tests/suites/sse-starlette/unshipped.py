"""pytest's plugin: what sse-starlette's tests take from the conftest.py that it does not ship."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route

from antiphon import _shutdown, _stream
from antiphon.sse import AppStatus, EventSourceResponse


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def app() -> Starlette:
    async def numbers(request: Request) -> EventSourceResponse:
        return EventSourceResponse({"data": number} for number in range(1, 5))

    async def endless(request: Request) -> EventSourceResponse:
        async def ticks() -> AsyncIterator[dict[str, str]]:
            while True:
                yield {"data": "tick"}
                await asyncio.sleep(0.1)

        return EventSourceResponse(ticks())

    return Starlette(routes=[Route("/numbers", numbers), Route("/endless", endless)])


@pytest.fixture
async def client(app: Starlette) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://antiphon") as client:
        yield client


@pytest.fixture
def httpx_client(client: httpx2.AsyncClient) -> httpx2.AsyncClient:
    return client


@pytest.fixture(autouse=True)
def running_server() -> Iterator[None]:
    """Have each test begin with a server that has not come to its end."""
    yield
    _exit_signal.clear()
    AppStatus.should_exit = False
    AppStatus.enable_automatic_graceful_drain_mode()


Wait = Callable[[], Awaitable[None]]


async def _wait_for_exit() -> None:
    told = asyncio.Event()
    with _shutdown.OpenStream() as shutdown:
        shutdown.when_told(told.set)
        await told.wait()


class _ExitSignal:
    """The method of a response that waits for the server's end.

    Ours have none. Tests that replace it, to have a server end when they like, mean
    ``AppStatus.should_exit``.
    """

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def __get__(self, response: object, owner: type) -> Wait:
        return _wait_for_exit

    def __set__(self, response: object, wait: Wait) -> None:
        if wait is not _wait_for_exit:
            self._tasks.add(asyncio.get_running_loop().create_task(self._pass_on(wait)))

    async def _pass_on(self, wait: Wait) -> None:
        await wait()
        AppStatus.should_exit = True

    def clear(self) -> None:
        while self._tasks:
            self._tasks.pop().cancel()


_exit_signal = _ExitSignal()
EventSourceResponse._listen_for_exit_signal = _exit_signal  # type: ignore[attr-defined]
# What is logged is looked for under sse_starlette's name.
_stream.logger = logging.getLogger("sse_starlette.sse")
