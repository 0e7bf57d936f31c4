"""Subclasses that set what they need themselves, and never call ``super().__init__``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from antiphon.responses import RedirectResponse, StreamingResponse
from support.scripted import Scripted, request

pytestmark = pytest.mark.anyio


async def tokens() -> AsyncIterator[str]:
    for token in "ab":
        await asyncio.sleep(0)
        yield token


class Chain(StreamingResponse):
    def __init__(self) -> None:
        self.body_iterator = tokens()
        self.status_code = 201
        self.media_type = "text/plain"
        self.background = None
        self.init_headers({"x-own": "1"})


class Executor(StreamingResponse):
    """Brings no iterator, but a ``stream_response`` of its own."""

    def __init__(self) -> None:
        self.status_code, self.background, self.media_type = 201, None, "text/plain"
        self.init_headers({"x-own": "1"})

    async def stream_response(self, send: Any) -> None:
        start = {"status": self.status_code, "headers": self.raw_headers}
        await send({"type": "http.response.start", **start})
        async for token in tokens():
            await send({"type": "http.response.body", "body": token.encode(), "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


class SeeOther(RedirectResponse):
    def __init__(self) -> None:
        self.status_code, self.body, self.background = 201, b"ab", None
        self.init_headers({"x-own": "1"})


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.parametrize("cls", [Chain, Executor, SeeOther])
@pytest.mark.parametrize("version", ["2.3", "2.4"])
async def test_they_are_sent(cls: Any, version: str) -> None:
    messages: list[Any] = []

    async def send(message: Any) -> None:
        messages.append(message)

    scope = {**request(), "asgi": {"spec_version": version}}
    await cls()(scope, Scripted().receive, send)
    assert messages[0]["status"] == 201
    assert (b"x-own", b"1") in messages[0]["headers"]
    assert b"".join(message.get("body", b"") for message in messages) == b"ab"
