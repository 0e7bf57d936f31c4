"""Events that are compressed: each arrives when it is there, in a fraction of its bytes."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from antiphon.sse import EventSourceResponse, ServerSentEvent

VOICES = ["soprano", "alto", "tenor", "bass"]


async def notes() -> AsyncIterator[ServerSentEvent]:
    for beat in range(30):
        note = {"voice": VOICES[beat % len(VOICES)], "beat": beat, "pitch": 60 + beat * 7 % 24}
        yield ServerSentEvent(json.dumps(note), event="note", id=str(beat))
        await asyncio.sleep(0.04)


async def app(scope: Any, receive: Any, send: Any) -> None:
    await EventSourceResponse(notes(), compress=True)(scope, receive, send)
