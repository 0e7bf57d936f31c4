"""A message that is sent by a task of its own, beside another.

A generator that waits may have entered a scope or a timeout, and so may whatever is wrapped around
``send``. Each belongs to a task: in one task the two would be left in the wrong order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import anyio

from antiphon._scope import asyncio_scope
from antiphon.types import Message


class Sending:
    """A message on its way.

    Args:
        send: Called with the message, in the task that this makes.
        message: The message.
    """

    __slots__ = ("_failure", "_is_over", "_scope", "_task", "taken")

    def __init__(self, send: Callable[[Message], Awaitable[Any]], message: Message) -> None:
        loop = asyncio.get_running_loop()
        self._scope = asyncio_scope()
        self._is_over = False
        #: What ``send`` raised.
        self._failure: BaseException | None = None
        #: Done when the message is taken; holds what ``send`` raised.
        self.taken: asyncio.Future[BaseException | None] = loop.create_future()
        self._task = loop.create_task(self._run(send, message))

    def again(self) -> asyncio.Future[BaseException | None]:
        """Have another future tell that the message is taken: the one before was cancelled."""
        self.taken = asyncio.get_running_loop().create_future()
        if self._is_over:
            self.taken.set_result(self._failure)
        return self.taken

    async def _run(self, send: Callable[[Message], Awaitable[Any]], message: Message) -> None:
        with self._scope:
            try:
                await send(message)
            except BaseException as error:
                self._failure = error
                if not isinstance(error, Exception):
                    raise
            finally:
                self._is_over = True
                if not self.taken.done():
                    self.taken.set_result(self._failure)

    def end(self) -> None:
        """Interrupt the sending, if it has not come to its end."""
        if not self._is_over:
            # Whoever closes a coroutine may have closed the event loop before.
            with suppress(RuntimeError):
                self._scope.cancel()

    async def abandon(self) -> None:
        """Interrupt the sending, and wait until its task has ended."""
        if not self._task.done():
            self._scope.cancel()
            with anyio.CancelScope(shield=True):
                await asyncio.wait([self._task])
