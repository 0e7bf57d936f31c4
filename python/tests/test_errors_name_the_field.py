"""Whatever is given wrongly, the error says which of all that was given."""

from __future__ import annotations

import asyncio
import sys
import warnings
from collections.abc import Callable
from typing import Any

import pytest

from antiphon.channel import EventChannel
from antiphon.datastructures import MutableHeaders
from antiphon.responses import (
    FileResponse,
    JSONResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from antiphon.sse import EventSourceResponse, ServerSentEvent

MAKERS: list[Callable[[Any], Any]] = [
    lambda headers: Response(b"", headers=headers),
    lambda headers: JSONResponse({}, headers=headers),
    lambda headers: RedirectResponse("/", headers=headers),
    lambda headers: FileResponse(__file__, headers=headers),
    lambda headers: EventSourceResponse(iter(()), headers=headers),
    lambda headers: MutableHeaders().update(headers),
]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="there are no notes")
@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize(
    ("value", "error"),
    [
        (5, AttributeError),
        (None, AttributeError),
        (b"a", AttributeError),
        ("€", UnicodeEncodeError),
    ],
)
def test_a_header_of_a_wrong_type_or_charset(
    make: Callable[[Any], Any], value: Any, error: type[Exception]
) -> None:
    with pytest.raises(error) as raised:
        make({"x-right": "a", "x-wrong": value})
    [note] = raised.value.__notes__
    assert note == (f"in the header field 'x-wrong': expected text of Latin-1, but found {value!r}")


@pytest.mark.skipif(sys.version_info < (3, 11), reason="there are no notes")
@pytest.mark.parametrize("content", [5, None])
def test_content_of_a_wrong_type(content: Any) -> None:
    wanted = "in the content: expected text, bytes or a memory view, but found an instance of "
    scope = {"type": "http", "method": "GET", "headers": []}
    with pytest.raises(AttributeError) as raised:
        asyncio.run(sent(StreamingResponse(["a", content]), scope))
    assert raised.value.__notes__ == [wanted + type(content).__name__]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="there are no notes")
def test_a_cookie_that_is_not_of_latin_1() -> None:
    with pytest.raises(UnicodeEncodeError) as raised:
        Response().set_cookie("theme", "a", path="/€")
    [note] = raised.value.__notes__
    assert note.startswith("cookie path: ")


@pytest.mark.parametrize("name", ["history_events", "history_bytes", "queue_events", "queue_bytes"])
def test_a_negative_bound_of_a_channel(name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name}: expected 0 or more, but found -1$"):
        EventChannel(**{name: -1})


async def sent(response: Response, scope: Any) -> list[Any]:
    messages: list[Any] = []

    async def send(message: Any) -> None:
        messages.append(message)

    async def receive() -> Any:
        await asyncio.sleep(60)

    await response(scope, receive, send)
    return messages


@pytest.mark.parametrize(
    ("name", "expected"), [("chunk_size", "1 or more bytes"), ("max_ranges", "0 or more")]
)
def test_a_negative_bound_of_a_file(name: str, expected: str) -> None:
    cls = type("Bounded", (FileResponse,), {name: -1})
    scope = {"type": "http", "method": "GET", "headers": [(b"range", b"bytes=0-1")]}
    with pytest.raises(ValueError, match=f"^{name}: expected {expected}, but found -1$"):
        asyncio.run(sent(cls(__file__), scope))


def test_a_body_that_was_changed() -> None:
    response = Response("abc")
    response.body = b"abcdef"
    with pytest.raises(ValueError, match="length of the body, which was changed.*another response"):
        asyncio.run(sent(response, {"type": "http", "method": "GET"}))
    response.headers["content-length"] = "6"
    messages = asyncio.run(sent(response, {"type": "http", "method": "GET"}))
    assert messages[1]["body"] == b"abcdef"


def test_a_length_that_was_never_right() -> None:
    response = Response("abc", headers={"content-length": "6"})
    with pytest.raises(ValueError, match="leave the header out"):
        asyncio.run(sent(response, {"type": "http", "method": "GET"}))


@pytest.mark.parametrize(
    "event", [{"data": {"a": 1}}, {"data": [1]}, ServerSentEvent({"a": 1}), [1]]
)
def test_data_that_is_sent_as_python_prints_it(event: Any) -> None:
    with pytest.warns(UserWarning, match="json"):
        EventChannel().publish(event)


@pytest.mark.parametrize(
    "event", [{"json": {"a": 1}}, {"data": "a"}, ServerSentEvent(json=[1]), "a", 1]
)
def test_data_that_clients_read(event: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        EventChannel().publish(event)
