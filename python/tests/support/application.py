"""What the real servers serve: each response at a path of its own, and what is left of them."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread

from antiphon.compression import CompressionMiddleware
from antiphon.responses import (
    FileResponse,
    HTMLResponse,
    JsonLinesResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from antiphon.sse import EventSourceResponse, ServerSentEvent

FILE, LARGE_FILE = Path("content.bin"), Path("large.bin")

#: How many generators are open, by the lock of those that run in threads.
lock = threading.Lock()
generators = 0

#: The gates that a client opens before a stream goes on.
gates: dict[str, threading.Event] = {}


@contextmanager
def counted() -> Iterator[None]:
    """Count a generator while it is open, and tell the file ``ended`` when it no longer is."""
    global generators
    with lock:
        generators += 1
    try:
        yield
    finally:
        with lock:
            generators -= 1
        with open("ended", "ab", buffering=0) as ended:
            ended.write(b".")


async def gated(gate: str) -> AsyncIterator[str]:
    """Two chunks, of which the second comes when somebody has asked to open a gate."""
    yield "first "
    while not gates.setdefault(gate, threading.Event()).is_set():
        await anyio.sleep(0.01)
    yield "second"


def gated_thread(gate: str) -> Iterator[bytes]:
    yield b"first "
    gates.setdefault(gate, threading.Event()).wait(30)
    yield b"second"


async def gated_events(gate: str) -> AsyncIterator[ServerSentEvent]:
    async for text in gated(gate):
        yield ServerSentEvent(text.strip(), id=text[0])


async def endless() -> AsyncIterator[bytes]:
    with counted():
        while True:
            yield b"x" * 1000
            await anyio.sleep(0.01)


async def flood() -> AsyncIterator[bytes]:
    with counted():
        while True:
            yield b"x" * 100_000


def endless_thread() -> Iterator[bytes]:
    with counted():
        while True:
            yield b"x" * 1000
            time.sleep(0.01)


async def idle() -> AsyncIterator[str]:
    """One event, after which nothing comes but the end."""
    with counted():
        try:
            yield "first"
            await anyio.sleep_forever()
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.sleep(0.001)


async def busy() -> AsyncIterator[str]:
    with counted():
        while True:
            yield "tick"
            await anyio.sleep(0.01)


async def shielding() -> AsyncIterator[str]:
    """Text, and between it work that no leave may break off."""
    with counted():
        while True:
            yield "written"
            with anyio.CancelScope(shield=True):
                await anyio.sleep(0.005)


async def working() -> AsyncIterator[str]:
    """Text of a thread that is waited for, whoever leaves."""
    with counted():
        while True:
            await anyio.to_thread.run_sync(time.sleep, 0.002)
            yield "worked"


async def swallowing() -> AsyncIterator[str]:
    """Text of a generator that does not hear of the leave."""
    with counted():
        while True:
            with suppress(anyio.get_cancelled_exc_class()):
                await anyio.sleep(0.01)
            yield "deaf"


async def goodbye(told: anyio.Event) -> AsyncIterator[str]:
    with counted():
        yield "first"
        await told.wait()
        yield "goodbye"
        await anyio.sleep_forever()


def graceful() -> EventSourceResponse:
    told = anyio.Event()
    return EventSourceResponse(goodbye(told), shutdown_event=told, shutdown_grace_period=1)


def with_cookies() -> Response:
    response = Response(b"bytes", 201, {"x-a": "1"}, "application/octet-stream")
    response.set_cookie("session", "a b", httponly=True, path="/")
    response.set_cookie("theme", "dark", max_age=60)
    response.set_cookie("old", "x", max_age=0)
    return response


def left() -> JSONResponse:
    """What there is in this process: of each nothing is to stay behind."""
    loop = asyncio._get_running_loop()
    if loop is not None:
        tasks = len(asyncio.all_tasks())
    else:
        import trio

        tasks = trio.lowlevel.current_statistics().tasks_living
    # Pools keep idle threads, and granian has threads that are not Python's.
    pools = ("AnyIO worker thread", "Trio thread", "Dummy")
    others = [thread for thread in threading.enumerate() if not thread.name.startswith(pools)]
    return JSONResponse(
        {
            "tasks": tasks,
            "threads": len(others)
            + anyio.to_thread.current_default_thread_limiter().borrowed_tokens,
            "descriptors": len(os.listdir("/proc/self/fd")),
            "generators": generators,
        }
    )


def gate(scope: dict[str, Any]) -> str:
    return str(scope["query_string"], "ascii")


def opened(scope: dict[str, Any]) -> PlainTextResponse:
    gates.setdefault(gate(scope), threading.Event()).set()
    return PlainTextResponse("open")


RESPONSES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "/response": lambda _: with_cookies(),
    "/html": lambda _: HTMLResponse("<p>grüße</p>"),
    "/text": lambda _: PlainTextResponse("grüße"),
    "/json": lambda _: JSONResponse({"a": [1, "ü", None]}),
    "/redirect": lambda _: RedirectResponse("/text?ü"),
    "/async": lambda scope: StreamingResponse(gated(gate(scope)), media_type="text/plain"),
    "/thread": lambda scope: StreamingResponse(gated_thread(gate(scope)), media_type="text/plain"),
    "/events": lambda scope: EventSourceResponse(gated_events(gate(scope))),
    "/file": lambda _: FileResponse(FILE, filename="grüße.bin"),
    "/cookie": lambda scope: Response(dict(scope["headers"]).get(b"cookie", b"")),
    "/open": opened,
    "/left": lambda _: left(),
    "/endless": lambda _: StreamingResponse(endless()),
    "/flood": lambda _: StreamingResponse(flood()),
    "/endless-thread": lambda _: StreamingResponse(endless_thread()),
    "/idle": lambda _: EventSourceResponse(idle()),
    "/busy": lambda _: EventSourceResponse(busy()),
    "/shielding": lambda _: StreamingResponse(shielding()),
    "/shielding-events": lambda _: EventSourceResponse(shielding()),
    "/working": lambda _: StreamingResponse(working()),
    "/working-events": lambda _: EventSourceResponse(working()),
    "/swallowing": lambda _: StreamingResponse(swallowing()),
    "/swallowing-events": lambda _: EventSourceResponse(swallowing()),
    "/lines": lambda _: JsonLinesResponse(busy()),
    "/graceful": lambda _: graceful(),
    "/large-file": lambda _: FileResponse(LARGE_FILE),
}

#: Where a client can vanish amid a stream: some fill its window, and some are silent.
STREAMS = [
    *("/endless", "/flood", "/endless-thread", "/idle", "/busy", "/large-file", "/lines"),
    *("/shielding", "/shielding-events", "/working", "/working-events"),
    *("/swallowing", "/swallowing-events"),
]


async def app(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    await RESPONSES[scope["path"]](scope)(scope, receive, send)


async def lifespan(
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


#: Responses are applications, too.
text = PlainTextResponse("hi", headers={"x-a": "1"})
file = FileResponse(FILE)


async def compressed(scope: Any, receive: Any, send: Any) -> None:
    """Serve compressed answers: by the middleware or, below ``/parameter``, by themselves."""
    if scope["type"] != "http":
        await app(scope, receive, send)
        return
    by, _, path = scope["path"].rpartition("/")
    more: Any = {"compress": True} if by else {}
    text = "".join(f"row {number} of a table\n" for number in range(200))
    make: dict[str, Callable[[], Any]] = {
        "fixed": lambda: PlainTextResponse(text, **more),
        "large": lambda: PlainTextResponse(text * 400, **more),
        "stream": lambda: StreamingResponse(iter([text] * 9), media_type="text/plain", **more),
        "file": lambda: FileResponse(Path(__file__), media_type="text/plain", **more),
        "events": lambda: EventSourceResponse(iter(["one", "two"]), **more),
    }
    response = make[path]()
    await (response if by else CompressionMiddleware(response))(scope, receive, send)
