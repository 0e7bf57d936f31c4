"""What requests get of compressed answers: tags, heads, and what is left alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from antiphon.compression import CompressionMiddleware
from antiphon.offload import XAccel
from antiphon.responses import (
    FileResponse,
    JsonLinesResponse,
    PlainTextResponse,
    StreamingResponse,
)
from antiphon.sse import EventSourceResponse
from support.compressing import TEXT, WAYS, answered, asking, by, fields

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("way", WAYS)
async def test_a_tag_of_coded_content_gets_what_the_content_as_it_is_would(way: str) -> None:
    def make() -> Any:
        response = PlainTextResponse(TEXT, **({"compress": True} if way == "parameter" else {}))
        response.add_etag()
        return response if way == "parameter" else CompressionMiddleware(response)

    tag = fields(await answered(make(), asking()))["etag"]
    assert tag.endswith('-gzip"')
    peer = await answered(make(), asking("gzip", (b"if-none-match", tag.encode())))
    assert peer.messages[0]["status"] == 304 and fields(peer)["etag"] == tag
    assert fields(peer)["vary"] == "Accept-Encoding"
    peer = await answered(make(), asking("br", (b"if-none-match", tag.encode())))
    assert peer.messages[0]["status"] == 200


async def test_the_application_gets_the_very_scope_unless_the_request_names_a_coded_tag() -> None:
    scopes: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        scope["route"] = "/found"
        scopes.append(scope)
        await PlainTextResponse(TEXT)(scope, receive, send)

    around = CompressionMiddleware(app)
    scope = asking("gzip", (b"range", b"bytes=0-1"), (b"if-none-match", b'"1"'))
    await answered(around, scope)
    assert scopes.pop() is scope

    lines = [(b"range", b"bytes=0-1"), (b"if-none-match", b'"1-gzip"'), (b"x-a", b"b")]
    scope = asking("gzip", *lines)
    before = list(scope["headers"])
    await answered(around, scope)
    inner = scopes.pop()
    assert inner is not scope and scope["headers"] == before
    assert dict(inner["headers"]) == {
        b"accept-encoding": b"gzip",
        b"x-a": b"b",
        b"if-none-match": b'"1", "1-gzip"',
    }
    # What a router has found is seen by whoever is around.
    assert scope["route"] == "/found"


@pytest.mark.parametrize("way", WAYS)
async def test_a_stream_is_not_asked_for_anything_after_head(way: str) -> None:
    async def chunks() -> AsyncIterator[str]:
        raise AssertionError("nobody wants it")
        yield ""

    for make in (StreamingResponse, EventSourceResponse, JsonLinesResponse):
        keywords = {"media_type": "text/plain"} if make is StreamingResponse else {}
        peer = await answered(by(way, make, chunks(), **keywords), asking(method="HEAD"))
        assert fields(peer)["content-encoding"] == "gzip"
        assert peer.body == b""


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ["websocket", "lifespan"])
async def test_what_is_no_request_is_left_alone(kind: str, way: str) -> None:
    scope = {**asking(), "type": kind}
    app = by(way, PlainTextResponse, TEXT)
    if kind == "lifespan":
        with pytest.raises(ValueError, match='but found "lifespan"'):
            await answered(app, scope)
        return
    peer = await answered(app, scope)
    assert "content-encoding" not in fields(peer) and peer.body == TEXT


async def test_content_that_another_server_sends_is_left_alone(tmp_path: Path) -> None:
    offload = XAccel({str(tmp_path): "/_files/"})
    app = FileResponse(tmp_path / "a.txt", offload=offload, compress=True)
    for around in (app, CompressionMiddleware(FileResponse(tmp_path / "a.txt", offload=offload))):
        peer = await answered(around, asking())
        assert "content-encoding" not in fields(peer) and peer.body == b""
