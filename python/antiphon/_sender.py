"""A task that sends messages beside another.

A generator that waits may have entered a scope or a timeout, and so may whatever is wrapped around
``send``. Each belongs to a task: in one task the two would be left in the wrong order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import anyio

from antiphon.types import Message


class Sender:
    """One task, made for the first message, that sends all that it is given.

    Args:
        send: Called in that task with each message.
    """

    def __init__(self, send: Callable[[Message], Awaitable[Any]]) -> None:
        self._send = send
        #: Of the task.
        self._scope: anyio.CancelScope
        self._task: asyncio.Task[None] | None = None
        #: What the task waits for: the next message; ``None`` ends the task.
        self._next: asyncio.Future[Message | None]
        self._is_sending = False
        self._taken: asyncio.Future[BaseException | None]
        #: What ``send`` raised.
        self._failure: BaseException | None = None

    def begin(self, message: Message) -> asyncio.Future[BaseException | None]:
        """Begin to send a message, the one before having been taken.

        Returns:
            A future that is done when the message is taken, and holds what ``send`` raised.
        """
        loop = asyncio.get_running_loop()
        self._is_sending = True
        self._taken = loop.create_future()
        if self._task is None or self._task.done():
            self._scope = anyio.CancelScope()
            self._task = loop.create_task(self._run(message))
        else:
            self._next.set_result(message)
        return self._taken

    def again(self) -> asyncio.Future[BaseException | None]:
        """Return another future of the same message: the one before was cancelled."""
        self._taken = asyncio.get_running_loop().create_future()
        if not self._is_sending:
            self._taken.set_result(self._failure)
        return self._taken

    async def _run(self, message: Message | None) -> None:
        loop = asyncio.get_running_loop()
        with self._scope:
            while message is not None:
                self._next = loop.create_future()
                try:
                    await self._send(message)
                except BaseException as error:
                    self._failure = error
                    if not isinstance(error, Exception):
                        raise
                    return
                finally:
                    self._is_sending = False
                    if not self._taken.done():
                        self._taken.set_result(self._failure)
                message = await self._next

    def end(self) -> None:
        """Let the task come to its end, and interrupt what is being sent, if there is anything."""
        if self._task is not None and not self._task.done():
            # Whoever closes a coroutine may have closed the event loop before.
            with suppress(RuntimeError):
                if self._is_sending:
                    self._scope.cancel()
                else:
                    self._next.set_result(None)
            self._task = None

    async def abandon(self) -> None:
        """Interrupt what is being sent, and wait until the task has ended."""
        if self._task is not None and not self._task.done():
            self._scope.cancel()
            with anyio.CancelScope(shield=True):
                await asyncio.wait([self._task])
