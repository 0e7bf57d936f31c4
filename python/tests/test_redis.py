"""Channels over Redis Streams, with a real redis-server: who gets what, whatever becomes of it."""

from __future__ import annotations

import asyncio
import contextlib
import doctest
import importlib
import logging
import os
import socket
import subprocess
import sys
import threading
import time
import uuid
import warnings
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest

from antiphon.channel import EventChannel, _connection, _publisher, _reader
from antiphon.channel.redis import (
    AmbiguousError,
    EngineError,
    RedisChannel,
    RedisChannels,
    RedisCounters,
)
from antiphon.sse import EventSourceResponse, ServerSentEvent
from antiphon.testing import Client
from support.redis_server import RedisServer, redis_server

redis = pytest.importorskip("redis", reason="there is no redis-py")

pytestmark = pytest.mark.anyio

#: Nothing here waits for longer.
LONG = 20


@pytest.fixture(scope="session")
def shared() -> Iterator[RedisServer]:
    """A server that tests leave as it is."""
    with redis_server() as server:
        yield server


@pytest.fixture
def own() -> Iterator[RedisServer]:
    """A server for one test, which keeps what it has acknowledged."""
    with redis_server("--appendonly", "yes", "--appendfsync", "always") as server:
        yield server


@pytest.fixture
def prefix() -> str:
    return f"{uuid.uuid4().hex[:8]}:"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has what hangs noticed in a second."""
    monkeypatch.setattr(_connection, "TIMEOUT", 1.0)
    monkeypatch.setattr(_reader, "BLOCK", 0.3)


@pytest.fixture
def channels(shared: RedisServer, prefix: str) -> Iterator[RedisChannels]:
    with RedisChannels(shared.url, prefix=prefix) as channels:
        yield channels


class Reading:
    """What a subscriber has got, event by event; reads on as it is asked."""

    def __init__(self, channel: RedisChannel, last: str | None = None) -> None:
        self._subscription = channel.subscribe(last)
        self._frames: list[str] = []
        #: The id that its client would come back with.
        self.last = last

    async def next(self) -> str:
        """The next event: its data, or its name if it has one."""
        with anyio.fail_after(LONG):
            while not self._frames:
                encoded = (await anext(self._subscription)).decode()
                self._frames = [frame for frame in encoded.split("\r\n\r\n") if frame]
        fields = dict(line.split(": ", 1) for line in self._frames.pop(0).split("\r\n"))
        self.last = fields["id"]
        return fields.get("event") or fields["data"]

    async def take(self, count: int) -> list[str]:
        return [await self.next() for _ in range(count)]

    async def is_quiet(self, seconds: float = 0.2) -> bool:
        if self._frames:
            return False
        with anyio.move_on_after(seconds):
            self._frames = [(await anext(self._subscription)).decode()]
        return not self._frames

    async def ends(self) -> bool:
        """Whether nothing comes any more, but when to come back."""
        with anyio.fail_after(LONG):
            rest = [events async for events in self._subscription]
            return all(events.startswith(b"retry: ") for events in rest)

    async def leave(self) -> None:
        await self._subscription.aclose()


async def until(is_so: Any) -> None:
    with anyio.fail_after(LONG):
        while not is_so():
            await anyio.sleep(0.01)


@contextlib.asynccontextmanager
async def reading_of(channel: RedisChannel, last: str | None = None) -> AsyncIterator[Reading]:
    reading = Reading(channel, last)
    try:
        yield reading
    finally:
        await reading.leave()


def numbers(count: int, start: int = 0) -> list[str]:
    return [str(number) for number in range(start, start + count)]


# Who gets what


async def test_history_and_live_follow_without_a_gap(channels: RedisChannels) -> None:
    news = channels["news"]
    ids = [await news.publish("first")]

    async def publish() -> None:
        for number in range(300):
            ids.append(await news.publish(number))

    async with anyio.create_task_group() as group:
        group.start_soon(publish)
        readings = []
        for at in (0, 10, 50):
            await until(lambda at=at: len(ids) > at)
            readings.append((at, Reading(news, ids[at])))
        for at, reading in readings:
            assert await reading.take(300 - at) == numbers(300 - at, at)
    assert ids == sorted(ids, key=lambda id: tuple(map(int, id.split("-"))))


async def test_one_who_subscribed_before_gets_the_event(channels: RedisChannels) -> None:
    for number in range(20):
        channel = channels[f"new-{number}"]
        readings = [Reading(channel), Reading(channel)]
        await channel.publish("a")
        await channel.publish("b")
        assert [await reading.take(2) for reading in readings] == [["a", "b"]] * 2
        # Now it is read.
        readings.append(Reading(channel))
        await channel.publish("c")
        assert [await reading.next() for reading in readings] == ["c"] * 3


async def test_ids_of_clients_that_come_back(shared: RedisServer, prefix: str) -> None:
    async with RedisChannels(shared.url, prefix=prefix, history_events=3) as channels:
        news, other = channels["news"], channels["other"]
        keeper = Reading(news)
        ids = [await news.publish(number) for number in range(100)]
        assert await keeper.take(100) == numbers(100)
        # What this process holds, what only Redis has, and what is newest.
        for at in (98, 90, 0, 99):
            async with reading_of(news, ids[at]) as client:
                assert await client.take(99 - at) == numbers(99 - at, at + 1)
                assert await client.is_quiet(0.05)
        foreign = await other.publish("x")
        future = f"{int(ids[-1].partition('-')[0]) + 10**6}-0"
        malformed = ["5", "-1", "$", "+", "0-0-0", "05-1", "x", f"{2**64}-0", "1-1\n", "é", "\x00"]
        for last in [foreign, future, "1-1", *malformed]:
            async with reading_of(news, last) as client:
                assert await client.next() == "resync", last
                assert client.last == ids[-1]
                assert await client.is_quiet(0.02)
        assert await keeper.is_quiet()


async def test_a_client_hops_between_two_processes(shared: RedisServer, prefix: str) -> None:
    nodes = [RedisChannels(shared.url, prefix=prefix, history_events=8) for _ in range(2)]
    done = anyio.Event()

    async def publish() -> None:
        for number in range(400):
            await nodes[number % 2]["news"].publish(number)
        done.set()

    seen: list[str] = []
    async with anyio.create_task_group() as group:
        async with reading_of(nodes[0]["news"]) as client:
            group.start_soon(publish)
            seen += await client.take(1)
        hops = 0
        while len(seen) < 400:
            hops += 1
            async with reading_of(nodes[hops % 2]["news"], client.last) as client:
                seen += await client.take(min(7, 400 - len(seen)))
    assert seen == numbers(400)
    for node in nodes:
        node.close()


async def test_newcomers_may_get_the_history(shared: RedisServer, prefix: str) -> None:
    async with RedisChannels(
        shared.url, prefix=prefix, history_events=2, newcomers="history"
    ) as channels:
        for number in range(5):
            await channels["news"].publish(number)
        assert await Reading(channels["news"]).take(2) == ["3", "4"]


def test_a_response_tells_a_newcomer_its_place_and_pings(shared: RedisServer, prefix: str) -> None:
    with RedisChannels(shared.url, prefix=prefix) as channels:
        id = channels["news"].publish_sync("before")

        async def listen(scope: Any, receive: Any, send: Any) -> None:
            last = dict(scope["headers"]).get(b"last-event-id")
            response = EventSourceResponse(channels["news"].subscribe(last))
            await response(scope, receive, send)

        with Client(listen) as client:
            with client.stream() as answer:
                assert answer.chunk() == f"id: {id}\r\n\r\n".encode()
            missed = channels["news"].publish_sync("missed")
            with client.stream(headers={"last-event-id": id}) as answer:
                assert answer.chunk() == f"id: {missed}\r\ndata: missed\r\n\r\n".encode()


async def test_slow_subscribers_are_dealt_with_as_in_one_process(
    shared: RedisServer, prefix: str
) -> None:
    async with RedisChannels(shared.url, prefix=prefix, queue_events=3, slow="resync") as channels:
        news = channels["news"]
        slow = Reading(news)
        await news.publish(0)
        assert await slow.next() == "0"
        for number in range(10):
            await news.publish(number)
        # What comes later could find a quick one slow, too.
        await until(lambda: channels.counters.read == 11)
        async with reading_of(news, slow.last) as quick:
            await quick.take(10)
        assert await slow.next() == "resync"


# What becomes of the stream


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_stream_that_is_trimmed_deleted_or_lost_is_one_resync(own: RedisServer) -> None:
    async with RedisChannels(own.url) as channels:
        with own.client() as client:
            news = channels["news"]
            readings = [Reading(news), Reading(news)]
            await news.publish("a")
            for reading in readings:
                assert await reading.next() == "a"
            # Nobody can read what is added and trimmed in one go.
            with client.pipeline(transaction=True) as pipe:
                for number in range(5):
                    pipe.xadd("antiphon:news", {"data": f"trimmed {number}"})
                pipe.xtrim("antiphon:news", maxlen=1, approximate=False)
                pipe.execute()
            for empties in (lambda: client.delete("antiphon:news"), client.flushall):
                for reading in readings:
                    assert await reading.next() == "resync"
                await news.publish("b")
                for reading in readings:
                    assert await reading.next() == "b"
                    assert await reading.is_quiet(0.1)
                # That wakes nobody: it is seen when all places are proved.
                empties()
            for reading in readings:
                assert await reading.next() == "resync"
            assert channels.counters.gaps == 3


async def test_streams_are_trimmed_and_forgotten(shared: RedisServer, prefix: str) -> None:
    async with RedisChannels(shared.url, prefix=prefix, maxlen=100, ttl=50) as channels:
        for number in range(1000):
            await channels["news"].publish(number)
        with shared.client() as client:
            assert 100 <= client.xlen(f"{prefix}news") < 300
            assert 45_000 < client.pttl(f"{prefix}news") <= 50_000
    async with RedisChannels(shared.url, prefix=prefix, maxlen=None, ttl=None) as channels:
        await channels["kept"].publish("x")
        with shared.client() as client:
            assert client.pttl(f"{prefix}kept") == -1


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_key_of_another_kind_is_one_line_and_disturbs_no_other(
    shared: RedisServer, channels: RedisChannels, prefix: str, caplog: pytest.LogCaptureFixture
) -> None:
    with shared.client() as client:
        client.set(f"{prefix}wrong", "x")
        wrong, right, later = (Reading(channels[name]) for name in ("wrong", "right", "later"))
        await channels["right"].publish("a")
        assert await right.next() == "a"
        with pytest.raises(EngineError, match="refused the event: WRONGTYPE"):
            await channels["wrong"].publish("x")
        # This one is read already, and becomes wrong.
        await channels["later"].publish("a")
        assert await later.next() == "a"
        client.delete(f"{prefix}later")
        client.set(f"{prefix}later", "x")
        await until(lambda: "later" in caplog.text)
        await channels["right"].publish("b")
        assert await right.next() == "b"
        client.delete(f"{prefix}later", f"{prefix}wrong")
        # They are looked at again by and by.
        await channels["later"].publish("b")
        assert await later.next() == "resync"
        await anyio.sleep(5.2)
        await channels["wrong"].publish("c")
        assert await wrong.next() == "c"
    about = [record.getMessage() for record in caplog.records if "cannot be read" in record.msg]
    assert len(about) == 2 and "'wrong'" in about[0] and "'later'" in about[1]
    assert channels.counters.reconnects == 0


async def test_other_programs_publish_and_cannot_inject(
    shared: RedisServer, channels: RedisChannels, prefix: str, caplog: pytest.LogCaptureFixture
) -> None:
    key = f"{prefix}news"
    command = ["redis-cli", "-s", str(shared.path), "XADD", key, "*"]
    subscription = channels["news"].subscribe()
    await channels["news"].publish("first")
    encoded = [await anext(subscription)]
    with shared.client() as client:
        hostile: list[dict[bytes, bytes]] = [
            {b"event": b"a\ndata: injected", b"data": b"x"},
            {b"data": b"x\x00y", b"id": b"7"},
            {b"event": b"a\x00"},
            {b"retry": b"9" * 30, b"data": b"x"},
            {b"retry": b"-1", b"data": b"x"},
            {b"data": b"\xff\xfe"},
            {b"comment": b"a\r\nid: 7"},
            {b"unknown": b"x"},
            {b"data": b"a\r\nid: 7\r\n\r\ndata: b"},
        ]
        for fields in hostile:
            client.xadd(key, fields)
    subprocess.run([*command, "data", "last", "event", "cli"], check=True, capture_output=True)
    with anyio.fail_after(LONG):
        while b"last" not in encoded[-1]:
            encoded.append(await anext(subscription))
    frames = [frame.split(b"\r\n") for frame in b"".join(encoded).split(b"\r\n\r\n") if frame]
    # Each entry is one frame, whose only id is the engine's.
    assert len(frames) == len(hostile) + 2
    for frame in frames:
        assert sum(line.startswith(b"id: ") for line in frame) == 1
        assert all(line.partition(b": ")[0] in (b"id", b"event", b"data", b"") for line in frame)
    assert frames[-1][1:] == [b"event: cli", b"data: last"]
    assert [line for line in frames[-2] if b"id: 7" in line] == [b"data: id: 7"]
    # A line for each, and only one, though the entries are read again.
    lines = [record.getMessage() for record in caplog.records if "is no event" in record.msg]
    again = Reading(channels["news"], frames[0][0].removeprefix(b"id: ").decode())
    await again._subscription.__anext__()
    assert len(lines) == len(set(lines)) == 3
    assert lines == [
        record.getMessage() for record in caplog.records if "is no event" in record.msg
    ]


# What becomes of the engine


async def test_a_crash_and_restart_are_no_gap(own: RedisServer) -> None:
    async with RedisChannels(own.url) as channels:
        news = channels["news"]
        reading = Reading(news)
        acknowledged: list[tuple[list[int], str]] = []

        async def publish(number: int) -> None:
            with contextlib.suppress(AmbiguousError, EngineError):
                id = await news.publish(number)
                acknowledged.append(([int(part) for part in id.split("-")], str(number)))

        async with anyio.create_task_group() as group:
            for number in range(20):
                group.start_soon(publish, number)
        read = [await reading.next()]
        first = reading.last
        read += await reading.take(14)
        await anyio.to_thread.run_sync(own.kill)
        start = time.monotonic()
        with pytest.raises(EngineError, match="the engine is away: "):
            await news.publish("x")
        assert time.monotonic() - start < 1
        # Memory answers those who come back meanwhile.
        async with reading_of(news, first) as client:
            assert await client.take(14) == read[1:]
        await anyio.to_thread.run_sync(own.start)
        await until_published(news, "back")
        acknowledged.sort()
        for number in range(20, 40):
            await publish(number)
        assert len(acknowledged) == 40
        read += await reading.take(26)
        assert read[20] == "back"
        assert read[:20] + read[21:] == [number for _, number in acknowledged]
        assert await reading.is_quiet()
        counters = channels.counters
        assert (counters.reconnects, counters.gaps) == (1, 0)


async def test_an_engine_that_hangs_is_noticed(
    own: RedisServer, impatient: None, caplog: pytest.LogCaptureFixture
) -> None:
    async with RedisChannels(own.url) as channels:
        news = channels["news"]
        reading = Reading(news)
        await news.publish("a")
        assert await reading.next() == "a"
        own.stop()
        try:
            with pytest.raises(AmbiguousError, match="has not answered"):
                await news.publish("b")
            await until(lambda: "is away" in caplog.text)
        finally:
            own.go_on()
        # It was in the engine's socket.
        assert await reading.next() == "b"
        await until_published(news, "c")
        assert await reading.next() == "c"
        assert channels.counters.gaps == 0


async def until_published(channel: RedisChannel, event: object) -> str:
    with anyio.fail_after(LONG):
        while True:
            try:
                return await channel.publish(event)
            except EngineError:
                await anyio.sleep(0.02)


async def test_connections_that_are_cut_are_no_gap(own: RedisServer) -> None:
    async with RedisChannels(own.tcp_url) as channels:
        news = channels["news"]
        reading = Reading(news)
        await news.publish("-")
        with own.client() as client:
            for number in range(20):
                client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
                # What was cut while it was idle is no failure.
                await news.publish(number)
        assert await reading.take(21) == ["-", *numbers(20)]
        await until(lambda: channels.counters.reconnects > 0)
        assert channels.counters.gaps == 0


async def test_an_engine_that_comes_later() -> None:
    with redis_server(starts=False) as server:
        async with RedisChannels(server.url, outage=LONG) as channels:
            reading = Reading(channels["news"])
            with pytest.raises(EngineError):
                await channels["news"].publish("x")
            assert await reading.is_quiet()
            await anyio.to_thread.run_sync(server.start)
            id = await until_published(channels["news"], "a")
            assert await reading.next() == "a" and reading.last == id


async def test_after_the_outage_streams_end_cleanly() -> None:
    with redis_server() as server:
        async with RedisChannels(server.url, outage=0.5) as channels:
            reading, late = Reading(channels["news"]), channels["news"].subscribe()
            await channels["news"].publish("a")
            assert await reading.next() == "a"
            server.kill()
            start = time.monotonic()
            assert await reading.is_quiet()
            assert await reading.ends()
            assert 0.4 < time.monotonic() - start < 5
            # Those who come now wait as long again.
            start = time.monotonic()
            assert await Reading(channels["other"]).ends()
            assert time.monotonic() - start < 5
            await late.aclose()
            server.start()
            await until(lambda: channels.counters.reconnects == 1)
            await channels["news"].publish("b")
            # Without a disk it has forgotten all.
            async with reading_of(channels["news"], reading.last) as again:
                assert await again.next() == "resync"


def test_who_comes_when_the_engine_is_away_is_never_refused() -> None:
    with redis_server(starts=False) as server, RedisChannels(server.url, outage=0.3) as channels:

        async def listen(scope: Any, receive: Any, send: Any) -> None:
            await EventSourceResponse(channels["news"].subscribe(), ping=0.1)(scope, receive, send)

        with Client(listen) as client, client.stream() as answer:
            assert answer.status == 200
            assert b": ping" in answer.read()


async def test_a_lost_reply_is_ambiguous_and_nothing_is_sent_twice(shared: RedisServer) -> None:
    prefix = f"{uuid.uuid4().hex}:"
    with Gateway(shared.path) as gateway:
        async with RedisChannels(f"unix://{gateway.path}", prefix=prefix) as channels:
            news = channels["news"]
            await news.publish("a")
            gateway.swallows = True
            with pytest.raises(AmbiguousError) as raised:
                await news.publish("b")
            assert not isinstance(raised.value, EngineError)
            gateway.swallows = False
            await news.publish("c")
    with shared.client() as client:
        entries = client.xrange(f"{prefix}news")
        assert [fields[b"data"] for _, fields in entries] == [b"a", b"b", b"c"]


async def test_a_lost_reply_is_asked_for_again_where_there_is_a_key(
    shared: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not compares_keys(shared):
        return  # `test_one_key_is_one_event` shows the error.
    prefix = f"{uuid.uuid4().hex}:"
    with Gateway(shared.path) as gateway:
        async with RedisChannels(f"unix://{gateway.path}", prefix=prefix) as channels:
            news = channels["news"]
            await news.publish("a")
            gateway.swallows = True
            async with anyio.create_task_group() as group:
                group.start_soon(partial(news.publish, "b", idempotency_key="b"))
                with anyio.fail_after(LONG):
                    while gateway.cuts < 3:
                        await anyio.sleep(0.01)
                gateway.swallows = False
            # Not for ever, and then it is not known.
            monkeypatch.setattr(_publisher, "START", 0.3)
            gateway.swallows = True
            with pytest.raises(AmbiguousError):
                await news.publish("c", idempotency_key="c")
            gateway.swallows = False
            with anyio.fail_after(LONG):
                while True:
                    with contextlib.suppress(EngineError):
                        await news.publish("c", idempotency_key="c")
                        break
                    await anyio.sleep(0.02)
    with shared.client() as client:
        entries = client.xrange(f"{prefix}news")
        assert [fields[b"data"] for _, fields in entries] == [b"a", b"b", b"c"]


async def test_one_key_is_one_event(shared: RedisServer, prefix: str) -> None:
    with (
        RedisChannels(shared.url, prefix=prefix) as one,
        RedisChannels(shared.url, prefix=prefix) as other,
    ):
        paid = one["orders"].publish({"data": "paid"}, idempotency_key="order 7")
        if not compares_keys(shared):
            text = "idempotency_key: expected Redis 8.6 or newer, which compares them, but found"
            with pytest.raises(EngineError, match=text):
                await paid
            return
        id = await paid
        for channels in (one, other):
            orders = channels["orders"]
            assert await orders.publish("paid", idempotency_key="order 7") == id
            assert orders.publish_sync("paid", idempotency_key="order 7") == id
            assert await orders.publish("paid") != id
        assert await one["orders"].publish("paid", idempotency_key="é" * 128) != id
        assert await one["news"].publish("paid", idempotency_key="order 7") != id
    with shared.client() as client:
        assert client.xlen(f"{prefix}orders") == 4


async def test_idempotency_keys_that_are_none(channels: RedisChannels) -> None:
    for key in ("", "é" * 129, "\ud800"):
        with pytest.raises(ValueError, match="idempotency_key: expected"):
            await channels["news"].publish("x", idempotency_key=key)
    with pytest.raises(TypeError, match="idempotency_key: expected text, but found 7"):
        channels["news"].publish_sync("x", idempotency_key=7)  # type: ignore[arg-type]


def compares_keys(server: RedisServer) -> bool:
    """Whether the server compares idempotency keys, as Redis 8.6 and newer do."""
    key = f"probe {uuid.uuid4().hex}"
    with server.client() as client, contextlib.suppress(redis.ResponseError):
        client.execute_command("XADD", key, "IDMP", "p", "k", "*", "data", "")
        return True
    return False


class Gateway:
    """Stands before a server, and may cut connections instead of handing on its replies."""

    def __init__(self, server: Path) -> None:
        self._server = server
        self.path = server.parent / f"gateway-{uuid.uuid4().hex[:8]}"
        self.swallows = False
        #: How often it did.
        self.cuts = 0
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.path))
        self._listener.listen()

    def __enter__(self) -> Gateway:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(str(self._server))
            pair = client, server
            threading.Thread(target=self._carry, args=pair, daemon=True).start()
            threading.Thread(target=self._carry, args=(*pair[::-1], True), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket, are_replies: bool = False) -> None:
        try:
            while part := source.recv(65536):
                if are_replies and self.swallows:
                    self.cuts += 1
                    break
                sink.sendall(part)
        except OSError:
            pass
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        if are_replies:
            sink.close()
            source.close()


def test_a_cluster_is_refused_by_an_error_that_names_the_prefix(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with redis_server("--cluster-enabled", "yes") as server:
        with server.client() as client:
            client.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
            while b"cluster_state:ok" not in client.execute_command("CLUSTER", "INFO"):
                time.sleep(0.05)
        with RedisChannels(server.url) as channels:
            subscriptions = [channels[name].subscribe() for name in ("a", "b")]
            wait = time.monotonic() + LONG
            while "hash tag" not in caplog.text and time.monotonic() < wait:
                time.sleep(0.02)
            assert "prefix: expected a prefix with a hash tag, such as '{antiphon}:'" in caplog.text
            del subscriptions
        with RedisChannels(server.url, prefix="{antiphon}:") as channels:
            subscription = channels["a"].subscribe()
            channels["a"].publish_sync("x")
            assert b"data: x" in asyncio.run(asyncio.wait_for(anext(subscription), LONG))
        # A cluster of which this node has nothing.
        with server.client() as client:
            client.execute_command("CLUSTER", "DELSLOTSRANGE", 0, 16383)
            client.execute_command("CONFIG", "SET", "cluster-require-full-coverage", "no")
        with RedisChannels(server.url) as channels, pytest.raises(EngineError):
            channels["a"].publish_sync("x")


# Loops, threads, processes


def test_loops_and_threads_share_the_channels(channels: RedisChannels) -> None:
    news = channels["news"]
    ready, failures = threading.Barrier(5), []
    seen: list[set[str]] = []

    async def take_part(number: int) -> None:
        reading = Reading(news)
        await anyio.to_thread.run_sync(ready.wait)
        for count in range(50):
            await news.publish(f"{number}-{count}")
        seen.append(set(await reading.take(4 * 50)))

    def in_thread(number: int) -> None:
        try:
            if number == 3:
                ready.wait()
                for count in range(50):
                    news.publish_sync(f"{number}-{count}")
            else:
                backend = "trio" if number == 2 else "asyncio"
                anyio.run(take_part, number, backend=backend)
        except BaseException as failure:
            failures.append(failure)
            ready.abort()

    threads = [threading.Thread(target=in_thread, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    ready.wait(LONG)
    for thread in threads:
        thread.join(LONG)
    assert not failures
    everything = {f"{number}-{count}" for number in range(4) for count in range(50)}
    assert seen == [everything] * 3


async def test_two_connections_whatever_the_channels_and_subscribers(own: RedisServer) -> None:
    def connections() -> int:
        with own.client() as client:
            return len(client.client_list()) - 1

    channels = RedisChannels(own.url)
    assert connections() == 0
    readings = [Reading(channels[f"channel-{number % 300}"]) for number in range(900)]
    for number in range(300):
        await channels[f"channel-{number}"].publish("x")
    for reading in readings:
        assert await reading.next() == "x"
    assert connections() == 2
    assert channels.counters.channels == 300
    channels.close()
    await until(lambda: connections() == 0)


def test_a_process_that_was_forked_connects_by_itself(shared: RedisServer, prefix: str) -> None:
    program = """
import asyncio, os, sys
from antiphon.channel.redis import RedisChannels

channels = RedisChannels(sys.argv[1], prefix=sys.argv[2])
news = channels["news"]

async def talk(who):
    subscription = news.subscribe()
    await news.publish(f"{who} begins")
    text = ""
    while f"{who} ends" not in text:
        text += (await asyncio.wait_for(anext(subscription), 10)).decode()
        await news.publish(f"{who} ends")
    await subscription.aclose()

asyncio.run(talk("parent"))
for _ in range(3):
    child = os.fork()
    if child == 0:
        asyncio.run(talk("child"))
        channels.close()
        sys.exit(0)
    _, status = os.waitpid(child, 0)
    assert status == 0, status
    asyncio.run(talk("parent"))
print(channels.counters.subscribers, channels.counters.reconnects)
"""
    environment = {**os.environ, "PYTHONWARNINGS": "ignore::DeprecationWarning"}
    command = [sys.executable, "-c", program, shared.url, prefix]
    ended = subprocess.run(command, timeout=60, capture_output=True, text=True, env=environment)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "0 0\n", "")


@pytest.mark.parametrize("is_there", [True, False])
def test_the_interpreter_ends_at_once(shared: RedisServer, prefix: str, is_there: bool) -> None:
    program = """
import sys, time
from antiphon.channel.redis import EngineError, RedisChannels

channels = RedisChannels(sys.argv[1], prefix=sys.argv[2])
subscriptions = [channels[str(number)].subscribe() for number in range(100)]
try:
    channels["1"].publish_sync("x")
except EngineError:
    pass
time.sleep(0.2)
print(time.time())
"""
    url = shared.url if is_there else "redis://127.0.0.1:1"
    ended = subprocess.run(
        [sys.executable, "-c", program, url, prefix], timeout=60, capture_output=True, text=True
    )
    assert ended.returncode == 0
    assert "Traceback" not in ended.stderr
    assert time.time() - float(ended.stdout) < 1.5


async def test_a_subscription_ends_with_the_channels_at_once(own: RedisServer) -> None:
    for is_there in (True, False):
        channels = RedisChannels(own.url)
        readings = [Reading(channels["news"]) for _ in range(3)]
        if is_there:
            await channels["news"].publish("a")
            await readings[0].next()
            await readings[1].next()
            own.kill()
        start = time.monotonic()
        channels.close()
        channels.close()
        assert await readings[0].ends() and await readings[1].ends()
        assert await Reading(channels["news"]).ends()
        with pytest.raises(RuntimeError, match="expected open channels"):
            await channels["news"].publish("x")
        channels._node.join(1)
        assert time.monotonic() - start < 1
        for worker in (channels._node._reader, channels._node._publisher):
            assert worker is None or not worker.thread.is_alive()
        await readings[2].leave()


def test_channels_that_nobody_has_any_more_end(shared: RedisServer, prefix: str) -> None:
    channels = RedisChannels(shared.url, prefix=prefix)
    subscription = channels["news"].subscribe()
    channels["news"].publish_sync("x")
    node = channels._node
    del channels
    assert not node.follower.is_closed()
    del subscription
    assert node.follower.is_closed()
    node.join(5)
    assert node._reader is not None and not node._reader.thread.is_alive()


# What is said wrongly, and what is counted


async def test_what_cannot_be_published(channels: RedisChannels) -> None:
    news = channels["news"]
    for wrong in (b"data: x\n\n", None):
        with pytest.raises(TypeError, match="event: expected data, a mapping or a ServerSentEvent"):
            await news.publish(wrong)
    with pytest.raises(TypeError, match="name"):
        await news.publish({"name": "x"})
    with pytest.raises(ValueError, match="event id: expected none, since the engine gives it"):
        await news.publish({"data": "x", "id": "1"})
    with pytest.raises(ValueError, match="retry"):
        news.publish_sync({"data": "x", "retry": -1})
    with pytest.warns(UserWarning, match="json") as caught:
        await news.publish({"data": {"a": 1}})
    assert caught[0].filename == __file__
    with pytest.warns(UserWarning, match="json") as caught:
        news.publish_sync({"data": {"a": 1}})
    assert caught[0].filename == __file__
    assert channels.counters.published == 2


async def test_every_form_of_an_event_arrives_as_in_one_process(channels: RedisChannels) -> None:
    alone, news = EventChannel(repeatable_ids=True), channels["news"]
    theirs, ours = alone.subscribe(), news.subscribe()
    events: list[Any] = ["a\nb", 7, {"json": {"a": "é"}}, {"comment": "x"}, {"data": ""}]
    events += [{"event": "e", "data": "x", "retry": 5}, ServerSentEvent("x", event="e"), ""]
    for event in events:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            alone.publish(event)
            await news.publish(event)
        lines = [(await anext(each)).split(b"\r\n") for each in (theirs, ours)]
        expected, found = ([line for line in each if line[:4] != b"id: "] for each in lines)
        assert found == expected and len(lines[0]) == len(lines[1]) == len(found) + 1
    # What says nothing but its id.
    await news.publish({})
    assert b"data" not in await anext(ours)


@pytest.mark.parametrize(
    "name", ["", "a b", "a\n", "\ta", "a\x00", "\x7f", "\x85", "\u2028", "é" * 129, "\ud800"]
)
def test_names_that_are_no_names(name: str) -> None:
    with pytest.raises(ValueError, match="^channel name: expected "):
        RedisChannels("redis://localhost")[name]


def test_names_that_are_names() -> None:
    channels = RedisChannels("redis://localhost")
    for name in ("news", "NEWS", "user:7", "a/b?c*d", "é" * 128, "日本", "{x}"):
        assert channels[name].name == name
    wrong: Any = 7
    with pytest.raises(TypeError, match="channel name: expected text, but found 7"):
        channels[wrong]


def test_options_that_are_wrong() -> None:
    url = "redis://localhost"
    wrong: list[dict[str, Any]] = [
        {"maxlen": 0},
        {"ttl": 0},
        {"ttl": -1.5},
        {"outage": 0},
        {"outage": float("nan")},
        {"slow": "never"},
        {"newcomers": "x"},
        {"history_events": -1},
    ]
    for options in wrong:
        with pytest.raises(ValueError, match=f"^{next(iter(options))}: expected "):
            RedisChannels(url, **options)
    with pytest.raises(ValueError, match="URL"):
        RedisChannels("localhost")
    with pytest.raises(TypeError, match="url_or_client_factory: expected a URL or a function"):
        RedisChannels(redis.Redis())
    nobody: Any = lambda: None  # noqa: E731
    with pytest.raises(TypeError, match="expected a function that returns a redis.Redis, but it"):
        RedisChannels(nobody)["news"].subscribe()


async def test_a_client_of_the_programs_own(shared: RedisServer, prefix: str) -> None:
    made = []

    def client() -> Any:
        made.append(1)
        return shared.client(decode_responses=True, socket_timeout=0.1, protocol=3)

    async with RedisChannels(client, prefix=prefix) as channels:
        reading = Reading(channels["news"])
        await anyio.sleep(0.5)
        await channels["news"].publish("é")
        assert await reading.next() == "é"
        assert (len(made), channels.counters.reconnects) == (1, 0)


async def test_a_user_with_the_permissions_that_the_documentation_lists() -> None:
    module = importlib.import_module("antiphon.channel.redis")
    assert module.__doc__ is not None
    listed = module.__doc__.split("``")
    rules = next(part for part in listed if part.startswith("+xadd")).split()
    keys = next(part for part in listed if part.startswith("~"))
    with redis_server() as server:
        with server.client() as client:
            client.execute_command("ACL", "SETUSER", "web", "on", ">secret", keys, *rules)
        url = f"redis://web:secret@127.0.0.1:{server.port}"
        async with RedisChannels(url, history_events=1) as channels:
            news, other = channels["news"], channels["other"]
            reading, second = Reading(news), Reading(other)
            ids = [await news.publish(number) for number in range(5)]
            await other.publish("x")
            assert await reading.take(5) == numbers(5) and await second.next() == "x"
            async with reading_of(news, ids[0]) as old:
                assert await old.take(4) == numbers(4, 1)
        with server.client() as client:
            log = client.execute_command("ACL", "LOG")
            refused = {entry[b"object"] if b"object" in entry else entry["object"] for entry in log}
            assert refused <= {b"client|setinfo", "client|setinfo"}
        # Without them, the error says so.
        async with RedisChannels(url, prefix="mine:") as channels:
            with pytest.raises(EngineError, match="permission"):
                await channels["news"].publish("x")
        async with RedisChannels(url.replace("secret", "wrong")) as channels:
            with pytest.raises(EngineError, match="the engine is away: .*password"):
                await channels["news"].publish("x")


async def test_counters_have_names(channels: RedisChannels) -> None:
    assert channels.counters == RedisCounters(0, 0, 0, 0, 0.0, 0, 0, 0)
    news = channels["news"]
    reading = Reading(news)
    for number in range(3):
        await news.publish(number)
    await reading.take(3)
    counters = channels.counters
    assert counters._replace(lag=0) == RedisCounters(
        channels=1,
        subscribers=1,
        published=3,
        read=3,
        lag=0,
        reconnects=0,
        gaps=0,
        history_reads=1,
    )
    assert 0 <= counters.lag < 5
    assert repr(channels).endswith("channels=1 subscribers=1>")
    assert repr(news) == "<RedisChannel 'news'>"


def test_redis_py_is_imported_when_it_is_needed() -> None:
    program = """
import sys
import antiphon.channel.redis as channel
assert "redis" not in sys.modules
sys.modules["redis"] = None
try:
    channel.RedisChannels("redis://localhost")
except ImportError as error:
    print(error)
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ended.stdout == "antiphon.channel.redis needs redis-py: pip install 'antiphon[redis]'\n"


@pytest.mark.parametrize("name", ["antiphon.channel.redis", "antiphon.channel._publisher"])
def test_docstrings(shared: RedisServer, name: str) -> None:
    module = importlib.import_module(name)
    runner = doctest.DocTestRunner()
    for test in doctest.DocTestFinder().find(module):
        for example in test.examples:
            example.source = example.source.replace('"redis://localhost"', repr(shared.url))
        runner.run(test)
    result = runner.summarize()
    assert result.attempted >= 4 and result.failed == 0


async def test_what_fails_in_a_thread_is_logged_and_the_thread_goes_on(
    channels: RedisChannels, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    news = channels["news"]
    reading = Reading(news)
    await news.publish("a")
    assert await reading.next() == "a"
    caplog.set_level(logging.CRITICAL, "antiphon")
    with monkeypatch.context() as patch:
        patch.setattr(_publisher.Publisher, "_send", lambda *_: 1 / 0)
        with pytest.raises(AmbiguousError):
            await news.publish("x")
        patch.setattr(_reader, "pairs", lambda *_: 1 / 0)
        with channels._settings.address.client() as client:
            client.xadd(f"{channels._settings.prefix}news", {"data": "b"})
        await anyio.sleep(0.3)
    assert await reading.next() == "b"
    await news.publish("c")
    assert await reading.next() == "c"
