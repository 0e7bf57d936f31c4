"""Times one response of each kind, built and sent to nobody: by turns.

The peers are Starlette with sse-starlette, and Antiphon.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Coroutine
from functools import partial
from statistics import median
from typing import Any

import app
import orjson

from antiphon.responses import JSONResponse

SCOPE: Any = {
    "type": "http",
    "method": "GET",
    "path": "/",
    "headers": [],
    "asgi": {"version": "3.0", "spec_version": "2.4"},
}
OLD_SCOPE = {**SCOPE, "asgi": {"version": "3.0", "spec_version": "2.3"}}
RANGE = {**SCOPE, "headers": [(b"range", b"bytes=1000000-1099999")]}
HEADERS = {"x-a": "b", "cache-control": "no-store"}
FILES = [f"{app.DATA}/{name}" for name in ("f4k.bin", "f10m.bin")]


async def receive() -> Any:
    await asyncio.sleep(3600)


async def send(message: Any) -> None:
    pass


THEIRS, OURS = app.starlette(), app.antiphon()


class Orjson(JSONResponse):
    def render(self, content: Any) -> bytes:
        return orjson.dumps(content)


CASES: dict[str, tuple[Callable[[Any], Any], Any, int, float]] = {
    # name: what is built, the scope, how often in a turn, the ratio that is wanted at least
    "plaintext": (lambda m: m.PlainTextResponse("Hello, world!"), SCOPE, 5000, 1.8),
    "two headers": (lambda m: m.PlainTextResponse("hi", headers=HEADERS), SCOPE, 5000, 2.2),
    "cookie": (app.with_cookie, SCOPE, 2000, 8),
    "redirect": (lambda m: m.RedirectResponse("/x/y?z=1"), SCOPE, 3000, 2.2),
    "JSON small": (lambda m: m.JSONResponse({"hello": "world"}), SCOPE, 3000, 2.8),
    "JSON 25 KB": (lambda m: m.JSONResponse(app.USERS), SCOPE, 100, 7),
    "file 4 KiB": (lambda m: m.FileResponse(FILES[0]), SCOPE, 200, 35),
    "file 4 KiB, ASGI 2.3": (lambda m: m.FileResponse(FILES[0]), OLD_SCOPE, 200, 35),
    "file 10 MiB": (lambda m: m.FileResponse(FILES[1]), SCOPE, 3, 12),
    "range 100 kB": (lambda m: m.FileResponse(FILES[1]), RANGE, 100, 20),
    "async stream": (lambda m: m.StreamingResponse(app.async_chunks()), SCOPE, 10, 1.8),
    "async stream, ASGI 2.3": (
        lambda m: m.StreamingResponse(app.async_chunks()),
        OLD_SCOPE,
        10,
        1.8,
    ),
    "sync stream": (lambda m: m.StreamingResponse(app.sync_chunks()), SCOPE, 3, 80),
    "events": (lambda m: m.EventSourceResponse(app.events(1000)), SCOPE, 5, 8),
}


Costs = tuple[float, float, float]
"""Microseconds of each, and how many times the second the first is, all of them medians."""


async def cost(build: Callable[[], Any], scope: Any, times: int) -> float:
    """Return the seconds that one response costs."""
    begun = time.perf_counter()
    for _ in range(times):
        await build()(scope, receive, send)
    return (time.perf_counter() - begun) / times


async def compare(builds: list[Callable[[], Any]], scope: Any, times: int, turns: int) -> Costs:
    """Measure two by turns, which are short: the machine is the same for both, whatever it does."""
    costs: list[list[float]] = [[], []]
    for _ in range(turns):
        for build, seconds in zip(builds, costs, strict=True):
            seconds.append(await cost(build, scope, times))
    theirs, ours = (1e6 * median(seconds) for seconds in costs)
    return theirs, ours, median(first / second for first, second in zip(*costs, strict=True))


async def main(only: str, turns: int) -> None:
    for name, (build, scope, times, wanted) in CASES.items():
        if only not in name:
            continue
        builds: list[Callable[[], Any]] = [partial(build, THEIRS), partial(build, OURS)]
        theirs, ours, ratio = await compare(builds, scope, times, turns)
        print(f"{name:22} {theirs:10.2f} {ours:10.2f}   x {ratio:.2f} (wanted: {wanted})")
    if only in "JSON 25 KB":
        builds = [partial(OURS.JSONResponse, app.USERS), partial(Orjson, app.USERS)]
        ours, theirs, ratio = await compare(builds, SCOPE, 100, turns)
        name = "the same by orjson"
        print(f"{name:22} {theirs:10.2f} {ours:10.2f}   x {ratio:.2f} of it (wanted: 1.25 at most)")


if __name__ == "__main__":
    measured: Coroutine[Any, Any, None] = main(sys.argv[1], 10 * int(sys.argv[2]))
    asyncio.run(measured)
