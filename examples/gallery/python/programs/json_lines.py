"""JSON, line by line."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from antiphon.responses import JsonLinesResponse


async def rows() -> AsyncIterator[dict[str, int]]:
    for number in range(1, 6):
        yield {"number": number, "square": number * number}
        await asyncio.sleep(0.2)


async def app(scope: Any, receive: Any, send: Any) -> None:
    await JsonLinesResponse(rows())(scope, receive, send)
