"""A value five times a second: how late the server wakes, in milliseconds."""

import asyncio
from collections.abc import AsyncIterator
from time import perf_counter
from typing import Any

from antiphon.sse import EventSourceResponse, JSONServerSentEvent


async def lateness() -> AsyncIterator[JSONServerSentEvent]:
    while True:
        due = perf_counter() + 0.2
        await asyncio.sleep(0.2)
        yield JSONServerSentEvent({"v": 1000 * (perf_counter() - due)})


async def app(scope: Any, receive: Any, send: Any) -> None:
    await EventSourceResponse(lateness())(scope, receive, send)
