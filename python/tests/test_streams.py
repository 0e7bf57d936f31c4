"""Streams: order, merging, errors, and how they come to their end."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import importlib
import io
import sys
import threading
import time
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from typing import Any

import anyio
import anyio.to_thread
import pytest

import antiphon
from antiphon.requests import ClientDisconnect
from antiphon.responses import StreamingResponse
from antiphon.sse import EventSourceResponse
from support import STARLETTE
from support.scripted import Scripted, request

pytestmark = pytest.mark.anyio
versions = pytest.mark.parametrize("version", ["2.3", "2.4"])


class Watched:
    """An asynchronous generator that says what became of it."""

    def __init__(self, pause: str = "none", count: int = 5, fail_at: int = -1) -> None:
        self.pause, self.count, self.fail_at = pause, count, fail_at
        self.ended = self.begun = 0
        self.tasks: set[Any] = set()

    async def __call__(self) -> AsyncIterator[bytes]:
        self.begun += 1
        try:
            for number in range(self.count):
                self.tasks.add(anyio.get_current_task().id)
                if self.pause == "turn":
                    await anyio.sleep(0)
                elif self.pause == "sleep":
                    await anyio.sleep(0.001)
                if number == self.fail_at:
                    raise LookupError("failed")
                yield b"%d," % number
            if self.pause == "forever":
                await anyio.sleep_forever()
        finally:
            self.tasks.add(anyio.get_current_task().id)
            # Cleanup that waits, as that of a database session does.
            with anyio.CancelScope(shield=True):
                await anyio.sleep(0)
            self.ended += 1


class Apart(StreamingResponse):
    merge_chunks = False


@versions
@pytest.mark.parametrize("pause", ["none", "turn", "sleep"])
async def test_all_is_sent_in_order(version: str, pause: str) -> None:
    source, peer = Watched(pause, count=3000 if pause == "none" else 50), Scripted()
    await StreamingResponse(source())(request(version), peer.receive, peer.send)
    assert peer.body == b"".join(b"%d," % number for number in range(source.count))
    assert peer.messages[-1] == {"type": "http.response.body", "body": b"", "more_body": False}
    assert all(message["more_body"] for message in peer.messages[1:-1])
    assert source.ended == 1 and source.tasks == {anyio.get_current_task().id}


async def test_ready_chunks_share_messages(anyio_backend_name: str) -> None:
    peer = Scripted()
    await StreamingResponse(Watched(count=5000)())(request(), peer.receive, peer.send)
    assert peer.chunks[0] == b"0,"
    assert len(peer.messages) < 300 or anyio_backend_name == "trio"


@pytest.mark.parametrize("make", [StreamingResponse, EventSourceResponse])
@pytest.mark.parametrize("kind", ["async", "sync"])
async def test_a_slow_chunk_is_sent_before_the_next_is_asked_for(make: Any, kind: str) -> None:
    # Fast ones before it have had messages grow.
    fast, slow = [f"fast {number};" for number in range(3000)], [f"slow {n};" for n in range(5)]
    received, seen = b"", []

    def chunks() -> Iterator[str]:
        yield from fast
        for chunk in slow:
            # No sooner than the one before was sent, if the worker runs ahead by one.
            seen.append(received)
            time.sleep(0.02)
            yield chunk

    async def without_waiting() -> AsyncIterator[str]:
        for chunk in chunks():
            yield chunk

    async def send(message: Any) -> None:
        nonlocal received
        received += message.get("body", b"")

    content = without_waiting() if kind == "async" else chunks()
    await make(content)(request(), Scripted().receive, send)
    ahead = 1 if kind == "async" else 2
    for number in range(ahead, len(slow)):
        assert slow[number - ahead].encode() in seen[number]
    assert all(chunk.encode() in received for chunk in fast + slow)


class _Timed:
    """Has a script tell the time to what gathers the chunks."""

    now = 0

    def _stream(self, scope: Any) -> Any:
        messages = super()._stream(scope)  # type: ignore[misc]
        messages.tell_time_by(lambda: self.now)
        return messages


class Timed(_Timed, StreamingResponse):
    pass


class TimedEvents(_Timed, EventSourceResponse):
    pass


@pytest.mark.parametrize("make", [Timed, TimedEvents])
@pytest.mark.parametrize(
    ("wait", "wanted"),
    [
        (0, [1, 1, 1, 2, 3, 3, 2, 2, 2, 18, 20]),
        # A chunk that was waited for goes out at once.
        (10, [1, 1, 1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 1, 18, 1, 19]),
    ],
)
async def test_after_a_wait_as_many_chunks_go_out_as_before_it(
    make: Any, wait: int, wanted: list[int]
) -> None:
    # So the next wait finds nothing that is still to be sent, which would need another task.
    bursts = [1, 1, 3, 3, 3, 2, 2, 20, 20]
    senders: list[int] = []
    sizes: list[int] = []

    async def chunks() -> AsyncIterator[str]:
        for burst in bursts:
            response.now += 1_000_000 * wait
            await anyio.sleep(0)
            for _ in range(burst):
                yield "<>"

    async def send(message: Any) -> None:
        senders.append(anyio.get_current_task().id)
        if count := message.get("body", b"").count(b"<>"):
            sizes.append(count)

    response = make(chunks())
    await response(request(), Scripted().receive, send)
    if asyncio._get_running_loop() is None:
        assert sizes == [1] * sum(bursts)
        return
    assert sizes == wanted
    # By another task: the head, and what came when a burst was longer or shorter than expected.
    own = anyio.get_current_task().id
    assert len(senders) - senders.count(own) == 4


@pytest.mark.parametrize(
    ("pulls", "sent_before"),
    [
        # us that each chunk takes; how many were sent when the next was asked for
        ([1] * 30, [0, 1, 1, 1, 1, 5, 5]),
        # Over 1 ms: the chunk goes out before the next is asked for.
        ([1, 1, 1001, 1, 1], [0, 1, 1, 3, 3]),
        ([1, 1000, 1000, 1000], [0, 1, 1, 1]),
        # None is held for longer than 5 ms and one more pull.
        ([1, *[900] * 4, *[900] * 12], [0, 1, 1, 1, 1, 5, 5, 5, 5, 5, 5, 11, 11]),
    ],
)
async def test_a_chunk_is_held_for_a_moment_only(
    pulls: list[int], sent_before: list[int], anyio_backend_name: str
) -> None:
    if anyio_backend_name == "trio":
        sent_before = list(range(len(sent_before)))
    peer, seen = Scripted(), []

    async def chunks() -> AsyncIterator[bytes]:
        for pull in pulls:
            seen.append(len(peer.body))
            response.now += 1000 * pull
            yield b"x"

    response = Timed(chunks())
    await response(request(), peer.receive, peer.send)
    assert seen[: len(sent_before)] == sent_before
    assert len(peer.body) == len(pulls)


async def test_chunks_that_are_not_ready_are_sent_alone() -> None:
    peer = Scripted()
    await StreamingResponse(Watched("turn")())(request(), peer.receive, peer.send)
    assert peer.chunks == [b"0,", b"1,", b"2,", b"3,", b"4,", b""]


async def test_merging_can_be_turned_off() -> None:
    peer = Scripted()
    await Apart(Watched(count=100)())(request(), peer.receive, peer.send)
    assert peer.chunks == [*(b"%d," % number for number in range(100)), b""]


async def test_kinds_of_chunks() -> None:
    async def chunks() -> AsyncIterator[Any]:
        memory = bytearray(b"mm")
        yield "é"
        yield memoryview(memory)
        memory[:] = b"nn"
        yield memoryview(memory)
        yield b"x" * 100_000
        yield ""
        yield b"end"

    peer = Scripted()
    await StreamingResponse(chunks())(request(), peer.receive, peer.send)
    assert peer.body == "émmnn".encode() + b"x" * 100_000 + b"end"


async def test_what_is_no_chunk() -> None:
    async def chunks() -> AsyncIterator[Any]:
        yield "a"
        yield "b"
        yield 5

    peer = Scripted()
    with pytest.raises(AttributeError):
        await StreamingResponse(chunks())(request(), peer.receive, peer.send)
    assert peer.body == b"ab"


@versions
async def test_an_error_before_the_first_chunk_comes_before_the_head(version: str) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        if version:
            raise LookupError
        yield b"x"

    peer = Scripted()
    with pytest.raises(LookupError):
        await StreamingResponse(chunks())(request(version), peer.receive, peer.send)
    assert peer.messages == []


@versions
@pytest.mark.parametrize("pause", ["none", "turn"])
async def test_what_came_before_an_error_is_sent(version: str, pause: str) -> None:
    peer, source = Scripted(), Watched(pause, fail_at=3)
    with pytest.raises(LookupError):
        await StreamingResponse(source())(request(version), peer.receive, peer.send)
    assert peer.body == b"0,1,2," and source.ended == 1
    assert all(message["more_body"] for message in peer.messages[1:])


async def test_the_head_does_not_wait_for_the_first_chunk() -> None:
    peer, release = Scripted(), anyio.Event()

    async def chunks() -> AsyncIterator[str]:
        await release.wait()
        yield "late"

    async with anyio.create_task_group() as group:
        group.start_soon(StreamingResponse(chunks()), request(), peer.receive, peer.send)
        await anyio.sleep(0.02)
        assert [message["type"] for message in peer.messages] == ["http.response.start"]
        release.set()
    assert peer.body == b"late"


@pytest.mark.parametrize("at", range(4))
@pytest.mark.parametrize("pause", ["none", "turn", "sleep", "forever"])
async def test_a_send_that_fails(at: int, pause: str) -> None:
    source, peer = Watched(pause, count=50), Scripted(at, "fail")
    with pytest.raises(ClientDisconnect):
        await StreamingResponse(source())(request("2.4"), peer.receive, peer.send)
    assert source.ended == source.begun
    source, peer = Watched(pause, count=50), Scripted(at, "fail", KeyError("x"))
    with pytest.raises(KeyError):
        await StreamingResponse(source())(request("2.3"), peer.receive, peer.send)
    assert source.ended == source.begun


@pytest.mark.skipif(not STARLETTE, reason="there is no Starlette here")
async def test_a_client_that_left_is_starlettes_error_too() -> None:
    theirs = importlib.import_module("starlette.requests").ClientDisconnect
    source, peer = Watched("none", count=50), Scripted(1, "fail")
    with pytest.raises(theirs) as raised:
        await StreamingResponse(source())(request("2.4"), peer.receive, peer.send)
    assert type(raised.value) is ClientDisconnect


async def test_an_os_error_of_the_iterator_is_its_own() -> None:
    async def chunks() -> AsyncIterator[str]:
        yield "a"
        raise FileNotFoundError("mine")

    peer = Scripted()
    with pytest.raises(FileNotFoundError, match="mine"):
        await StreamingResponse(chunks())(request(), peer.receive, peer.send)


@pytest.mark.parametrize("at", range(4))
@pytest.mark.parametrize("pause", ["turn", "sleep", "forever"])
async def test_a_client_that_leaves(at: int, pause: str) -> None:
    ran = []

    async def task() -> None:
        ran.append(True)

    source, peer = (
        Watched(pause, count=100_000 if pause != "forever" else 50),
        Scripted(at, "leave"),
    )
    response = StreamingResponse(source(), background=task)
    with anyio.fail_after(5):
        await response(request("2.3"), peer.receive, peer.send)
    assert source.ended == source.begun == 1 and ran
    assert source.tasks == {anyio.get_current_task().id}


@versions
async def test_a_stream_that_never_waits_notices_that_the_client_is_gone(version: str) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 100

    peer = Scripted(3, "leave")
    if version == "2.3":
        with anyio.fail_after(5):
            await StreamingResponse(chunks())(request("2.3"), peer.receive, peer.send)
    else:
        with anyio.move_on_after(0.05) as scope:
            await StreamingResponse(chunks())(request("2.4"), peer.receive, peer.send)
        assert scope.cancelled_caught


@versions
@pytest.mark.parametrize("at", range(4))
@pytest.mark.parametrize("pause", ["none", "turn", "forever"])
async def test_cancelled_while_the_client_stalls(version: str, at: int, pause: str) -> None:
    source, peer = Watched(pause, count=50), Scripted(at, "stall")
    async with anyio.create_task_group() as group:

        async def run() -> None:
            await StreamingResponse(source())(request(version), peer.receive, peer.send)
            raise AssertionError("it was to be cancelled")

        group.start_soon(run)
        await peer.stalled.wait()
        group.cancel_scope.cancel()
    assert source.ended == source.begun


async def test_an_alarm_of_the_iterator_loses_no_message() -> None:
    release, sent = anyio.Event(), []

    async def chunks() -> AsyncIterator[str]:
        yield "one"
        with anyio.move_on_after(0.02):
            await anyio.sleep_forever()
        yield "two"

    async def send(message: Any) -> None:
        if message.get("body") == b"one":
            await release.wait()
        sent.append(message)

    async with anyio.create_task_group() as group:
        group.start_soon(StreamingResponse(chunks()), request(), None, send)
        await anyio.sleep(0.1)
        release.set()
    assert [message["body"] for message in sent[1:]] == [b"one", b"two", b""]


@pytest.mark.parametrize("kind", ["async", "sync"])
@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204)])
async def test_no_content_starts_no_iterator(kind: str, method: str, status: int) -> None:
    class Content:
        closed = 0

        def __next__(self) -> bytes:
            raise AssertionError("it was started")

        def close(self) -> None:
            self.closed += 1

    class Iterable(Content):
        def __iter__(self) -> Any:
            return self

    class AsyncIterable(Content):
        def __aiter__(self) -> Any:
            return self

        async def aclose(self) -> None:
            self.closed += 1

    content: Any = Iterable() if kind == "sync" else AsyncIterable()
    peer = Scripted()
    response = StreamingResponse(content, status)
    await response(request(method=method), peer.receive, peer.send)
    assert [message.get("body") for message in peer.messages] == [None, b""]
    assert content.closed == 1


async def test_a_stream_that_is_replaced_is_closed_too() -> None:
    source = Watched()
    response = StreamingResponse(source())
    original: Any = response.body_iterator

    async def other() -> AsyncIterator[bytes]:
        async for chunk in original:
            yield chunk
            return

    response.body_iterator = other()
    peer = Scripted()
    await response(request(), peer.receive, peer.send)
    assert peer.body == b"0," and source.ended == 1


async def test_hooks_of_a_subclass() -> None:
    class Custom(StreamingResponse):
        async def stream_response(self, send: Any) -> None:
            await super().stream_response(send)
            raise ConnectionResetError

        async def listen_for_disconnect(self, receive: Any) -> None:
            await anyio.sleep_forever()

    peer = Scripted()
    with pytest.raises(ClientDisconnect):
        await Custom(Watched()())(request("2.4"), peer.receive, peer.send)
    with pytest.raises(ConnectionResetError):
        await Custom(Watched("turn")())(request("2.3"), peer.receive, peer.send)
    peer = Scripted()
    with pytest.raises(ConnectionResetError):
        await Custom(["a"])({"type": "websocket"}, peer.receive, peer.send)
    assert peer.messages[1]["type"] == "websocket.http.response.body"


async def test_background_always() -> None:
    class Always(StreamingResponse):
        background_policy = "always"

    ran = []

    async def task() -> None:
        ran.append(True)

    for cls, runs in ((Always, 1), (StreamingResponse, 0)):
        ran.clear()
        for peer, source in ((Scripted(1, "fail"), Watched()), (Scripted(), Watched(fail_at=0))):
            with pytest.raises((ClientDisconnect, LookupError)):
                await cls(source(), background=task)(request(), peer.receive, peer.send)
        assert len(ran) == 2 * runs


# Synchronous iterators.


@versions
async def test_a_synchronous_iterator(version: str) -> None:
    threads = set()

    def chunks() -> Iterator[str]:
        for number in range(5000):
            threads.add(threading.get_ident())
            yield f"{number},"

    peer = Scripted()
    await StreamingResponse(chunks())(request(version), peer.receive, peer.send)
    assert peer.body == b"".join(b"%d," % number for number in range(5000))
    assert threading.get_ident() not in threads


async def test_the_first_item_does_not_wait_for_the_second() -> None:
    release = threading.Event()

    def chunks() -> Iterator[str]:
        yield "one"
        release.wait(5)
        yield "two"

    peer = Scripted()
    async with anyio.create_task_group() as group:
        group.start_soon(StreamingResponse(chunks()), request(), peer.receive, peer.send)
        with anyio.fail_after(2):
            while len(peer.messages) < 2:
                await anyio.sleep(0.005)
        assert peer.body == b"one"
        release.set()
    assert peer.body == b"onetwo"


variable: contextvars.ContextVar[int] = contextvars.ContextVar("variable", default=0)


async def test_one_context_of_the_callers() -> None:
    seen = []

    def chunks() -> Iterator[str]:
        token = variable.set(variable.get() + 1)
        try:
            for _ in range(3000):
                seen.append(variable.get())
                yield "x"
        finally:
            variable.reset(token)

    variable.set(41)
    peer = Scripted()
    await StreamingResponse(chunks())(request(), peer.receive, peer.send)
    peer = Scripted(2, "fail")
    with pytest.raises(ClientDisconnect):
        await StreamingResponse(chunks())(request(), peer.receive, peer.send)
    assert set(seen) == {42} and variable.get() == 41


@versions
@pytest.mark.parametrize("at", range(3))
@pytest.mark.parametrize("does", ["fail", "stall", "leave"])
async def test_a_synchronous_iterator_is_closed(version: str, at: int, does: str) -> None:
    ended = []

    def chunks() -> Iterator[bytes]:
        try:
            while True:
                yield b"x" * 1000
        finally:
            ended.append(threading.get_ident())

    peer = Scripted(at, does)
    with anyio.move_on_after(0.2):
        try:
            await StreamingResponse(chunks())(request(version), peer.receive, peer.send)
        except (ClientDisconnect, OSError):
            assert does == "fail"
    assert len(ended) == 1 or (at == 0 and not ended)
    assert threading.get_ident() not in ended


@versions
async def test_errors_of_a_synchronous_iterator(version: str) -> None:
    def chunks(good: int) -> Iterator[str]:
        for _ in range(good):
            yield "a"
        raise LookupError

    for good in (0, 3, 40):
        peer = Scripted()
        with pytest.raises(LookupError):
            await StreamingResponse(chunks(good))(request(version), peer.receive, peer.send)
        assert peer.body == b"a" * good and bool(peer.messages) == bool(good)
    with pytest.raises(TypeError):
        content: Any = 5
        await StreamingResponse(content)(request(), peer.receive, peer.send)


async def test_files_are_read_in_blocks(tmp_path: Any) -> None:
    content = b"line\n" * 100_000
    path = tmp_path / "file"
    path.write_bytes(content)
    with path.open("rb") as whole, path.open("rb", buffering=0) as raw, path.open() as text:
        files: list[Any] = [whole, raw, io.BytesIO(content)]
        for file in [*files, text]:
            peer = Scripted()
            await StreamingResponse(file)(request(), peer.receive, peer.send)
            assert peer.body == content
            assert len(peer.messages) < 30 or file not in files


class Rows:
    """An iterator that can be closed, as a cursor can."""

    def __init__(self, content: bytes) -> None:
        self.rows = iter([content])
        self.closed = False

    def __iter__(self) -> Rows:
        return self

    def __next__(self) -> bytes:
        return next(self.rows)

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize("make", [io.BytesIO, Rows])
async def test_what_was_exhausted_is_left_open(make: Callable[[bytes], Any]) -> None:
    content = make(b"all of it")
    seen: list[bool] = []

    async def look() -> None:
        seen.append(content.closed)

    peer = Scripted()
    response = StreamingResponse(content, background=look)
    await response(request(), peer.receive, peer.send)
    assert peer.body == b"all of it"
    assert seen == [False] and not content.closed


async def test_a_file_that_was_not_exhausted_is_closed_after_the_background_task() -> None:
    file = io.BytesIO(b"x" * 10_000_000)
    seen: list[bool] = []

    async def look() -> None:
        seen.append(file.closed)

    peer = Scripted(1, "leave")
    response = StreamingResponse(file, background=look)
    await response(request("2.3"), peer.receive, peer.send)
    assert seen == [False] and file.closed


async def test_a_slow_client_holds_no_thread() -> None:
    count = 1000

    def chunks() -> Iterator[bytes]:
        while True:
            yield b"x"

    limiter = anyio.to_thread.current_default_thread_limiter()
    peers = [Scripted(1, "stall") for _ in range(count)]
    async with anyio.create_task_group() as group:
        for peer in peers:
            group.start_soon(StreamingResponse(chunks()), request(), peer.receive, peer.send)
        with anyio.fail_after(20):
            for peer in peers:
                await peer.stalled.wait()
            while limiter.borrowed_tokens:
                await anyio.sleep(0.01)
        group.cancel_scope.cancel()


async def test_slow_iterators_have_threads_by_turns() -> None:
    limiter = anyio.to_thread.current_default_thread_limiter()
    count = int(limiter.total_tokens) + 5

    def chunks() -> Iterator[bytes]:
        for _ in range(3):
            time.sleep(0.05)
            yield b"x"

    peers = [Scripted() for _ in range(count)]
    async with anyio.create_task_group() as group:
        for peer in peers:
            group.start_soon(StreamingResponse(chunks()), request(), peer.receive, peer.send)
        await anyio.sleep(0.02)
        with anyio.fail_after(5):
            await anyio.to_thread.run_sync(int)
        # It had its turn before any of them could come to its end.
        assert not any(peer.body == b"xxx" for peer in peers)
    assert all(peer.body == b"xxx" for peer in peers)


async def test_a_task_that_is_cancelled_closes_its_iterator_first(anyio_backend: Any) -> None:
    if anyio_backend != "asyncio":
        pytest.skip("trio has no cancellation of a task")
    closed = threading.Event()

    def chunks() -> Iterator[bytes]:
        try:
            while True:
                yield b"x" * 70_000
                time.sleep(0.2)
        finally:
            closed.set()

    peer = Scripted()
    sending = asyncio.ensure_future(StreamingResponse(chunks())(request(), peer.receive, peer.send))
    for _ in range(3):
        await asyncio.sleep(0.03)
        sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert closed.is_set()


async def test_the_iterator_of_a_response_can_be_read() -> None:
    response = StreamingResponse(str(number) for number in range(100))
    read = [chunk async for chunk in response.body_iterator]
    assert read == [str(number) for number in range(100)]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="nobody counts cancellations")
@pytest.mark.parametrize("response_class", [StreamingResponse, EventSourceResponse])
@pytest.mark.parametrize("ends", ["quietly", "with an error"])
def test_no_cancellation_is_left_behind(response_class: Any, ends: str) -> None:
    async def chunks() -> AsyncIterator[str]:
        try:
            yield "only"
            await anyio.sleep_forever()
        except asyncio.CancelledError:
            if ends == "with an error":
                raise LookupError from None

    async def run(leaves: bool) -> None:
        peer = Scripted(1, "leave") if leaves else Scripted(1, "call", call=antiphon.shutdown)
        with suppress(LookupError):
            await response_class(chunks())(request("2.3"), peer.receive, peer.send)
        task: Any = asyncio.current_task()
        assert task.cancelling() == 0

    asyncio.run(run(True))
    if response_class is EventSourceResponse:
        asyncio.run(run(False))


def test_asyncios_debug_mode_has_nothing_to_say() -> None:
    async def run() -> None:
        for at in range(4):
            for does in ("fail", "leave"):
                peer = Scripted(at, does)
                try:
                    response = StreamingResponse(Watched("sleep")())
                    await response(request("2.3"), peer.receive, peer.send)
                except OSError:
                    pass
        assert len(asyncio.all_tasks()) == 1

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        asyncio.run(run(), debug=True)
        gc.collect()


def test_several_loops_in_several_threads() -> None:
    def chunks() -> Iterator[str]:
        for number in range(50):
            yield str(number)
            time.sleep(0.0001)

    async def run() -> None:
        peer = Scripted()
        await StreamingResponse(chunks())(request(), peer.receive, peer.send)
        bodies.append(peer.body)

    bodies: list[bytes] = []
    threads = [threading.Thread(target=asyncio.run, args=(run(),)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(bodies)) == 1 and len(bodies) == 5


def test_closing_the_coroutine_of_a_stream_waits_for_nothing() -> None:
    async def silence() -> AsyncIterator[str]:
        await asyncio.sleep(3600)
        yield ""

    async def run() -> None:
        peer = Scripted()
        coroutine = StreamingResponse(silence())(request("2.3"), peer.receive, peer.send)
        coroutine.send(None)
        coroutine.close()

    asyncio.run(run())
