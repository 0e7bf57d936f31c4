"""Times one response of each kind, built and sent to nobody: by turns.

The peers are Starlette with sse-starlette, and Antiphon.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import app
import orjson

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


class Orjson(OURS.JSONResponse):
    def render(self, content: Any) -> bytes:
        return orjson.dumps(content)


CASES: dict[str, tuple[Callable[[Any], Any], Any, int, float]] = {
    # name: what is built, the scope, how often in a round, the ratio that is wanted at least
    "plaintext": (lambda m: m.PlainTextResponse("Hello, world!"), SCOPE, 20000, 1.8),
    "two headers": (lambda m: m.PlainTextResponse("hi", headers=HEADERS), SCOPE, 20000, 2.2),
    "cookie": (app.with_cookie, SCOPE, 5000, 8),
    "redirect": (lambda m: m.RedirectResponse("/x/y?z=1"), SCOPE, 10000, 2.2),
    "JSON small": (lambda m: m.JSONResponse({"hello": "world"}), SCOPE, 10000, 2.8),
    "JSON 25 KB": (lambda m: m.JSONResponse(app.USERS), SCOPE, 300, 7),
    "file 4 KiB": (lambda m: m.FileResponse(FILES[0]), SCOPE, 500, 35),
    "file 4 KiB, ASGI 2.3": (lambda m: m.FileResponse(FILES[0]), OLD_SCOPE, 500, 35),
    "file 10 MiB": (lambda m: m.FileResponse(FILES[1]), SCOPE, 5, 12),
    "range 100 kB": (lambda m: m.FileResponse(FILES[1]), RANGE, 300, 20),
    "async stream": (lambda m: m.StreamingResponse(app.async_chunks()), SCOPE, 30, 1.8),
    "async stream, ASGI 2.3": (
        lambda m: m.StreamingResponse(app.async_chunks()),
        OLD_SCOPE,
        30,
        1.8,
    ),
    "sync stream": (lambda m: m.StreamingResponse(app.sync_chunks()), SCOPE, 3, 80),
    "events": (lambda m: m.EventSourceResponse(app.events(1000)), SCOPE, 10, 8),
}


async def cost(build: Callable[[], Any], scope: Any, times: int) -> float:
    """Return the seconds that one response costs."""
    begun = time.perf_counter()
    for _ in range(times):
        await build()(scope, receive, send)
    return (time.perf_counter() - begun) / times


async def main(only: str, rounds: int) -> None:
    for name, (build, scope, times, wanted) in CASES.items():
        if only not in name:
            continue
        best = [float("inf")] * 2
        for _ in range(rounds):
            for place, peer in enumerate((THEIRS, OURS)):
                best[place] = min(best[place], await cost(partial(build, peer), scope, times))
        theirs, ours = (1e6 * seconds for seconds in best)
        print(f"{name:22} {theirs:10.2f} {ours:10.2f}   x {theirs / ours:.2f} (wanted: {wanted})")
    if only in "JSON 25 KB":
        best = [float("inf")] * 2
        for _ in range(rounds):
            for place, cls in enumerate((Orjson, OURS.JSONResponse)):
                seconds = await cost(partial(cls, app.USERS), SCOPE, 300)
                best[place] = min(best[place], seconds)
        theirs, ours = (1e6 * seconds for seconds in best)
        name, ratio = "the same by orjson", ours / theirs
        print(f"{name:22} {theirs:10.2f} {ours:10.2f}   x {ratio:.2f} of it (wanted: 1.25 at most)")


if __name__ == "__main__":
    measured: Coroutine[Any, Any, None] = main(sys.argv[1], int(sys.argv[2]))
    asyncio.run(measured)
