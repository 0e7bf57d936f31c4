"""Scopes of anyio's on asyncio, made without asking each time what event loop this is."""

from __future__ import annotations

import anyio

#: The class of anyio's scopes on asyncio. ``anyio.CancelScope`` is another, which looks for it.
_class: type[anyio.CancelScope] | None = None


def asyncio_scope() -> anyio.CancelScope:
    """Return a new scope, in a task of asyncio's."""
    global _class
    if _class is None:
        _class = type(anyio.CancelScope())
    return _class()
