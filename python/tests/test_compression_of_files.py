"""Files that are compressed, however the server would send them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from antiphon.compression import CompressionMiddleware
from antiphon.responses import (
    FileResponse,
)
from support.compressing import CODINGS, TEXT, WAYS, answered, asking, fields, noise
from support.decoders import decoded
from support.scripted import Scripted

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("size", [1000, 64 << 10, (64 << 10) + 2, 1_000_000])
@pytest.mark.parametrize("offer", ["http.response.pathsend", "http.response.zerocopysend", "none"])
async def test_a_file_is_compressed_whatever_the_server_takes(
    offer: str, size: int, way: str, coding: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.txt"
    content = noise(size)
    path.write_bytes(content)
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope)
        if way == "parameter":
            await FileResponse(path, compress=True)(scope, receive, send)
        else:
            await FileResponse(path)(scope, receive, send)

    scope = asking(coding, extensions={offer: {}})
    whole = app if way == "parameter" else CompressionMiddleware(app)
    peer = await answered(whole, scope)
    assert {message["type"] for message in peer.messages[1:]} == {"http.response.body"}
    assert decoded(coding, peer.body) == content
    found = fields(peer)
    assert found["etag"].endswith(f'-{coding}"') and "accept-ranges" not in found
    assert all(len(chunk) <= 66 << 10 for chunk in peer.chunks)
    assert scope["extensions"] == {offer: {}}
    if offer == "http.response.zerocopysend" and way == "middleware":
        assert offer not in seen[0]["extensions"]
    # Whoever does not take the coding gets what there was.
    plain = await answered(whole, {**scope, "headers": []})
    is_path = offer == "http.response.pathsend"
    assert (plain.messages[1]["type"] == "http.response.pathsend") == is_path
    # A part is a part of the content as it is.
    ranged = asking(coding, (b"range", b"bytes=0-9"), extensions={offer: {}})
    part = await answered(whole, ranged)
    assert part.messages[0]["status"] == 206 and part.body == content[:10]


async def test_a_file_that_cannot_be_read_is_an_error_before_anything_is_sent(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(TEXT)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        async def late(message: Any) -> None:
            if message["type"] == "http.response.pathsend":
                os.unlink(path)
            await send(message)

        await FileResponse(path)(scope, receive, late)

    peer = Scripted()
    scope = asking(extensions={"http.response.pathsend": {}})
    with pytest.raises(RuntimeError, match=r"a\.txt does not exist"):
        await CompressionMiddleware(app)(scope, peer.receive, peer.send)
    assert peer.messages == []


async def test_a_file_that_has_become_shorter_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(noise(200_000))
    peer = Scripted(at=2, does="call", call=lambda: os.truncate(path, 100_000))
    scope = asking(extensions={"http.response.pathsend": {}})
    with pytest.raises(ValueError, match="content-length"):
        await CompressionMiddleware(FileResponse(path))(scope, peer.receive, peer.send)
    assert all(message["more_body"] for message in peer.messages[1:])


async def test_zerocopysend_that_was_not_offered_is_an_error() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        lines = [(b"content-type", b"text/plain")]
        await send({"type": "http.response.start", "status": 200, "headers": lines})
        await send({"type": "http.response.zerocopysend", "file": 0})

    with pytest.raises(RuntimeError, match="zerocopysend"):
        await answered(CompressionMiddleware(app), asking())
