"""The turns of an event loop, in which those are woken who wait for something from any thread."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Generator
from typing import Any
from weakref import WeakKeyDictionary, ref


class Turn(ABC):
    """The next turn of an event loop, in which all are woken that were rung in this one.

    That is what lets events share a message that come one by one, but fast.
    """

    def __init__(self, loop: Any) -> None:
        self._loop = ref(loop)
        self._waiters: deque[Any] = deque()
        self._is_near = False

    def is_of(self, loop: Any) -> bool:
        """Whether it is a turn of this event loop."""
        return self._loop() is loop

    @abstractmethod
    def waiter(self) -> Any:
        """Return what is awaited until it is woken."""

    def wake(self, waiter: Any) -> None:
        """Wake who waits, in whatever thread this is."""
        # Who wakes them says so before it looks for them: either this one is seen, or another turn
        # is asked for.
        self._waiters.append(waiter)
        loop = self._loop()
        if loop is not None and not self._is_near:
            self._is_near = True
            try:
                self._soon(loop)
            except RuntimeError:
                # The loop has been closed, and who waited is gone.
                self._waiters.clear()

    @abstractmethod
    def _soon(self, loop: Any) -> None:
        """Have all woken soon, by the event loop."""

    def _wake_all(self) -> None:
        self._is_near = False
        while self._waiters:
            self._wake(self._waiters.popleft())

    @abstractmethod
    def _wake(self, waiter: Any) -> None:
        """Wake one who waits, unless that was done."""


class AsyncioTurn(Turn):
    def waiter(self) -> Any:
        return asyncio.get_running_loop().create_future()

    def _soon(self, loop: asyncio.AbstractEventLoop) -> None:
        if asyncio._get_running_loop() is loop:
            loop.call_soon(self._wake_all)
        else:
            loop.call_soon_threadsafe(self._wake_all)

    def _wake(self, waiter: asyncio.Future[None]) -> None:
        if not waiter.done():
            waiter.set_result(None)


class TrioTurn(Turn):
    class _Flag:
        def __init__(self) -> None:
            import trio

            self._event = trio.Event()
            self.set = self._event.set

        def __await__(self) -> Generator[Any, Any, None]:
            return self._event.wait().__await__()

    def waiter(self) -> Any:
        return self._Flag()

    def _soon(self, loop: Any) -> None:
        loop.run_sync_soon(self._wake_all)

    def _wake(self, waiter: _Flag) -> None:
        waiter.set()


_turns: WeakKeyDictionary[Any, Turn] = WeakKeyDictionary()


def turn_of(loop: Any) -> Turn:
    """Return the turn that all wait for in an event loop."""
    turn = _turns.get(loop)
    if turn is None:
        is_asyncio = isinstance(loop, asyncio.AbstractEventLoop)
        turn = _turns[loop] = (AsyncioTurn if is_asyncio else TrioTurn)(loop)
    return turn


def running() -> Any:
    """Return the event loop that runs here: asyncio's, or trio's by its token."""
    loop = asyncio._get_running_loop()
    if loop is not None:
        return loop
    import trio

    return trio.lowlevel.current_trio_token()
