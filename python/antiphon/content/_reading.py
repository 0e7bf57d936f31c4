"""Awaiting: what a source says of itself, and what it brings of some ranges."""

from __future__ import annotations

import inspect
import logging
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Iterable
from contextlib import aclosing, suppress
from functools import partial
from typing import Any, TypeVar

import anyio
import anyio.to_thread
from anyio.abc import TaskGroup
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from antiphon.content._errors import SourceError, SourceTimeout, of_system
from antiphon.content._source import SourceFacts

_T = TypeVar("_T")

logger = logging.getLogger("antiphon")

#: So many ranges are asked for at once, of each of which one piece is held.
AHEAD = 4

#: A range: where it starts, and where it ends.
Range = tuple[int, int]

#: What a request will likely get, as ``_antiphon.likely_range`` has it.
Likely = tuple[str, int, int]

#: The content of a range, as a source's ``read`` returns it.
Opened = tuple[Range, Any]


class Named:
    """A source by the names that all of this uses.

    Args:
        name: For the log.
        facts: Returns the facts, or what they are awaited by.
        read: Returns the bytes of a range, or what brings them.
        is_quick: Whether neither is called by a thread.
        open: Returns the facts by one question with what the request will likely get, which is the
            range and its content, if that came with them.
    """

    __slots__ = ("facts", "is_quick", "name", "open", "read")

    def __init__(
        self,
        name: str,
        facts: Callable[[], Any],
        read: Callable[[int, int, SourceFacts], Any],
        is_quick: bool = False,
        open: Callable[[Likely], Awaitable[tuple[SourceFacts, Opened | None]]] | None = None,
    ) -> None:
        self.name = name
        self.open = open
        self.facts = facts
        self.read = read
        self.is_quick = is_quick


async def opened(
    source: Named, likely: Likely | None, timeout: float
) -> tuple[SourceFacts, Opened | None]:
    """Return the facts of a source, and what came with them."""
    if likely is not None and source.open is not None:
        return await named(source, within(timeout, source.open(likely)))
    return await named(source, within(timeout, called(source, source.facts))), None


async def called(source: Named, function: Callable[..., Any], *arguments: Any) -> Any:
    """Call what may be asynchronous, or may have to wait in a thread."""
    is_asynchronous = inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)
    if source.is_quick or is_asynchronous:
        result = function(*arguments)
    else:
        result = await in_thread(partial(function, *arguments))
    return await result if inspect.isawaitable(result) else result


async def in_thread(function: Callable[[], _T]) -> _T:
    """Call what may wait; a caller that is cancelled does not wait for it."""
    return await anyio.to_thread.run_sync(function, abandon_on_cancel=True)


async def within(timeout: float, awaitable: Awaitable[_T]) -> _T:
    """Await something for so many seconds at most."""
    try:
        with anyio.fail_after(timeout):
            return await awaitable
    except TimeoutError:
        text = f"expected an answer in {timeout:g} s, but found none"
        raise SourceTimeout(text) from None


async def named(source: Named, awaitable: Awaitable[_T]) -> _T:
    """Await something of a source; an error says which it is."""
    try:
        return await awaitable
    except SourceError as error:
        error.source = error.source or source.name
        raise
    except OSError as error:
        wrapped = of_system(error)
        wrapped.source = source.name
        raise wrapped from error


async def pieces_of(
    source: Named, facts: SourceFacts, wanted: Range, opened: Opened | None, timeout: float
) -> AsyncGenerator[Any, None]:
    """Bring the bytes of a range, not one more or less."""
    start, end = wanted
    if opened is not None and opened[0] == wanted:
        content = opened[1]
    else:
        content = await within(timeout, called(source, source.read, start, end, facts))
    async with aclosing(steps(content)) as pieces:
        while start < end:
            piece = await within(timeout, anext(pieces, None))
            if piece is None:
                raise SourceError(f"expected {end - start} bytes more, but found the end")
            length = buffer(piece).nbytes
            if length > end - start:
                raise SourceError(f"expected {end - start} bytes at most, but found {length}")
            start += length
            if length:
                yield piece


async def steps(content: Any) -> AsyncGenerator[Any, None]:
    """Bring what a read has returned, piece by piece."""
    match content:
        case bytes() | bytearray() | memoryview():
            yield content
        case AsyncIterable():
            pieces = aiter(content)
            try:
                async for piece in pieces:
                    yield piece
            finally:
                if hasattr(pieces, "aclose"):
                    await pieces.aclose()
        case Iterable():
            iterator = iter(content)
            try:
                while (piece := await in_thread(partial(next, iterator, None))) is not None:
                    yield piece
            finally:
                if hasattr(iterator, "close"):
                    # Not while a thread that nobody waits for has it.
                    with suppress(ValueError):
                        iterator.close()
        case _:
            yield buffer(content)


def buffer(content: Any) -> memoryview:
    """Return what a read has returned, if that is bytes of whatever type."""
    try:
        return memoryview(content)
    except TypeError:
        found = type(content).__name__
        raise TypeError(f"read: expected bytes, or what brings them, but found {found}") from None


class Reading:
    """What is sent of a source: pieces that are known, and ranges that are read.

    Several ranges are read by tasks of ``group``, some ahead of the one that is sent.
    """

    def __init__(
        self,
        source: Named,
        facts: SourceFacts,
        came: Opened | None,
        pieces: list[bytes | Range],
        timeout: float,
        group: TaskGroup | None = None,
    ) -> None:
        self._source = source
        self._facts = facts
        self._came = came
        self._timeout = timeout
        self._group = group
        self._pieces = pieces
        #: The ranges that nobody has asked for yet, the last first, and where the others come.
        self._left = [piece for piece in reversed(pieces) if isinstance(piece, tuple)]
        self._asked: list[MemoryObjectReceiveStream[Any]] = []
        self._chunks = self._bring()
        self._first: Any = None

    async def begin(self) -> None:
        """Wait for the first bytes, so that an error can still become an answer."""
        self._first = await anext(self._chunks)

    async def chunks(self) -> AsyncGenerator[Any, None]:
        """Bring the content; an error is logged, with how much there was before it."""
        sent = 0
        async with aclosing(self._chunks) as chunks:
            try:
                chunk, self._first = self._first, None
                while chunk is not None:
                    sent += buffer(chunk).nbytes
                    yield chunk
                    chunk = await anext(chunks, None)
            except Exception as error:
                logger.error("source %s failed after %s bytes: %s", self._source.name, sent, error)
                raise

    async def aclose(self) -> None:
        """Give up what was begun."""
        await self._chunks.aclose()

    async def _bring(self) -> AsyncGenerator[Any, None]:
        try:
            for piece in self._pieces:
                if not isinstance(piece, tuple):
                    yield piece
                    continue
                async with aclosing(self._read(piece)) as chunks:
                    while (chunk := await named(self._source, anext(chunks, None))) is not None:
                        yield chunk
        finally:
            for receiver in self._asked:
                receiver.close()

    async def _read(self, wanted: Range) -> AsyncGenerator[Any, None]:
        if self._group is None:
            async with aclosing(self._open(wanted)) as chunks:
                async for chunk in chunks:
                    yield chunk
            return
        self._ask_ahead(self._group, 1)
        async with self._asked.pop(0) as received:
            self._ask_ahead(self._group, AHEAD - 1)
            async for chunk in received:
                if isinstance(chunk, Exception):
                    raise chunk
                yield chunk

    def _open(self, wanted: Range) -> AsyncGenerator[Any, None]:
        return pieces_of(self._source, self._facts, wanted, self._came, self._timeout)

    def _ask_ahead(self, group: TaskGroup, most: int) -> None:
        while self._left and len(self._asked) < most:
            sender, receiver = anyio.create_memory_object_stream[Any](1)
            self._asked.append(receiver)
            group.start_soon(self._ask, self._left.pop(), sender)

    async def _ask(self, wanted: Range, sender: MemoryObjectSendStream[Any]) -> None:
        async with sender, aclosing(self._open(wanted)) as chunks:
            try:
                async for chunk in chunks:
                    await sender.send(chunk)
            except anyio.BrokenResourceError:
                # Nobody wants it any more.
                return
            except Exception as error:
                with suppress(anyio.BrokenResourceError):
                    await sender.send(error)
