"""What the Python peers serve: content from memory, a slow stream, and events by a clock.

``PEER`` says on whose classes, ``DATA`` names the folder of the content. ``COMPRESS`` is ``no``,
``preset``, ``parameter`` where each response is told by itself, or a level of gzip.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

PEER = os.environ["PEER"]
COMPRESS = os.environ["COMPRESS"]
#: What the constructors of Antiphon's responses are told.
BY_ITSELF: dict[str, bool] = {"compress": True} if COMPRESS == "parameter" else {}
MEDIA_TYPES = {".html": "text/html", ".json": "application/json", ".png": "image/png"}
CONTENTS = {
    f"/{path.name}": (path.read_bytes(), MEDIA_TYPES[path.suffix])
    for path in Path(os.environ["DATA"]).iterdir()
    if path.suffix in MEDIA_TYPES
}
# An event of each path comes so often.
INTERVALS = {"/events": 0.01, "/large": 0.2}
SLOW_PAUSE, SLOW_CHUNKS = 0.2, 2
SLOW_CHUNK = b"the quick brown fox jumps over the lazy dog\n"
GOLDEN, OTHER, WORD = 0x9E3779B97F4A7C15, 0xD1B54A32D192ED03, (1 << 64) - 1


def event(number: int) -> str:
    """The data of an event that is published now, as the Rust peers have it."""
    mixed = (number * GOLDEN & WORD) >> 32
    head = f'"at":{time.time_ns()},"number":{number},"room":"room {number % 17}"'
    return f'{{{head},"user":"user {number * 7919 % 1000}","text":"message {mixed:x} for all"}}'


def large_event(number: int) -> str:
    """The data of an event of some 4 KB."""
    parts = [event(number)]
    for part in range(40):
        one = (number * 40 + part) * GOLDEN & WORD
        words = {"key": f"{one:016x}", "value": f"{one * OTHER & WORD:016x}"}
        parts.append(json.dumps({**words, "name": "a name that comes again"}))
    return ",".join(parts)


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


def antiphon() -> Any:
    from antiphon import responses
    from antiphon.channel import EventChannel
    from antiphon.sse import EventSourceResponse

    return classes(responses, EventSourceResponse, EventChannel)


def starlette() -> Any:
    from sse_starlette import EventSourceResponse
    from starlette import responses

    return classes(responses, EventSourceResponse, Queues)


def classes(responses: Any, events: Any, hub: Any) -> Any:
    return SimpleNamespace(
        Response=responses.Response,
        StreamingResponse=responses.StreamingResponse,
        EventSourceResponse=events,
        hub=hub,
    )


async def slow() -> AsyncIterator[bytes]:
    for _ in range(SLOW_CHUNKS):
        await asyncio.sleep(SLOW_PAUSE)
        yield SLOW_CHUNK


async def publish(hub: Any, interval: float, made: Callable[[int], str]) -> None:
    number, due = 0, time.monotonic()
    while True:
        hub.publish({"data": made(number)})
        number, due = number + 1, due + interval
        await asyncio.sleep(max(0.0, due - time.monotonic()))


def application(peer: Any) -> Any:
    hubs: dict[str, Any] = {path: peer.hub() for path in INTERVALS}
    publishers: list[asyncio.Task[None]] = []

    def begin() -> None:
        for path, made in (("/events", event), ("/large", large_event)):
            task = asyncio.create_task(publish(hubs[path], INTERVALS[path], made))
            publishers.append(task)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            raise RuntimeError("only http is served")
        path = scope["path"]
        response: Any
        if path in hubs:
            if not publishers:
                begin()
            response = peer.EventSourceResponse(hubs[path].subscribe(), **BY_ITSELF)
        elif path == "/slow":
            response = peer.StreamingResponse(slow(), media_type="text/plain", **BY_ITSELF)
        elif path in CONTENTS:
            content, media_type = CONTENTS[path]
            response = peer.Response(content, media_type=media_type, **BY_ITSELF)
        else:
            response = peer.Response(b"", 404)
        await response(scope, receive, send)

    return app


def wrapped(app: Any) -> Any:
    if COMPRESS in ("no", "parameter"):
        return app
    if PEER == "antiphon":
        from antiphon.compression import CompressionMiddleware

        return CompressionMiddleware(app)
    from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware

    level = {} if COMPRESS == "preset" else {"compresslevel": int(COMPRESS)}
    # Its own choice, but for events, which it leaves alone.
    excluded = tuple(name for name in DEFAULT_EXCLUDED_CONTENT_TYPES if "event-stream" not in name)
    return GZipMiddleware(app, exclude_content_types=excluded, **level)


PEERS = {"antiphon": antiphon, "starlette": starlette}

app = wrapped(application(PEERS[PEER]()))
