"""No line of Starlette's classes runs, whatever is done with ours."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from antiphon.datastructures import Headers, MutableHeaders
from antiphon.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from antiphon.staticfiles import HTTPException, StaticFiles
from support.peer import scope
from support.scripted import Scripted

starlette_responses = pytest.importorskip("starlette.responses")
starlette_datastructures = pytest.importorskip("starlette.datastructures")
starlette_staticfiles = pytest.importorskip("starlette.staticfiles")


class InSteps(StaticFiles):
    def get_path(self, scope: Any) -> str:
        return super().get_path(scope)


class Custom(JSONResponse):
    def __init__(self, content: Any) -> None:
        super().__init__(content, headers={"x-a": "1"})

    def render(self, content: Any) -> bytes:
        return super().render([content])


def send_to(response: Any, **request: Any) -> None:
    peer = Scripted()
    asyncio.run(response(scope(**request), peer.receive, peer.send))


def everything() -> None:
    async def task() -> None: ...

    responses: list[Response] = [
        Response(b"x", headers={"a": "b"}, background=task),
        HTMLResponse("x"),
        PlainTextResponse("x", media_type="text/x"),
        JSONResponse({"a": object.__name__}),
        RedirectResponse("/ä"),
        Custom([1]),
        StreamingResponse([]),
    ]
    for response in responses:
        response.set_cookie("k", "v", max_age=1, expires=1)
        response.delete_cookie("k")
        response.headers["x"] = "y"
        response.init_headers({"z": "1"})
        response.render("x")
        for method in ("GET", "HEAD"):
            send_to(response, method=method)
        send_to(response, type="websocket")
        for name in dir(response):
            if not name.startswith("_"):
                getattr(response, name, None)
    for headers in (Headers({"a": "1"}), MutableHeaders({"a": "1"})):
        headers.keys(), headers.values(), headers.items(), headers.getlist("a"), headers.get("a")
        headers.mutablecopy(), list(headers), len(headers), repr(headers), "a" in headers
        assert headers["a"] and headers.raw and headers == Headers({"a": "1"})
    mutable = MutableHeaders(scope={"headers": []})
    mutable.append("a", "b")
    mutable.setdefault("c", "d")
    mutable.update({"e": "f"})
    mutable.add_vary_header("g")
    mutable |= mutable | {"h": "i"}
    del mutable["a"]
    for kind in (StaticFiles, InSteps):
        app = kind(directory=Path(__file__).parent, packages=[("antiphon", "channel")], html=True)
        for path in ("/conftest.py", "/__init__.py", "/support"):
            with suppress(HTTPException):
                send_to(app, path=path)


def test_no_line_of_starlettes_runs() -> None:
    modules = (starlette_responses, starlette_datastructures, starlette_staticfiles)
    files = {module.__file__ for module in modules}
    lines: list[tuple[str, int]] = []
    own = 0

    def trace(frame: Any, event: str, argument: Any) -> Any:
        nonlocal own
        own += frame.f_code.co_filename.endswith("antiphon/responses.py")
        if frame.f_code.co_filename in files:
            lines.append((frame.f_code.co_filename, frame.f_lineno))
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        everything()
    finally:
        sys.settrace(before)
    assert own > 100, "nothing was traced"
    assert lines == []


def test_no_public_method_is_starlettes() -> None:
    theirs = {starlette_responses.__name__, starlette_datastructures.__name__}
    for cls in (
        Response,
        JSONResponse,
        RedirectResponse,
        StreamingResponse,
        Headers,
        MutableHeaders,
    ):
        for name in dir(cls):
            owner = next(base for base in cls.__mro__ if name in vars(base))
            if not name.startswith("_") or name in ("__init__", "__call__", "__eq__", "__iter__"):
                assert owner.__module__ not in theirs, (cls, name)
