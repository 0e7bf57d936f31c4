"""Servers of uvicorn that end without a signal.

A program sets ``should_exit``, or the server has served ``limit_max_requests``: it stops listening,
and waits for the streams that are open, which nobody tells. So a server is looked at every half
second, as long as streams are open in its event loop. Nothing of it is replaced.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from typing import Any
from weakref import WeakKeyDictionary, ref

#: How often a server is looked at, in seconds.
INTERVAL = 0.5


class Watcher:
    """Looks at the servers that run in an event loop, while streams are open there."""

    def __init__(self, loop: asyncio.AbstractEventLoop, ended: Callable[[], object]) -> None:
        self._loop, self._ended = ref(loop), ended
        self._streams = 0
        self._servers: list[ref[Any]] = []
        self._next: asyncio.TimerHandle | None = None

    def add(self) -> None:
        """Take note of a stream that begins."""
        self._streams += 1
        if self._streams == 1:
            self._find()
            self._look_later()

    def remove(self) -> None:
        """Take note of a stream that has ended."""
        self._streams -= 1
        if self._streams == 0 and self._next is not None:
            self._next.cancel()
            self._next = None

    def _find(self) -> None:
        loop = self._loop()
        self._servers = [] if loop is None else [ref(server) for server in _servers(loop)]

    def _look_later(self) -> None:
        loop = self._loop()
        if loop is not None and self._servers:
            self._next = loop.call_later(INTERVAL, self._look)

    def _look(self) -> None:
        if any(_is_ending(server()) for server in self._servers):
            # One that has ended may have made room for another.
            self._find()
            if self._servers and all(_is_ending(server()) for server in self._servers):
                self._ended()
        self._look_later()


def _servers(loop: asyncio.AbstractEventLoop) -> Iterator[Any]:
    """Find the servers whose coroutines run in an event loop."""
    kind = getattr(sys.modules.get("uvicorn.server"), "Server", None)
    if kind is None:
        return
    seen = set()
    for task in asyncio.all_tasks(loop):
        running: Any = task.get_coro()
        while running is not None:
            frame = getattr(running, "cr_frame", None)
            server = None if frame is None else frame.f_locals.get("self")
            if isinstance(server, kind) and id(server) not in seen:
                seen.add(id(server))
                yield server
            running = getattr(running, "cr_await", None)


#: The servers that were found in an event loop; to look costs a while where there are many tasks.
_found: WeakKeyDictionary[asyncio.AbstractEventLoop, list[ref[Any]]] = WeakKeyDictionary()


def is_ending(loop: asyncio.AbstractEventLoop) -> bool:
    """Whether a server that runs in an event loop is ending."""
    servers = _found.get(loop)
    if servers is None or not any(server() for server in servers):
        servers = _found[loop] = [ref(server) for server in _servers(loop)]
    return any(_is_ending(server()) for server in servers)


def _is_ending(server: Any) -> bool:
    if server is None:
        return False
    sockets = getattr(server, "servers", [])
    return bool(server.should_exit) or any(not socket.is_serving() for socket in sockets)


_watchers: WeakKeyDictionary[asyncio.AbstractEventLoop, Watcher] = WeakKeyDictionary()


def watcher(
    loop: asyncio.AbstractEventLoop, ended: Callable[[asyncio.AbstractEventLoop], object]
) -> Watcher:
    """Return the watcher of an event loop, which calls ``ended`` while a server there is ending."""
    found = _watchers.get(loop)
    if found is None:
        held = ref(loop)

        def tell() -> None:
            running = held()
            if running is not None:
                ended(running)

        found = _watchers[loop] = Watcher(loop, tell)
    return found
