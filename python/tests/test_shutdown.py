"""The end of a server, as its streams of events see it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import anyio
import pytest

import antiphon
from antiphon import _shutdown
from antiphon.responses import StreamingResponse
from antiphon.sse import EventSourceResponse
from support.scripted import Scripted, request


@pytest.fixture(autouse=True)
def open_door() -> Iterator[None]:
    yield
    _shutdown._since = float("-inf")


class Source:
    """Brings one event, and waits until it is told to say goodbye, or for good."""

    def __init__(self) -> None:
        self.waits, self.told, self.ended = anyio.Event(), anyio.Event(), 0

    async def __call__(self) -> AsyncIterator[str]:
        try:
            yield "first"
            self.waits.set()
            await self.told.wait()
            yield "goodbye"
            await anyio.sleep_forever()
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.sleep(0.01)
            self.ended += 1

    def response(self, grace: float) -> EventSourceResponse:
        return EventSourceResponse(
            self(), shutdown_event=self.told, shutdown_grace_period=grace, ping=0
        )


@pytest.mark.anyio
async def test_a_server_that_cancels_in_the_grace_period() -> None:
    peer, source = Scripted(), Source()
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(source.response(60), request(), peer.receive, peer.send)
            await source.waits.wait()
            antiphon.shutdown()
            await source.told.wait()
            await anyio.sleep(0.01)
            group.cancel_scope.cancel()
    assert peer.chunks == [b"data: first\r\n\r\n", b"data: goodbye\r\n\r\n", b""]
    assert source.ended == 1


def test_a_task_that_is_cancelled_in_the_grace_period_ends_as_others_do() -> None:
    async def run() -> None:
        peer, source = Scripted(), Source()
        task = asyncio.ensure_future(source.response(60)(request(), peer.receive, peer.send))
        await source.waits.wait()
        antiphon.shutdown()
        await source.told.wait()
        task.cancel()
        await asyncio.wait_for(task, 5)
        assert peer.messages[-1]["more_body"] is False and source.ended == 1

    asyncio.run(run())


@pytest.mark.anyio
async def test_a_cancellation_without_an_end_of_the_server_leaves_the_stream_incomplete() -> None:
    peer, source = Scripted(), Source()
    async with anyio.create_task_group() as group:
        group.start_soon(source.response(0), request(), peer.receive, peer.send)
        await source.waits.wait()
        await anyio.sleep(0.01)
        group.cancel_scope.cancel()
    assert peer.messages[-1]["more_body"] is True and source.ended == 1


@pytest.mark.anyio
async def test_a_message_that_is_being_sent_comes_before_the_end() -> None:
    source, goes_on, begun, messages = Source(), anyio.Event(), anyio.Event(), []

    async def send(message: Mapping[str, Any]) -> None:
        if message.get("body"):
            begun.set()
            await goes_on.wait()
        messages.append(dict(message))

    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            response = EventSourceResponse(source())
            group.start_soon(response, request(), Scripted().receive, send)
            await begun.wait()
            antiphon.shutdown()
            await anyio.sleep(0.05)
            goes_on.set()
    assert [message.get("body") for message in messages[1:]] == [b"data: first\r\n\r\n", b""]
    assert messages[-1]["more_body"] is False


@pytest.mark.anyio
async def test_the_end_comes_once() -> None:
    messages = []

    async def events() -> AsyncIterator[str]:
        yield "only"

    async def send(message: Mapping[str, Any]) -> None:
        messages.append(dict(message))
        if message.get("more_body") is False:
            antiphon.shutdown()
            await anyio.sleep(0.02)

    with anyio.fail_after(5):
        await EventSourceResponse(events())(request(), Scripted().receive, send)
    assert [message.get("body") for message in messages[1:]] == [b"data: only\r\n\r\n", b""]


@pytest.mark.anyio
async def test_an_event_that_waits_for_a_ping_is_not_left_out() -> None:
    messages: list[bytes] = []
    pings, goes_on = anyio.Event(), anyio.Event()

    async def events() -> AsyncIterator[str]:
        await pings.wait()
        yield "first"
        await anyio.sleep_forever()

    async def send(message: Mapping[str, Any]) -> None:
        if message.get("body", b"").startswith(b": ping"):
            pings.set()
            await goes_on.wait()
        messages.append(message.get("body", b""))

    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            response = EventSourceResponse(events(), ping=0.02)
            group.start_soon(response, request(), Scripted().receive, send)
            await pings.wait()
            await anyio.sleep(0.01)
            antiphon.shutdown()
            await anyio.sleep(0.01)
            goes_on.set()
    assert b"".join(messages[2:]) == b"data: first\r\n\r\n"


@pytest.mark.anyio
async def test_a_client_that_gets_in_after_the_signal() -> None:
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        with anyio.fail_after(5):
            for is_first in (True, False):
                peer, source = Scripted(), Source()
                async with anyio.create_task_group() as group:
                    group.start_soon(source.response(0), request(), peer.receive, peer.send)
                    if is_first:
                        await source.waits.wait()
                        os.kill(os.getpid(), signal.SIGTERM)
                assert peer.messages[-1]["more_body"] is False
    finally:
        signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize("response_class", [EventSourceResponse, StreamingResponse])
def test_an_interrupt_on_trio_is_no_group(response_class: Any) -> None:
    # Trio raises it in any task; servers take a group for a fault of the application.
    async def interrupted() -> AsyncIterator[str]:
        yield "first"
        raise KeyboardInterrupt

    async def run() -> None:
        peer = Scripted()
        await response_class(interrupted())(request("2.3"), peer.receive, peer.send)

    with pytest.raises(KeyboardInterrupt):
        anyio.run(run, backend="trio")


@pytest.mark.anyio
async def test_a_handler_that_comes_over_ours_and_calls_it() -> None:
    seen: list[str] = []
    before = signal.signal(signal.SIGTERM, lambda *_: seen.append("first"))
    try:
        with anyio.fail_after(5):
            async with anyio.create_task_group() as group:
                for is_first in (True, False):
                    peer, source = Scripted(), Source()
                    group.start_soon(source.response(0), request(), peer.receive, peer.send)
                    await source.waits.wait()
                    if is_first:
                        ours: Any = signal.getsignal(signal.SIGTERM)

                        def handle(number: int, frame: Any, ours: Any = ours) -> None:
                            seen.append("second")
                            ours(number, frame)

                        signal.signal(signal.SIGTERM, handle)
                os.kill(os.getpid(), signal.SIGTERM)
        # Without streams it calls ours still.
        os.kill(os.getpid(), signal.SIGTERM)
        assert seen == 2 * ["second", "first"]
        assert signal.getsignal(signal.SIGTERM) is handle
    finally:
        signal.signal(signal.SIGTERM, before)


#: A program that leaves SIGTERM to the system.
PROGRAM = """
import os, sys, anyio
from antiphon.sse import EventSourceResponse

async def events():
    try:
        yield "first"
        print("open", flush=True)
        await anyio.sleep_forever()
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.sleep(0.01)
        print("closed", flush=True)

async def send(message):
    if message.get("more_body") is False:
        print("complete", flush=True)

async def main():
    response = EventSourceResponse(events(), shutdown_grace_period=float(sys.argv[2]))
    await response({"type": "http", "method": "GET"}, anyio.sleep_forever, send)
    await anyio.sleep_forever()

anyio.run(main, backend=sys.argv[1])
"""


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_the_default_action_of_a_signal_waits_for_the_streams(backend: str) -> None:
    command = [sys.executable, "-c", PROGRAM, backend, "0.5"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "open\n"
        for _ in range(2):
            process.send_signal(signal.SIGTERM)
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(0.05)
        rest, _ = process.communicate(timeout=20)
    assert process.returncode == -signal.SIGTERM
    assert sorted(rest.split()) == ["closed", "complete"]
