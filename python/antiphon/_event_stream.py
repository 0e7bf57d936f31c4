"""Streams of events: as other streams, but for pings while they are idle, and the server's end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import anyio

from antiphon import _shutdown
from antiphon._antiphon import StreamMessages
from antiphon._disconnect import beside, cancelling
from antiphon._stream import Puller, SendError, cleanup_cancelled, pulled, send_taken, sent
from antiphon.types import Message, Send

#: How long a client that reads slowly is waited for when the server ends, in seconds.
_LAST_MESSAGE_TIMEOUT = 0.5


class SendTimeoutError(TimeoutError):
    """A message was not taken within the ``send_timeout`` of a response."""


class Expired(Exception):
    """The server's end came before that of the events."""


def _too_slow(timeout: float | None) -> SendTimeoutError:
    return SendTimeoutError(f"the client did not take a message within {timeout} seconds")


def timed(send: Send, timeout: float) -> Send:
    """Make a ``send`` that gives up."""

    async def send_in_time(message: Message) -> None:
        with anyio.move_on_after(timeout) as scope:
            await send(message)
        if scope.cancelled_caught:
            raise _too_slow(timeout)

    return send_in_time


@dataclass
class EventOptions:
    """What a response asks of its delivery."""

    ping_interval: float
    ping: Callable[[], bytes]
    send_timeout: float | None
    shutdown_event: Any
    grace_period: float
    cleanup_timeout: float | None
    #: Tells when the server ends.
    shutdown: _shutdown.OpenStream


class Progress:
    """How far a stream has come."""

    is_amid_message = False
    is_complete = False


async def iterate(
    stream: StreamMessages, iterator: Any, send: Send, merges: bool, options: EventOptions
) -> bool:
    """Send the head and the events, until they or the server come to their end.

    Returns:
        Whether the client is still to be told so: never.

    Raises:
        Expired: If the server came first.
    """
    progress = Progress()
    try:
        if asyncio._get_running_loop() is None:
            await _iterate(stream, iterator, send, options, progress)
        else:
            await EventPuller(stream, iterator, send, merges, options, progress).run()
    except anyio.get_cancelled_exc_class():
        if options.shutdown.is_told:
            # The server waits no longer.
            await _say_goodbye(stream, send, progress)
        raise
    if not progress.is_complete:
        await _say_goodbye(stream, send, progress)
        raise Expired
    return False


async def _say_goodbye(stream: StreamMessages, send: Send, progress: Progress) -> None:
    """End a stream that was cut short, if it was not cut amid a message."""
    if not progress.is_complete and not progress.is_amid_message:
        with anyio.move_on_after(_LAST_MESSAGE_TIMEOUT, shield=True), suppress(SendError):
            await send_taken(stream, send)
            await sent(send, stream.end())


class EventPuller(Puller):
    """One stream of events on asyncio."""

    def __init__(
        self,
        stream: StreamMessages,
        iterator: AsyncIterable[Any],
        send: Send,
        merges: bool,
        options: EventOptions,
        progress: Progress,
    ) -> None:
        super().__init__(stream, iterator, send, merges)
        self.holds_head = False
        self._options, self._progress = options, progress
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        self._last = self._loop.time()
        self._alarm: asyncio.TimerHandle | None = None
        self._expiry: asyncio.TimerHandle | None = None
        self._pinging: asyncio.Task[None] | None = None
        #: Whether a message waits for a ping: it was taken, and those after it may not go first.
        self._is_awaited = False
        #: What a ping has failed with.
        self._failure: Exception | None = None
        #: Whether the server's end ends the stream.
        self._is_expired = False
        #: How often this has cancelled its own task, to wake it.
        self._cancellations = 0
        #: How often others had, before this.
        self._before = cancelling(self._task)

    async def run(self) -> None:
        """Send all events, or those until the server's end."""
        try:
            self._options.shutdown.when_told(self._begin_shutdown)
            if self._options.ping_interval > 0:
                self._alarm = self._loop.call_later(self._options.ping_interval, self._ring)
            await super().run()
            if not self._is_expired and self._failure is None:
                # Whatever becomes of this message, no other follows it.
                self._progress.is_complete = True
                await self.send_alone(self._stream.end())
        except asyncio.CancelledError:
            if not self._is_ours() or not (self._is_expired or self._failure):
                raise
        finally:
            self._is_ours()
            self._options.shutdown.when_told(bool)
            for pending in (self._alarm, self._expiry, self._pinging):
                if pending is not None:
                    pending.cancel()
        if self._failure is not None:
            raise self._failure

    def _begin_shutdown(self) -> None:
        if self._options.shutdown_event is not None:
            self._options.shutdown_event.set()
        self._expiry = self._loop.call_later(self._options.grace_period, self._expire)

    def _expire(self) -> None:
        self._is_expired = True
        if self._progress.is_amid_message:
            # It is sent first, if the client takes it.
            self._expiry = self._loop.call_later(_LAST_MESSAGE_TIMEOUT, self._end)
        else:
            self._end()

    def _end(self) -> None:
        self._cancel()
        self._limit_cleanup()

    def _limit_cleanup(self) -> None:
        """Let the iterator clean up, for as long as it may."""
        timeout = self._options.cleanup_timeout
        if self._expiry is not None:
            self._expiry.cancel()
        if timeout is not None:
            self._expiry = self._loop.call_later(timeout, self._end_cleanup)

    def _end_cleanup(self) -> None:
        cleanup_cancelled(self._options.cleanup_timeout)
        self._cancel()

    def _cancel(self) -> None:
        if self._task is not None:
            self._cancellations += 1
            self._task.cancel()

    def _is_ours(self) -> bool:
        """Whether nobody else has cancelled the task."""
        uncancel: Callable[[], int] = getattr(self._task, "uncancel", lambda: 0)
        left = 0
        while self._cancellations:
            self._cancellations -= 1
            left = uncancel()
        return left <= self._before

    def _is_interrupted(self) -> bool:
        """Whether the iterator may be cleaning up, which another cancellation would break off."""
        return self._cancellations > 0 or cancelling(self._task) > self._before

    def _ring(self) -> None:
        """See whether nothing was sent for an interval. It is not set anew with each event."""
        interval = self._options.ping_interval
        idle = self._loop.time() - self._last
        if idle >= interval:
            if not (self._progress.is_amid_message or self._is_expired or self._is_interrupted()):
                self._pinging = self._loop.create_task(self._ping())
                self._pinging.add_done_callback(self._has_pinged)
            idle = 0
        self._alarm = self._loop.call_later(interval - idle, self._ring)

    async def _ping(self) -> None:
        """Send a ping, beside the task that waits for the iterator."""
        timeout = self._options.send_timeout
        send = self._send if timeout is None else timed(self._send, timeout)
        self._progress.is_amid_message = True
        try:
            await sent(send, self._stream.message(self._options.ping()))
        except Exception as error:
            self._failure = error
            if not self._is_interrupted():
                self._cancel()
        else:
            self._last = self._loop.time()
            if self._is_awaited:
                return
            self._progress.is_amid_message = False
            if self._is_expired and not self._is_interrupted():
                self._end()

    def _has_pinged(self, _: object) -> None:
        # Not the task itself: it may be over before it is known.
        self._pinging = None

    def sending(self, message: Message) -> Any:
        # A coroutine of ours can be timed, whatever ``send`` returns.
        if self._pinging is None and self._options.send_timeout is None:
            return super().sending(message)
        return self._send_after(message)

    async def _send_after(self, message: Message) -> None:
        while self._pinging is not None:
            self._is_awaited = True
            await asyncio.wait([self._pinging])
        self._is_awaited = False
        self._progress.is_amid_message = True
        await self._send(message)

    async def send_alone(self, message: Message) -> None:
        if self._options.send_timeout is not None or self._pinging is not None:
            await self.send_beside(message)
            return
        self._progress.is_amid_message = True
        await sent(self._send, message)
        self._has_sent()

    async def send_beside(self, message: Message) -> None:
        self._progress.is_amid_message = True
        await super().send_beside(message)
        self._has_sent()

    def _has_sent(self) -> None:
        self._progress.is_amid_message = False
        self._last = self._loop.time()
        if self._is_expired and not self._cancellations:
            self._limit_cleanup()
            raise asyncio.CancelledError

    async def settled(self, futures: list[Any]) -> None:
        timeout = self._options.send_timeout
        done, _ = await asyncio.wait(futures, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        if not done:
            raise _too_slow(timeout)


async def _iterate(
    stream: StreamMessages, iterator: Any, send: Send, options: EventOptions, progress: Progress
) -> None:
    """Send events where coroutines cannot be run by hand."""
    lock, told = anyio.Lock(), anyio.Event()
    last = anyio.current_time()
    put_in_time = send if options.send_timeout is None else timed(send, options.send_timeout)

    async def put(message: Message) -> None:
        nonlocal last
        progress.is_amid_message = True
        await sent(put_in_time, message)
        progress.is_amid_message = False
        last = anyio.current_time()

    async def flush() -> None:
        async with lock:
            while (message := stream.take()) is not None:
                await put(message)

    async def pull() -> None:
        try:
            await pulled(iterator, stream.push, flush)
        except Exception:
            if stream.has_pieces:
                await flush()
            raise
        await flush()
        async with lock:
            await put(stream.end())
        progress.is_complete = True

    async def ping() -> None:
        while True:
            await anyio.sleep(max(last + options.ping_interval - anyio.current_time(), 0.001))
            if last + options.ping_interval <= anyio.current_time():
                async with lock:
                    await put(stream.message(options.ping()))

    async def expire() -> None:
        await told.wait()
        if options.shutdown_event is not None:
            options.shutdown_event.set()
        await anyio.sleep(options.grace_period)
        with anyio.move_on_after(_LAST_MESSAGE_TIMEOUT):
            # What is being sent comes first.
            await lock.acquire()

    others = [(flush, False), (expire, True)]
    if options.ping_interval > 0:
        others.append((ping, False))
    options.shutdown.when_told(told.set)
    await beside(pull, *others)
