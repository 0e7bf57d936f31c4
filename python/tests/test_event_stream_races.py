"""Who wins where two things happen at once to a stream of events, on both event loops.

The table is in ``antiphon._event_stream``; each row names the tests that show it.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

import antiphon
from antiphon import _event_stream, _shutdown
from antiphon._stream import Puller
from antiphon.sse import EventSourceResponse, SendTimeoutError
from support.scripted import request

FIRST, END = b"data: first\r\n\r\n", b""


@pytest.fixture(autouse=True)
def open_door() -> Iterator[None]:
    yield
    _shutdown._since = float("-inf")


class Source:
    """Brings one event, and then waits for what it is told to do."""

    def __init__(self) -> None:
        self.waits, self.goes_on, self.ended = anyio.Event(), anyio.Event(), 0
        self.error: Exception | None = None

    async def __call__(self) -> AsyncIterator[str]:
        try:
            yield "first"
            self.waits.set()
            await self.goes_on.wait()
            if self.error is not None:
                raise self.error
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.sleep(0.01)
            self.ended += 1


class Client:
    """Takes messages, except one that is told: it waits for ``takes``."""

    def __init__(self, stalls_at: bytes | None = None) -> None:
        self.stalls_at = stalls_at
        self.stalls, self.takes, self.leaves = anyio.Event(), anyio.Event(), anyio.Event()
        self.messages: list[dict[str, Any]] = []

    async def receive(self) -> dict[str, str]:
        await self.leaves.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        is_told = self.stalls_at is not None and message.get("body", b"").startswith(self.stalls_at)
        if is_told and not self.stalls.is_set():
            self.stalls.set()
            await self.takes.wait()
        self.messages.append(dict(message))

    @property
    def chunks(self) -> list[bytes]:
        """What the client took; a ping is ``: ping``."""
        bodies = [bytes(message["body"]) for message in self.messages[1:]]
        return [b": ping" if body.startswith(b": ping") else body for body in bodies]

    @property
    def is_complete(self) -> bool:
        return not self.messages[-1].get("more_body", True)


class Race:
    """A response that is being sent; what happens to it is done within the block."""

    def __init__(self, source: Any, client: Client, **options: Any) -> None:
        self.response = EventSourceResponse(source(), **{"ping": 0, **options})
        self.client = client
        self.error: BaseException | None = None
        self.scope = anyio.CancelScope()
        self.is_cancelled = False

    async def _run(self) -> None:
        with self.scope:
            try:
                await self.response(request(), self.client.receive, self.client.send)
            except anyio.get_cancelled_exc_class():
                self.is_cancelled = True
                raise
            except Exception as error:
                self.error = error

    async def __aenter__(self) -> Race:
        self.limit = anyio.fail_after(5)
        self.limit.__enter__()
        self.group = anyio.create_task_group()
        await self.group.__aenter__()
        self.group.start_soon(self._run)
        return self

    async def __aexit__(self, *error: Any) -> None:
        await self.group.__aexit__(*error)
        self.limit.__exit__(*error)


pytestmark = pytest.mark.anyio


# The client leaves.


@pytest.mark.parametrize("timeout", [None, 3])
async def test_a_client_that_leaves_amid_a_message(timeout: float | None) -> None:
    source, client = Source(), Client(FIRST)
    async with Race(source, client, send_timeout=timeout) as race:
        await client.stalls.wait()
        client.leaves.set()
    assert race.error is None and not race.is_cancelled
    assert client.chunks == [] and source.ended == 1


async def test_a_client_that_leaves_amid_a_ping() -> None:
    source, client = Source(), Client(b": ping")
    async with Race(source, client, ping=0.02) as race:
        await client.stalls.wait()
        client.leaves.set()
    assert race.error is None and not race.is_cancelled
    assert client.chunks == [FIRST] and source.ended == 1


@pytest.mark.parametrize("first", ["client", "server"])
async def test_a_client_that_leaves_as_the_server_ends(first: str, anyio_backend_name: str) -> None:
    source, client = Source(), Client()
    async with Race(source, client) as race:
        await source.waits.wait()
        await anyio.sleep(0.01)
        if first == "client":
            client.leaves.set()
        antiphon.shutdown()
        client.leaves.set()
    assert race.error is None and not race.is_cancelled
    assert client.chunks in ([FIRST], [FIRST, END])
    assert source.ended == 1 or anyio_backend_name == "asyncio"  # The cleanup was broken off.


async def test_a_client_that_leaves_as_the_iterator_fails() -> None:
    source, client = Source(), Client()
    source.error = LookupError("both")
    async with Race(source, client) as race:
        await source.waits.wait()
        await anyio.sleep(0.01)
        client.leaves.set()
        source.goes_on.set()
    # Either came first; nobody gets to know more than the application.
    assert race.error in (None, source.error) and source.ended == 1
    assert client.chunks == [FIRST]


# The server ends.


async def test_the_server_ends_amid_a_ping() -> None:
    source, client = Source(), Client(b": ping")
    async with Race(source, client, ping=0.02) as race:
        await client.stalls.wait()
        antiphon.shutdown()
        await anyio.sleep(0.05)
        client.takes.set()
    assert race.error is None and source.ended == 1
    assert client.chunks == [FIRST, b": ping", END] and client.is_complete


async def test_the_server_ends_amid_a_ping_that_is_not_taken() -> None:
    source, client = Source(), Client(b": ping")
    async with Race(source, client, ping=0.02) as race:
        await client.stalls.wait()
        antiphon.shutdown()
    assert race.error is None and source.ended == 1
    assert client.chunks == [FIRST] and not client.is_complete


async def test_an_iterator_that_fails_in_the_grace_period() -> None:
    source, client = Source(), Client()
    source.error = LookupError("too late")
    async with Race(source, client, shutdown_grace_period=60) as race:
        await source.waits.wait()
        antiphon.shutdown()
        await anyio.sleep(0.01)
        source.goes_on.set()
    assert race.error is source.error and source.ended == 1
    assert client.chunks == [FIRST]


async def test_an_iterator_that_ends_as_the_server_does(anyio_backend_name: str) -> None:
    source, client = Source(), Client()
    async with Race(source, client) as race:
        await source.waits.wait()
        await anyio.sleep(0.01)
        source.goes_on.set()
        antiphon.shutdown()
    assert race.error is None
    assert client.chunks == [FIRST, END] and client.is_complete
    assert source.ended == 1 or anyio_backend_name == "asyncio"  # The cleanup was broken off.


@pytest.mark.parametrize("timeout", [0.05, 3])
async def test_the_server_ends_while_a_message_is_timed(
    timeout: float, anyio_backend_name: str
) -> None:
    source, client = Source(), Client(FIRST)
    async with Race(source, client, send_timeout=timeout) as race:
        await client.stalls.wait()
        antiphon.shutdown()
    # The message has half a second; a timeout before that is an error on asyncio only.
    fails = timeout < 0.5 and anyio_backend_name == "asyncio"
    assert isinstance(race.error, SendTimeoutError) == fails
    assert client.chunks == [] and source.ended == 1


# A ping is due.


async def test_no_ping_comes_amid_a_message(anyio_backend_name: str) -> None:
    source, client = Source(), Client(FIRST)
    async with Race(source, client, ping=0.03) as race:
        await client.stalls.wait()
        await anyio.sleep(0.1)
        client.takes.set()
        source.goes_on.set()
    assert race.error is None
    chunks = client.chunks
    if anyio_backend_name == "trio":
        # One that was due waits for its turn.
        chunks = [chunk for chunk in chunks if chunk != b": ping"]
    assert chunks == [FIRST, END]


async def test_no_ping_follows_the_last_message() -> None:
    class Slow(Client):
        """Takes the last message when it is told to."""

        async def send(self, message: dict[str, Any]) -> None:
            if message.get("more_body") is False:
                self.stalls.set()
                await self.takes.wait()
            await super().send(message)

    source, client = Source(), Slow()
    async with Race(source, client, ping=0.01) as race:
        source.goes_on.set()
        await client.stalls.wait()
        await anyio.sleep(0.05)
        client.takes.set()
    assert race.error is None
    assert client.chunks[-1] == END and client.chunks.count(END) == 1


async def test_an_iterator_that_ends_amid_a_ping() -> None:
    source, client = Source(), Client(b": ping")
    async with Race(source, client, ping=0.02) as race:
        await client.stalls.wait()
        source.goes_on.set()
        await anyio.sleep(0.03)
        client.takes.set()
    assert race.error is None and source.ended == 1
    assert client.chunks == [FIRST, b": ping", END]


async def test_an_iterator_that_fails_amid_a_ping() -> None:
    source, client = Source(), Client(b": ping")
    source.error = LookupError("amid")
    async with Race(source, client, ping=0.02) as race:
        await client.stalls.wait()
        source.goes_on.set()
        await anyio.sleep(0.03)
        client.takes.set()
    assert race.error is source.error and source.ended == 1
    assert END not in client.chunks


@pytest.mark.parametrize("error", [OSError("gone"), LookupError("no ping")])
async def test_a_ping_that_fails_ends_the_stream(error: Exception) -> None:
    source, client = Source(), Client()

    def ping() -> bytes:
        raise error

    async with Race(source, client, ping=0.02, ping_message_factory=ping) as race:
        pass
    assert race.error is error and source.ended == 1
    assert client.chunks == [FIRST]


# A message is not taken in time.


async def test_a_ping_that_is_not_taken_in_time() -> None:
    source, client = Source(), Client(b": ping")
    async with Race(source, client, ping=0.02, send_timeout=0.03) as race:
        pass
    assert isinstance(race.error, SendTimeoutError) and source.ended == 1
    assert client.chunks == [FIRST]


# Somebody else cancels the task.


@pytest.mark.parametrize("amid", [FIRST, b": ping"])
async def test_a_cancellation_amid_a_message(amid: bytes) -> None:
    source, client = Source(), Client(amid)
    async with Race(source, client, ping=0.02) as race:
        await client.stalls.wait()
        race.scope.cancel()
    assert race.is_cancelled and source.ended == 1
    assert client.chunks in ([], [FIRST]) and amid not in client.chunks


@pytest.mark.parametrize("amid", [FIRST, b": ping"])
async def test_a_cancellation_amid_a_message_in_the_grace_period(amid: bytes) -> None:
    source, client = Source(), Client(amid)
    async with Race(source, client, ping=0.02, shutdown_grace_period=60) as race:
        await client.stalls.wait()
        antiphon.shutdown()
        await anyio.sleep(0.01)
        race.scope.cancel()
    # Cut amid a message, it has no clean end.
    assert source.ended == 1 and race.error is None
    assert END not in client.chunks and amid not in client.chunks


async def test_a_cancellation_as_the_server_ends(anyio_backend_name: str) -> None:
    source, client = Source(), Client()
    async with Race(source, client) as race:
        await source.waits.wait()
        await anyio.sleep(0.01)
        antiphon.shutdown()
        race.scope.cancel()
        await anyio.sleep(0.02)
    assert race.error is None
    assert client.chunks == [FIRST] + [END] * client.is_complete
    assert source.ended == 1 or anyio_backend_name == "asyncio"  # The cleanup was broken off.


# The iterator ends.


async def test_what_came_before_an_iterators_error_is_sent() -> None:
    async def events() -> AsyncIterator[str]:
        yield "first"
        raise LookupError("after")

    client = Client()
    async with Race(events, client) as race:
        pass
    assert isinstance(race.error, LookupError)
    assert client.chunks == [FIRST]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="nobody counts cancellations")
@pytest.mark.parametrize("how", ["server", "ping"])
def test_our_own_cancellations_are_taken_back(how: str) -> None:
    async def run() -> None:
        def ping() -> bytes:
            raise LookupError

        source, client = Source(), Client()
        options = {"ping": 0.02, "ping_message_factory": ping} if how == "ping" else {"ping": 0}
        response = EventSourceResponse(source(), **options)
        if how == "server":
            asyncio.get_running_loop().call_later(0.02, antiphon.shutdown)
        try:
            await asyncio.wait_for(response(request(), client.receive, client.send), 5)
        except LookupError:
            assert how == "ping"
        task = asyncio.current_task()
        assert task is not None and task.cancelling() == 0 and source.ended == 1

    asyncio.run(run())


def test_a_subclass_overrides_only_what_puller_offers() -> None:
    offered = set(re.findall(r"^ *\| ``(\w+)``", Puller.__doc__ or "", re.MULTILINE))
    overridden = vars(_event_stream.EventPuller).keys() & vars(Puller).keys()
    overridden = {name for name in overridden if not name.startswith("__")}
    assert offered == {"run", "send_alone", "send_beside", "sending", "settled"}
    assert overridden <= offered


def test_the_table_names_tests_that_exist() -> None:
    table = _event_stream.__doc__ or ""
    named = set(re.findall(r"\btest_\w+", table))
    sources = [path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py")]
    defined = set(re.findall(r"def (test_\w+)", "".join(sources)))
    assert named and named <= defined, f"expected tests, but found none of {named - defined}"
