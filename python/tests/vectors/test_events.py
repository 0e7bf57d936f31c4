"""The tables for events: how they are encoded, sent, and read."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.sse import EventSourceResponse, JSONServerSentEvent, ServerSentEvent, ensure_bytes
from antiphon.testing import Event
from antiphon.testing._parser import Parser
from support.scripted import Scripted, request
from vectors.tables import cases, decoded, octets

D20_NUL = {"sse-enc-061"}
D22_SEPARATORS = {"sse-enc-117", "sse-enc-118", "sse-enc-119"}
D42_IDS = {"sse-enc-068", "sse-enc-069", "sse-enc-176", "sse-enc-177"}


@pytest.mark.parametrize("case", cases("sse_encode"))
def test_encoding(case: Any) -> None:
    arguments = decoded(case["args"])

    def encoded() -> bytes:
        if case["call"] == "ensure_bytes":
            return ensure_bytes(arguments["value"], arguments["sep"])
        cls = {"ServerSentEvent": ServerSentEvent, "JSONServerSentEvent": JSONServerSentEvent}
        return cls[case["call"]](**arguments).encode()

    if case["id"] in D42_IDS:
        assert b"id: " in encoded()
    elif "error" in case or case["id"] in D20_NUL | D22_SEPARATORS:
        with pytest.raises(Exception) as raised:
            encoded()
        assert raised.type.__name__ == case.get("error", "ValueError")
    else:
        assert encoded() == octets(case["bytes"])


@pytest.mark.anyio
@pytest.mark.parametrize("case", cases("sse_response"))
async def test_responses(case: Any) -> None:
    arguments = dict(case["ctor"])
    content = iter([decoded(item) for item in arguments.pop("content")])
    expected, peer = case.get("error"), Scripted()

    class Apart(EventSourceResponse):
        merge_chunks = False

    if expected and expected["at"] == "constructor":
        with pytest.raises(Exception) as raised:
            Apart(content, **arguments)
        assert (raised.type.__name__, str(raised.value)) == (expected["type"], expected["message"])
        return
    scope = request(method=case["method"], type=case["scope_type"])
    if expected:
        with pytest.raises(Exception) as raised:
            await Apart(content, **arguments)(scope, peer.receive, peer.send)
        assert raised.type.__name__ == expected["type"]
    else:
        await Apart(content, **arguments)(scope, peer.receive, peer.send)
    messages = [dict(message) for message in peer.messages]
    for message, wanted in zip(messages, case["messages"], strict=True):
        wanted = dict(wanted)
        if "headers" in wanted:
            message["headers"] = [[n.decode(), v.decode()] for n, v in message["headers"]]
        if "body" in wanted:
            wanted["body"] = octets(wanted["body"])
        assert message == wanted


@pytest.mark.parametrize("case", cases("sse_parse"))
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_events_are_read_as_a_browser_does(case: dict[str, Any], size: int) -> None:
    content, parser = octets(case["stream"]), Parser()
    events = []
    for at in range(0, len(content), size):
        events += parser.feed(content[at : at + size])
    expected = case["expect"]
    assert events == [
        Event(event["type"], event["data"], event["lastEventId"]) for event in expected["events"]
    ]
    assert (parser.retry, parser.last_event_id) == (expected["retry"], expected["lastEventId"])
