"""What becomes of a generator whose stream is interrupted: shields hold, and nothing is lost."""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncIterator
from typing import Any

import anyio
import anyio.to_thread
import pytest

import antiphon
from antiphon.requests import ClientDisconnect
from antiphon.responses import JsonLinesResponse, StreamingResponse
from antiphon.sse import EventSourceResponse
from support.scripted import request

pytestmark = pytest.mark.anyio

CLASSES = [StreamingResponse, JsonLinesResponse, EventSourceResponse]


class Client:
    """A client that is told to leave, in the way that its server has."""

    def __init__(self, how: str) -> None:
        self.how = how
        self.gone, self.begun = anyio.Event(), anyio.Event()
        self.after: list[Any] = []

    async def receive(self) -> dict[str, Any]:
        if self.how == "listener":
            await self.gone.wait()
            return {"type": "http.disconnect"}
        await anyio.sleep_forever()
        raise AssertionError

    async def send(self, message: dict[str, Any]) -> None:
        self.begun.set()
        if self.gone.is_set():
            if self.how == "send":
                raise OSError("gone")
            self.after.append(message)

    def leave(self) -> None:
        self.gone.set()
        if self.how == "shutdown":
            antiphon.shutdown()

    @property
    def scope(self) -> dict[str, Any]:
        return request("2.4" if self.how == "send" else "2.3")


async def interrupted(response: Any, how: str, amid: anyio.Event) -> Client:
    """Send a response, and interrupt it when the generator says so."""
    client = Client(how)

    async def send_all() -> None:
        try:
            await response(client.scope, client.receive, client.send)
        except (ClientDisconnect, OSError):
            assert how == "send"

    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            group.start_soon(send_all)
            await amid.wait()
            await anyio.sleep(0.02)
            client.leave()
    return client


def ways(*classes: Any) -> Any:
    return pytest.mark.parametrize(
        ("make", "how"),
        [
            pytest.param(make, how, id=f"{make.__name__}-{how}")
            for make in classes or CLASSES
            for how in ("listener", "shutdown")
            if how != "shutdown" or make is EventSourceResponse
        ],
    )


@ways()
async def test_what_is_shielded_completes(make: Any, how: str) -> None:
    amid, events = anyio.Event(), []

    async def rows() -> AsyncIterator[str]:
        yield "first"
        with anyio.CancelScope(shield=True):
            events.append("begun")
            amid.set()
            await anyio.sleep(0.1)
            events.append("written")
        await anyio.sleep_forever()

    await interrupted(make(rows()), how, amid)
    assert events == ["begun", "written"]


@ways()
async def test_a_thread_is_waited_for_before_the_cleanup(make: Any, how: str) -> None:
    amid, events = anyio.Event(), []
    loop_thread = threading.get_ident()

    def query() -> None:
        assert threading.get_ident() != loop_thread
        time.sleep(0.1)
        events.append("queried")

    async def rows() -> AsyncIterator[str]:
        try:
            yield "first"
            amid.set()
            await anyio.to_thread.run_sync(query)
            await anyio.sleep_forever()
        finally:
            events.append("closed")

    await interrupted(make(rows()), how, amid)
    assert events == ["queried", "closed"]


@ways()
async def test_what_is_swallowed_comes_again(make: Any, how: str) -> None:
    amid, events = anyio.Event(), []

    async def rows() -> AsyncIterator[str]:
        yield "first"
        for _ in range(3):
            try:
                amid.set()
                await anyio.sleep_forever()
            except anyio.get_cancelled_exc_class():
                events.append("swallowed")
        yield "for nobody"
        events.append("pulled")

    client = await interrupted(make(rows()), how, amid)
    assert events == ["swallowed"] * 3
    bodies = [message["body"] for message in client.after]
    assert bodies == ([b""] if how == "shutdown" else [])


@ways()
async def test_a_swallowed_one_ends_the_stream_at_the_next_yield(make: Any, how: str) -> None:
    amid, pulled = anyio.Event(), []

    async def rows() -> AsyncIterator[str]:
        yield "first"
        try:
            amid.set()
            await anyio.sleep_forever()
        except anyio.get_cancelled_exc_class():
            pass
        for number in range(10_000):
            pulled.append(number)
            yield "for nobody"

    client = await interrupted(make(rows()), how, amid)
    assert pulled == [0]
    assert not any(b"nobody" in message["body"] for message in client.after)


@pytest.mark.parametrize("make", CLASSES)
async def test_a_generator_at_a_yield_is_closed_with_its_cleanup(make: Any) -> None:
    events: list[str] = []
    stalled = anyio.Event()

    async def rows() -> AsyncIterator[str]:
        try:
            while True:
                yield "x" * 100_000
        finally:
            await anyio.sleep(0.02)
            events.append("closed")

    client = Client("listener")

    async def send(message: Any) -> None:
        if message.get("body"):
            stalled.set()
            await anyio.sleep_forever()

    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(make(rows()), client.scope, client.receive, send)
            await stalled.wait()
            client.leave()
    assert events == ["closed"]


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.parametrize("make", CLASSES)
async def test_a_send_that_fails_breaks_no_shield(make: Any, anyio_backend: str) -> None:
    events: list[str] = []

    async def rows() -> AsyncIterator[str]:
        yield "first"
        yield "second"
        with anyio.CancelScope(shield=True):
            events.append("begun")
            await anyio.sleep(0.1)
            events.append("written")
        await anyio.sleep_forever()

    async def send(message: Any) -> None:
        if b"second" in message.get("body", b""):
            await anyio.sleep(0.01)
            assert events == ["begun"]
            raise OSError("gone")

    with anyio.fail_after(5), pytest.raises((OSError, ClientDisconnect)):
        await make(rows())(request("2.4"), Client("send").receive, send)
    assert events == ["begun", "written"]


@ways()
async def test_a_client_that_takes_nothing_and_leaves_amid_a_shield(make: Any, how: str) -> None:
    events: list[str] = []
    stalled = anyio.Event()

    async def rows() -> AsyncIterator[str]:
        yield "first"
        yield "second"
        with anyio.CancelScope(shield=True):
            events.append("begun")
            await anyio.sleep(0.1)
            events.append("written")
        await anyio.sleep_forever()

    client = Client(how)

    async def send(message: Any) -> None:
        if b"second" in message.get("body", b""):
            stalled.set()
            await anyio.sleep_forever()

    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(make(rows()), client.scope, client.receive, send)
            await stalled.wait()
            client.leave()
    assert events in ([], ["begun", "written"])


@pytest.mark.parametrize("how", ["listener", "shutdown"])
async def test_what_feeds_the_events_keeps_its_shields(how: str) -> None:
    amid, events = anyio.Event(), []
    sender, receiver = anyio.create_memory_object_stream[str](1)

    async def feed() -> None:
        async with sender:
            await sender.send("first")
            with anyio.CancelScope(shield=True):
                amid.set()
                await anyio.sleep(0.1)
                events.append("written")
            await anyio.sleep_forever()

    response = EventSourceResponse(receiver, data_sender_callable=feed)
    await interrupted(response, how, amid)
    assert events == ["written"]
    receiver.close()


@pytest.mark.parametrize("how", ["listener", "shutdown"])
async def test_what_feeds_the_events_meets_no_closed_channel(how: str) -> None:
    ends: list[type[BaseException]] = []
    sender, receiver = anyio.create_memory_object_stream[str](0)

    async def feed() -> None:
        try:
            async with sender:
                for number in range(100):
                    await sender.send(str(number))
        except BaseException as error:
            ends.append(type(error))
            raise

    response = EventSourceResponse(receiver, data_sender_callable=feed)
    client = Client(how)

    async def send(message: Any) -> None:
        if message.get("body"):
            await anyio.sleep_forever()

    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(response, client.scope, client.receive, send)
            await anyio.wait_all_tasks_blocked()
            client.leave()
    assert ends == [anyio.get_cancelled_exc_class()]


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.parametrize("make", CLASSES)
async def test_a_cancellation_of_the_task_is_what_it_is(make: Any, anyio_backend: str) -> None:
    import asyncio

    amid, events = anyio.Event(), []

    async def rows() -> AsyncIterator[str]:
        yield "first"
        try:
            amid.set()
            await anyio.sleep_forever()
        finally:
            # A task's own cancellation comes once.
            await anyio.sleep(0.01)
            events.append("cleaned")

    client = Client("listener")
    task = asyncio.ensure_future(make(rows())(client.scope, client.receive, client.send))
    await amid.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert events == ["cleaned"]


@pytest.mark.parametrize("make", CLASSES)
async def test_a_scope_around_the_response_is_not_ours(make: Any) -> None:
    amid, ended = anyio.Event(), []

    async def rows() -> AsyncIterator[str]:
        try:
            yield "first"
            amid.set()
            await anyio.sleep_forever()
        finally:
            ended.append(True)

    client = Client("listener")
    with anyio.fail_after(5):
        with anyio.move_on_after(0.05) as scope:
            await make(rows())(client.scope, client.receive, client.send)
        assert scope.cancelled_caught and ended
        await anyio.sleep(0)
