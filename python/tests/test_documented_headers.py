"""The header fields that each class's documentation names are those that it sends."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from antiphon import responses, sse
from antiphon.compression import Compression
from antiphon.testing import Client

MEDIA_TYPE = {"media_type": "text/plain"}
RANGES = [{}, {"range": "bytes=1-2"}, {"range": "bytes=9-"}, {"if-none-match": "*"}]
CODINGS = [*RANGES, {"accept-encoding": "gzip"}]
MADE: dict[type, Callable[[Path], Any]] = {
    responses.Response: lambda path: responses.Response("a", **MEDIA_TYPE),
    responses.HTMLResponse: lambda path: responses.HTMLResponse("a"),
    responses.PlainTextResponse: lambda path: responses.PlainTextResponse("a"),
    responses.JSONResponse: lambda path: responses.JSONResponse("a"),
    responses.RedirectResponse: lambda path: responses.RedirectResponse("/"),
    responses.StreamingResponse: lambda path: responses.StreamingResponse(["a"], **MEDIA_TYPE),
    responses.JsonLinesResponse: lambda path: responses.JsonLinesResponse(["a"]),
    responses.FileResponse: lambda path: responses.FileResponse(path, filename="a", **MEDIA_TYPE),
    sse.EventSourceResponse: lambda path: sse.EventSourceResponse(["a"]),
}


@pytest.mark.parametrize("response_class", MADE)
def test_the_header_fields_are_those_that_are_named(response_class: type, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"abc")

    async def plain(scope: Any, receive: Any, send: Any) -> None:
        await MADE[response_class](path)(scope, receive, send)

    async def compressed(scope: Any, receive: Any, send: Any) -> None:
        response = MADE[response_class](path)
        response.compress = Compression(minimum_size=0)
        await response(scope, receive, send)

    sent = set()
    for app, asked in [(plain, RANGES), (compressed, CODINGS)]:
        with Client(app) as client:
            for headers in asked:
                with client.stream(headers=headers) as answer:
                    sent.update(name for name, _ in answer.headers)
    assert named(response_class) == sent


def test_every_class_is_looked_at() -> None:
    assert {getattr(responses, name) for name in responses.__all__} <= MADE.keys()


def named(response_class: type) -> set[str]:
    documentation = inspect.getdoc(response_class) or ""
    section = re.search(r"^Sends:\n((?: {4}.*\n)+)", documentation, re.MULTILINE)
    assert section, "its documentation does not say what it sends"
    fields = re.findall(r"``([A-Z][A-Za-z-]+)(?:``|:)", section[1])
    return {field.lower() for field in fields}
