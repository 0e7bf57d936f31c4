"""Noticing that the client is gone while something is sent.

A server before ASGI 2.4 lets ``send`` return quietly then, so somebody has to listen for
``http.disconnect``. On asyncio nobody does until there is something to wait for: a response that
never waits needs no task beside its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator
from types import CoroutineType, coroutine
from typing import Any

import anyio

from antiphon.types import Receive


async def until_disconnect(
    sending: Coroutine[Any, Any, None], listen: Callable[[], Coroutine[Any, Any, None]]
) -> None:
    """Send as long as the client is there, and return quietly when it is gone."""
    if asyncio._get_running_loop() is None:
        await beside(lambda: sending, (listen, True))
        return
    rest = _begun(sending)
    if rest is None:
        return
    listener = _Listener(listen)
    is_closed = False
    try:
        await rest
    except asyncio.CancelledError:
        if not listener.has_cancelled():
            raise
    except GeneratorExit:
        # Whoever closes a coroutine does not wait for anything.
        is_closed = True
        listener.cancel()
        raise
    finally:
        if not is_closed:
            await listener.stop()


async def disconnected(receive: Receive) -> None:
    """Wait until the client is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


class _Listener:
    """A task that cancels this one when the client is gone."""

    def __init__(self, listen: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._listening = listen
        self._cancelled = False
        self._error: BaseException | None = None
        self._sender = asyncio.current_task()
        self._before = cancelling(self._sender)
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
        self._cancelled = False
        uncancel = getattr(sender, "uncancel", None)
        return uncancel is None or uncancel() <= self._before

    def cancel(self) -> None:
        """Listen no more."""
        self._sender = None
        self._task.cancel()

    async def stop(self) -> None:
        """Listen no more, and raise what went wrong."""
        # What was sent may have ended in another way than by a cancellation.
        self.has_cancelled()
        self.cancel()
        await asyncio.wait([self._task])
        if self._error is not None:
            raise self._error


def cancelling(task: Any) -> int:
    """Return how often a task was cancelled, which Python 3.10 does not know."""
    return int(getattr(task, "cancelling", int)())


def _begun(awaitable: Any) -> Any:
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


async def beside(
    main: Callable[[], Awaitable[None]], *others: tuple[Callable[[], Awaitable[None]], bool]
) -> None:
    """Run the others as long as ``main`` runs; it ends with those that say so.

    The first error is raised as it is, and not in a group.
    """
    errors: list[BaseException] = []

    async def run(work: Callable[[], Awaitable[None]], ends: bool) -> None:
        try:
            await work()
        except (Exception, KeyboardInterrupt) as error:
            errors.append(error)
            ends = True
        if ends:
            group.cancel_scope.cancel()

    async with anyio.create_task_group() as group:
        for work, ends in others:
            group.start_soon(run, work, ends)
        await run(main, True)
    for error in errors:
        raise error
