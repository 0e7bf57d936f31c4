"""Noticing that the client is gone while something is sent.

A server before ASGI 2.4 lets ``send`` return quietly then, so somebody has to listen for
``http.disconnect``. On asyncio nobody does until there is something to wait for: a response that
never waits needs no task beside its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any

import anyio

from antiphon._by_hand import begun
from antiphon._scope import asyncio_scope
from antiphon.types import Receive

_Listeners = tuple[Callable[[], Coroutine[Any, Any, None]], ...]


class Interrupted(Exception):
    """The sending was interrupted where a scope could not be felt."""


class Interruption:
    """The scope by which the sending is interrupted, and who is told where it cannot be felt.

    A message may be on its way while the program's generator, in the same task, shields what it
    waits for.
    """

    # One is kept for as long as a stream is open.
    __slots__ = ("_alarm", "_later", "listeners", "scope", "told")

    def __init__(self) -> None:
        #: That of the task, from when the sending has begun.
        self.scope: anyio.CancelScope
        self.told: Callable[[], object] = bool
        self.listeners: list[_Listener] = []
        #: Who is to listen, and when, if it is not now.
        self._later: _Listeners = ()
        self._alarm: asyncio.TimerHandle | anyio.CancelScope | None = None

    @property
    def is_called(self) -> bool:
        """Whether the sending was interrupted."""
        return self.scope.cancel_called

    def listen(self, listeners: _Listeners, delay: float = 0) -> None:
        """Have these interrupt the sending, each in a task of its own, after so many seconds."""
        self._later = listeners
        if delay:
            loop = asyncio.get_running_loop()
            self._alarm = loop.call_later(delay, self.listen_now)
        else:
            self.listen_now()

    async def wait_to_listen(self, delay: float) -> None:
        """Wait for so many seconds, or until ``listen_now``, where no alarm can be set."""
        with anyio.CancelScope() as self._alarm:
            await anyio.sleep(delay)

    def listen_now(self) -> None:
        """Do not wait for the delay, if it is not over."""
        later = self._later
        self.listen_no_more()
        if later:
            self.listeners = [_Listener(listen, self) for listen in later]

    def listen_no_more(self) -> None:
        """Begin nothing that has not begun."""
        self._later = ()
        if self._alarm is not None:
            self._alarm.cancel()

    def call(self) -> None:
        """Interrupt the sending, and all that runs beside it."""
        self.scope.cancel()
        for listener in self.listeners:
            listener.cancel()
        self.told()


async def interruptible(
    sending: Coroutine[Any, Any, None],
    interruption: Interruption,
    *listeners: Callable[[], Coroutine[Any, Any, None]],
    delay: float = 0,
) -> None:
    """Send until one of the listeners returns, and return quietly then.

    With a ``delay``, in seconds, nobody listens before that has passed: a task costs more than most
    waits are long, and who receives may learn of an error that ``send`` is just answering.

    On asyncio the scope of ``interruption`` is entered before anything of the program's runs, and
    whoever cancels it ends the sending: what the program shields completes, and what it swallows
    comes again. Elsewhere it is the scope of a task group.
    """
    if asyncio._get_running_loop() is None:

        async def wait(listen: Callable[[], Coroutine[Any, Any, None]]) -> None:
            if delay:
                await interruption.wait_to_listen(delay)
            await listen()

        others = [(partial(wait, listen), True) for listen in listeners]
        await beside(lambda: sending, *others, interruption=interruption)
        return
    scope = interruption.scope = asyncio_scope()
    scope.__enter__()
    try:
        rest = begun(sending) if listeners else sending
        if rest is not None:
            interruption.listen(listeners, delay)
            await rest
    except GeneratorExit:
        # Whoever closes a coroutine does not wait for anything, and may be of another task.
        interruption.listen_no_more()
        for listener in interruption.listeners:
            listener.cancel()
        raise
    except BaseException as error:
        is_caught = scope.__exit__(type(error), error, error.__traceback__)
        await _stopped(interruption)
        if not (is_caught or isinstance(error, Interrupted)):
            raise
    else:
        scope.__exit__(None, None, None)
        await _stopped(interruption)


async def _stopped(interruption: Interruption) -> None:
    """Listen no more, and raise what went wrong first."""
    interruption.listen_no_more()
    # Each holds the other, and both the response.
    listeners, interruption.listeners = interruption.listeners, []
    for listener in listeners:
        listener.cancel_soon()
    for listener in listeners:
        await listener.ended()
    for listener in listeners:
        if listener.error is not None:
            raise listener.error


async def disconnected(receive: Receive) -> None:
    """Wait until the client is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


class _Listener:
    """A task that interrupts the sending when the client is gone."""

    __slots__ = ("_interruption", "_is_told", "_listening", "_own", "error", "task")

    def __init__(
        self, listen: Callable[[], Coroutine[Any, Any, None]], interruption: Interruption
    ) -> None:
        self._listening, self._interruption = listen, interruption
        self._own = asyncio_scope()
        self._is_told = False
        self.error: BaseException | None = None
        self.task = asyncio.ensure_future(self._listen())

    async def _listen(self) -> None:
        if self._is_told:
            return
        try:
            with self._own:
                await self._listening()
        except asyncio.CancelledError:
            # Somebody ends all tasks.
            return
        except BaseException as error:
            self.error = error
        if not self._is_told:
            self._interruption.call()

    def cancel(self) -> None:
        """Listen no more."""
        self._is_told = True
        self._own.cancel()

    def cancel_soon(self) -> None:
        """Listen no more, in a turn of the event loop: anyio describes the task that cancels."""
        self._is_told = True
        if not self.task.done():
            self.task.get_loop().call_soon(self._own.cancel)

    async def ended(self) -> None:
        """Wait until nothing listens any more."""
        if not self.task.done():
            waiter = self.task.get_loop().create_future()
            self.task.add_done_callback(partial(_tell, waiter))
            await waiter


def _tell(waiter: asyncio.Future[None], _: object) -> None:
    if not waiter.done():
        waiter.set_result(None)


def cancelling(task: Any) -> int:
    """Return how often a task was cancelled, which Python 3.10 does not know."""
    return int(getattr(task, "cancelling", int)())


async def beside(
    main: Callable[[], Awaitable[None]],
    *others: tuple[Callable[[], Awaitable[None]], bool],
    interruption: Interruption | None = None,
) -> None:
    """Run the others as long as ``main`` runs; it ends with those that say so.

    All end with ``interruption``, if there is one. The first error is raised as it is, and not in a
    group.
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
        if interruption is not None:
            interruption.scope = group.cancel_scope
        for work, ends in others:
            group.start_soon(run, work, ends)
        await run(main, True)
    for error in errors:
        raise error
