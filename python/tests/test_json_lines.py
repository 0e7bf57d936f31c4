"""JSON Lines: what shares a message, and the lines that errors name."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from antiphon.responses import JsonLinesResponse, StreamingResponse
from support.scripted import Scripted, request
from vectors.tables import cases

pytestmark = pytest.mark.anyio


async def generated(values: list[Any]) -> AsyncIterator[Any]:
    for value in values:
        yield value


@pytest.mark.parametrize("flush", [False, True])
@pytest.mark.parametrize("make", [generated, iter])
@pytest.mark.parametrize("case", cases("json_lines"))
async def test_conformance(case: Any, make: Any, flush: bool) -> None:
    peer = Scripted()
    response = JsonLinesResponse(make(case["values"]), flush_each_line=flush)
    assert response.raw_headers == [(b"content-type", b"application/jsonl")]
    await response(request(), peer.receive, peer.send)
    assert peer.body.decode() == case["body"]
    if flush:
        sent = [message["body"] for message in peer.messages[1:-1]]
        assert len(sent) == len(case["values"])


async def test_lines_that_are_ready_together_share_a_message() -> None:
    peer = Scripted()
    await JsonLinesResponse(range(10_000))(request(), peer.receive, peer.send)
    assert len(peer.messages) < 1000


@pytest.mark.parametrize("make", [generated, iter])
async def test_an_error_names_the_line_and_the_lines_before_it_are_sent(make: Any) -> None:
    peer = Scripted()
    response = JsonLinesResponse(make([1, 2, {"a": object()}, 4]))
    with pytest.raises(TypeError, match="not JSON serializable") as raised:
        await response(request(), peer.receive, peer.send)
    assert peer.body == b"1\n2\n" and peer.messages[-1]["more_body"]
    if sys.version_info >= (3, 11):
        # The `json` of CPython 3.14 has a note of its own, which comes first.
        assert raised.value.__notes__[-2:] == [
            "when rendering $.a of the content",
            "when rendering line 3 of the JSON lines",
        ]


@pytest.mark.parametrize("value", [float("nan"), "\ud800", {1, 2}])
async def test_an_error_of_the_first_line_comes_before_the_head(value: Any) -> None:
    peer = Scripted()
    with pytest.raises((TypeError, ValueError)) as raised:
        await JsonLinesResponse([value])(request(), peer.receive, peer.send)
    assert not peer.messages
    if sys.version_info >= (3, 11):
        assert raised.value.__notes__[-1] == "when rendering line 1 of the JSON lines"


async def test_an_error_of_the_iterator_stays_what_it_is() -> None:
    def rows() -> Iterator[int]:
        yield 1
        raise LookupError("the database is gone")

    peer = Scripted()
    with pytest.raises(LookupError, match="the database is gone"):
        await JsonLinesResponse(rows())(request(), peer.receive, peer.send)
    assert peer.body == b"1\n"


async def test_head_never_asks_for_a_value() -> None:
    async def rows() -> AsyncIterator[Any]:
        pytest.fail("asked")
        yield

    peer = Scripted()
    await JsonLinesResponse(rows())(request(method="HEAD"), peer.receive, peer.send)
    assert peer.body == b""


async def test_it_is_a_stream_with_the_parameters_of_one() -> None:
    done: list[bool] = []

    async def task() -> None:
        done.append(True)

    peer = Scripted()
    response = JsonLinesResponse(
        iter([1]), 201, [("x-a", "1")], "application/x-ndjson", task, flush_each_line=True
    )
    assert isinstance(response, StreamingResponse)
    response.set_cookie("a", "1")
    await response(request(), peer.receive, peer.send)
    assert peer.messages[0]["status"] == 201 and done == [True]
    names = [name for name, _ in peer.messages[0]["headers"]]
    assert names == [b"x-a", b"content-type", b"set-cookie"]
