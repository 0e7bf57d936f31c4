"""Several channels in one stream."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator

import pytest

from antiphon.channel import EventChannel, Topics
from antiphon.sse import EventSourceResponse
from antiphon.testing import Client

pytestmark = pytest.mark.anyio


async def texts(topics: Topics, count: int) -> list[str]:
    """The next events, without their ids."""
    seen: list[str] = []
    events: AsyncIterator[bytes] = topics
    while len(seen) < count:
        for event in (await anext(events)).decode().split("\r\n\r\n")[:-1]:
            seen.append(event.partition("\r\n")[2])
    return seen


async def test_a_client_that_comes_back_gets_what_it_has_missed_of_each() -> None:
    news, user = EventChannel(), EventChannel()
    channels = {"news": news, "user:7": user}

    async def app(scope, receive, send):  # type: ignore[no-untyped-def]
        last = dict(scope["headers"]).get(b"last-event-id")
        await EventSourceResponse(Topics(channels, last))(scope, receive, send)

    with Client(app) as client:
        with client.stream() as answer:
            told = answer.chunk()
            assert told.startswith(b"id: v1~")
            assert told.endswith(b"\r\n\r\n")
        news.publish("one")
        user.publish("two")
        last = told[4:].strip().decode()
        with client.stream(headers={"last-event-id": last}) as answer:
            missed = answer.chunk()
            assert (missed.count(b"data: one"), missed.count(b"data: two")) == (1, 1)
            assert b"resync" not in missed
        for unknown in ("x", "1-0", "v1~"):
            with client.stream(headers={"last-event-id": unknown}) as answer:
                assert answer.chunk().count(b"event: resync") == 2


async def test_topics_come_and_go_while_the_stream_is_open() -> None:
    news, user = EventChannel(), EventChannel()
    topics = Topics({"news": news})
    assert repr(topics) == "<Topics news open>"
    news.publish("zeroth")
    assert await texts(topics, 1) == ["data: zeroth"]
    user.publish("before")
    topics.add("user", user)
    # Where the stream is in it is told without an event.
    news.publish("first")
    assert await texts(topics, 2) == ["", "data: first"]
    user.publish("second")
    assert await texts(topics, 1) == ["data: second"]
    assert user.counters.subscribers == 1
    topics.remove("user")
    user.publish("third")
    news.publish("fourth")
    assert await texts(topics, 1) == ["data: fourth"]
    assert user.counters.subscribers == 0
    with pytest.raises(KeyError, match="user"):
        topics.remove("user")
    await topics.aclose()
    assert news.counters.subscribers == 0
    assert repr(topics) == "<Topics news closed>"


async def test_a_stream_that_waits_is_woken_by_any_of_its_channels() -> None:
    channels = {str(number): EventChannel() for number in range(5)}
    topics = Topics(channels)
    for number, channel in channels.items():
        threading.Timer(0.01, channel.publish, [number]).start()
        assert await texts(topics, 1) == [f"data: {number}"]
    threading.Timer(0.01, channels["3"].close).start()
    assert [events async for events in topics] == []


def test_a_stream_that_nobody_has_any_more_has_unsubscribed() -> None:
    channel = EventChannel()
    topics = Topics({"a": channel})
    assert channel.counters.subscribers == 1
    del topics
    assert channel.counters.subscribers == 0


def test_what_cannot_be_one_stream_is_an_error() -> None:
    channel = EventChannel()
    many = {str(number): channel for number in range(27)}
    with pytest.raises(ValueError, match="topics: expected 26 at most"):
        Topics(many)
    assert channel.counters.subscribers == 0
    topics = Topics({"a": channel})
    with pytest.raises(ValueError, match='topics: expected each once, but found "a" again'):
        topics.add("a", channel)
    assert channel.counters.subscribers == 1
