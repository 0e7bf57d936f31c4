"""Large content is encoded on threads, and holds nobody up; many streams hold little."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest

from antiphon.compression import Compression, CompressionMiddleware
from antiphon.responses import (
    PlainTextResponse,
    Response,
)
from support.compressing import CODINGS, WAYS, answered, asking, by, fields, noise
from support.decoders import Decoder, decoded
from support.scripted import Scripted

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("size", [1 << 15, (1 << 15) + 2, 1 << 20, (1 << 20) + 2, 1 << 22])
async def test_content_that_lies_ready_has_a_length_up_to_one_mebibyte(
    size: int, way: str, coding: str
) -> None:
    content = noise(size)
    app = by(way, Response, content, media_type="text/plain")
    peer = await answered(app, asking(coding))
    assert decoded(coding, peer.body) == content
    length = fields(peer).get("content-length")
    assert length == (str(len(peer.body)) if size <= 1 << 20 else None)
    assert len(peer.chunks) == (1 if size <= 1 << 20 else -(-size // (256 << 10)))
    if way == "parameter":
        head = await answered(app, asking(coding, method="HEAD"))
        assert head.messages[0] == peer.messages[0] and head.body == b""
        assert len(head.chunks) <= 2 and not head.messages[-1].get("more_body")


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_large_content_does_not_hold_up_the_event_loop_or_other_threads() -> None:
    lags: list[float] = []
    is_over = False
    turns = 0

    async def tick() -> None:
        while not is_over:
            before = time.perf_counter()
            await asyncio.sleep(0.002)
            lags.append(time.perf_counter() - before)

    def spin() -> None:
        nonlocal turns
        while not is_over:
            turns += 1

    ticking = asyncio.ensure_future(tick())
    thread = threading.Thread(target=spin)
    content = noise(1 << 20)
    app = PlainTextResponse(content, compress=Compression(brotli_quality=9))
    begun = time.perf_counter()
    await answered(app, asking("br"))
    took = time.perf_counter() - begun
    is_over = True
    await ticking
    # As many turns as the encoding leaves; an event loop that is held up has one.
    assert len(lags) > 5 and max(lags) < took * 0.8, (took, len(lags), max(lags))
    is_over = False
    thread.start()
    await answered(app, asking("br"))
    is_over = True
    thread.join()
    assert turns > 1000


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.parametrize("how", ["task", "scope"])
async def test_a_cancellation_while_a_thread_encodes_loses_the_message_and_nothing_else(
    how: str,
) -> None:
    content = noise(1 << 20)
    compress = Compression(brotli_quality=9)
    caught: list[BaseException] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        lines = [(b"content-type", b"text/plain")]
        await send({"type": "http.response.start", "status": 200, "headers": lines})
        await send({"type": "http.response.body", "body": b"one", "more_body": True})
        try:
            await send({"type": "http.response.body", "body": content, "more_body": True})
        except asyncio.CancelledError:
            # Whoever swallows that may not go on as if nothing had happened.
            try:
                await send({"type": "http.response.body", "body": b"two"})
            except RuntimeError as error:
                caught.append(error)
            raise

    peer = Scripted()
    answering = CompressionMiddleware(app, compression=compress)(
        asking("br"), peer.receive, peer.send
    )
    if how == "task":
        task = asyncio.ensure_future(answering)
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(caught) == 1 and "was lost" in str(caught[0])
    else:
        with anyio.move_on_after(0.05):
            await answering
    assert all(message["more_body"] for message in peer.messages[1:])
    assert Decoder("br").decode(peer.messages[1]["body"]) == b"one"
    # What comes next is another answer.
    peer = await answered(PlainTextResponse(content, compress=True), asking("br"))
    assert decoded("br", peer.body) == content


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_messages_that_are_sent_at_once_are_encoded_in_their_order() -> None:
    large, small = noise(1 << 18), b"small"

    async def app(scope: Any, receive: Any, send: Any) -> None:
        lines = [(b"content-type", b"text/plain")]
        await send({"type": "http.response.start", "status": 200, "headers": lines})
        contents = [large, small, small, large, small]
        await asyncio.gather(
            *(
                send({"type": "http.response.body", "body": content, "more_body": True})
                for content in contents
            )
        )
        await send({"type": "http.response.body"})

    peer = await answered(CompressionMiddleware(app), asking())
    assert decoded("gzip", peer.body) == large + small + small + large + small


#: Opens 200 streams, and prints how many bytes each holds.
STREAMS = """
import asyncio, os, sys
from pathlib import Path
from antiphon.responses import StreamingResponse
from support.compressing import asking, noise

MANY, opened = 200, 0

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

async def chunks():
    global opened
    for _ in range(8):
        yield noise(20_000)
        await asyncio.sleep(0)
    opened += 1
    await asyncio.sleep(1000)

async def send(message):
    pass

async def open_all(coding):
    before = resident()
    stream = lambda: StreamingResponse(chunks(), media_type="text/plain", compress=True)
    tasks = [asyncio.ensure_future(stream()(asking(coding), None, send)) for _ in range(MANY)]
    while opened < MANY:
        await asyncio.sleep(0.01)
    print((resident() - before) // MANY)
    for task in tasks:
        task.cancel()

asyncio.run(open_all(sys.argv[1]))
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc")
@pytest.mark.parametrize(("coding", "most"), [("gzip", 0.4), ("br", 0.7)])
def test_open_streams_hold_what_is_said(coding: str, most: float) -> None:
    # In an interpreter of its own, in which nothing has been given back before.
    done = subprocess.run(
        [sys.executable, "-c", STREAMS, coding],
        cwd=Path(__file__).parent,
        capture_output=True,
        timeout=25,
    )
    assert done.returncode == 0, done.stderr
    held = int(done.stdout) / (1 << 20)
    assert most / 2 < held < most + 0.1
