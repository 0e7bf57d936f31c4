"""The table for streams: what Starlette answers, and where we differ on purpose."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from antiphon.responses import StreamingResponse
from support.scripted import Scripted, request
from vectors.tables import decoded, matrix

D1_REFUSED_FIELDS = {"matrix-207"}
D6_TRANSFER_ENCODING = {"matrix-254"}


class Apart(StreamingResponse):
    merge_chunks = False


@pytest.mark.anyio
@pytest.mark.parametrize("case", matrix("StreamingResponse"))
async def test_matrix(case: Any) -> None:
    expected, peer = case["starlette"], Scripted()
    parameters = dict(case["kwargs"])
    kind, content = (
        next(iter(parameters["content"].items()))
        if isinstance(parameters["content"], dict)
        else ("", parameters["content"])
    )
    pieces = [decoded(piece) for piece in content] if kind else content

    async def chunks() -> AsyncIterator[Any]:
        for piece in pieces:
            yield piece

    parameters["content"] = chunks() if kind == "$astream" else iter(pieces) if kind else content
    if "headers" in parameters:
        parameters["headers"] = dict(parameters["headers"])

    async def call() -> None:
        scope = request(method=case["method"], **case["scope"])
        await Apart(**parameters)(scope, peer.receive, peer.send)

    if case["id"] in D1_REFUSED_FIELDS | D6_TRANSFER_ENCODING:
        with pytest.raises(ValueError, match="header|media type"):
            await call()
        return
    if "error" in expected:
        with pytest.raises(Exception) as raised:
            await call()
        assert raised.type.__name__ == expected["error"]
        types = [message["type"] for message in peer.messages]
        # D-27: nothing has been sent if it failed before there was anything to send.
        assert types == expected.get("types", [])[: len(types)] and len(types) != 1
        return
    await call()
    headers = [[n.decode(), v.decode("latin-1")] for n, v in peer.messages[0]["headers"]]
    if case["kwargs"].get("status_code") == 205:  # D-3
        headers = [field for field in headers if field[0] != "content-length"]
    assert (peer.messages[0]["status"], headers) == (expected["status"], expected["headers"])
    types = [message["type"] for message in peer.messages]
    if case["method"] == "HEAD" or case["kwargs"].get("status_code") in (205, 304):  # D-3, D-7
        assert types == [expected["types"][0], expected["types"][-1]] and peer.body == b""
    else:
        assert types == expected["types"] and peer.body.decode() == expected["body"]["text"]
