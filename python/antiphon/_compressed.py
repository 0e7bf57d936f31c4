"""Awaiting: an answer that is compressed on its way to the server.

What is sent is decided in Rust (``Compressor``). Here a message waits for the thread that encodes
it, if it is a large one.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import anyio
import anyio.to_thread
from anyio.lowlevel import RunVar

from antiphon._antiphon import Compression, Compressor, compressor
from antiphon.types import Message, Scope, Send

_T = TypeVar("_T")

#: What ``compress=True`` means.
PRESET = Compression()

#: Who may encode at once: not the threads that endpoints wait in, and no more than can run.
_threads: RunVar[anyio.CapacityLimiter] = RunVar("antiphon._compressed")
_MANY = max(4, os.cpu_count() or 1)


def expected(compress: object) -> bool | Compression:
    """Return the argument ``compress``, if it is one.

    Raises:
        TypeError: If it is none.
    """
    if isinstance(compress, (bool, Compression)):
        return compress
    found = type(compress).__name__
    raise TypeError(f"compress: expected True, False or Compression, but found {found}")


def begin(
    compress: bool | Compression, scope: Scope, send: Send, is_content_made: bool = False
) -> tuple[Scope, Send]:
    """Return the scope and the ``send`` for whoever makes the answer to a request.

    An answer to anything but a request over HTTP is left as it is, and so is its scope.

    Args:
        compress: What the program says.
        scope: The connection.
        send: Called with each message.
        is_content_made: Whether the content lies ready, so that its length is told after HEAD, too.

    Raises:
        TypeError: If ``compress`` is no such argument: a class may have said anything.
    """
    said = expected(compress)
    if said is False or scope["type"] != "http":
        return scope, send
    own, scope = compressor(PRESET if said is True else said, scope, is_content_made)
    return scope, _Compressed(own, send).send


class _Compressed:
    """What stands between an answer and its server."""

    __slots__ = ("_compressor", "_is_lost", "_send", "_working")

    def __init__(self, compressor: Compressor, send: Send) -> None:
        self._compressor, self._send = compressor, send
        #: Set when the message that takes long has been sent, for which others wait.
        self._working: anyio.Event | None = None
        #: Whether nobody knows what became of a message, so that what follows cannot be decoded.
        self._is_lost = False

    async def send(self, message: Message) -> None:
        """Send a message of the answer: encoded and flushed, if it is content."""
        kind = message["type"]
        if self._working is not None or self._is_lost:
            # The compressor may be in a thread's hands.
            await self._wait()
        if kind == "http.response.start":
            start = self._compressor.start(message)
            if start is not None:
                await self._send(start)
        elif not self._compressor.changes_content:
            await self._send(message)
        elif kind == "http.response.body":
            encoded = self._compressor.encode(message)
            if encoded is None:
                await self._alone(self._send_much, message)
            else:
                for own in encoded:
                    await self._send(own)
        elif kind == "http.response.pathsend":
            await self._alone(self._send_file, message)
        elif kind == "http.response.zerocopysend":
            raise RuntimeError(
                "http.response.zerocopysend: expected none, since the answer is compressed and the "
                "scope does not offer it"
            )
        else:
            await self._send(message)

    async def _send_much(self, message: Message) -> None:
        for piece in self._compressor.cut(message):
            encoded = await self._in_thread(self._compressor.encode, piece, True)
            for own in encoded or ():
                await self._send(own)

    async def _send_file(self, message: Message) -> None:
        more = True
        while more:
            encoded, more = await self._in_thread(self._compressor.encode_file, message)
            for own in encoded:
                await self._send(own)

    async def _wait(self) -> None:
        """Wait until nothing is on its way that takes long."""
        while self._working is not None:
            await self._working.wait()
        if self._is_lost:
            raise RuntimeError(
                "the answer cannot go on: a message was lost on its way into the content coding, "
                "by an error or a cancellation"
            )

    async def _alone(self, sending: Callable[[Message], Awaitable[None]], message: Message) -> None:
        """Send something while whatever else there is waits for its turn."""
        self._working = working = anyio.Event()
        try:
            await sending(message)
        finally:
            self._working = None
            working.set()

    async def _in_thread(self, function: Callable[..., _T], *arguments: Any) -> _T:
        try:
            limiter = _threads.get()
        except LookupError:
            limiter = anyio.CapacityLimiter(_MANY)
            _threads.set(limiter)
        try:
            return await anyio.to_thread.run_sync(function, *arguments, limiter=limiter)
        except BaseException:
            self._is_lost = True
            raise
