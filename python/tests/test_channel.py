"""Channels: who gets what, on both event loops, from any thread."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import threading
import weakref
from typing import Any

import anyio
import anyio.to_thread
import pytest

from antiphon._wakeup import AsyncioTurn
from antiphon.channel import Counters, EventChannel
from antiphon.sse import EventSourceResponse, ServerSentEvent
from antiphon.testing import Client
from support.scripted import Scripted, request

pytestmark = pytest.mark.anyio


async def test_everybody_gets_everything_from_any_thread() -> None:
    channel = EventChannel(epoch="e", queue_events=10_000)
    peers = [Scripted() for _ in range(20)]

    def publish() -> None:
        for number in range(1000):
            channel.publish({"data": number})

    with anyio.fail_after(20):
        async with anyio.create_task_group() as group:
            for peer in peers:
                response = EventSourceResponse(channel.subscribe())
                group.start_soon(response, request(), peer.receive, peer.send)
            await anyio.sleep(0.01)
            threads = [threading.Thread(target=publish) for _ in range(3)]
            for thread in threads:
                thread.start()
            publish()
            for thread in threads:
                await anyio.to_thread.run_sync(thread.join)
            channel.close()
    assert len({peer.body for peer in peers}) == 1
    lines = peers[0].body.split(b"\r\n")
    ids = [line for line in lines if line.startswith(b"id: ")]
    assert ids == [b"id: e-%d" % number for number in range(4001)]
    assert channel.counters.published == 4000 and channel.counters.subscribers == 0


async def test_a_client_that_connects_again_gets_what_it_has_missed() -> None:
    channel = EventChannel()
    ids = [channel.publish(ServerSentEvent(str(number))) for number in range(5)]
    for last in (ids[2], ids[2].encode()):
        subscription = channel.subscribe(last)
        assert await anext(subscription) == b"".join(
            b"id: %s\r\ndata: %d\r\n\r\n" % (ids[number].encode(), number) for number in (3, 4)
        )
    resync = EventChannel(resync={"event": "reload"})
    assert b"event: reload\r\ndata: \r\n\r\n" in await anext(resync.subscribe("unknown"))


async def test_slow_subscribers() -> None:
    behind: dict[str, Any] = {}
    for slow in ("disconnect", "drop_oldest", "resync"):
        channel = EventChannel(slow=slow, queue_events=3, history_events=3, epoch="e")
        subscription = channel.subscribe()
        for number in range(10):
            channel.publish(number)
        channel.close()
        behind[slow] = b"".join([events async for events in subscription])
        assert channel.counters.lagged == 1
    assert behind["disconnect"] == b""
    assert behind["drop_oldest"].count(b"data: ") == 3
    assert b"e-10" in behind["resync"] and b"data: 9" not in behind["resync"]


async def test_who_leaves_is_forgotten() -> None:
    channel = EventChannel()
    peer = Scripted(2, "leave")
    async with anyio.create_task_group() as group:
        response = EventSourceResponse(channel.subscribe())
        group.start_soon(response, request("2.3"), peer.receive, peer.send)
        await anyio.sleep(0.01)
        assert channel.counters.subscribers == 1
        channel.publish("x")
    assert channel.counters.subscribers == 0
    subscription = channel.subscribe()
    dead = weakref.ref(subscription)
    del subscription
    gc.collect()
    assert dead() is None and channel.counters.subscribers == 0


async def test_what_cannot_be_published() -> None:
    channel = EventChannel()
    with pytest.raises(ValueError, match="retry"):
        channel.publish({"data": "x", "retry": -1})
    with pytest.raises(TypeError):
        channel.publish({"name": "x"})
    channel.close()
    with pytest.raises(RuntimeError, match="closed"):
        channel.publish("x")
    unknown: Any = "never"
    with pytest.raises(ValueError, match="slow: expected"):
        EventChannel(slow=unknown)


def test_who_is_about_to_wait_may_be_rung(monkeypatch: pytest.MonkeyPatch) -> None:
    channel = EventChannel(epoch="e")
    subscription, waiter = channel.subscribe(), AsyncioTurn.waiter

    def published_meanwhile(turn: AsyncioTurn) -> Any:
        monkeypatch.setattr(AsyncioTurn, "waiter", waiter)
        thread = threading.Thread(target=channel.publish, args=("x",))
        thread.start()
        thread.join()
        return waiter(turn)

    async def read() -> bytes:
        faults: list[Any] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, fault: faults.append(fault))
        monkeypatch.setattr(AsyncioTurn, "waiter", published_meanwhile)
        events = await asyncio.wait_for(anext(subscription), 2)
        await asyncio.sleep(0.01)
        assert not faults
        return events

    assert asyncio.run(read()).endswith(b"data: x\r\n\r\n")


def test_a_loop_that_is_gone_disturbs_nobody() -> None:
    channel = EventChannel()
    subscription = channel.subscribe()

    async def read() -> bytes:
        return await anext(subscription)

    async def give_up() -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(read(), 0.01)

    asyncio.run(give_up())
    channel.publish("x")
    assert asyncio.run(read()).endswith(b"data: x\r\n\r\n")


async def test_a_subscription_has_one_reader() -> None:
    channel = EventChannel()
    subscription = channel.subscribe()
    async with anyio.create_task_group() as group:
        group.start_soon(anext, subscription)
        await anyio.sleep(0.01)
        with pytest.raises(RuntimeError, match="read by one at a time"):
            await anext(subscription)
        group.cancel_scope.cancel()
    assert channel.counters.subscribers == 1


def test_what_is_no_event_is_not_published() -> None:
    channel = EventChannel()
    for wrong in (b"data: x\n\n", None):
        with pytest.raises(TypeError, match="event: expected data, a mapping or a ServerSentEvent"):
            channel.publish(wrong)
    assert channel.counters.published == 0


async def test_counters_have_names() -> None:
    channel = EventChannel(epoch="e", queue_events=2, slow="drop_oldest")
    subscription = channel.subscribe()
    for number in range(5):
        channel.publish(number)
    await anext(subscription)
    counters = channel.counters
    assert isinstance(counters, Counters)
    assert counters._asdict() == channel._counters()
    assert counters == Counters(
        subscribers=1,
        published=5,
        delivered=2,
        lagged=1,
        dropped=3,
        held_events=5,
        held_bytes=5 * len(b"id: e-1\r\ndata: 0\r\n\r\n"),
    )


async def test_a_channel_and_its_subscriptions_show_what_they_hold() -> None:
    class News(EventChannel): ...

    channel = News(epoch="e")
    channel.publish("x")
    subscription, since = channel.subscribe(), channel.subscribe("e-0")
    assert repr(channel) == "<News subscribers=2 held_events=1 held_bytes=20>"
    assert repr(subscription) == "<Subscription open>"
    assert repr(since) == "<Subscription last_event_id=b'e-0' open>"
    async with anyio.create_task_group() as group:
        group.start_soon(anext, subscription)
        await anyio.sleep(0.01)
        assert repr(subscription) == "<Subscription waiting>"
        channel.publish("y")
    await since.aclose()
    assert repr(since) == "<Subscription last_event_id=b'e-0' closed>"
    assert repr(channel).startswith("<News subscribers=1 ")


def test_processes_that_were_forked_give_ids_of_their_own():
    program = """
import os
from antiphon.channel import EventChannel

channel = EventChannel()
for _ in range(3):
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write, channel.publish({"data": "hello"}).encode())
        os._exit(0)
    os.waitpid(child, 0)
    print(os.read(read, 100).decode())
"""
    printed = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    ids = printed.stdout.split()
    assert len(set(ids)) == 3
    assert all(id.endswith("-1") for id in ids)


def test_ids_that_come_again_after_a_restart_are_asked_for_by_their_name():
    with pytest.raises(
        ValueError,
        match="epoch: expected a name that is new after each restart, but found an empty",
    ):
        EventChannel(epoch="")
    assert EventChannel(repeatable_ids=True).publish({"data": "hello"}) == "1"


def test_ids_are_repeated_or_have_an_epoch() -> None:
    with pytest.raises(ValueError, match="repeatable_ids: ids that have an epoch are not repeated"):
        EventChannel(epoch="a", repeatable_ids=True)


async def test_a_channel_that_nobody_subscribed_to_is_no_stream() -> None:
    response = EventSourceResponse(EventChannel())
    with pytest.raises(TypeError, match=r"give what its subscribe\(\) returns"):
        await response(request(), None, None)


def test_a_newcomer_that_loses_its_connection_before_the_first_event_misses_nothing() -> None:
    channel = EventChannel(epoch="e")
    channel.publish({"data": "before"})

    async def listen(scope: Any, receive: Any, send: Any) -> None:
        last = dict(scope["headers"]).get(b"last-event-id")
        await EventSourceResponse(channel.subscribe(last))(scope, receive, send)

    with Client(listen) as client:
        with client.stream() as answer:
            # A client keeps the id, and dispatches nothing.
            assert answer.chunk() == b"id: e-1\r\n\r\n"
        channel.publish({"data": "missed"})
        with client.stream(headers={"last-event-id": "e-1"}) as answer:
            assert answer.chunk() == b"id: e-2\r\ndata: missed\r\n\r\n"


def test_only_who_would_have_no_id_is_told_its_place() -> None:
    channel = EventChannel(epoch="e", newcomers="history")
    for last, told in ((None, b"id: e-0\r\n\r\n"), ("e-0", b""), ("x-1", b"")):
        assert channel.subscribe(last)._subscriber.take_position() == told
    channel.publish({"data": "first"})
    assert channel.subscribe()._subscriber.take_position() == b""
