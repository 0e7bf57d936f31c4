"""Content that reads the body of its request, by the ``receive`` that tells of the leave, too."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest

from antiphon.responses import StreamingResponse
from antiphon.sse import EventSourceResponse
from support.scripted import request

pytest.importorskip("starlette")
from starlette.requests import ClientDisconnect, Request

pytestmark = pytest.mark.anyio

CHUNKS = [b"chunk %d;" % number for number in range(20)]


class Upload:
    """A server before ASGI 2.4 whose client sends a body slowly, and stays or leaves amid it."""

    def __init__(self, leaves_after: int = len(CHUNKS)) -> None:
        self.chunks, self.leaves_after = iter(enumerate(CHUNKS, 1)), leaves_after
        self.sent = b""
        self.is_complete = self.has_left = False
        self.scope = request("2.3", method="POST")
        self.scope["headers"] = [(b"transfer-encoding", b"chunked")]

    async def receive(self) -> dict[str, Any]:
        await anyio.sleep(0.002)
        for number, chunk in self.chunks:
            if number > self.leaves_after:
                return {"type": "http.disconnect"}
            return {"type": "http.request", "body": chunk, "more_body": number < len(CHUNKS)}
        while not (self.is_complete or self.has_left):
            await anyio.sleep(0.01)
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        self.sent += message.get("body", b"")
        self.is_complete = message.get("more_body") is False


async def wrapped(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for chunk in body:
        yield chunk


async def of_request(incoming: Request) -> AsyncIterator[bytes]:
    async for chunk in wrapped(incoming.stream()):
        yield chunk


class Reader:
    """An asynchronous iterator that is no generator."""

    def __init__(self, incoming: Request) -> None:
        self.body = incoming.stream()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self.body


WAYS = [Request.stream, of_request, lambda incoming: wrapped(incoming.stream()), Reader]


@pytest.mark.parametrize("make", [StreamingResponse, EventSourceResponse])
@pytest.mark.parametrize("content", WAYS)
async def test_every_chunk_arrives(make: Any, content: Any) -> None:
    peer = Upload()
    incoming = Request(peer.scope, peer.receive)
    with anyio.fail_after(5):
        await make(content(incoming))(peer.scope, peer.receive, peer.send)
    assert peer.sent == b"".join(CHUNKS) and peer.is_complete


@pytest.mark.parametrize("make", [StreamingResponse, EventSourceResponse])
@pytest.mark.parametrize("content", WAYS)
async def test_a_body_that_is_cut_short_is_no_clean_end(make: Any, content: Any) -> None:
    peer = Upload(leaves_after=5)
    incoming = Request(peer.scope, peer.receive)
    with anyio.fail_after(5), pytest.raises(ClientDisconnect):
        await make(content(incoming))(peer.scope, peer.receive, peer.send)
    assert peer.sent == b"".join(CHUNKS[:5]) and not peer.is_complete


async def test_the_leave_is_noticed_after_the_body_was_read() -> None:
    peer = Upload()
    incoming = Request(peer.scope, peer.receive)
    ended = []

    async def content() -> AsyncIterator[bytes]:
        try:
            async for chunk in incoming.stream():
                yield chunk
            peer.has_left = True
            await anyio.sleep_forever()
        finally:
            ended.append(True)

    with anyio.fail_after(5):
        await StreamingResponse(content())(peer.scope, peer.receive, peer.send)
    assert ended


async def test_a_request_without_a_body_keeps_nobody_from_listening() -> None:
    gone = anyio.Event()

    async def receive() -> dict[str, Any]:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message.get("body"):
            gone.set()

    incoming = Request(request("2.3"), receive)

    async def content() -> AsyncIterator[bytes]:
        yield incoming.method.encode()
        await anyio.sleep_forever()

    with anyio.fail_after(2):
        await StreamingResponse(content())(request("2.3"), receive, send)
