"""What sse-starlette's tests import from a module that it does not ship."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collapse_excgroups() -> Iterator[None]:
    """Raise what is alone in its group, at whatever depth, without the group."""
    try:
        yield
    except BaseExceptionGroup as group:  # noqa: F821
        error: BaseException = group
        while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:  # noqa: F821
            error = error.exceptions[0]
        raise error from None
