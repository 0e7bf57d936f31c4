"""The event loop that an application under test runs in: time passes there when a test says so."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import suppress
from types import TracebackType
from typing import Any, TypeVar

import anyio
from anyio.from_thread import start_blocking_portal

from antiphon.types import Backend

T = TypeVar("T")


class EventLoop:
    """An event loop in a thread of its own, whose clock runs ahead of others.

    Whoever is outside of it waits for at most ``timeout`` seconds.
    """

    def __init__(self, backend: Backend, timeout: float) -> None:
        options, self._jump = _with_clock(backend)
        self._running = start_blocking_portal(backend, options)
        self._timeout = timeout

    def __enter__(self) -> EventLoop:
        self._portal = self._running.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        with suppress(RuntimeError):
            # What was left open is not waited for.
            self._portal.call(self._portal.stop, True)
        self._running.__exit__(kind, error, at)

    def start(self, work: Callable[..., Awaitable[T]], *arguments: Any) -> Future[T]:
        """Start something."""
        return self._portal.start_task_soon(work, *arguments)

    def call(self, work: Callable[..., T], *arguments: Any) -> T:
        """Do something that does not wait."""
        return self._portal.call(work, *arguments)

    def wait(self, future: Future[T], what: str) -> T:
        """Wait for what was started, and cancel it if that takes too long."""
        try:
            return future.result(self._timeout)
        except FutureTimeoutError:
            if future.done():
                raise
            future.cancel()
            raise TimeoutError(f"waited {self._timeout:g} s for {what}") from None

    def settle(self) -> None:
        """Wait until nothing can run, but by a timer or a thread."""
        self.wait(self.start(anyio.wait_all_tasks_blocked), "the application to pause")

    def advance(self, seconds: float) -> None:
        """Let time pass, when everything waits."""
        self.settle()
        self.call(self._jump, seconds)


class _AheadOfTime(asyncio.SelectorEventLoop):
    _ahead = 0.0

    def time(self) -> float:
        return super().time() + self._ahead

    def jump(self, seconds: float) -> None:
        self._ahead += seconds


def _with_clock(backend: Backend) -> tuple[dict[str, Any], Callable[[float], None]]:
    if backend == "asyncio":
        loop = _AheadOfTime()
        return {"loop_factory": lambda: loop}, loop.jump
    from trio.testing import MockClock

    clock = MockClock(rate=1.0)
    return {"clock": clock}, clock.jump
