"""What annotations say of responses: checked by mypy, never run.

A ``type: ignore`` that is not needed is an error, so those say what the type system cannot.
"""

from __future__ import annotations

import starlette.applications
import starlette.responses
import starlette.types
from starlette.requests import Request

import antiphon.compression
import antiphon.responses
import antiphon.sse


async def handler(request: Request) -> starlette.responses.Response:
    if request.url.path == "/events":
        return antiphon.sse.EventSourceResponse(["event"])
    return antiphon.responses.JSONResponse({"hello": "world"})


def each_class() -> tuple[
    starlette.responses.HTMLResponse,
    starlette.responses.PlainTextResponse,
    starlette.responses.JSONResponse,
    starlette.responses.RedirectResponse,
    starlette.responses.FileResponse,
    starlette.responses.StreamingResponse,
]:
    return (
        antiphon.responses.HTMLResponse("hi"),
        antiphon.responses.PlainTextResponse("hi"),
        antiphon.responses.JSONResponse("hi"),
        antiphon.responses.RedirectResponse("/"),
        antiphon.responses.FileResponse("hi"),
        antiphon.responses.StreamingResponse(["hi"]),
    )


class Compressed(antiphon.responses.JSONResponse):
    compress = antiphon.compression.Compression(codings=["br", "gzip"])


class Flagged(antiphon.responses.FileResponse):
    compress = True


around = starlette.applications.Starlette()
around.add_middleware(antiphon.compression.CompressionMiddleware, minimum_size=1000)
inner: starlette.types.ASGIApp = antiphon.compression.CompressionMiddleware(around, codings=["br"])


class Own(antiphon.responses.JSONResponse):
    def render(self, content: object) -> bytes:
        return b"{}"


own: starlette.responses.Response = Own({})
app: starlette.types.ASGIApp = antiphon.responses.Response("hi")


async def of_either_kind(is_ours: bool) -> starlette.responses.Response:
    return antiphon.responses.Response() if is_ours else starlette.responses.Response()


async def the_other_way_round() -> antiphon.responses.Response:
    return starlette.responses.Response()  # type: ignore[return-value]


def after_install() -> starlette.responses.Response:
    return starlette.responses.FileResponse("hi", etag="content")  # type: ignore[call-arg]
