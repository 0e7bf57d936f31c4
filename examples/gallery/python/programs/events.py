"""Events that come to an end."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from antiphon.datastructures import Headers
from antiphon.responses import Response
from antiphon.sse import EventSourceResponse, ServerSentEvent

VERSES = [
    ("call", "Who begins?"),
    ("response", "One voice, alone."),
    ("call", "Who answers?"),
    ("response", "All who have heard."),
    ("call", "And when the song is over?"),
    ("response", "204, and nobody calls again."),
]


async def verses(sung: int) -> AsyncIterator[ServerSentEvent]:
    yield ServerSentEvent(retry=500)
    for number, (singer, verse) in enumerate(VERSES[sung:], sung + 1):
        yield ServerSentEvent(verse, event=singer, id=str(number))
        await asyncio.sleep(0.3)


async def app(scope: Any, receive: Any, send: Any) -> None:
    last = Headers(scope=scope).get("last-event-id", "")
    sung = int(last) if last.isdecimal() else 0
    if sung < len(VERSES):
        response: Response = EventSourceResponse(verses(sung))
    else:
        response = Response(status_code=204)
    await response(scope, receive, send)
