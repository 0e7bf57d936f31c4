"""What can be switched off, as the README's table says it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from antiphon.responses import FileResponse, JsonLinesResponse, JSONResponse, StreamingResponse
from antiphon.sse import EventSourceResponse
from support.scripted import Scripted, request

pytestmark = pytest.mark.anyio

CLASSES = [StreamingResponse, JsonLinesResponse, EventSourceResponse]


def unmerged(make: Any, content: Any, how: str) -> Any:
    if how == "attribute":
        return type("Unmerged", (make,), {"merge_chunks": False})(content)
    if make is JsonLinesResponse:
        return make(content, flush_each_line=True)
    return make(content, merge_chunks=False)


@pytest.mark.parametrize("how", ["attribute", "argument"])
@pytest.mark.parametrize("make", CLASSES)
async def test_without_merging_a_chunk_was_sent_before_the_next_is_asked_for(
    make: Any, how: str
) -> None:
    order: list[Any] = []

    async def rows() -> AsyncIterator[str]:
        for number in range(50):
            yield f"row {number}"
            order.append(number)

    async def send(message: Any) -> None:
        if message.get("more_body"):
            order.append(message["body"])

    await unmerged(make, rows(), how)(request(), Scripted().receive, send)
    assert order[1::2] == list(range(50))
    assert all(b"row %d" % number in order[2 * number] for number in range(50))


@pytest.mark.parametrize("make", CLASSES)
async def test_without_running_ahead_an_item_was_sent_before_the_next_is_asked_for(
    make: Any,
) -> None:
    order: list[Any] = []

    def rows() -> Iterator[str]:
        for number in range(20):
            order.append(number)
            yield f"row {number}"

    async def send(message: Any) -> None:
        if message.get("more_body"):
            order.append(message["body"])

    kind = type("InStep", (make,), {"run_ahead": False})
    await kind(rows())(request(), Scripted().receive, send)
    assert order[::2] == list(range(20))
    assert all(b"row %d" % number in order[2 * number + 1] for number in range(20))


async def test_without_tags(tmp_path: Path) -> None:
    class Plain(FileResponse):
        def set_stat_headers(self, stat_result: Any) -> None:
            super().set_stat_headers(stat_result)
            del self.headers["etag"]
            del self.headers["last-modified"]

    path = tmp_path / "file.txt"
    path.write_bytes(b"content")
    peer = Scripted()
    await Plain(path)(request(), peer.receive, peer.send)
    assert peer.body == b"content"
    names = [name for name, _ in peer.messages[0]["headers"]]
    assert b"content-length" in names
    assert b"etag" not in names and b"last-modified" not in names


async def test_without_preconditions(tmp_path: Path) -> None:
    class Unconditional(FileResponse):
        conditional = False

    path = tmp_path / "file.txt"
    path.write_bytes(b"content")
    for kind, status in ((FileResponse, 304), (Unconditional, 200)):
        peer = Scripted()
        scope = request(headers=[(b"if-none-match", b"*")])
        await kind(path)(scope, peer.receive, peer.send)
        assert peer.messages[0]["status"] == status


def test_without_json_in_rust() -> None:
    class Plain(JSONResponse):
        def render(self, content: Any) -> bytes:
            return json.dumps(content).encode()

    assert Plain(["ü", 1]).body == b'["\\u00fc", 1]'
