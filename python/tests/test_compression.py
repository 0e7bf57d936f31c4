"""Compressed answers: what goes out, message by message, and how it ends."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest

from antiphon.compression import CompressionMiddleware
from antiphon.content import ContentResponse
from antiphon.outcome import Outcome
from antiphon.requests import ClientDisconnect
from antiphon.responses import (
    FileResponse,
    JsonLinesResponse,
    PlainTextResponse,
    StreamingResponse,
)
from antiphon.sse import EventSourceResponse
from support.compressing import CODINGS, TEXT, WAYS, answered, asking, by, fields
from support.decoders import Decoder, decoded
from support.scripted import Scripted, request

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ["async", "sync", "events", "lines"])
async def test_after_every_message_a_client_has_all_that_was_sent(
    kind: str, way: str, coding: str
) -> None:
    taken = anyio.Event()
    sent = [f"chunk {number} of text\n" for number in range(20)]

    async def slow() -> AsyncIterator[str]:
        nonlocal taken
        for text in sent:
            yield text
            await taken.wait()
            taken = anyio.Event()

    def threaded() -> Iterator[str]:
        yield from sent

    app = {
        "async": lambda: by(way, StreamingResponse, slow(), media_type="text/plain"),
        "sync": lambda: by(
            way, StreamingResponse, threaded(), media_type="text/plain", merge_chunks=False
        ),
        "events": lambda: by(way, EventSourceResponse, slow(), sep="\n"),
        "lines": lambda: by(way, JsonLinesResponse, slow(), flush_each_line=True),
    }[kind]()
    shape = {"events": "data: {}\n\n", "lines": '"{}"\n'}.get(kind, "{}")
    expected = [
        shape.format(text.rstrip() if kind == "events" else text).replace('text\n"', 'text\\n"')
        for text in sent
    ]
    if kind == "events":
        expected = [f"data: {text.rstrip()}\ndata: \n\n" for text in sent]
    decoder, read, contents = Decoder(coding), b"", 0

    async def send(message: Any) -> None:
        nonlocal read, contents
        if message["type"] == "http.response.start":
            found = dict(message["headers"])
            assert found[b"content-encoding"] == coding.encode()
            return
        more = decoder.decode(message["body"])
        read += more
        if message["more_body"]:
            contents += 1
            assert more, "a message brought nothing that can be read"
        assert "".join(expected).encode().startswith(read)
        taken.set()

    with anyio.fail_after(20):
        await app(asking(coding), Scripted().receive, send)
    assert read == "".join(expected).encode()
    assert decoder.has_ended
    assert kind == "sync" or contents == len(sent)


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("way", WAYS)
async def test_a_ping_can_be_read_when_it_is_sent(way: str, coding: str) -> None:
    is_pinged = anyio.Event()
    decoder = Decoder(coding)

    async def events() -> AsyncIterator[str]:
        yield "one"
        await is_pinged.wait()
        yield "two"

    texts: list[bytes] = []

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            texts.append(decoder.decode(message["body"]))
            if b": ping" in texts[-1]:
                is_pinged.set()

    app = by(way, EventSourceResponse, events(), ping=0.02, sep="\n")
    with anyio.fail_after(10):
        await app(asking(coding), Scripted().receive, send)
    assert texts[0] == b"data: one\n\n" and b"data: two\n\n" in texts
    assert decoder.has_ended


@pytest.mark.parametrize("way", WAYS)
async def test_the_head_of_a_slow_stream_goes_out_before_its_first_chunk(way: str) -> None:
    peer = Scripted()

    async def slow() -> AsyncIterator[str]:
        await anyio.sleep(0)
        while not peer.messages:
            await anyio.sleep(0.001)
        yield "late"

    app = by(way, StreamingResponse, slow(), media_type="text/plain")
    await answered(app, asking(), peer)
    assert decoded("gzip", peer.body) == b"late"


@pytest.mark.parametrize("way", WAYS)
async def test_the_head_of_a_stream_that_announces_its_length_goes_out_with_its_first_chunk(
    way: str,
) -> None:
    peer, before = Scripted(), []

    async def chunks() -> AsyncIterator[bytes]:
        await anyio.sleep(0)
        before.append(len(peer.messages))
        yield TEXT
        await anyio.sleep(0)
        before.append(len(peer.messages))
        yield TEXT

    length = {"content-length": str(2 * len(TEXT))}
    app = by(way, StreamingResponse, chunks(), headers=length, media_type="text/plain")
    await answered(app, asking("br"), peer)
    assert before == [0, 2]
    assert "content-length" not in fields(peer)
    assert decoded("br", peer.body) == 2 * TEXT


@pytest.mark.parametrize("sizes", [[400, 500], [400, 700], [900, 200]])
async def test_content_of_another_length_than_announced_is_an_error(sizes: list[int]) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-type", b"text/plain"), (b"content-length", b"1000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"a" * sizes[0], "more_body": True})
        await send({"type": "http.response.body", "body": b"a" * sizes[1]})

    peer = Scripted()
    with pytest.raises(ValueError, match="content-length"):
        await CompressionMiddleware(app)(asking(), peer.receive, peer.send)
    assert all(message["more_body"] for message in peer.messages[1:])


async def test_messages_keep_whatever_else_they_hold_and_are_not_changed() -> None:
    head = [(b"content-type", b"text/plain"), (b"etag", b'"1"')]
    start = {"type": "http.response.start", "status": 200, "headers": head, "trailers": True}
    content = {"type": "http.response.body", "body": TEXT, "own": 1}
    others = [
        {"type": "http.response.early_hint", "links": []},
        {"type": "http.response.trailers", "headers": []},
    ]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in (others[0], start, content, others[1]):
            await send(message)

    before = copy.deepcopy([start, content])
    peer = await answered(CompressionMiddleware(app), asking())
    assert [start, content] == before
    assert peer.messages[0] is others[0] and peer.messages[3] is others[1]
    assert peer.messages[1]["trailers"] is True and peer.messages[2]["own"] == 1
    assert dict(peer.messages[1]["headers"])[b"etag"] == b'"1-gzip"'
    assert decoded("gzip", peer.messages[2]["body"]) == TEXT


async def test_content_before_trailers_has_no_length() -> None:
    lines = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(TEXT))]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        start = {"type": "http.response.start", "status": 200, "headers": lines}
        await send({**start, "trailers": True})
        await send({"type": "http.response.body", "body": TEXT})

    peer = await answered(CompressionMiddleware(app), asking())
    assert "content-length" not in fields(peer)
    assert decoded("gzip", peer.body) == TEXT


@pytest.mark.parametrize("content", [TEXT, bytearray(TEXT), memoryview(TEXT)])
async def test_content_may_be_of_any_type_that_holds_bytes(content: Any) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        # Names in upper case and fields that can be read once are wrong, and servers take them.
        lines = [[b"Content-Type", b"text/plain"], [b"Content-Length", b"%d" % len(TEXT)]]
        await send({"type": "http.response.start", "status": 200, "headers": iter(lines)})
        await send({"type": "http.response.body", "body": content})

    peer = await answered(CompressionMiddleware(app), asking())
    assert fields(peer)["content-length"] == str(len(peer.body))
    assert decoded("gzip", peer.body) == TEXT
    peer = await answered(CompressionMiddleware(app), asking("identity"))
    assert peer.body == TEXT and fields(peer)["content-length"] == str(len(TEXT))


async def test_content_that_is_no_bytes_is_an_error() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        lines = [(b"content-type", b"text/plain")]
        await send({"type": "http.response.start", "status": 200, "headers": lines})
        await send({"type": "http.response.body", "body": "text"})

    with pytest.raises(TypeError, match="body of a message: expected bytes, but found str"):
        await answered(CompressionMiddleware(app), asking())


@pytest.mark.parametrize("way", WAYS)
async def test_a_response_can_be_sent_twice(way: str) -> None:
    app = by(way, PlainTextResponse, TEXT)
    first, second = [await answered(app, asking()) for _ in range(2)]
    plain = await answered(app, request())
    assert first.messages == second.messages
    assert plain.body == TEXT and fields(plain)["content-length"] == str(len(TEXT))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("make", [StreamingResponse, EventSourceResponse, JsonLinesResponse])
async def test_a_generator_that_fails_amid_its_stream_leaves_it_without_an_end(
    make: Any, way: str
) -> None:
    class Broken(Exception):
        pass

    async def chunks() -> AsyncIterator[str]:
        yield "one"
        await anyio.sleep(0.01)
        raise Broken

    peer = Scripted()
    keywords = {"media_type": "text/plain"} if make is StreamingResponse else {}
    with pytest.raises(Broken):
        await by(way, make, chunks(), **keywords)(asking(), peer.receive, peer.send)
    decoder = Decoder("gzip")
    assert b"one" in decoder.decode(peer.body)
    assert not decoder.has_ended
    assert all(message["more_body"] for message in peer.messages[1:])


@pytest.mark.parametrize("way", WAYS)
async def test_an_error_of_send_is_the_servers(way: str) -> None:
    async def chunks() -> AsyncIterator[str]:
        while True:
            yield "one"
            await anyio.sleep(0)

    app = by(way, StreamingResponse, chunks(), media_type="text/plain")
    with pytest.raises(ClientDisconnect):
        await answered(app, asking(), Scripted(at=2, does="fail"))


@pytest.mark.parametrize("way", WAYS)
async def test_a_client_that_leaves_ends_the_stream(way: str) -> None:
    is_closed = False

    async def chunks() -> AsyncIterator[str]:
        nonlocal is_closed
        try:
            while True:
                yield "one"
                await anyio.sleep(0.001)
        finally:
            is_closed = True

    app = by(way, StreamingResponse, chunks(), media_type="text/plain")
    scope = {**asking(), "asgi": {"spec_version": "2.3"}}
    await answered(app, scope, Scripted(at=2, does="leave"))
    assert is_closed


async def test_the_outcome_counts_coded_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(TEXT * 100)

    async def chunks() -> AsyncIterator[bytes]:
        yield TEXT
        yield TEXT

    for make, content in [
        (StreamingResponse, chunks),
        (EventSourceResponse, chunks),
        (FileResponse, lambda: path),
        (ContentResponse, lambda: TEXT),
    ]:
        told: list[Outcome] = []
        kind: Any = make
        keywords = {} if make is EventSourceResponse else {"media_type": "text/plain"}
        app = kind(content(), **keywords, compress=True, on_complete=told.append)
        peer = await answered(app, asking())
        assert fields(peer)["content-encoding"] == "gzip"
        assert [(outcome.reason, outcome.bytes_sent) for outcome in told] == [
            ("complete", len(peer.body))
        ]


async def test_what_runs_afterwards_does() -> None:
    ran: list[str] = []

    async def task() -> None:
        ran.append("task")

    await answered(PlainTextResponse(TEXT, background=task, compress=True), asking())
    await answered(
        StreamingResponse([TEXT], media_type="text/plain", background=task, compress=True), asking()
    )
    assert ran == ["task", "task"]
