"""Awaiting: messages for a peer that may be slow, or gone.

A server before ASGI 2.4 lets ``send`` return quietly when its client is gone, so somebody has to
listen for ``http.disconnect``. On asyncio nobody does until there is something to wait for: a
response that never waits needs no task beside its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from functools import partial
from types import CoroutineType, coroutine
from typing import Any

import anyio
import anyio.to_thread

from antiphon._antiphon import Delivery
from antiphon.types import Receive, Send

#: After so many messages for which nobody waited, others get their turn.
_TURN = 64


async def file(messages: Delivery, receive: Receive, send: Send) -> None:
    """Send the messages of a file, and close it, however that ends.

    Returns quietly when the client is gone, if the server leaves it to us to notice.
    """
    try:
        if messages.needs_listener:
            if asyncio._get_running_loop() is not None:
                await _send_listening(messages, receive, send)
            else:
                await _beside_listener(partial(_send_all, messages, send), receive)
        else:
            await _send_all(messages, send)
    finally:
        messages.close()


async def _send_all(messages: Delivery, send: Send) -> None:
    for number, message in enumerate(messages, 1):
        if message is None:
            message = await anyio.to_thread.run_sync(messages.wait)
        await send(message)
        if number % _TURN == 0:
            await anyio.sleep(0)


async def _send_listening(messages: Delivery, receive: Receive, send: Send) -> None:
    listener = Listener(partial(disconnected, receive))
    try:
        for number, message in enumerate(messages, 1):
            if message is None:
                listener.start()
                message = await anyio.to_thread.run_sync(messages.wait)
            sending = begun(send(message))
            if sending is not None:
                listener.start()
                await sending
            if number % _TURN == 0:
                listener.start()
                await asyncio.sleep(0)
    except asyncio.CancelledError:
        if not listener.has_cancelled():
            raise
    finally:
        messages.close()
        await listener.stop()


async def _beside_listener(
    sending: Callable[[], Coroutine[Any, Any, None]], receive: Receive
) -> None:
    """The same for other event loops, where a coroutine cannot be begun without its task."""
    errors: list[BaseException] = []

    async def run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            await work()
        except (Exception, KeyboardInterrupt) as error:
            errors.append(error)
        group.cancel_scope.cancel()

    async with anyio.create_task_group() as group:
        group.start_soon(run, partial(disconnected, receive))
        await run(sending)
    for error in errors:
        raise error


async def disconnected(receive: Receive) -> None:
    """Wait until the client is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


class Listener:
    """A task that cancels this one when the client is gone."""

    def __init__(self, listen: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._listening = listen
        self._sender: asyncio.Task[Any] | None = None
        self._task: asyncio.Task[None] | None = None
        self._cancelled = False
        self._error: BaseException | None = None

    def start(self) -> None:
        """Start to listen, unless that was done."""
        if self._task is None:
            self._sender = asyncio.current_task()
            self._task = asyncio.ensure_future(self._listen())

    async def _listen(self) -> None:
        try:
            await self._listening()
        except asyncio.CancelledError:
            return
        except BaseException as error:
            self._error = error
        if self._sender is not None:
            self._cancelled = True
            self._sender.cancel()

    def has_cancelled(self) -> bool:
        """Whether it was this, and nobody else, that cancelled the sender."""
        sender = self._sender
        if not self._cancelled or sender is None:
            return False
        uncancel = getattr(sender, "uncancel", None)
        return uncancel is None or uncancel() == 0

    async def stop(self) -> None:
        """Listen no more, and raise what went wrong."""
        self._sender = None
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        if self._error is not None:
            raise self._error


def begun(awaitable: Any) -> Any:
    """Run a coroutine to where it first waits; ``None`` if it does not, else what is left of it."""
    if type(awaitable) is not CoroutineType:
        return awaitable
    try:
        first = awaitable.send(None)
    except StopIteration:
        return None
    return _rest(awaitable, first)


@coroutine
def _rest(begun: Coroutine[Any, Any, None], yielded: Any) -> Generator[Any, Any, None]:
    try:
        while True:
            try:
                value = yield yielded
            except GeneratorExit:
                begun.close()
                raise
            except BaseException as error:
                yielded = begun.throw(error)
            else:
                yielded = begun.send(value)
    except StopIteration:
        return
