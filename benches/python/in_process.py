"""Times one response of each kind, built and sent to nobody: Starlette's and Antiphon's by turns."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Coroutine
from typing import Any

import antiphon.responses
import app
import orjson
import starlette.responses

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


def cookie(module: Any) -> Any:
    app.responses = module
    return app.with_cookie()


class Orjson(antiphon.responses.JSONResponse):
    def render(self, content: Any) -> bytes:
        return orjson.dumps(content)


CASES: dict[str, tuple[Callable[[Any], Any], Any, int, float]] = {
    # name: what is built, the scope, how often in a round, the ratio that is wanted at least
    "plaintext": (lambda m: m.PlainTextResponse("Hello, world!"), SCOPE, 20000, 1.8),
    "two headers": (lambda m: m.PlainTextResponse("hi", headers=HEADERS), SCOPE, 20000, 2.2),
    "cookie": (cookie, SCOPE, 5000, 8),
    "redirect": (lambda m: m.RedirectResponse("/x/y?z=1"), SCOPE, 10000, 2.2),
    "JSON small": (lambda m: m.JSONResponse({"hello": "world"}), SCOPE, 10000, 2.8),
    "JSON 25 KB": (lambda m: m.JSONResponse(app.USERS), SCOPE, 300, 7),
    "file 4 KiB": (lambda m: m.FileResponse(FILES[0]), SCOPE, 500, 35),
    "file 4 KiB, ASGI 2.3": (lambda m: m.FileResponse(FILES[0]), OLD_SCOPE, 500, 35),
    "file 10 MiB": (lambda m: m.FileResponse(FILES[1]), SCOPE, 5, 12),
    "range 100 kB": (lambda m: m.FileResponse(FILES[1]), RANGE, 300, 20),
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
            for place, module in enumerate((starlette.responses, antiphon.responses)):
                best[place] = min(best[place], await cost(lambda: build(module), scope, times))
        theirs, ours = (1e6 * seconds for seconds in best)
        print(f"{name:22} {theirs:10.2f} {ours:10.2f}   x {theirs / ours:.2f} (wanted: {wanted})")
    if only in "JSON 25 KB":
        best = [float("inf")] * 2
        for _ in range(rounds):
            for place, cls in enumerate((Orjson, antiphon.responses.JSONResponse)):
                seconds = await cost(lambda: cls(app.USERS), SCOPE, 300)
                best[place] = min(best[place], seconds)
        theirs, ours = (1e6 * seconds for seconds in best)
        print(
            f"{'the same by orjson':22} {theirs:10.2f} {ours:10.2f}   x {ours / theirs:.2f} of it (1.25)"
        )


if __name__ == "__main__":
    measured: Coroutine[Any, Any, None] = main(sys.argv[1], int(sys.argv[2]))
    asyncio.run(measured)
