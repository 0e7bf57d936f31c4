"""Streams of events: as other streams, but for pings while they are idle, and the server's end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Callable
from dataclasses import dataclass
from typing import Any

import anyio

from antiphon import _shutdown
from antiphon._antiphon import Stream
from antiphon._stream import Puller, beside, cleanup_cancelled, pulled, send_taken, sent
from antiphon.types import Message, Send

#: How long a client that reads slowly is waited for when the server ends, in seconds.
_GOODBYE = 0.5


class SendTimeoutError(TimeoutError):
    """A message was not taken within the ``send_timeout`` of a response."""


class Expired(Exception):
    """The server's end came before that of the events."""


def timed(send: Send, timeout: float) -> Send:
    """Make a ``send`` that gives up."""

    async def send_in_time(message: Message) -> None:
        with anyio.move_on_after(timeout) as scope:
            await send(message)
        if scope.cancelled_caught:
            raise SendTimeoutError

    return send_in_time


@dataclass
class Terms:
    """What a response asks of its delivery."""

    ping_interval: float
    ping: Callable[[], bytes]
    send_timeout: float | None
    shutdown_event: Any
    grace_period: float
    cleanup_timeout: float | None
    is_shut_down: bool


async def iterate(stream: Stream, iterator: Any, send: Send, merges: bool, terms: Terms) -> bool:
    """Send the head and the events, until they or the server come to their end.

    Returns:
        Whether the client is still to be told so: never.

    Raises:
        Expired: If the server came first.
    """
    if asyncio._get_running_loop() is None:
        is_expired, is_amid_message = await _iterate(stream, iterator, send, terms)
    else:
        puller = EventPuller(stream, iterator, send, merges, terms)
        await puller.run()
        is_expired, is_amid_message = puller.is_expired, puller.is_amid_message
    if not is_expired:
        return False
    if not is_amid_message:
        with anyio.move_on_after(_GOODBYE):
            await send_taken(stream, send)
            await sent(send, stream.end())
    raise Expired


class EventPuller(Puller):
    """One stream of events on asyncio."""

    def __init__(
        self, stream: Stream, iterator: AsyncIterable[Any], send: Send, merges: bool, terms: Terms
    ) -> None:
        super().__init__(stream, iterator, send, merges)
        self._holds_head = False
        self._terms = terms
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        self._last = self._loop.time()
        self._is_due = False
        self._waiter: asyncio.Future[None] | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._expiry: asyncio.TimerHandle | None = None
        self._cleanup_end: asyncio.TimerHandle | None = None
        self._cancellations = 0
        #: Whether the server's end has ended the stream, and whether amid a message.
        self.is_expired = self.is_amid_message = False

    async def run(self) -> None:
        """Send all events, or those until the server's end."""
        try:
            with _shutdown.Stream(self._begin_shutdown):
                if self._terms.is_shut_down:
                    self._begin_shutdown()
                await super().run()
                if not self.is_expired:
                    await self._send_alone(self._stream.end())
            if self.is_expired:
                self._is_ours()
        except asyncio.CancelledError:
            if not self.is_expired or not self._is_ours():
                raise
        finally:
            for timer in (self._alarm, self._expiry, self._cleanup_end):
                if timer is not None:
                    timer.cancel()

    def _begin_shutdown(self) -> None:
        if self._expiry is not None:
            return
        if self._terms.shutdown_event is not None:
            self._terms.shutdown_event.set()
        self._expiry = self._loop.call_later(self._terms.grace_period, self._expire)

    def _expire(self) -> None:
        self.is_expired = True
        self._cancel()
        if self._terms.cleanup_timeout is not None:
            self._cleanup_end = self._loop.call_later(
                self._terms.cleanup_timeout, self._end_cleanup
            )

    def _end_cleanup(self) -> None:
        """Cancel an iterator that was waiting for something, and has not ended since."""
        cleanup_cancelled(self._terms.cleanup_timeout)
        self._cancel()

    def _cancel(self) -> None:
        if self._task is not None:
            self._cancellations += 1
            self._task.cancel()

    def _is_ours(self) -> bool:
        """Whether nobody else has cancelled the task."""
        uncancel: Callable[[], int] = getattr(self._task, "uncancel", lambda: 0)
        left = 0
        for _ in range(self._cancellations):
            left = uncancel()
        return left == 0

    async def _wait(self) -> None:
        future = self._waits_for
        if future is None:
            await super()._wait()
            return
        if self._alarm is None and self._terms.ping_interval > 0:
            self._alarm = self._loop.call_later(self._terms.ping_interval, self._ring)
        future.add_done_callback(self._wake)
        try:
            while not future.done():
                if self._is_due:
                    self._is_due = False
                    await self._ping()
                    if self._is_over or self._waits_for is not future:
                        return
                    continue
                self._waiter = self._loop.create_future()
                try:
                    await self._waiter
                except asyncio.CancelledError as error:
                    self._interrupt(error)
                    return
                finally:
                    self._waiter = None
        finally:
            future.remove_done_callback(self._wake)
        self._step(self._pull.send, None)

    async def _ping(self) -> None:
        await self._send_beside(self._stream.message(self._terms.ping()))

    def _wake(self, _: object = None) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _ring(self) -> None:
        """See whether nothing was sent for an interval. It is not set anew with each event."""
        interval = self._terms.ping_interval
        idle = self._loop.time() - self._last
        if idle >= interval:
            self._is_due = True
            self._wake()
            idle = 0
        self._alarm = self._loop.call_later(interval - idle, self._ring)

    async def _send_alone(self, message: Message) -> None:
        if self._terms.send_timeout is not None:
            await self._send_beside(message)
            return
        self.is_amid_message = True
        await sent(self._send, message)
        self.is_amid_message = False
        self._last = self._loop.time()

    async def _send_beside(self, message: Message) -> None:
        self.is_amid_message = True
        await super()._send_beside(message)
        self.is_amid_message = False
        self._is_due = False
        self._last = self._loop.time()

    async def _settled(self, futures: list[Any]) -> None:
        timeout = self._terms.send_timeout
        done, _ = await asyncio.wait(futures, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        if not done:
            raise SendTimeoutError


async def _iterate(stream: Stream, iterator: Any, send: Send, terms: Terms) -> tuple[bool, bool]:
    """Send events where coroutines cannot be run by hand.

    Returns:
        Whether the server's end has ended the stream, and whether amid a message.
    """
    lock, told = anyio.Lock(), anyio.Event()
    last = anyio.current_time()
    put_in_time = send if terms.send_timeout is None else timed(send, terms.send_timeout)
    is_amid_message = is_complete = False

    async def put(message: Message) -> None:
        nonlocal last, is_amid_message
        is_amid_message = True
        await sent(put_in_time, message)
        is_amid_message = False
        last = anyio.current_time()

    async def flush() -> None:
        async with lock:
            while (message := stream.take()) is not None:
                await put(message)

    async def pull() -> None:
        nonlocal is_complete
        try:
            await pulled(iterator, stream.push, flush)
        except Exception:
            if stream.has_pieces:
                await flush()
            raise
        await flush()
        async with lock:
            await put(stream.end())
        is_complete = True

    async def ping() -> None:
        while True:
            await anyio.sleep(max(last + terms.ping_interval - anyio.current_time(), 0.001))
            if last + terms.ping_interval <= anyio.current_time():
                async with lock:
                    await put(stream.message(terms.ping()))

    async def expire() -> None:
        if not terms.is_shut_down:
            await told.wait()
        if terms.shutdown_event is not None:
            terms.shutdown_event.set()
        await anyio.sleep(terms.grace_period)

    others = [(flush, False), (expire, True)]
    if terms.ping_interval > 0:
        others.append((ping, False))
    with _shutdown.Stream(told.set):
        await beside(pull, *others)
    return not is_complete, is_amid_message
