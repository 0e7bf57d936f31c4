"""Synchronous iterators, run ahead of the client in worker threads.

One worker at a time calls the iterator and fills a queue. When the queue is full it gives its
thread back; when the queue has been taken, another goes on. So a client that reads slowly holds no
thread. The queue is short at first, and grows as long as the client has come for all of it: to hand
over costs more than most chunks. An iterator that is slow itself gives its thread back with each
chunk, so that those who want one, of whom there may be many, have it by turns.
"""

from __future__ import annotations

import asyncio
import contextvars
import io
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Iterator
from functools import partial
from time import perf_counter
from types import GeneratorType
from typing import Any

import anyio
import anyio.to_thread

#: How far an iterator runs ahead at first, in chunks and in bytes.
_FIRST_CHUNKS, _FIRST_BYTES = 128, 64 * 1024

#: How far it runs ahead at most.
_MAX_CHUNKS, _MAX_BYTES = 4096, 256 * 1024

#: How long a worker keeps its thread, in seconds, if one chunk does not take longer.
_SLICE = 0.01

#: The bytes of a file that are read at a time.
_BLOCK = 64 * 1024

#: Files whose iteration is that of their class: read in blocks, they give the same bytes.
_FILES = (io.BytesIO, io.BufferedReader, io.BufferedRandom, io.FileIO)


class ThreadedIterator:
    """An asynchronous iterator of what a synchronous one brings.

    The iterator is called by workers only, and in one context: a copy of that in which it is first
    asked for something.
    """

    #: What the program's iterator enters, it enters in a worker.
    _enters_scopes = False
    #: It keeps a worker busy: what has come lies ready.
    _may_block = False

    def __init__(self, content: Iterable[Any]) -> None:
        self._content = content
        #: Whether it is asked for more before the client has taken what there is.
        self.runs_ahead = True
        self._context: contextvars.Context | None = None
        self._iterator: Iterator[Any] | None = None
        self._queue: deque[Any] = deque()
        self._max_chunks, self._max_bytes = _FIRST_CHUNKS, _FIRST_BYTES
        self._is_running = self._is_full = self._is_over = self._is_closing = False
        #: Whether there is a file that was not read to its end, and is still open.
        self.holds_file = isinstance(content, io.IOBase)
        self._error: BaseException | None = None
        self._wake: Callable[[], object] | None = None

    def expect_iterable(self) -> None:
        """Refuse at once what a worker could not iterate over."""
        content = self._content
        if not isinstance(content, Iterable) and not hasattr(type(content), "__getitem__"):
            hint = " (call it)" if callable(content) else ""
            if hasattr(content, "subscribe"):
                hint = " (give what its subscribe() returns)"
            raise TypeError(f"content: expected an iterator, but found {content!r}{hint}")

    def __aiter__(self) -> ThreadedIterator:
        return self

    async def __anext__(self) -> Any:
        while not self._queue:
            if not await self._filled():
                raise StopAsyncIteration
        return self._queue.popleft()

    async def batch(self) -> list[Any]:
        """Take all there is, and have a worker go on; wait if there is nothing.

        It is empty at the end.
        """
        await self._filled()
        queue = self._queue
        batch = [queue.popleft() for _ in range(len(queue))]
        if self.runs_ahead and not self._is_running and not self._is_over:
            self._run()
        return batch

    async def aclose(self) -> None:
        """Close the iterator, if it has begun or is no generator, and wait until that is done."""
        self._is_closing = True
        if self._is_over and not self._is_running:
            return
        if self._iterator is None and not self._is_running and not _is_to_be_closed(self._content):
            self._is_over = True
            return
        cancelled: BaseException | None = None
        with anyio.CancelScope(shield=True):
            while not self._is_over or self._is_running:
                if not self._is_running:
                    self._run()
                try:
                    await self._woken()
                except anyio.get_cancelled_exc_class() as error:
                    # A task's own cancellation, of which scopes know nothing: the iterator is
                    # closed first.
                    cancelled = error
        self._queue.clear()
        if cancelled is not None:
            raise cancelled
        self._raise()

    async def _filled(self) -> bool:
        """Wait until there is something, and tell whether there is."""
        while not self._queue:
            if self._is_over and not self._is_running:
                self._raise()
                return False
            if not self._is_running:
                self._run()
            await self._woken(unless_filled=True)
        return True

    async def _woken(self, unless_filled: bool = False) -> None:
        event = anyio.Event()
        self._wake = partial(caller(), event.set)
        # A worker that has not seen that somebody waits has been seen by us.
        if (unless_filled and self._queue) or not self._is_running:
            return
        await event.wait()

    def _raise(self) -> None:
        error, self._error = self._error, None
        if error is not None:
            raise error

    def _run(self) -> None:
        if self._is_full:
            # The client has come for all there was: it keeps up.
            self._max_chunks = min(8 * self._max_chunks, _MAX_CHUNKS)
            self._max_bytes = min(2 * self._max_bytes, _MAX_BYTES)
        self._is_running, self._is_full = True, False
        if self._context is None:
            self._context = contextvars.copy_context()
        _start(partial(self._worker, self._context))

    async def _worker(self, context: contextvars.Context) -> None:
        try:
            await anyio.to_thread.run_sync(partial(context.run, self._work))
        except BaseException as error:
            # No thread was to be had, and none ever will.
            self._error, self._is_over = error, True
            if not isinstance(error, Exception):
                raise
        finally:
            self._is_running = False
            self._notify()

    def _notify(self) -> None:
        wake, self._wake = self._wake, None
        if wake is not None:
            wake()

    def _work(self) -> None:
        """Fill the queue, in a worker's thread.

        What was exhausted is left open: whoever opened it may go on with it. Anything else is
        closed, a file by whoever calls :meth:`close_file`.
        """
        is_exhausted = False
        try:
            if not self._fill():
                return
            is_exhausted = not self._is_closing
        except BaseException as error:
            self._error = error
        if isinstance(self._content, io.IOBase):
            self.holds_file = not is_exhausted
        elif not is_exhausted:
            try:
                _close(self._iterator, self._content)
            except BaseException as error:
                self._error = self._error or error
        self._is_over = True

    async def close_file(self) -> None:
        """Close the file that was not read to its end."""
        file: Any = self._content
        self.holds_file = False
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(file.close)

    def _fill(self) -> bool:
        """Fill the queue, and tell whether that was all."""
        if self._is_closing:
            return True
        if self._iterator is None:
            self._iterator = _iterated(self._content)
        queue, size, end = self._queue, 0, perf_counter() + _SLICE
        for count, chunk in enumerate(self._iterator, 1):
            if self._is_closing:
                return True
            queue.append(chunk)
            if self._wake is not None:
                self._notify()
            size += len(chunk) if isinstance(chunk, (bytes, str)) else _size(chunk)
            if count >= self._max_chunks or not self.runs_ahead or size >= self._max_bytes:
                self._is_full = True
                return False
            if perf_counter() > end:
                return False
        return True


def _iterated(content: Iterable[Any]) -> Iterator[Any]:
    if type(content) in _FILES:
        file: Any = content
        return iter(partial(getattr(file, "read1", file.read), _BLOCK), b"")
    return iter(content)


def _close(iterator: object, content: object) -> None:
    for held in (iterator, content):
        close: Callable[[], object] | None = getattr(held, "close", None)
        if close is not None:
            close()
            return


def _is_to_be_closed(content: object) -> bool:
    """Whether closing it does something before it has begun."""
    is_plain = type(content) is GeneratorType or isinstance(content, io.IOBase)
    return hasattr(content, "close") and not is_plain


def _size(chunk: object) -> int:
    return chunk.nbytes if isinstance(chunk, memoryview) else 64


def caller() -> Callable[[Callable[[], object]], object]:
    """Return what a thread calls to have something done by this event loop."""
    loop = asyncio._get_running_loop()
    if loop is not None:
        return loop.call_soon_threadsafe
    import trio

    return trio.lowlevel.current_trio_token().run_sync_soon


_workers: set[asyncio.Task[None]] = set()


def _start(worker: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Have a task of its own wait for a worker, which whoever started it may not live to see."""
    loop = asyncio._get_running_loop()
    if loop is not None:
        task = loop.create_task(worker())
        _workers.add(task)
        task.add_done_callback(_workers.discard)
        return
    import trio

    trio.lowlevel.spawn_system_task(worker)
