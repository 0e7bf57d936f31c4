"""Server-sent events: their bytes, and how a stream of them lives and ends."""

from __future__ import annotations

import asyncio
import copy
import gc
import os
import pickle
import signal
import sys
import threading
import uuid
import warnings
from collections.abc import AsyncIterator, Iterator
from typing import Any

import anyio
import pytest

import antiphon
from antiphon import _shutdown
from antiphon.channel import EventChannel
from antiphon.sse import (
    AppStatus,
    EventSourceResponse,
    JSONServerSentEvent,
    SendTimeoutError,
    ServerSentEvent,
    ensure_bytes,
)
from support.scripted import Scripted, request


@pytest.fixture(autouse=True)
def status() -> Iterator[None]:
    yield
    _shutdown._since = float("-inf")
    AppStatus.should_exit = False
    AppStatus.enable_automatic_graceful_drain_mode()


def test_events_are_objects() -> None:
    event = ServerSentEvent("a", id=uuid.UUID(int=1), retry=5)
    event.event = "named"
    assert event.encode() == (
        b"id: 00000000-0000-0000-0000-000000000001\r\nevent: named\r\ndata: a\r\nretry: 5\r\n\r\n"
    )
    with pytest.raises(ValueError, match="retry"):
        ServerSentEvent(retry=-1).encode()
    with pytest.raises(ValueError, match=r"event retry: .* but found 9223372036854775808"):
        ServerSentEvent(retry=2**63).encode()
    for fields in ({"id": True}, {"retry": True}):
        with pytest.raises(TypeError):
            ensure_bytes(fields, "\n")
    with pytest.raises(TypeError, match="unexpected keyword argument 'name'"):
        ensure_bytes({"name": "x"}, "\n")

    class Loud(ServerSentEvent):
        def encode(self) -> bytes:
            return super().encode().upper()

    assert ensure_bytes(Loud("a"), "\n") == b"DATA: A\r\n\r\n"


def test_data_is_json_by_keyword() -> None:
    lines = b'event: tick\r\ndata: {"a":[1,"\xc3\xbc"]}\r\n\r\n'
    content = {"a": [1, "ü"]}
    assert ServerSentEvent(json=content, event="tick").encode() == lines
    assert ensure_bytes({"json": content, "event": "tick"}, "\r\n") == lines
    assert ServerSentEvent(json=content).data == '{"a":[1,"ü"]}'
    assert ensure_bytes({"json": False}, "\n") == b"data: false\n\n"
    assert ensure_bytes({"json": None, "data": "a"}, "\n") == b"data: a\n\n"
    for both in ({"data": 1, "json": 2}, {"json": 2, "data": 1}):
        with pytest.raises(TypeError, match="an event has data or json, not both"):
            ensure_bytes(both, "\n")
        with pytest.raises(TypeError, match="an event has data or json, not both"):
            ServerSentEvent(**both)
    with pytest.raises(TypeError, match="not JSON serializable"):
        ensure_bytes({"json": object()}, "\n")


@pytest.mark.parametrize(
    ("event", "shown"),
    [
        (ServerSentEvent(), "ServerSentEvent()"),
        (ServerSentEvent(""), "ServerSentEvent(data='')"),
        (ServerSentEvent("a\nb", retry=0), "ServerSentEvent(data='a\\nb', retry=0)"),
        (
            ServerSentEvent(1, event="e", id=7, comment="c", sep="\n"),
            "ServerSentEvent(data=1, event='e', id=7, comment='c', sep='\\n')",
        ),
        (ServerSentEvent(json=["a"]), "ServerSentEvent(data='[\"a\"]')"),
        (JSONServerSentEvent({"a": [1, None]}), "JSONServerSentEvent(data={'a': [1, None]})"),
        (JSONServerSentEvent("text", id="1"), "JSONServerSentEvent(data='text', id='1')"),
        (JSONServerSentEvent(), "JSONServerSentEvent()"),
    ],
)
def test_an_event_shows_the_call_that_makes_it(event: ServerSentEvent, shown: str) -> None:
    assert repr(event) == shown
    names = {"ServerSentEvent": ServerSentEvent, "JSONServerSentEvent": JSONServerSentEvent}
    assert eval(shown, names).encode() == event.encode()


def test_an_event_whose_data_was_set_is_shown() -> None:
    class Own(JSONServerSentEvent):
        DEFAULT_SEPARATOR = "\n"

    event = Own({"a": 1})
    event.data = "no JSON"
    assert repr(event) == "Own(data='no JSON')"
    assert repr(ServerSentEvent.__new__(ServerSentEvent)) == "ServerSentEvent()"


@pytest.mark.parametrize("cls", [ServerSentEvent, JSONServerSentEvent])
def test_events_can_be_copied_and_pickled(cls: type[ServerSentEvent]) -> None:
    event = cls({"a": 1}, event="tick", id=7, retry=9, comment="c", sep="\n")
    copies = [copy.copy(event), copy.deepcopy(event), pickle.loads(pickle.dumps(event))]
    assert [other.encode() for other in copies] == [event.encode()] * 3


def test_an_encoder_without_a_separator() -> None:
    assert ensure_bytes("x", None) == b"data: x\r\n\r\n"


def test_arguments_of_a_wrong_kind_are_refused_at_once() -> None:
    def events() -> Iterator[str]:
        yield "x"

    with pytest.raises(TypeError, match="shutdown_event: expected an event, but found True"):
        EventSourceResponse(events(), shutdown_event=True)
    for name in ("send_timeout", "shutdown_grace_period", "cleanup_timeout"):
        with pytest.raises(TypeError, match=f"{name}: expected seconds, but found '5'"):
            EventSourceResponse(events(), **{name: "5"})
        for wrong in (-1, float("nan")):
            with pytest.raises(ValueError, match=f"{name} must be >= 0"):
                EventSourceResponse(events(), **{name: wrong})
    with pytest.raises(TypeError, match="shutdown_grace_period: expected seconds, but found None"):
        EventSourceResponse(events(), shutdown_grace_period=None)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="ping interval"):
        EventSourceResponse(events(), ping=float("nan"))


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (lambda: iter("x"), r"expected an iterator, but found <function .* \(call it\)"),
        (None, "expected an iterator, but found None"),
        (EventChannel(), "expected an iterator, but found <EventChannel subscribers=0 "),
        (EventChannel().subscribe, r"expected an iterator, but found <bound method .* \(call it\)"),
    ],
)
async def test_what_is_no_iterator_is_refused_before_the_head(content: Any, said: str) -> None:
    peer = Scripted()
    with pytest.raises(TypeError, match=said):
        await EventSourceResponse(content)(request(), peer.receive, peer.send)
    assert not peer.messages


def test_a_mapping_of_headers_has_each_name_once() -> None:
    response = EventSourceResponse(iter(()), headers={"x-a": "1", "X-A": "2"})
    assert response.headers.getlist("x-a") == ["2"]


def test_an_event_that_its_own_data_changes() -> None:
    class Content(dict[str, int]):
        def items(self) -> Any:
            event.clear()
            return super().items()

    event: dict[str, Any] = {"json": Content(a=1), "id": 7, "event": "tick"}
    assert ensure_bytes(event, "\n") == b'id: 7\nevent: tick\ndata: {"a":1}\n\n'
    assert event == {}


def test_events_of_sse_starlette_are_events() -> None:
    theirs = pytest.importorskip("sse_starlette")
    assert ensure_bytes(theirs.ServerSentEvent("a\nb", sep="\n"), "\r\n") == b"data: a\ndata: b\n\n"
    assert ensure_bytes(theirs.JSONServerSentEvent([1]), "\r\n") == b"data: [1]\r\n\r\n"

    class Loud(theirs.ServerSentEvent):  # type: ignore[name-defined,misc]
        def encode(self) -> bytes:
            return bytes(super().encode().upper())

    assert ensure_bytes(Loud("a"), "\n") == b"DATA: A\r\n\r\n"

    channel = EventChannel(epoch="a")
    subscription = channel.subscribe()
    channel.publish(theirs.ServerSentEvent("b", event="c"))
    assert anyio.run(anext, subscription) == b"id: a-1\r\nevent: c\r\ndata: b\r\n\r\n"


async def endless(pause: float = 0.005) -> AsyncIterator[int]:
    number = 0
    while True:
        yield number
        number += 1
        await anyio.sleep(pause)


class Idle:
    """An iterator that brings one event, and then waits for good."""

    def __init__(self) -> None:
        self.ended = 0
        self.waits = anyio.Event()

    async def __call__(self) -> AsyncIterator[str]:
        try:
            yield "first"
            self.waits.set()
            await anyio.sleep_forever()
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.sleep(0)
            self.ended += 1


@pytest.mark.anyio
async def test_ready_events_share_messages(anyio_backend_name: str) -> None:
    async def events() -> AsyncIterator[Any]:
        for number in range(2000):
            yield {"data": "x", "id": number}

    peer = Scripted()
    await EventSourceResponse(events())(request(), peer.receive, peer.send)
    assert peer.body == b"".join(b"id: %d\r\ndata: x\r\n\r\n" % number for number in range(2000))
    assert len(peer.messages) < 300 or anyio_backend_name == "trio"


@pytest.mark.anyio
async def test_pings_only_when_idle() -> None:
    peer = Scripted()
    busy = EventSourceResponse(endless(), ping=0.05)
    with anyio.move_on_after(0.3):
        await busy(request(), peer.receive, peer.send)
    assert b"ping" not in peer.body and len(peer.messages) > 5

    peer, source = Scripted(), Idle()
    idle = EventSourceResponse(source(), ping=0.02, sep="\n")
    with anyio.move_on_after(0.15):
        await idle(request(), peer.receive, peer.send)
    assert peer.body.startswith(b"data: first\n\n: ping - ")
    assert 2 <= len(peer.messages) - 2 <= 8 and source.ended == 1


@pytest.mark.anyio
async def test_pings_of_ones_own() -> None:
    peer, source = Scripted(), Idle()
    response = EventSourceResponse(
        source(), ping=0.02, ping_message_factory=lambda: ServerSentEvent(event="beat")
    )
    with anyio.move_on_after(0.1):
        await response(request(), peer.receive, peer.send)
    assert b"event: beat\r\n\r\n" in peer.chunks
    peer, source = Scripted(), Idle()
    with anyio.move_on_after(0.05):
        await EventSourceResponse(source(), ping=0)(request(), peer.receive, peer.send)
    assert len(peer.messages) == 2


@pytest.mark.skipif(sys.version_info < (3, 12), reason="no task is eager")
def test_pings_of_eager_tasks() -> None:
    async def events() -> AsyncIterator[str]:
        yield "first"
        await asyncio.sleep(0.05)
        yield "last"

    async def run() -> None:
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
        peer = Scripted()
        response = EventSourceResponse(events(), ping=0.02)
        await asyncio.wait_for(response(request(), peer.receive, peer.send), 2)
        assert len(peer.messages) > 4 and peer.chunks[-2] == b"data: last\r\n\r\n"

    asyncio.run(run())


@pytest.mark.anyio
@pytest.mark.parametrize("end", ["leave", "shutdown"])
async def test_a_ping_breaks_no_cleanup_off(end: str) -> None:
    if end == "leave" and sys.version_info < (3, 11):
        pytest.skip("a task does not know that it was cancelled")
    peer, waits, cleaned = Scripted(), anyio.Event(), []

    async def events() -> AsyncIterator[str]:
        try:
            yield "only"
            waits.set()
            await anyio.sleep_forever()
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.sleep(0.1)
                cleaned.append(True)

    async def send(message: Any) -> None:
        if peer.gone.is_set():
            raise OSError("gone")
        await peer.send(message)

    with anyio.fail_after(2):
        async with anyio.create_task_group() as group:
            response = EventSourceResponse(events(), ping=0.03)
            group.start_soon(response, request(), peer.receive, send)
            await waits.wait()
            await anyio.sleep(0)
            if end == "leave":
                peer.gone.set()
            else:
                antiphon.shutdown()
    assert cleaned == [True]


@pytest.mark.anyio
@pytest.mark.parametrize("version", ["2.3", "2.4"])
async def test_a_client_that_leaves(version: str) -> None:
    peer, source, told = Scripted(1, "leave"), Idle(), []

    async def handle(message: Any) -> None:
        told.append(message)

    response = EventSourceResponse(source(), client_close_handler_callable=handle)
    with anyio.fail_after(2):
        await response(request(version), peer.receive, peer.send)
    assert told == [{"type": "http.disconnect"}] and source.ended == 1 and not response.active


@pytest.mark.anyio
@pytest.mark.parametrize("at", range(3))
async def test_a_client_that_takes_nothing(at: int) -> None:
    peer, source = Scripted(at, "stall"), Idle()
    response = EventSourceResponse(source(), send_timeout=0.03, ping=0.05)
    with anyio.fail_after(2), pytest.raises(SendTimeoutError):
        await response(request(), peer.receive, peer.send)
    assert source.ended <= 1 and (source.ended or at == 0)


@pytest.mark.anyio
async def test_a_send_that_is_no_coroutine_is_timed_too(anyio_backend_name: str) -> None:
    if anyio_backend_name == "trio":
        pytest.skip("trio has no futures")
    peer, source = Scripted(1, "stall"), Idle()

    def send(message: Any) -> Any:
        return asyncio.ensure_future(peer.send(message))

    response = EventSourceResponse(source(), send_timeout=0.03)
    with anyio.fail_after(2), pytest.raises(SendTimeoutError):
        await response(request(), peer.receive, send)
    assert source.ended == 1


@pytest.mark.anyio
async def test_what_feeds_the_events() -> None:
    sender, receiver = anyio.create_memory_object_stream[str](1)

    async def feed() -> None:
        async with sender:
            for number in range(5):
                await sender.send(str(number))

    async def events() -> AsyncIterator[str]:
        async with receiver:
            async for item in receiver:
                yield item

    peer = Scripted()
    with anyio.fail_after(2):
        response = EventSourceResponse(events(), data_sender_callable=feed)
        await response(request(), peer.receive, peer.send)
    assert peer.body == b"".join(b"data: %d\r\n\r\n" % number for number in range(5))

    async def fail() -> None:
        raise LookupError

    with anyio.fail_after(2), pytest.raises(LookupError):
        response = EventSourceResponse(endless(), data_sender_callable=fail)
        await response(request(), peer.receive, peer.send)


def ends(how: str) -> None:
    if how == "function":
        antiphon.shutdown()
    elif how == "thread":
        thread = threading.Thread(target=antiphon.shutdown)
        thread.start()
        thread.join()
    elif how == "status":
        AppStatus.should_exit = True
    else:
        os.kill(os.getpid(), signal.SIGTERM)


@pytest.mark.anyio
@pytest.mark.parametrize("how", ["function", "thread", "status", "signal"])
async def test_shutdown(how: str) -> None:
    seen = []
    before = signal.signal(signal.SIGTERM, lambda *_: seen.append(True))
    own = signal.getsignal(signal.SIGTERM)
    try:
        sources, peers = [Idle() for _ in range(5)], [Scripted() for _ in range(5)]
        with anyio.fail_after(3):
            async with anyio.create_task_group() as group:
                for source, peer in zip(sources, peers, strict=True):
                    response = EventSourceResponse(source())
                    group.start_soon(response, request(), peer.receive, peer.send)
                for source in sources:
                    await source.waits.wait()
                await anyio.sleep(0.01)
                assert signal.getsignal(signal.SIGTERM) is not own
                ends(how)
        assert signal.getsignal(signal.SIGTERM) is own
    finally:
        signal.signal(signal.SIGTERM, before)
    assert all(source.ended == 1 for source in sources)
    assert all(peer.messages[-1]["more_body"] is False for peer in peers)
    assert bool(seen) == (how == "signal")


@pytest.mark.anyio
async def test_a_grace_period() -> None:
    told = anyio.Event()

    async def events() -> AsyncIterator[str]:
        yield "hello"
        await told.wait()
        yield "goodbye"

    peer = Scripted()
    response = EventSourceResponse(events(), shutdown_event=told, shutdown_grace_period=2)
    with anyio.fail_after(1):
        async with anyio.create_task_group() as group:
            group.start_soon(response, request(), peer.receive, peer.send)
            await anyio.sleep(0.02)
            antiphon.shutdown()
    assert peer.chunks == [b"data: hello\r\n\r\n", b"data: goodbye\r\n\r\n", b""]

    peer, source = Scripted(), Idle()
    response = EventSourceResponse(source(), shutdown_grace_period=0.05)
    with anyio.fail_after(1):
        async with anyio.create_task_group() as group:
            group.start_soon(response, request(), peer.receive, peer.send)
            await source.waits.wait()
            antiphon.shutdown()
            await anyio.sleep(0.02)
            assert source.ended == 0
    assert source.ended == 1 and peer.chunks[-1] == b""


@pytest.mark.anyio
async def test_a_shutdown_while_a_client_takes_nothing() -> None:
    peer, source = Scripted(1, "stall"), Idle()
    with anyio.fail_after(1):
        async with anyio.create_task_group() as group:
            group.start_soon(EventSourceResponse(source()), request(), peer.receive, peer.send)
            await peer.stalled.wait()
            await anyio.sleep(0.01)
            antiphon.shutdown()
    assert len(peer.messages) == 1 and source.ended == 1


@pytest.mark.anyio
@pytest.mark.parametrize("fails", [False, True])
async def test_a_shutdown_does_not_wait_for_a_cleanup(
    fails: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async def events() -> AsyncIterator[str]:
        try:
            yield "only"
        finally:
            if fails:
                raise ValueError
            await anyio.sleep_forever()

    peer, source = Scripted(1, "stall"), events()
    response = EventSourceResponse(source, cleanup_timeout=0.02)
    with anyio.fail_after(1):
        async with anyio.create_task_group() as group:
            group.start_soon(response, request(), peer.receive, peer.send)
            await peer.stalled.wait()
            antiphon.shutdown()
    assert [record.levelname for record in caplog.records] == ["ERROR" if fails else "WARNING"]


@pytest.mark.anyio
@pytest.mark.parametrize("timeout", [0, 0.02])
async def test_a_shutdown_does_not_wait_for_the_cleanup_of_an_idle_iterator(
    timeout: float, caplog: pytest.LogCaptureFixture
) -> None:
    idle, ended = anyio.Event(), []

    async def events() -> AsyncIterator[str]:
        try:
            yield "only"
            idle.set()
            await anyio.sleep_forever()
        finally:
            try:
                await anyio.sleep_forever()
            finally:
                ended.append(True)

    peer, source = Scripted(), events()
    response = EventSourceResponse(source, cleanup_timeout=timeout)
    with anyio.fail_after(1):
        async with anyio.create_task_group() as group:
            group.start_soon(response, request(), peer.receive, peer.send)
            await idle.wait()
            await anyio.sleep(0.01)
            antiphon.shutdown()
    assert ended and peer.chunks[-1] == b""
    # Whatever the cleanup waits for is cancelled, too, unless it is shielded.
    assert not caplog.records


@pytest.mark.anyio
async def test_a_shutdown_while_a_client_does_not_take_the_end() -> None:
    async def events() -> AsyncIterator[str]:
        yield "only"

    peer = Scripted(2, "stall")
    with anyio.fail_after(2):
        async with anyio.create_task_group() as group:
            group.start_soon(EventSourceResponse(events()), request(), peer.receive, peer.send)
            await peer.stalled.wait()
            antiphon.shutdown()


@pytest.mark.anyio
@pytest.mark.parametrize("at", range(2))
async def test_a_client_that_does_not_take_a_head(at: int) -> None:
    peer = Scripted(at, "stall")
    response = EventSourceResponse(endless(), send_timeout=0.02)
    with anyio.fail_after(1), pytest.raises(SendTimeoutError):
        await response(request(method="HEAD"), peer.receive, peer.send)


@pytest.mark.anyio
async def test_streams_that_begin_after_the_end() -> None:
    AppStatus.should_exit = True
    peer = Scripted()
    with anyio.fail_after(1):
        await EventSourceResponse(endless())(request(), peer.receive, peer.send)
    assert peer.messages[-1]["more_body"] is False


def test_asyncios_debug_mode_has_nothing_to_say() -> None:
    async def run() -> None:
        for does in ("fail", "leave"):
            for at in range(3):
                peer, source = Scripted(at, does), Idle()
                try:
                    response = EventSourceResponse(source(), ping=0.01)
                    await response(request(), peer.receive, peer.send)
                except OSError:
                    pass
        assert len(asyncio.all_tasks()) == 1

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        asyncio.run(run(), debug=True)
        gc.collect()


def test_several_loops_in_several_threads() -> None:
    ended = []

    async def run() -> None:
        peer, source = Scripted(), Idle()
        await EventSourceResponse(source())(request(), peer.receive, peer.send)
        ended.append(source.ended)

    async def main() -> None:
        threads = [threading.Thread(target=asyncio.run, args=(run(),)) for _ in range(3)]
        for thread in threads:
            thread.start()
        await asyncio.sleep(0.2)
        antiphon.shutdown()
        for thread in threads:
            await asyncio.to_thread(thread.join, 5)

    asyncio.run(main())
    assert ended == [1, 1, 1]
