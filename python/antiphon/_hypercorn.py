"""Workers of hypercorn, to which no signal comes.

Its supervisor has the signal, and sets an event which a task of each worker polls. That task ends
when the shutdown begins, so what waits for its end needs neither to poll nor to replace anything.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from types import CodeType
from typing import Any
from weakref import WeakSet

_watched: WeakSet[asyncio.AbstractEventLoop] = WeakSet()


def watch(ended: Callable[[], object]) -> None:
    """Have ``ended`` called when the worker that runs here is told to end, if it is one."""
    code = _code()
    if code is None:
        return
    loop = asyncio._get_running_loop()
    if loop is None:
        _watch_on_trio(code, ended)
    elif loop not in _watched:
        _watched.add(loop)
        for task in asyncio.all_tasks(loop):
            if getattr(task.get_coro(), "cr_code", None) is code:
                task.add_done_callback(lambda _: ended())


def _code() -> CodeType | None:
    """Return the code of the task that waits for the word to end."""
    module = sys.modules.get("hypercorn.utils")
    return getattr(getattr(module, "raise_shutdown", None), "__code__", None)


class _Instrument:
    """Has trio say which of its tasks has ended."""

    def __init__(self, code: CodeType, ended: Callable[[], object]) -> None:
        self._code, self._ended = code, ended

    def task_exited(self, task: Any) -> None:
        if getattr(task.coro, "cr_code", None) is self._code:
            self._ended()


_instrument: Any = None


def _watch_on_trio(code: CodeType, ended: Callable[[], object]) -> None:
    global _instrument
    import trio

    if _instrument is None:
        _instrument = _Instrument(code, ended)
    # It does nothing if that is done.
    trio.lowlevel.add_instrument(_instrument)
