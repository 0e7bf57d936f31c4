"""What a response tells of the request it answers."""

from __future__ import annotations

from antiphon import _starlette

__all__ = ["ClientDisconnect"]


class ClientDisconnect(_starlette.ClientDisconnect):
    """The client is gone.

    A :class:`~antiphon.responses.StreamingResponse` raises it if ``send`` raises an ``OSError``,
    which is its cause. Servers of ASGI 2.4 and later raise one after the client left.

    Where Starlette is installed, this is a subclass of ``starlette.requests.ClientDisconnect``.
    Catch that class to handle what Starlette's ``Request`` raises, too.

    Example:
        >>> import asyncio
        >>> from antiphon.requests import ClientDisconnect
        >>> from antiphon.responses import StreamingResponse
        >>> async def send(message):
        ...     raise OSError("the client left")
        >>> async def call():
        ...     scope = {"type": "http", "method": "GET", "asgi": {"spec_version": "2.4"}}
        ...     try:
        ...         await StreamingResponse(iter("ab"))(scope, None, send)
        ...     except ClientDisconnect as error:
        ...         return error.__cause__
        >>> asyncio.run(call())
        OSError('the client left')

    Source: ASGI HTTP & WebSocket 2.5; ``starlette.requests.ClientDisconnect``.
    """
