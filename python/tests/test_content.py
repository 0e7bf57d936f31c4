"""Content of sources: what a hostile one gets, what is asked of one, and who waits for it."""

from __future__ import annotations

import asyncio
import contextlib
import doctest
import importlib
import io
import os
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import anyio
import pytest

from antiphon.content import (
    ContentResponse,
    FileSource,
    FsspecSource,
    ObjectSource,
    SourceChanged,
    SourceError,
    SourceFacts,
    SourceForbidden,
    SourceNotFound,
    SourceTimeout,
)
from antiphon.outcome import Outcome
from support import STARLETTE
from support.peer import Peer, Waiting, delivered, scope

pytestmark = pytest.mark.anyio


class Scripted:
    """A source that does what a test wants, and remembers what it was asked for."""

    name = "scripted"

    def __init__(self, length: int, brings: Callable[[int, int], Any]) -> None:
        self._length = length
        self._brings = brings
        self.told = 0
        self.asked: list[tuple[int, int]] = []

    async def facts(self) -> SourceFacts:
        self.told += 1
        return SourceFacts(self._length, etag="v")

    async def read(self, start: int, end: int, facts: SourceFacts) -> Any:
        assert facts.etag == '"v"'
        self.asked.append((start, end))
        return self._brings(start, end)


def zeros(start: int, end: int) -> bytes:
    return bytes(end - start)


def headers(**fields: str) -> list[tuple[bytes, bytes]]:
    return [(name.replace("_", "-").encode(), value.encode()) for name, value in fields.items()]


async def answer(response: ContentResponse, peer: Peer | None = None, **request: Any) -> Peer:
    peer = peer or Waiting()
    with anyio.fail_after(20):
        await response(scope(**request), peer.receive, peer.send)
    return peer


async def never(*_: object) -> AsyncIterator[bytes]:
    await anyio.sleep_forever()
    yield b""


async def late() -> AsyncIterator[bytes]:
    yield bytes(4)
    await anyio.sleep_forever()


async def test_a_source_that_fails_at_once_is_an_error_before_the_head() -> None:
    def gone(*_: int) -> bytes:
        raise FileNotFoundError("gone")

    def mine(*_: int) -> bytes:
        raise LookupError("mine")

    def forbidden(*_: int) -> bytes:
        raise PermissionError("not you")

    faults: list[tuple[Any, type[Exception], str, int]] = [
        (lambda *_: b"", SourceError, "expected 10 bytes more, but found the end", 502),
        (lambda *_: bytes(11), SourceError, "expected 10 bytes at most, but found 11", 502),
        (never, SourceTimeout, "expected an answer in 0.05 s, but found none", 504),
        (gone, SourceNotFound, "gone", 404),
        (forbidden, SourceForbidden, "not you", 403),
    ]
    for brings, kind, text, status in faults:
        peer = Waiting()
        response = ContentResponse(Scripted(10, brings), source_timeout=0.05)
        with pytest.raises(kind) as raised:
            await answer(response, peer)
        error = raised.value
        assert str(error) == f"source scripted: {text}" and not peer.messages
        assert isinstance(error, SourceError) and error.status_code == status
    with pytest.raises(LookupError, match="mine"):
        await answer(ContentResponse(Scripted(10, mine)))
    with pytest.raises(TypeError, match="read: expected bytes, or what brings them, but found int"):
        await answer(ContentResponse(Scripted(10, lambda *_: 7)))


async def test_a_source_that_fails_later_cuts_the_connection(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def ends() -> AsyncIterator[bytes]:
        yield bytes(4)

    async def goes_on() -> AsyncIterator[bytes]:
        yield bytes(4)
        yield bytes(97)

    async def changes() -> AsyncIterator[bytes]:
        yield bytes(4)
        raise SourceChanged("it is another")

    faults = [
        (ends, "expected 96 bytes more, but found the end"),
        (goes_on, "expected 96 bytes at most, but found 97"),
        (changes, "it is another"),
        (late, "expected an answer in 0.2 s, but found none"),
    ]
    for brings, text in faults:
        peer = Waiting()
        source = Scripted(100, lambda *_, brings=brings: brings())  # type: ignore[misc]
        response = ContentResponse(source, source_timeout=0.2)
        with pytest.raises(SourceError, match=f"source scripted: {text}"):
            await answer(response, peer)
        assert peer.start["status"] == 200 and peer.body == bytes(4)
        assert peer.messages[-1]["more_body"]
        assert source.told == 1
        logged = caplog.messages[-1]
        assert logged.startswith("source scripted failed after 4 bytes: source scripted: " + text)


async def test_what_is_replaced_between_facts_and_read_is_answered_anew() -> None:
    left = 2

    def brings(start: int, end: int) -> bytes:
        nonlocal left
        left -= 1
        if left >= 0:
            raise SourceChanged("it is another")
        return bytes(end - start)

    source = Scripted(10, brings)
    response = ContentResponse(source)
    peer = await answer(response)
    assert (peer.start["status"], peer.body, source.told) == (200, bytes(10), 3)
    # Not for ever; and facts that the program gives stay what they are.
    left = 3
    with pytest.raises(SourceChanged) as raised:
        await answer(response)
    assert raised.value.status_code == 503
    left = 1
    with pytest.raises(SourceChanged):
        await answer(ContentResponse(source, facts=SourceFacts(10, etag="v")))


async def test_a_source_is_asked_for_what_is_sent_and_nothing_else() -> None:
    source = Scripted(100, zeros)
    response = ContentResponse(source)
    requests: list[tuple[dict[str, Any], int]] = [
        ({"method": "HEAD"}, 200),
        ({"headers": headers(if_none_match='"v"')}, 304),
        ({"headers": headers(if_match='"w"')}, 412),
        ({"headers": headers(range="bytes=100-")}, 416),
    ]
    for request, status in requests:
        peer = await answer(response, **request)
        assert (peer.start["status"], peer.body) == (status, b"")
    assert (source.asked, source.told) == ([], 4)
    given = ContentResponse(source, facts=SourceFacts(100, etag="v"))
    peer = await answer(given, headers=headers(range="bytes=-10"))
    assert (peer.start["status"], len(peer.body)) == (206, 10)
    assert (source.asked, source.told) == ([(90, 100)], 4)


async def test_several_ranges_are_read_at_once_but_not_all() -> None:
    reading, most = 0, 0

    async def brings(start: int, end: int) -> bytes:
        nonlocal reading, most
        reading += 1
        most = max(most, reading)
        await anyio.sleep(0.05)
        reading -= 1
        return bytes(end - start)

    class Slow(Scripted):
        async def read(self, start: int, end: int, facts: SourceFacts) -> Any:
            await super().read(start, end, facts)
            return await brings(start, end)

    source = Slow(10_000, zeros)
    ranges = ",".join(f"{at}-{at}" for at in range(0, 8000, 1000))
    begun = time.monotonic()
    peer = await answer(ContentResponse(source), headers=headers(range=f"bytes={ranges}"))
    assert time.monotonic() - begun < 0.3
    assert peer.body.count(b"Content-Range") == 8 and most == 4
    assert sorted(source.asked) == [(at, at + 1) for at in range(0, 8000, 1000)]
    # An error of one is an error, and no group of them.
    failing = Scripted(10_000, lambda start, end: b"" if start else bytes(end))
    with pytest.raises(SourceError, match="expected 1 bytes more"):
        await answer(ContentResponse(failing), headers=headers(range=f"bytes={ranges}"))


async def test_what_is_not_asynchronous_is_called_by_threads() -> None:
    threads = set()

    class Blocking:
        length = 10
        etag = "v"
        media_type = "text/plain"
        last_modified = datetime(2023, 11, 14, 22, 13, 20, tzinfo=timezone.utc)

        def read(self, start: int, end: int) -> Iterator[bytes]:
            threads.add(threading.current_thread())
            for _ in range(start, end):
                threads.add(threading.current_thread())
                time.sleep(0.001)
                yield b"x"

    peer = await answer(ContentResponse(Blocking()))
    assert peer.body == b"x" * 10
    assert dict(map(tuple, peer.headers)) == {
        "accept-ranges": "bytes",
        "content-type": "text/plain; charset=utf-8",
        "content-length": "10",
        "last-modified": "Tue, 14 Nov 2023 22:13:20 GMT",
        "etag": '"v"',
    }
    assert threading.current_thread() not in threads


async def test_a_client_that_leaves_is_noticed() -> None:
    left = anyio.Event()
    closed = []

    async def endless() -> AsyncIterator[bytes]:
        try:
            while True:
                yield bytes(1000)
                await anyio.sleep(0.001)
        finally:
            closed.append(True)

    class Leaving(Peer):
        async def receive(self) -> Any:
            await left.wait()
            return {"type": "http.disconnect"}

        async def send(self, message: Any) -> None:
            await super().send(message)
            if len(self.messages) > 5:
                left.set()
            await anyio.sleep(0)

    source = Scripted(1 << 40, lambda *_: endless())
    peer = await answer(ContentResponse(source), Leaving())
    assert len(peer.messages) < 500 and closed == [True]


def test_bytes_of_every_type() -> None:
    content = bytes(range(256)) * 4096
    tags = set()
    for source in (content, bytearray(content), memoryview(content), io.BytesIO(content)):
        response = ContentResponse(source)
        peer = delivered(response)
        assert peer.body == content and peer.messages[-1]["more_body"] is False
        tags.add(dict(map(tuple, peer.headers))["etag"])
    assert len(tags) == 1
    changing = bytearray(b"one")
    response = ContentResponse(changing)
    changing[:] = b"two"
    assert delivered(response).body == b"one"


def test_an_open_file(tmp_path: Path) -> None:
    with tempfile.TemporaryFile() as file:
        file.write(bytes(range(256)) * 4096)
        file.flush()
        for source in (FileSource(file), FileSource(file.fileno(), "mine")):
            part = delivered(ContentResponse(source), headers=headers(range="bytes=300000-600000"))
            assert part.start["status"] == 206
            assert part.body == (bytes(range(256)) * 4096)[300000:600001]
        file.truncate(10)
        stale = ContentResponse(FileSource(file, "mine"), facts=20)
        peer = Waiting()
        with pytest.raises(SourceError, match="source mine: expected 10 bytes more"):
            delivered(stale, peer)
    folder = os.open(tmp_path, os.O_RDONLY)
    try:
        with pytest.raises(ValueError, match="file: expected a regular file"):
            FileSource(folder)
    finally:
        os.close(folder)


def test_what_is_no_source(tmp_path: Path) -> None:
    for wrong in (None, 7, "text", object()):
        with pytest.raises(TypeError, match="source: expected bytes, a FileSource, or an object"):
            ContentResponse(wrong)
    (tmp_path / "a").write_bytes(b"a")
    with (
        (tmp_path / "a").open("rb") as file,
        pytest.raises(TypeError, match=r"source: expected FileSource\(file\)"),
    ):
        ContentResponse(file)

    class NoLength:
        def read(self, start: int, end: int) -> bytes:
            return bytes(end - start)

    with pytest.raises(TypeError, match="source: expected an attribute length"):
        delivered(ContentResponse(NoLength()))
    assert delivered(ContentResponse(NoLength(), facts=3)).body == bytes(3)
    for tag in ("", 'a"b', "a b", "é", "a\r\nb"):
        with pytest.raises(ValueError, match="etag: expected an entity tag"):
            SourceFacts(1, etag=tag)
    with pytest.raises(ValueError, match="length: expected 0 bytes or more, but found -1"):
        SourceFacts(-1)
    with pytest.raises(ValueError, match="source_timeout: expected seconds, more than 0"):
        ContentResponse(b"", source_timeout=0)
    with pytest.raises(ValueError, match="cache-control"):
        ContentResponse(b"", cache_control="a\nb")
    with pytest.raises(ValueError, match="header `content-encoding`"):
        delivered(ContentResponse(b"", facts=SourceFacts(0, content_encoding="a\nb")))


def test_what_is_said_of_it() -> None:
    facts = SourceFacts(2, media_type="text/css", cache_control="no-cache", content_encoding="gzip")
    response = ContentResponse(b"ab", facts=facts)
    assert dict(map(tuple, delivered(response).headers)) == {
        "content-type": "text/css; charset=utf-8",
        "content-length": "2",
        "accept-ranges": "bytes",
        "cache-control": "no-cache",
        "content-encoding": "gzip",
    }
    own = ContentResponse(
        b"ab",
        headers={"X-A": "1"},
        media_type="image/png",
        filename="a.css",
        content_disposition_type="inline",
        cache_control="max-age=5",
        facts=facts,
    )
    said = dict(map(tuple, delivered(own).headers))
    assert said["content-type"] == "image/png" and said["cache-control"] == "max-age=5"
    assert said["content-disposition"] == 'inline; filename="a.css"' and said["x-a"] == "1"
    guessed = ContentResponse(b"ab", filename="a.css")
    assert delivered(guessed).start["headers"][0] == (b"content-type", b"text/css; charset=utf-8")
    # One response may answer many.
    assert delivered(guessed).messages == delivered(guessed).messages


async def test_background_tasks_and_websockets() -> None:
    ran = []

    async def task() -> None:
        ran.append(True)

    await answer(ContentResponse(b"ab", background=task))
    await answer(ContentResponse(b"ab", background=task), headers=headers(range="bytes=9-"))
    assert ran == [True, True]
    peer = await answer(ContentResponse(b"ab"), type="websocket")
    assert peer.start["type"] == "websocket.http.response.start"
    with pytest.raises(ValueError, match="lifespan"):
        await answer(ContentResponse(b"ab"), type="lifespan")


async def test_a_program_is_told_how_it_ended() -> None:
    told: list[Any] = []

    async def task() -> None:
        told.append("task")

    async def ends() -> AsyncIterator[bytes]:
        yield bytes(4)

    async def on_complete(outcome: Outcome) -> None:
        told.append((outcome.reason, outcome.status, outcome.bytes_sent))

    def gone(*_: int) -> bytes:
        raise SourceNotFound("gone")

    parts = headers(range="bytes=0-1,50-51")
    cases: list[tuple[Any, list[Any], list[Any]]] = [
        (zeros, [], [("complete", 200, 100), "task"]),
        (zeros, headers(if_none_match='"v"'), [("complete", 304, 0), "task"]),
        (gone, [], [("failed", None, 0)]),
        (lambda *_: ends(), [], [("failed", 200, 4)]),
    ]
    for brings, fields, expected in cases:
        response = ContentResponse(
            Scripted(100, brings), background=task, on_complete=on_complete, source_timeout=0.2
        )
        with contextlib.suppress(SourceError):
            await answer(response, headers=fields)
        assert told == expected
        told.clear()
    await answer(ContentResponse(Scripted(100, zeros), on_complete=on_complete), headers=parts)
    [(reason, status, sent)] = told
    assert (reason, status) == ("complete", 206) and sent > 4

    class Always(ContentResponse):
        background_policy = "always"

    told.clear()
    with pytest.raises(SourceNotFound):
        await answer(Always(Scripted(100, gone), background=task, on_complete=on_complete))
    assert told == [("failed", None, 0), "task"]


@pytest.mark.skipif(not STARLETTE, reason="there is no Starlette")
def test_fastapi_answers_with_the_status_of_an_error() -> None:
    from fastapi import FastAPI
    from fastapi.testclient import TestClient

    def missing(*_: int) -> bytes:
        raise SourceNotFound("secret")

    app = FastAPI()
    app.get("/missing")(lambda: ContentResponse(Scripted(10, missing)))
    app.get("/silent")(lambda: ContentResponse(Scripted(10, never), source_timeout=0.01))
    app.get("/there")(lambda: ContentResponse(b"0123456789", filename="a.txt"))
    client = TestClient(app)
    answer = client.get("/missing")
    assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})
    assert client.get("/silent").status_code == 504
    part = client.get("/there", headers={"range": "bytes=3-4"})
    assert (part.status_code, part.text) == (206, "34")


async def test_an_object_that_is_replaced_is_never_a_mixture() -> None:
    obstore = pytest.importorskip("obstore", reason="there is no obstore")
    store = obstore.store.MemoryStore()
    response = ContentResponse(ObjectSource(store, "a"))
    with pytest.raises(SourceNotFound, match="source .*MemoryStore.*/a: "):
        await answer(response)
    attributes = {"Content-Type": "text/css", "Cache-Control": "no-cache"}
    store.put("a", b"old", attributes=attributes)
    peer = await answer(response)
    said = dict(map(tuple, peer.headers))
    assert said["content-type"] == "text/css; charset=utf-8"
    assert said["cache-control"] == "no-cache" and peer.body == b"old"
    held = await ObjectSource(store, "a").facts()
    store.put("a", b"new and longer")
    with pytest.raises(SourceChanged):
        await answer(ContentResponse(ObjectSource(store, "a"), facts=held))
    asked = headers(range="bytes=0-2", if_range=said["etag"])
    peer = await answer(response, headers=asked)
    assert (peer.start["status"], peer.body) == (200, b"new and longer")


async def test_most_answers_take_one_request_to_the_store(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    obstore = pytest.importorskip("obstore", reason="there is no obstore")
    store = obstore.store.MemoryStore()
    store.put("a", b"0123456789")
    asked: list[Any] = []

    def counting(function: Any) -> Any:
        def get(store: Any, path: str, *, options: Any) -> Any:
            asked.append(options)
            return function(store, path, options=options)

        return get

    for name in ("get", "get_async"):
        monkeypatch.setattr(obstore, name, counting(getattr(obstore, name)))
    response = ContentResponse(ObjectSource(store, "a"))
    for fields, status, body in [
        ({}, 200, b"0123456789"),
        ({"range": "bytes=2-4"}, 206, b"234"),
        ({"range": "bytes=2-400"}, 206, b"23456789"),
        ({"range": "bytes=7-"}, 206, b"789"),
        ({"range": "bytes=-1"}, 206, b"9"),
        ({"range": "bytes=0-"}, 206, b"0123456789"),
        ({"if_none_match": "*"}, 304, b""),
    ]:
        peer = await answer(response, headers=headers(**fields))
        assert (peer.start["status"], peer.body) == (status, body)
        assert len(asked) == 1, asked
        asked.clear()
    head = await answer(response, method="HEAD")
    assert (head.body, asked) == (b"", [{"head": True}])
    # What the guess does not fit.
    stale = headers(range="bytes=2-4", if_range='"other"')
    assert (await answer(response, headers=stale)).body == b"0123456789"
    assert (await answer(response, headers=headers(range="bytes=10-"))).start["status"] == 416


async def test_a_file_of_fsspec() -> None:
    memory = pytest.importorskip("fsspec.implementations.memory", reason="there is no fsspec")
    files = memory.MemoryFileSystem()
    files.pipe_file("/f/report.csv", b"0123456789")
    response = ContentResponse(FsspecSource(files, "/f/report.csv"), filename="report.csv")
    peer = await answer(response)
    said = dict(map(tuple, peer.headers))
    assert peer.body == b"0123456789" and said["content-type"] == "text/csv; charset=utf-8"
    again = await answer(response, headers=headers(if_none_match=said["etag"]))
    assert again.start["status"] == 304
    several = await answer(response, headers=headers(range="bytes=0-1,8-9"))
    assert several.start["status"] == 206 and several.body.count(b"Content-Range") == 2
    held = FsspecSource(files, "/f/report.csv").facts()
    await anyio.sleep(0.01)
    files.pipe_file("/f/report.csv", b"other content")
    with pytest.raises(SourceChanged):
        await answer(ContentResponse(FsspecSource(files, "/f/report.csv"), facts=held))
    # One that is replaced while it is read.
    files.pipe_file("/f/large", bytes(3 << 20))

    class Replaced(type(files)):  # type: ignore[misc]
        def cat_file(self, path: str, start: int | None = None, end: int | None = None) -> bytes:
            piece: bytes = super().cat_file(path, start, end)
            if start:
                time.sleep(0.01)
                super().pipe_file(path, b"1" * (3 << 20))
            return piece

    peer = Waiting()
    with pytest.raises(SourceChanged):
        await answer(ContentResponse(FsspecSource(Replaced(), "/f/large")), peer)
    assert peer.start["status"] == 200 and peer.body == bytes(1 << 20)
    for path in ("/f/none", "/f"):
        with pytest.raises(SourceNotFound):
            await answer(ContentResponse(FsspecSource(files, path)))


@pytest.mark.parametrize("name", ["_errors", "_source", "_sources", "_response"])
def test_docstrings(name: str) -> None:
    if name == "_sources":
        pytest.importorskip("obstore", reason="there is no obstore")
        pytest.importorskip("fsspec", reason="there is no fsspec")
    outcome = doctest.testmod(importlib.import_module(f"antiphon.content.{name}"))
    assert outcome.failed == 0 and outcome.attempted > 0


def test_it_runs_in_development_mode() -> None:
    async def both() -> None:
        peer = Waiting()
        response = ContentResponse(Scripted(10, zeros))
        await response(scope(headers=headers(range="bytes=0-1,5-6")), peer.receive, peer.send)
        assert peer.start["status"] == 206

    asyncio.run(both(), debug=True)
