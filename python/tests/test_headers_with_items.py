"""Headers that are no mapping, but have ``items()``, as those of a proxy's answer."""

from __future__ import annotations

import email.message
import http.client
from collections.abc import Callable
from typing import Any

import pytest

from antiphon.responses import (
    FileResponse,
    JsonLinesResponse,
    JSONResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from antiphon.sse import EventSourceResponse


class Own:
    """A program's own."""

    def items(self) -> list[tuple[str, str]]:
        return [("X-Trace", "abc"), ("X-Upstream", "files.example")]


def message(cls: Any) -> Any:
    headers = cls()
    for name, value in Own().items():
        headers[name] = value
    return headers


MAKERS: list[Callable[[Any], Any]] = [
    lambda headers: Response(b"", headers=headers),
    lambda headers: JSONResponse({}, headers=headers),
    lambda headers: RedirectResponse("/", headers=headers),
    lambda headers: StreamingResponse(iter(()), headers=headers),
    lambda headers: JsonLinesResponse(iter(()), headers=headers),
    lambda headers: FileResponse(__file__, headers=headers),
    lambda headers: EventSourceResponse(iter(()), headers=headers),
]


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize(
    "headers", [message(email.message.Message), message(http.client.HTTPMessage), Own()]
)
def test_each_class_takes_them(make: Callable[[Any], Any], headers: Any) -> None:
    found = make(headers).headers
    assert (found["x-trace"], found["x-upstream"]) == ("abc", "files.example")
