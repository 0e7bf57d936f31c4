"""Streams: from an iterator to messages.

What an iterator brings without waiting shares a message, as far as a bound in bytes, in pieces and
in time: a piece that took more than 1 ms goes out before the next is asked for, and none is held
longer than 5 ms and one more pull. When the iterator would wait, what there is goes out first. A
message holds one piece at first, and more as long as they come fast. When as many have come since a
wait as between the two waits before, they go out, too: so most messages are sent while the iterator
stands at a ``yield``, where no task is needed beside its own.

On asyncio that is seen by running the iterator by hand, up to where it first waits for a future,
and handing the future on when what there was has been sent. Elsewhere (on trio, where what a
coroutine hands to its event loop concerns the task) each piece is a message.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    Awaitable,
    Callable,
    Coroutine,
    Generator,
    Iterable,
)
from functools import partial
from math import inf
from time import perf_counter
from types import AsyncGeneratorType, coroutine
from typing import Any

import anyio

from antiphon._antiphon import StreamMessages
from antiphon._by_hand import passed_on, rest
from antiphon._disconnect import Interrupted, Interruption, beside
from antiphon._sending import Sending
from antiphon._threaded_iterator import ThreadedIterator
from antiphon.types import Message, Send

logger = logging.getLogger("antiphon")

#: So many pieces share a message at most.
_MANY = 1024

#: After a message that took longer, in seconds, others get their turn.
_SLOW = 0.005

#: After so many messages for which nobody waited, others get their turn.
_TURN = 16

#: How long the cleanup of an iterator may take that was interrupted, in seconds.
CLEANUP_TIMEOUT = 30.0

#: What a puller hands over when it is time to send.
_FULL: Any = object()


class SendError(Exception):
    """What ``send`` raised, told from what the iterator raised."""

    def __init__(self, error: OSError) -> None:
        super().__init__(error)
        self.error = error


def denying(send: Send) -> Send:
    """Make the messages of a response those that deny a websocket."""

    async def deny(message: Message) -> None:
        if message["type"] in ("http.response.start", "http.response.body"):
            message = {**message, "type": "websocket." + message["type"]}
        await send(message)

    return deny


async def deliver(
    begin: Callable[[], StreamMessages],
    content: AsyncIterable[Any],
    original: object,
    send: Send,
    iterate: Callable[[StreamMessages, Any], Awaitable[bool]],
    cleanup_timeout: float | None = CLEANUP_TIMEOUT,
) -> None:
    """Send what ``content`` brings, and close it, however that ends.

    What was exhausted is left open: whoever opened it may go on with it. ``original`` is closed
    too, if something else was put in its place. ``iterate`` sends the head and the content, and
    tells whether the client can be told that it is complete.

    Raises:
        SendError: If ``send`` raised an ``OSError``, which is its cause.
    """
    iterator: Any = content
    unread = dict.fromkeys((content, original))
    try:
        stream = begin()
        if not stream.has_content:
            await send_taken(stream, send)
            is_complete = True
        else:
            iterator = aiter(content)
            unread = dict.fromkeys((iterator, original))
            is_complete = await iterate(stream, iterator)
            del unread[iterator]
        if is_complete:
            await sent(send, stream.end())
    except GeneratorExit:
        # Whoever closes a coroutine does not wait for anything.
        raise
    except BaseException:
        await _close_all(unread, iterator, partial(_closed_after_failure, cleanup_timeout))
        raise
    await _close_all(unread, iterator, _closed)


async def _close_all(
    unread: Iterable[Any], iterator: Any, closed: Callable[[Any], Coroutine[Any, Any, None]]
) -> None:
    for held in unread:
        is_open = getattr(held, "ag_frame", held) is not None
        known = held is iterator or isinstance(held, (ThreadedIterator, AsyncGenerator))
        if known and is_open and hasattr(held, "aclose"):
            await closed(held)


async def close_file(iterator: object) -> None:
    """Close a file that was not read to its end, after the background task, which may use it."""
    if isinstance(iterator, ThreadedIterator) and iterator.holds_file:
        await iterator.close_file()


async def _closed(iterator: Any) -> None:
    await iterator.aclose()


async def _closed_after_failure(timeout: float | None, iterator: Any) -> None:
    seconds = inf if timeout is None else timeout
    try:
        with anyio.move_on_after(seconds, shield=True) as scope:
            await iterator.aclose()
        if scope.cancel_called:
            cleanup_cancelled(timeout)
    except Exception:
        logger.exception("an iterator could not be closed")


def cleanup_cancelled(timeout: float | None) -> None:
    """Tell whoever reads the log."""
    logger.warning("the cleanup of an iterator was cancelled after %s seconds", timeout)


async def iterate(
    stream: StreamMessages,
    iterator: Any,
    send: Send,
    merges: bool,
    interruption: Interruption,
) -> bool:
    """Send the head and what the iterator brings."""
    if asyncio._get_running_loop() is not None:
        await Puller(stream, iterator, send, merges, interruption).run()
    else:
        await _iterate(stream, iterator, send, merges)
    return True


async def sent(send: Callable[[Message], Awaitable[Any]], message: Message) -> None:
    """Send a message."""
    try:
        await send(message)
    except OSError as error:
        raise SendError(error) from error


async def send_taken(stream: StreamMessages, send: Send) -> None:
    """Send what is ready."""
    while (message := stream.take()) is not None:
        await sent(send, message)


async def pulled(
    iterator: AsyncIterable[Any], stream: StreamMessages, full: Callable[[], Awaitable[None]]
) -> None:
    """Push what the iterator brings, and hand over each time that it is full."""
    push = stream.push
    if type(iterator) is AsyncGeneratorType:
        while True:
            try:
                # The first is awaited as usual: mostly it is the one that is not there yet.
                if not push(await iterator.__anext__()):
                    waiting = stream.pull(iterator)
                    while waiting is not None and not push(await rest(*waiting)):
                        waiting = stream.pull(iterator)
            except StopAsyncIteration:
                return
            await full()
    if isinstance(iterator, ThreadedIterator):
        while batch := await iterator.batch():
            for piece in batch:
                if push(piece):
                    await full()
            await full()
        return
    async for piece in iterator:
        if push(piece):
            await full()


@coroutine
def _handed_over() -> Generator[Any, Any, None]:
    yield _FULL


class Puller:
    """One stream on asyncio.

    A subclass may set ``holds_head`` and override these methods:

    | method           | it                                                                        |
    |------------------|---------------------------------------------------------------------------|
    | ``run``          | sends the whole stream                                                    |
    | ``send_alone``   | sends a message when the iterator stands at no wait of a program's        |
    | ``send_beside``  | sends a message while a generator waits, perhaps in a scope               |
    | ``sending``      | begins to send beside the iterator: returns what is awaited               |
    | ``settled``      | waits for ``send`` beside the iterator, or for the iterator, too          |

    ``send_alone`` and ``send_beside`` return when the message is taken, and no two messages are
    sent at a time. All other methods are this class's own.
    """

    def __init__(
        self,
        stream: StreamMessages,
        iterator: AsyncIterable[Any],
        send: Send,
        merges: bool,
        interruption: Interruption,
    ) -> None:
        self._stream = stream
        #: Entered before the iterator was first asked for something.
        self._interruption = interruption
        self._send = send
        #: Whether what the iterator has entered might lie across what ``send`` enters.
        self._sends_apart: bool = getattr(iterator, "_enters_scopes", True)
        #: Whether a pull may keep the event loop busy, and is not only waited for.
        self._may_block: bool = getattr(iterator, "_may_block", True)
        self._most = _MANY if merges else 1
        self._pull: Coroutine[Any, Any, None] = pulled(iterator, stream, _handed_over)
        #: Whether the head waits for the first piece: a thread always has to be waited for.
        self.holds_head = isinstance(iterator, ThreadedIterator)
        #: What the iterator waits for: a future, or ``None`` for its next turn.
        self._waits_for: Any = _FULL
        self._is_over = False
        #: What the iterator raised.
        self._error: BaseException | None = None

    async def run(self) -> None:
        """Send the head and what the iterator brings."""
        # One coroutine, not two: it is kept for as long as the stream is open.
        stream, pull = self._stream, self._pull
        send_while_waiting = self.send_beside if self._sends_apart else self.send_alone
        messages, since = 0, perf_counter()
        try:
            stream.begin()
            self._step(pull.send, None)
            while not self._is_over:
                if self._waits_for is _FULL:
                    is_slow = perf_counter() - since > _SLOW
                    while (message := stream.take()) is not None:
                        await self.send_alone(message)
                    if stream.limit < self._most:
                        stream.limit *= 4
                    messages += 1
                    if is_slow or messages % _TURN == 0:
                        await asyncio.sleep(0)
                    since = perf_counter()
                    stream.begin()
                    self._step(pull.send, None)
                    continue
                if stream.has_pieces or not self.holds_head:
                    while (message := stream.take()) is not None:
                        await send_while_waiting(message)
                    if self._is_over or self._waits_for is _FULL:
                        continue
                if self._sends_apart:
                    stream.expect_as_many()
                await self._wait()
                since = perf_counter()
            if self._error is None or (stream.has_pieces and isinstance(self._error, Exception)):
                while (message := stream.take()) is not None:
                    await self.send_alone(message)
            if self._error is not None:
                raise self._error
        except GeneratorExit:
            pull.close()
            raise
        except BaseException:
            if self._waits_for is _FULL:
                pull.close()
            elif not self._is_over:
                self._interruption.call()
                stream.limit = 0
                await _finished(pull, self._waits_for)
            raise

    @coroutine
    def _wait(self) -> Generator[Any, Any, None]:
        """Wait for what the iterator waits for, and run it on."""
        try:
            value = yield self._waits_for
        except GeneratorExit:
            raise
        except BaseException as error:
            is_interrupted = self._interruption.is_called
            if is_interrupted:
                # Whatever the iterator makes of it, nothing more is pulled.
                self._stream.limit = 0
            self._step(self._pull.throw, error)
            if is_interrupted and self._error is None:
                raise
        else:
            if not self._may_block:
                self._stream.begin()
            self._step(self._pull.send, value)

    def _step(self, step: Callable[[Any], Any], argument: Any) -> None:
        """Run the iterator up to where it waits, or to its end."""
        try:
            self._waits_for = step(argument)
        except StopIteration:
            self._is_over = True
        except BaseException as error:
            self._is_over, self._error = True, error

    async def send_alone(self, message: Message) -> None:
        """Send a message when the iterator stands at no wait of a program's."""
        # Not by ``sent``: it is once more a coroutine.
        try:
            await self._send(message)
        except OSError as error:
            raise SendError(error) from error

    async def send_beside(self, message: Message) -> None:
        """Send a message while a generator waits, perhaps in a scope.

        A cancellation is meant for the iterator as well, which may have set itself an alarm: if it
        knows what to do with it, the message is sent nonetheless.
        """
        if not self._sends_apart:
            await sent(self.sending, message)
            return
        sending, is_interrupted = Sending(self.sending, message), False
        taken = sending.taken

        def tell() -> None:
            # The iterator may have shielded the task, so that it does not feel the scope.
            if not taken.done():
                taken.set_result(Interrupted())

        self._interruption.told = tell
        try:
            while not taken.done():
                try:
                    await self._beside(taken, is_interrupted)
                except asyncio.CancelledError as error:
                    is_interrupted = True
                    if taken.cancelled():
                        taken = sending.again()
                    self._interrupt(error)
                    if self._error is None and self._interruption.is_called:
                        self._error = error
                except Exception:
                    await sending.abandon()
                    raise
                if self._error is not None:
                    await sending.abandon()
                    raise self._error
            failure = taken.result()
            if isinstance(failure, Interrupted):
                await sending.abandon()
        finally:
            sending.end()
            self._interruption.told = bool
        if isinstance(failure, OSError):
            raise SendError(failure) from failure
        if failure is not None:
            raise failure

    def sending(self, message: Message) -> Awaitable[Any]:
        """Begin to send a message: return what is awaited until it is taken."""
        return self._send(message)

    async def _beside(self, taken: asyncio.Future[Any], is_interrupted: bool) -> None:
        """Wait until the message is taken.

        An iterator that was interrupted goes on meanwhile: it may be cleaning up.
        """
        is_running = is_interrupted and not self._is_over and self._waits_for is not _FULL
        if not is_running:
            await self.settled([taken])
            return
        if self._waits_for is None:
            await asyncio.sleep(0)
        else:
            await self.settled([taken, self._waits_for])
        if self._waits_for is None or self._waits_for.done():
            self._step(self._pull.send, None)

    async def settled(self, futures: list[Any]) -> None:
        """Wait until one of the futures is done. A single one may be cancelled with this."""
        if len(futures) == 1:
            await futures[0]
        else:
            await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)

    def _interrupt(self, error: asyncio.CancelledError) -> None:
        if self._is_over or self._waits_for is _FULL:
            self._error = error
            return
        if self._waits_for is not None:
            self._waits_for.cancel()
        self._step(self._pull.throw, error)


async def _finished(running: Coroutine[Any, Any, Any], waits_for: Any) -> None:
    """Let a coroutine that is run by hand come to its end, in a cancelled scope.

    So each of its waits is cancelled, except what it shields.
    """
    while True:
        try:
            step, argument = running.send, await passed_on(waits_for)
        except GeneratorExit:
            running.close()
            raise
        except BaseException as error:
            step, argument = running.throw, error
        try:
            waits_for = step(argument)
        except (StopIteration, asyncio.CancelledError):
            return
        except Exception:
            logger.exception("a stream that was interrupted failed")
            return
        if waits_for is _FULL:
            running.close()
            return


async def _iterate(stream: StreamMessages, iterator: Any, send: Send, merges: bool) -> None:
    """Send a stream where coroutines cannot be run by hand."""
    lock = anyio.Lock()

    async def flush() -> None:
        async with lock:
            await send_taken(stream, send)
        stream.begin()
        if stream.limit == 1 and merges and isinstance(iterator, ThreadedIterator):
            stream.limit = _MANY

    async def pull() -> None:
        try:
            await pulled(iterator, stream, flush)
        except Exception:
            if stream.has_pieces:
                await flush()
            raise
        await flush()

    if isinstance(iterator, ThreadedIterator):
        await pull()
    else:
        await beside(pull, (flush, False))
