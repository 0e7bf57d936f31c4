"""Keeping a record of what is sent of a response, and telling a program how it ended."""

from __future__ import annotations

import logging
from collections.abc import Callable
from inspect import isawaitable, iscoroutine
from typing import Any

import anyio

from antiphon import _shutdown
from antiphon.outcome import Outcome
from antiphon.types import Message, Receive, Send

logger = logging.getLogger("antiphon")

#: For how long a callback is awaited, in seconds.
TIMEOUT = 30.0


#: By these the server is told which bytes it is to send itself; no others are messages of content.
BY_THE_SERVER = ("http.response.pathsend", "http.response.zerocopysend")


class Record:
    """What was handed to the server. It stands between the response and ``receive`` and ``send``.

    One of ``ended`` and ``failed`` is called when the response is over; each calls ``on_complete``,
    whose exceptions are logged.
    """

    __slots__ = (
        "_bytes_sent",
        "_has_left",
        "_is_complete",
        "_on_complete",
        "_receive",
        "_send",
        "_status",
    )

    def __init__(
        self, on_complete: Callable[[Outcome], object], receive: Receive, send: Send
    ) -> None:
        self._on_complete, self._receive, self._send = on_complete, receive, send
        self._status: int | None = None
        self._bytes_sent: int | None = 0
        self._is_complete = self._has_left = False

    async def receive(self) -> Message:
        """Receive a message, and take note of the client's leave."""
        message = await self._receive()
        if message["type"].endswith(".disconnect"):
            self._has_left = True
        return message

    async def send(self, message: Message) -> None:
        """Send a message, and take note of it."""
        try:
            await self._send(message)
        except OSError:
            self._has_left = True
            raise
        kind = message["type"]
        if kind.endswith(".start"):
            self._status = message["status"]
        elif kind.endswith(".body"):
            if self._bytes_sent is not None:
                self._bytes_sent += len(message.get("body", b""))
            self._is_complete = not message.get("more_body", False)
        elif kind in BY_THE_SERVER:
            self._bytes_sent, self._is_complete = None, True

    async def ended(self, is_shut_down: bool = False) -> None:
        """Tell of a response that ended without an error."""
        if is_shut_down and not self._has_left:
            await self._tell("shut_down")
        else:
            await self._tell("complete" if self._is_complete else "disconnected")

    async def failed(self, error: BaseException) -> None:
        """Tell of a response that ended by an exception."""
        if isinstance(error, GeneratorExit):
            # Whoever closes a coroutine does not wait for anything.
            await self._tell("failed", error, may_wait=False)
        elif isinstance(error, Exception) and not self._has_left:
            await self._tell("failed", error)
        elif self._is_complete and isinstance(error, anyio.get_cancelled_exc_class()):
            await self._tell("complete")
        elif self._has_left:
            await self._tell("disconnected")
        elif _shutdown.has_begun():
            await self._tell("shut_down")
        else:
            await self._tell("failed", error)

    async def _tell(
        self, reason: Any, error: BaseException | None = None, may_wait: bool = True
    ) -> None:
        outcome = Outcome(reason, self._status, self._bytes_sent, error)
        try:
            result = self._on_complete(outcome)
            if not isawaitable(result):
                return
            if not may_wait:
                if iscoroutine(result):
                    result.close()
                logger.warning("on_complete was not awaited: the response was closed")
                return
            with anyio.move_on_after(TIMEOUT, shield=True) as scope:
                await result
            if scope.cancel_called:
                logger.warning("on_complete was cancelled after %s seconds", TIMEOUT)
        except Exception:
            logger.exception("on_complete failed")
