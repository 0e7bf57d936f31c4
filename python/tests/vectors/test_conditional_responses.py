"""The table of responses with validators of their own."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.responses import PlainTextResponse
from support.peer import sent
from vectors.tables import cases


class Tagged(PlainTextResponse):
    add_etags = True


class WeaklyTagged(PlainTextResponse):
    add_etags = "weak"


@pytest.mark.parametrize("by", ["add_etag", "add_etags"])
@pytest.mark.parametrize("case", cases("conditional_answers"))
def test_validated_responses_answer_preconditions(case: Any, by: str) -> None:
    fields, weak = case["fields"], case["validators"] == "weak"
    arguments = ("hello", case["status_code"], case["callers"])
    if case["validators"] is None or by == "add_etag":
        response = PlainTextResponse(*arguments)
        if case["validators"] is not None:
            response.add_etag(weak=weak)
    else:
        response = (WeaklyTagged if weak else Tagged)(*arguments)
        if case["method"] not in ("GET", "HEAD") or case["status_code"] != 200:
            # The class speaks for what a cache may keep alone.
            fields = [field for field in fields if field[0] != "etag" or field in case["callers"]]
    lines = [(name.encode(), value.encode()) for name, value in case["headers"]]
    peer = sent(response, method=case["method"], headers=lines)
    assert peer.start["status"] == case["status"]
    assert peer.headers == fields
    assert len(peer.body) == case["body"]
    # A response can be sent many times.
    again = sent(response, method=case["method"], headers=lines)
    assert again.messages == peer.messages
