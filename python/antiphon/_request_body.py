"""A request whose body the content of its response still reads.

Before ASGI 2.4 somebody has to listen for the client's leave, by the same ``receive`` that brings
the body. Two who call it take each other's messages: as long as the content reads the body, nobody
else may listen. It notices the leave itself then.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from typing import Any

import anyio

#: How often a request is looked at, in seconds.
_INTERVAL = 0.1

#: How deep generators that read each other are followed.
_DEPTH = 4


def after_reading(
    content: object, listen: Callable[[], Coroutine[Any, Any, None]]
) -> Callable[[], Coroutine[Any, Any, None]]:
    """Have somebody listen after the body was read, if what ``content`` holds still reads one.

    Args:
        content: The content of the response. What is looked for is a request as Starlette's.
        listen: Listens for the client's leave.
    """
    request = _found([content], _DEPTH)
    return listen if request is None else partial(_listen_after, request, listen)


async def _listen_after(request: Any, listen: Callable[[], Coroutine[Any, Any, None]]) -> None:
    while not request._stream_consumed:
        await anyio.sleep(_INTERVAL)
    await listen()


def _found(holders: Iterable[object], depth: int) -> Any:
    held: list[object] = []
    for holder in holders:
        if _is_unread(holder):
            return holder
        frame = getattr(holder, "ag_frame", None)
        if frame is not None:
            held += frame.f_locals.values()
        elif hasattr(holder, "__aiter__"):
            held += getattr(holder, "__dict__", {}).values()
    return _found(held, depth - 1) if held and depth else None


def _is_unread(held: object) -> bool:
    # A flag that only Starlette's requests have, and those of frameworks that are made of them.
    if getattr(held, "_stream_consumed", True) is not False or hasattr(held, "_body"):
        return False
    headers = getattr(held, "headers", {})
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"
