"""What a program is told of how a response ended, and when."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

import antiphon
from antiphon import _completion
from antiphon.offload import XAccel
from antiphon.outcome import Outcome
from antiphon.requests import ClientDisconnect
from antiphon.responses import FileResponse, JsonLinesResponse, StreamingResponse
from antiphon.sse import EventSourceResponse
from support.peer import scope as scope_of
from support.scripted import Scripted

SPEC = {"2.3": {"spec_version": "2.3"}, "2.4": {"spec_version": "2.4"}}


class Broken(Exception):
    """What an iterator raises."""


@pytest.fixture(params=["asyncio", "trio"])
def backend(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


async def chunks(count: int = 3) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b"0123456789"
        await anyio.sleep(0)


async def endless() -> AsyncIterator[bytes]:
    while True:
        yield b"0123456789"
        await anyio.sleep(0.001)


async def silent() -> AsyncIterator[bytes]:
    yield b"0123456789"
    await anyio.sleep_forever()


async def broken() -> AsyncIterator[bytes]:
    yield b"0123456789"
    await anyio.sleep(0)
    raise Broken


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.bin"
    path.write_bytes(b"0123456789" * 100_000)
    return path


def outcome(
    backend: str,
    make: Callable[..., Any],
    peer: Callable[[], Scripted] = Scripted,
    raises: Any = (),
    spec: str = "2.4",
    during: Callable[[], Any] | None = None,
    **request: Any,
) -> Outcome:
    """Call a response with each kind of callback, which are told the same."""
    told: list[Outcome] = []

    async def tell(outcome: Outcome) -> None:
        await anyio.sleep(0.001)
        told.append(outcome)

    async def call(response: Any) -> None:
        client = peer()
        scope = scope_of(asgi=SPEC[spec], **request)
        if raises:
            with pytest.raises(raises):
                await response(scope, client.receive, client.send)
        elif during is not None:
            async with anyio.create_task_group() as group:
                group.start_soon(during, group)
                await response(scope, client.receive, client.send)
                group.cancel_scope.cancel()
        else:
            await response(scope, client.receive, client.send)

    for callback in (told.append, tell):
        anyio.run(call, make(on_complete=callback), backend=backend)
    first, second = told
    assert (first.reason, first.status) == (second.reason, second.status)
    assert type(first.error) is type(second.error)
    return first


def of_file(path: Path, **more: Any) -> Callable[..., Any]:
    return lambda **keywords: FileResponse(path, **more, **keywords)


def of_stream(make: Callable[[], Any], **more: Any) -> Callable[..., Any]:
    return lambda **keywords: StreamingResponse(make(), **more, **keywords)


def of_events(make: Callable[[], Any], **more: Any) -> Callable[..., Any]:
    return lambda **keywords: EventSourceResponse(make(), **more, **keywords)


@pytest.mark.parametrize(
    ("status", "length", "request_"),
    [
        (200, 1_000_000, {}),
        (200, 0, {"method": "HEAD"}),
        (206, 3, {"headers": [(b"range", b"bytes=2-4")]}),
        (304, 0, {"headers": [(b"if-none-match", b"*")]}),
        (412, 0, {"headers": [(b"if-match", b'"x"')]}),
        (416, 0, {"headers": [(b"range", b"bytes=9999999-")]}),
    ],
)
def test_files_that_are_sent(
    backend: str, file: Path, status: int, length: int, request_: Any
) -> None:
    assert outcome(backend, of_file(file), **request_) == Outcome("complete", status, length)


def test_a_small_file_and_one_that_is_deleted(backend: str, file: Path) -> None:
    small = file.parent / "small"
    small.write_bytes(b"abc")
    assert outcome(backend, of_file(small)) == Outcome("complete", 200, 3)

    def once(**keywords: Any) -> FileResponse:
        small.write_bytes(b"abc")
        return FileResponse(small, delete_after=True, **keywords)

    assert outcome(backend, once) == Outcome("complete", 200, 3)


def test_what_others_send_is_not_counted(backend: str, file: Path) -> None:
    extensions = {"http.response.pathsend": {}}
    found = outcome(backend, of_file(file), extensions=extensions)
    assert found == Outcome("complete", 200, None)
    offload = XAccel({file.parent: "/_files"})
    assert outcome(backend, of_file(file, offload=offload)) == Outcome("complete", 200, 0)


def test_a_file_that_is_missing(backend: str, file: Path) -> None:
    found = outcome(backend, of_file(file.parent / "missing"), raises=RuntimeError)
    assert (found.reason, found.status, found.bytes_sent) == ("failed", None, 0)
    assert isinstance(found.error, RuntimeError)


@pytest.mark.parametrize("make", [chunks, lambda: iter([b"0123456789"] * 3)])
def test_streams_that_are_sent(backend: str, make: Callable[[], Any]) -> None:
    assert outcome(backend, of_stream(make)) == Outcome("complete", 200, 30)
    assert outcome(backend, of_stream(make, status_code=201)).status == 201
    assert outcome(backend, of_stream(make), method="HEAD") == Outcome("complete", 200, 0)


def test_lines_and_events_that_are_sent(backend: str) -> None:
    def lines(**keywords: Any) -> JsonLinesResponse:
        return JsonLinesResponse(iter([1, 2]), **keywords)

    assert outcome(backend, lines) == Outcome("complete", 200, 4)
    found = outcome(backend, of_events(lambda: chunks(2)))
    assert (found.reason, found.status, found.bytes_sent) == ("complete", 200, 20)


def test_an_iterator_that_fails(backend: str) -> None:
    for make in (of_stream(broken), of_events(broken)):
        found = outcome(backend, make, raises=Broken)
        assert (found.reason, found.status, found.bytes_sent) == ("failed", 200, 10)
        assert isinstance(found.error, Broken)


def test_one_that_fails_at_once_has_sent_nothing(backend: str) -> None:
    def fails() -> Iterator[bytes]:
        raise Broken
        yield b""

    found = outcome(backend, of_stream(fails), raises=Broken)
    assert (found.reason, found.status, found.bytes_sent) == ("failed", None, 0)


@pytest.mark.parametrize(("at", "status"), [(0, None), (1, 200), (2, 200)])
def test_a_send_that_says_that_the_client_is_gone(
    backend: str, file: Path, at: int, status: int | None
) -> None:
    def gone() -> Scripted:
        return Scripted(at, "fail")

    found = outcome(backend, of_stream(endless), gone, raises=ClientDisconnect)
    assert (found.reason, found.status, found.error) == ("disconnected", status, None)
    found = outcome(backend, of_stream(endless), gone, raises=OSError, spec="2.3")
    assert (found.reason, found.status, found.error) == ("disconnected", status, None)
    found = outcome(backend, of_file(file), gone, raises=OSError)
    assert (found.reason, found.status, found.error) == ("disconnected", status, None)
    found = outcome(backend, of_events(endless), gone, raises=OSError)
    assert (found.reason, found.status, found.error) == ("disconnected", status, None)


def test_a_send_that_fails_otherwise(backend: str, file: Path) -> None:
    def fails() -> Scripted:
        return Scripted(1, "fail", Broken())

    for make in (of_stream(endless), of_file(file), of_events(endless)):
        found = outcome(backend, make, fails, raises=Broken)
        assert (found.reason, found.status) == ("failed", 200)
        assert isinstance(found.error, Broken)


def test_a_client_that_leaves_quietly(backend: str, file: Path) -> None:
    def leaves() -> Scripted:
        return Scripted(3, "leave")

    for make in (of_stream(endless), of_events(endless)):
        found = outcome(backend, make, leaves, spec="2.3")
        assert (found.reason, found.status, found.error) == ("disconnected", 200, None)
        assert found.bytes_sent


def test_a_client_that_leaves_a_file_that_it_does_not_take(backend: str, file: Path) -> None:
    class Stalled(Scripted):
        async def receive(self) -> Any:
            await anyio.sleep(0.05)
            return {"type": "http.disconnect"}

    found = outcome(backend, of_file(file), lambda: Stalled(2, "stall"), spec="2.3")
    assert (found.reason, found.status, found.bytes_sent) == ("disconnected", 200, 65536)


def test_a_task_that_is_cancelled(backend: str, file: Path) -> None:
    async def cancel(group: Any) -> None:
        await anyio.sleep(0.05)
        group.cancel_scope.cancel()

    stalls = [(of_stream(silent), Scripted), (of_events(silent), Scripted)]
    stalls.append((of_file(file), lambda: Scripted(1, "stall")))  # type: ignore[arg-type]
    for make, peer in stalls:
        found = outcome(backend, make, peer, during=cancel)
        assert (found.reason, found.status) == ("failed", 200)
        assert found.error is not None and "ancelled" in type(found.error).__name__


def test_a_server_that_ends(backend: str) -> None:
    async def end(_: Any) -> None:
        await anyio.sleep(0.05)
        antiphon.shutdown()

    found = outcome(backend, of_events(silent), during=end)
    assert (found.reason, found.status, found.error) == ("shut_down", 200, None)
    assert found.bytes_sent == 10


def test_a_server_that_cancels_as_it_ends(monkeypatch: pytest.MonkeyPatch, backend: str) -> None:
    async def cancel(group: Any) -> None:
        await anyio.sleep(0.05)
        monkeypatch.setattr("antiphon._shutdown.has_begun", lambda: True)
        group.cancel_scope.cancel()

    found = outcome(backend, of_stream(silent), during=cancel)
    assert (found.reason, found.error) == ("shut_down", None)


def test_a_cancellation_by_asyncio_itself_is_told_once() -> None:
    told: list[Outcome] = []

    async def tell(outcome: Outcome) -> None:
        await asyncio.sleep(0.01)
        told.append(outcome)

    async def main() -> None:
        client = Scripted()
        response = StreamingResponse(silent(), on_complete=tell)
        task = asyncio.create_task(
            response(scope_of(asgi=SPEC["2.4"]), client.receive, client.send)
        )
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert [found.reason for found in told] == ["failed"]


def test_it_comes_before_the_background_task(backend: str, file: Path) -> None:
    order: list[str] = []

    async def task() -> None:
        order.append("task")

    async def main() -> None:
        responses: list[Any] = [
            FileResponse(file, background=task, on_complete=lambda _: order.append("told")),
            StreamingResponse(
                chunks(), background=task, on_complete=lambda _: order.append("told")
            ),
            EventSourceResponse(
                chunks(), background=task, on_complete=lambda _: order.append("told")
            ),
        ]
        for response in responses:
            client = Scripted()
            await response(scope_of(asgi=SPEC["2.4"]), client.receive, client.send)

    anyio.run(main, backend=backend)
    assert order == ["told", "task"] * 3


def test_what_it_raises_is_logged_and_changes_nothing(
    backend: str, caplog: pytest.LogCaptureFixture
) -> None:
    ran = []

    def fail(outcome: Outcome) -> None:
        raise Broken(outcome.reason)

    async def task() -> None:
        ran.append(True)

    async def main() -> None:
        client = Scripted()
        response = StreamingResponse(chunks(), background=task, on_complete=fail)
        await response(scope_of(asgi=SPEC["2.4"]), client.receive, client.send)
        with pytest.raises(OSError, match="gone"):
            response = StreamingResponse(chunks(), on_complete=fail)
            client = Scripted(1, "fail")
            await response(scope_of(asgi=SPEC["2.3"]), client.receive, client.send)

    with caplog.at_level(logging.ERROR, logger="antiphon"):
        anyio.run(main, backend=backend)
    assert [record.getMessage() for record in caplog.records] == ["on_complete failed"] * 2
    assert ran == [True]


def test_it_is_not_awaited_for_ever(
    backend: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(_completion, "TIMEOUT", 0.05)

    async def hang(outcome: Outcome) -> None:
        await anyio.sleep_forever()

    async def main() -> None:
        client = Scripted()
        response = StreamingResponse(chunks(), on_complete=hang)
        await response(scope_of(asgi=SPEC["2.4"]), client.receive, client.send)

    anyio.run(main, backend=backend)
    assert [r.getMessage() for r in caplog.records] == [
        "on_complete was cancelled after 0.05 seconds"
    ]


def test_a_coroutine_that_is_closed(caplog: pytest.LogCaptureFixture, file: Path) -> None:
    told: list[Outcome] = []

    async def tell(outcome: Outcome) -> None:
        told.append(outcome)

    async def stall(message: Any) -> None:
        await asyncio.sleep(0)

    # The content would be read by a thread where the file system can do no other.
    head = scope_of(method="HEAD", asgi=SPEC["2.4"])

    async def main() -> None:
        for callback in (told.append, tell):
            call = FileResponse(file, on_complete=callback)(head, stall, stall)
            call.send(None)
            call.close()

    asyncio.run(main())
    gc.collect()
    assert [(found.reason, type(found.error)) for found in told] == [("failed", GeneratorExit)]
    assert [record.getMessage() for record in caplog.records] == [
        "on_complete was not awaited: the response was closed"
    ]


def test_a_class_has_a_method(file: Path) -> None:
    class Told(FileResponse):
        outcomes: list[Outcome] = []

        def on_complete(self, outcome: Outcome) -> None:
            self.outcomes.append(outcome)

    async def main() -> None:
        client = Scripted()
        await Told(file)(scope_of(asgi=SPEC["2.4"]), client.receive, client.send)

    anyio.run(main)
    assert Told.outcomes == [Outcome("complete", 200, 1_000_000)]


def test_a_scope_that_no_response_answers_is_no_end(backend: str, file: Path) -> None:
    told: list[Outcome] = []

    async def main() -> None:
        client = Scripted()
        responses: list[Any] = [
            FileResponse(file, on_complete=told.append),
            StreamingResponse(chunks(), on_complete=told.append),
            EventSourceResponse(chunks(), on_complete=told.append),
        ]
        for response in responses:
            with pytest.raises(ValueError, match="lifespan"):
                await response({"type": "lifespan"}, client.receive, client.send)

    anyio.run(main, backend=backend)
    assert told == []


def test_a_websocket_handshake_that_is_denied(backend: str, file: Path) -> None:
    found = outcome(backend, of_file(file), type="websocket")
    assert found == Outcome("complete", 200, 1_000_000)
    assert outcome(backend, of_stream(chunks), type="websocket") == Outcome("complete", 200, 30)


def test_what_is_said_before_the_head_is_no_content() -> None:
    async def send(message: Any) -> None:
        pass

    async def told() -> None:
        record = _completion.Record(outcomes.append, send, send)  # type: ignore[arg-type]
        await record.send({"type": "http.response.early_hint", "links": [b"</a>; rel=preload"]})
        await record.ended()

    outcomes: list[Outcome] = []
    asyncio.run(told())
    assert outcomes == [Outcome("disconnected", None, 0)]
