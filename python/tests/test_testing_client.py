"""The client that drives an application message by message."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from antiphon.channel import EventChannel
from antiphon.responses import FileResponse, PlainTextResponse, StreamingResponse
from antiphon.sse import EventSourceResponse
from antiphon.testing import Client, Event
from support import STARLETTE


@pytest.fixture
def backend(anyio_backend: Any) -> Any:
    return anyio_backend


class Numbers:
    """An endless stream, and what became of it."""

    def __init__(self) -> None:
        self.made = 0
        self.is_closed = False

    async def __call__(self) -> AsyncIterator[str]:
        try:
            while True:
                self.made += 1
                yield f"{self.made}\n"
                await anyio.sleep(0)
        finally:
            self.is_closed = True


def test_an_application_waits_until_its_message_is_taken(backend: Any) -> None:
    numbers = Numbers()
    with Client(StreamingResponse(numbers()), backend=backend) as client:
        with client.stream("/") as answer:
            assert not answer.is_idle
            assert answer.message()["type"] == "http.response.start"
            assert [answer.chunk() for _ in range(3)] == [b"1\n", b"2\n", b"3\n"]
            assert not answer.is_idle
            assert numbers.made <= 5 and not numbers.is_closed
        assert numbers.is_closed


@pytest.mark.parametrize("version", ["2.3", "2.4"])
def test_a_client_leaves(backend: Any, version: str) -> None:
    numbers = Numbers()
    client = Client(StreamingResponse(numbers()), backend=backend, spec_version=version)
    with client, client.stream("/") as answer:
        assert answer.chunk() == b"1\n"
        answer.disconnect()
        if version == "2.3":
            answer.join()
        else:
            with pytest.raises(Exception) as raised:
                answer.join()
            assert type(raised.value).__name__ == "ClientDisconnect"
        assert numbers.is_closed
        with pytest.raises(anyio.ClosedResourceError):
            answer.message()


def test_who_ignores_that_is_found_out(backend: Any) -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        await PlainTextResponse("done")(scope, receive, send)
        await anyio.sleep_forever()

    async def unknown(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await application(scope, receive, send)

    with (
        Client(unknown, backend=backend, timeout=0.1) as client,
        pytest.raises(TimeoutError, match="waited 0.1 s for the application to return"),
        client.stream("/") as answer,
    ):
        assert answer.chunk() == b"done"


def test_nothing_is_waited_for_without_end(backend: Any) -> None:
    async def silence() -> AsyncIterator[str]:
        await anyio.sleep_forever()
        yield ""

    with (
        Client(EventSourceResponse(silence()), backend=backend, timeout=0.1) as client,
        client.stream("/") as answer,
    ):
        assert answer.status == 200
        with pytest.raises(TimeoutError, match=r"waited 0.1 s for a message"):
            answer.chunk()


def test_time_passes_when_it_is_told_to(backend: Any) -> None:
    async def slow() -> AsyncIterator[dict[str, str]]:
        await anyio.sleep(20)
        yield {"data": "at last"}

    response = EventSourceResponse(slow(), ping=15)
    with Client(response, backend=backend) as client, client.stream("/") as answer:
        assert answer.status == 200 and answer.is_idle
        client.advance(14)
        assert answer.is_idle
        client.advance(1)
        assert answer.chunk().startswith(b": ping - ")
        assert answer.is_idle
        client.advance(5)
        assert answer.event() == Event("message", "at last")
        assert answer.read() == b""
        with pytest.raises(ValueError, match="seconds must not be negative, got -1"):
            client.advance(-1)


def test_the_server_ends(backend: Any) -> None:
    ended = []

    async def forever() -> AsyncIterator[dict[str, str]]:
        try:
            yield {"data": "first"}
            await anyio.sleep_forever()
        finally:
            ended.append(True)

    response = EventSourceResponse(forever())
    with Client(response, backend=backend) as client, client.stream("/") as answer:
        assert answer.event().data == "first"
        assert answer.is_idle
        client.shutdown()
        assert list(answer.events()) == [] and ended
        answer.join()


def test_requests_are_open_at_once(backend: Any) -> None:
    channel = EventChannel(repeatable_ids=True)

    async def chat(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["method"] == "POST":
            channel.publish({"data": (await receive())["body"].decode()})
            await PlainTextResponse("", status_code=202)(scope, receive, send)
        elif scope["type"] == "http":
            last = dict(scope["headers"]).get(b"last-event-id")
            await EventSourceResponse(channel.subscribe(last))(scope, receive, send)

    with Client(chat, backend=backend) as client:
        with client.stream("/") as one, client.stream("/") as other:
            assert one.is_idle is False and one.status == other.status == 200
            with client.stream("/", method="POST", body=b"hello") as said:
                assert (said.status, said.read()) == (202, b"")
            assert one.event() == other.event() == Event("message", "hello", "1")
        with client.stream("/", headers={"Last-Event-ID": "0"}) as again:
            assert again.event().data == "hello"


def test_an_error_is_raised_where_it_is_found_out(backend: Any) -> None:
    async def fails() -> AsyncIterator[str]:
        yield "a"
        await anyio.sleep(0)
        raise LookupError("no more")

    with (
        Client(StreamingResponse(fails()), backend=backend) as client,
        client.stream("/") as answer,
    ):
        assert answer.chunk() == b"a"
        with pytest.raises(LookupError, match="no more"):
            answer.chunk()
        answer.disconnect()


def test_an_error_that_nobody_saw_is_raised_at_the_end(backend: Any) -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        await PlainTextResponse("a")(scope, receive, send)
        raise LookupError("afterwards")

    with (
        Client(application, backend=backend) as client,
        pytest.raises(LookupError, match="afterwards"),
        client.stream("/") as answer,
    ):
        assert answer.chunk() == b"a"


@pytest.mark.parametrize(
    ("messages", "error"),
    [
        (["http.response.body"], "expected http.response.start, got http.response.body"),
        (["http.response.start"] * 2, "expected http.response.body, got http.response.start"),
        (
            ["http.response.start", "http.response.body", "http.response.body"],
            "expected no more messages, got http.response.body",
        ),
    ],
)
def test_messages_have_an_order(backend: Any, messages: list[str], error: str) -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        for kind in messages if scope["type"] == "http" else ():
            await send({"type": kind, "status": 200, "headers": []})

    with Client(application, backend=backend) as client:
        with client.stream("/") as answer, pytest.raises(RuntimeError, match=error):
            while True:
                answer.message()
        with pytest.raises(RuntimeError, match=error), client.stream("/") as answer:
            answer.read()


def test_head_and_files(backend: Any, tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    path.write_bytes(b"0123456789" * 50_000)
    with Client(FileResponse(path), backend=backend) as client:
        with client.stream("/", method="HEAD") as answer:
            assert answer.header("Content-Length") == "500000" and answer.read() == b""
            answer.join()
        with client.stream("/", headers=[("Range", "bytes=1-3")]) as answer:
            assert (answer.status, answer.read()) == (206, b"123")
        with client.stream("/") as answer:
            assert b"".join(answer.chunks()) == path.read_bytes()
        with client.stream("/", scope={"extensions": {"http.response.pathsend": {}}}) as answer:
            assert answer.status == 200
            assert answer.message()["path"] == str(path)


def test_a_websocket_is_denied(backend: Any) -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            assert (await receive())["type"] == "websocket.connect"
            await PlainTextResponse("no", status_code=403)(scope, receive, send)

    denial = {"type": "websocket", "extensions": {"websocket.http.response": {}}}
    with Client(application, backend=backend) as client, client.stream("/", scope=denial) as answer:
        assert answer.message()["type"] == "websocket.http.response.start"
        assert (answer.status, answer.read()) == (403, b"no")


def test_a_sync_iterator_feels_the_back_pressure(backend: Any) -> None:
    threads, made = set(), []

    def numbers() -> Iterator[bytes]:
        for number in range(100_000):
            threads.add(threading.get_ident())
            made.append(number)
            yield b"%1000d" % number

    with (
        Client(StreamingResponse(numbers()), backend=backend) as client,
        client.stream("/") as answer,
    ):
        assert int(answer.chunk()[:1000]) == 0
    assert len(made) < 10_000 and threading.get_ident() not in threads


class TestLifespan:
    def test_it_starts_ends_and_shares_its_state(self, backend: Any) -> None:
        steps: list[str] = []

        async def application(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "lifespan":
                assert (await receive())["type"] == "lifespan.startup"
                scope["state"]["greeting"] = "hello"
                steps.append("started")
                await send({"type": "lifespan.startup.complete"})
                assert (await receive())["type"] == "lifespan.shutdown"
                steps.append("ended")
                await send({"type": "lifespan.shutdown.complete"})
                return
            await PlainTextResponse(scope["state"]["greeting"])(scope, receive, send)

        client = Client(application, backend=backend)
        for _ in range(2):
            with client, client.stream("/") as answer:
                assert steps.pop() == "started"
                assert answer.read() == b"hello"
            assert steps.pop() == "ended"

    def test_it_fails(self, backend: Any) -> None:
        async def says_so(scope: Any, receive: Any, send: Any) -> None:
            await receive()
            await send({"type": "lifespan.startup.failed", "message": "no database"})

        async def raises_too(scope: Any, receive: Any, send: Any) -> None:
            await says_so(scope, receive, send)
            raise LookupError("no database")

        with pytest.raises(RuntimeError, match="lifespan.startup.failed: no database"):
            Client(says_so, backend=backend).__enter__()
        with pytest.raises(LookupError, match="no database"):
            Client(raises_too, backend=backend).__enter__()

    def test_it_fails_at_the_end(self, backend: Any) -> None:
        async def application(scope: Any, receive: Any, send: Any) -> None:
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            raise LookupError("at the end")

        with pytest.raises(LookupError, match="at the end"), Client(application, backend=backend):
            pass


def test_a_request_that_is_left_open_is_not_waited_for(backend: Any) -> None:
    numbers = Numbers()
    with Client(StreamingResponse(numbers()), backend=backend) as client:
        answer = client.stream("/").__enter__()
        assert answer.status == 200
    assert numbers.is_closed
    answer._received.close()


def test_a_backend_has_a_name() -> None:
    with pytest.raises(ValueError, match="backend must be 'asyncio' or 'trio', got 'curio'"):
        Client(PlainTextResponse(), backend="curio")  # type: ignore[arg-type]


def test_what_is_not_entered_says_so() -> None:
    client = Client(PlainTextResponse("a"))
    with pytest.raises(RuntimeError, match="a client makes requests within its with block"):
        client.stream("/")
    with client:
        with pytest.raises(RuntimeError, match="a client is entered once at a time"):
            client.__enter__()
        answer = client.stream("/")
        with pytest.raises(RuntimeError, match="a request is made when its with block is entered"):
            _ = answer.status
        with answer:
            assert answer.status == 200
            with pytest.raises(RuntimeError, match="a request is made once"):
                answer.__enter__()


@pytest.mark.skipif(not STARLETTE, reason="there is no Starlette")
def test_applications_of_starlette() -> None:
    from starlette.applications import Starlette
    from starlette.responses import StreamingResponse as Theirs
    from starlette.routing import Route

    numbers = Numbers()

    async def endless(request: Any) -> Any:
        return Theirs(numbers())

    with Client(Starlette(routes=[Route("/{name}", endless)])) as client:
        with client.stream("/a%20b?c=d") as answer:
            assert answer.status == 200 and answer.chunk() == b"1\n"
        with client.stream("/") as answer:
            assert (answer.status, answer.read()) == (404, b"Not Found")
