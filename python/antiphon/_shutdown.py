"""The end of a server, of which the streams that never end by themselves have to learn.

While a stream is open in the main thread, the handlers of SIGINT and SIGTERM are ours: they tell
the streams, and call the ones that were there. With the last stream those are put back. What is
there where no signal comes is said in :mod:`antiphon._hypercorn` and :mod:`antiphon._uvicorn`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable
from time import monotonic
from typing import Any

from antiphon import _hypercorn, _uvicorn

_SIGNALS = (signal.SIGINT, signal.SIGTERM)

#: For so many seconds after it was told to end a server may still let clients in.
_LATE_CLIENTS = 5.0

_lock = threading.RLock()
_streams: set[OpenStream] = set()

#: The signal that ends the process when the last stream has ended.
_signal_to_repeat: int | None = None

#: When the server was told to end.
_since = -_LATE_CLIENTS

#: Whether a signal ends the streams; see ``antiphon.sse.AppStatus``.
signals_end_streams = True


class OpenStream:
    """An open stream, which is told once that it is to end; within its event loop."""

    def __init__(self, is_told: bool = False) -> None:
        self.is_told = (
            is_told or _signal_to_repeat is not None or monotonic() - _since < _LATE_CLIENTS
        )
        self._told: Callable[[], object] = bool
        self.loop = loop = asyncio._get_running_loop()
        self._watcher: _uvicorn.Watcher | None = None
        if loop is not None:
            self._soon: Callable[[Callable[[], object]], object] = loop.call_soon_threadsafe
            self._watcher = _uvicorn.watcher(loop, loop_ends)
        else:
            import trio

            self._soon = trio.lowlevel.current_trio_token().run_sync_soon

    def __enter__(self) -> OpenStream:
        with _lock:
            _streams.add(self)
            _install()
            _hypercorn.watch(server_ends)
        if self._watcher is not None:
            self._watcher.add()
        return self

    def __exit__(self, *_: object) -> None:
        if self._watcher is not None:
            self._watcher.remove()
        with _lock:
            _streams.discard(self)
            if not _streams:
                _remove()
                if _signal_to_repeat is not None:
                    os.kill(os.getpid(), _signal_to_repeat)

    def when_told(self, told: Callable[[], object]) -> None:
        """Have something done when the stream is told, or now if it was."""
        self._told = told
        if self.is_told:
            told()

    def tell(self) -> None:
        """Tell the stream, from any thread."""
        try:
            self._soon(self._tell)
        except RuntimeError:
            # The loop has been closed without an end of its tasks.
            _streams.discard(self)

    def _tell(self) -> None:
        if self in _streams and not self.is_told:
            self.is_told = True
            self._told()


def shutdown() -> None:
    """End the streams of events that are open, as SIGTERM does.

    It may be called from any thread. A stream with a ``shutdown_grace_period`` has that time; all
    others end at once, with a clean last message. Streams that begin later go on, unlike those
    after a signal.

    Example:
        >>> import antiphon
        >>> antiphon.shutdown()
    """
    with _lock:
        streams = list(_streams)
    for stream in streams:
        stream.tell()


def server_ends() -> None:
    """End the streams that are open, and those of clients that still get in."""
    global _since
    if signals_end_streams:
        _since = monotonic()
        shutdown()


def has_begun() -> bool:
    """Whether the server that runs here is known to be ending: it may cancel its tasks."""
    if monotonic() - _since < _LATE_CLIENTS or _signal_to_repeat is not None:
        return True
    loop = asyncio._get_running_loop()
    return loop is not None and _uvicorn.is_ending(loop)


def loop_ends(loop: asyncio.AbstractEventLoop) -> None:
    """End the streams that are open in an event loop, whose server has ended without a signal."""
    if signals_end_streams:
        with _lock:
            streams = [stream for stream in _streams if stream.loop is loop]
        for stream in streams:
            stream.tell()


def _install() -> None:
    if threading.current_thread() is not threading.main_thread():
        return
    for number in _SIGNALS:
        before = signal.getsignal(number)
        if not isinstance(before, _Handler) and before is not None:
            signal.signal(number, _Handler(before))


def _remove() -> None:
    if threading.current_thread() is not threading.main_thread():
        return
    for number in _SIGNALS:
        handler = signal.getsignal(number)
        if isinstance(handler, _Handler):
            signal.signal(number, handler.before)


class _Handler:
    """Our handler of a signal. It knows the one before: another's may come over it, and call it."""

    def __init__(self, before: Any) -> None:
        self.before = before

    def __call__(self, number: int, frame: Any) -> None:
        global _signal_to_repeat
        server_ends()
        if callable(self.before):
            self.before(number, frame)
        elif self.before is signal.SIG_DFL:
            # Nobody else handles it: the process ends, as it would have without us, but after its
            # streams. A supervisor may send it twice.
            if signals_end_streams and _streams:
                _signal_to_repeat = number
            else:
                signal.signal(number, signal.SIG_DFL)
                os.kill(os.getpid(), number)
