"""What is measured: the same routes on Starlette's classes or on Antiphon's.

``PEER`` says on which, ``DATA`` names the folder of the files.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

DATA = os.environ["DATA"]
USERS = json.loads(Path(DATA, "users.json").read_text(encoding="utf-8"))
CHUNK = b"x" * 100
BURST = 200


class Queues:
    """A hub as programs on sse-starlette write it: a queue for each client."""

    def __init__(self) -> None:
        self.queues: set[asyncio.Queue[Any]] = set()

    async def subscribe(self) -> AsyncIterator[Any]:
        queue: asyncio.Queue[Any] = asyncio.Queue()
        self.queues.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self.queues.discard(queue)

    def publish(self, event: Any) -> None:
        for queue in self.queues:
            queue.put_nowait(event)


def starlette() -> Any:
    from sse_starlette import EventSourceResponse
    from starlette import responses

    names = {name: getattr(responses, name) for name in responses.__dict__ if "Response" in name}
    return SimpleNamespace(**names, EventSourceResponse=EventSourceResponse, hub=Queues)


def antiphon() -> Any:
    from antiphon import responses
    from antiphon.channel import EventChannel
    from antiphon.sse import EventSourceResponse

    names = {name: getattr(responses, name) for name in responses.__all__}
    return SimpleNamespace(**names, EventSourceResponse=EventSourceResponse, hub=EventChannel)


def with_cookie(peer: Any) -> Any:
    response = peer.PlainTextResponse("Hello, world!")
    response.set_cookie(
        "session",
        "abc123",
        max_age=3600,
        expires=3600,
        domain="example.com",
        secure=True,
        httponly=True,
        samesite="lax",
    )
    return response


async def async_chunks(number: int = 1000) -> AsyncIterator[bytes]:
    for _ in range(number):
        yield CHUNK


def sync_chunks(number: int = 1000) -> Iterator[bytes]:
    for _ in range(number):
        yield CHUNK


async def events(number: int) -> AsyncIterator[dict[str, str]]:
    for count in range(number):
        yield {"event": "tick", "id": str(count), "data": "hello world"}


async def silence() -> AsyncIterator[str]:
    await asyncio.Event().wait()
    yield ""


async def publish(hub: Any) -> None:
    for _ in range(BURST):
        hub.publish({"data": str(time.time_ns())})
        await asyncio.sleep(0)


def application(peer: Any) -> Any:
    hub = peer.hub()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        path = scope["path"]
        if path.startswith("/file/"):
            response = peer.FileResponse(f"{DATA}/{path[6:]}")
        elif path == "/json":
            response = peer.JSONResponse(USERS)
        elif path == "/cookie":
            response = with_cookie(peer)
        elif path == "/stream/async":
            response = peer.StreamingResponse(async_chunks())
        elif path == "/stream/sync":
            response = peer.StreamingResponse(sync_chunks())
        elif path == "/sse":
            response = peer.EventSourceResponse(events(20_000))
        elif path == "/fan":
            response = peer.EventSourceResponse(hub.subscribe())
        elif path == "/publish":
            await publish(hub)
            response = peer.PlainTextResponse("")
        elif path == "/silence":
            response = peer.EventSourceResponse(silence())
        else:
            response = peer.PlainTextResponse("Hello, world!")
        await response(scope, receive, send)

    return app


PEERS = {"starlette": starlette, "antiphon": antiphon}

if "PEER" in os.environ:
    app = application(PEERS[os.environ["PEER"]]())
