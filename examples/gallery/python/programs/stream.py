"""Numbers, one by one."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from antiphon.responses import StreamingResponse


async def slow_numbers() -> AsyncIterator[str]:
    yield "<html><body><ul>"
    for number in range(1, 11):
        yield f"<li>{number}</li>"
        await asyncio.sleep(0.2)
    yield "</ul></body></html>"


async def app(scope: Any, receive: Any, send: Any) -> None:
    response = StreamingResponse(slow_numbers(), media_type="text/html")
    await response(scope, receive, send)
