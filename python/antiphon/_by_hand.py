"""Running coroutines by hand: up to where they first wait, and on from there."""

from __future__ import annotations

from collections.abc import Generator
from types import CoroutineType, coroutine
from typing import Any


def begun(awaitable: Any) -> Any:
    """Run a coroutine to where it first waits; ``None`` if it does not, else what is left of it."""
    if type(awaitable) is not CoroutineType:
        return awaitable
    try:
        asked = awaitable.send(None)
    except StopIteration:
        return None
    return rest(awaitable, asked)


@coroutine
def rest(step: Any, asked: Any) -> Generator[Any, Any, Any]:
    """Run what was begun to its end, and return what it returns.

    Args:
        step: A coroutine, or what an asynchronous generator's ``__anext__`` returns.
        asked: What it has asked of the event loop.
    """
    try:
        while True:
            try:
                answer = yield asked
            except GeneratorExit:
                step.close()
                raise
            except BaseException as error:
                asked = step.throw(error)
            else:
                asked = step.send(answer)
    except StopIteration as end:
        return end.value


@coroutine
def passed_on(asked: Any) -> Generator[Any, Any, Any]:
    """Have the event loop do what a coroutine that is run by hand asks of it."""
    return (yield asked)
