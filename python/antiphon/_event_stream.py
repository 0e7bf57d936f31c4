"""Streams of events: as other streams, with pings while they are idle, and with the server's end.

The table tells who wins where two things happen at once to a stream:

- *leave*: the client leaves; *end*: the server ends, and the grace period is over
- *message*, *ping*: an event or a ping is being sent; *last message*: the clean end is
- *timeout*: the ``send_timeout`` of a message passes
- *cancel*: somebody else cancels the task

=====================  =============================================================================
at once                who wins, and the tests that show it
=====================  =============================================================================
leave, message         The leave: the message is dropped, and the stream ends quietly.
                       test_a_client_that_leaves_amid_a_message
leave, ping            The leave.
                       test_a_client_that_leaves_amid_a_ping
leave, ping is due     The leave: no ping interrupts the iterator's cleanup.
                       test_a_ping_breaks_no_cleanup_off
leave, timeout         The first of the two.
                       test_a_client_that_leaves_amid_a_message
                       test_a_client_that_takes_nothing
leave, iterator fails  The first of the two.
                       test_a_client_that_leaves_as_the_iterator_fails
leave, end             Both: the stream ends quietly. A last message may go to nobody.
                       test_a_client_that_leaves_as_the_server_ends
end, iterator waits    The end: a last message.
                       test_shutdown
end, message           The message, for half a second; then a last message, if it was taken.
                       test_a_message_that_is_being_sent_comes_before_the_end
                       test_a_shutdown_while_a_client_takes_nothing
end, last message      The last message: none follows it.
                       test_the_end_comes_once
                       test_a_shutdown_while_a_client_does_not_take_the_end
end, ping              The ping, as any message.
                       test_the_server_ends_amid_a_ping
                       test_the_server_ends_amid_a_ping_that_is_not_taken
end, ping is due       The end: no ping interrupts the iterator's cleanup.
                       test_a_ping_breaks_no_cleanup_off
end, timeout           The first of the two; on trio the end.
                       test_the_server_ends_while_a_message_is_timed
end, cancel            The end, from the moment that the server tells it: a last message.
                       test_a_server_that_cancels_in_the_grace_period
                       test_a_task_that_is_cancelled_in_the_grace_period_ends_as_others_do
                       test_a_cancellation_as_the_server_ends
end, cancel, message   The cancellation, if a message is being sent: no last message.
                       test_a_cancellation_amid_a_message_in_the_grace_period
end, iterator ends     The iterator, in the grace period; then both: one last message.
                       test_a_grace_period
                       test_an_iterator_that_ends_as_the_server_does
end, iterator fails    The iterator, in the grace period: no last message.
                       test_an_iterator_that_fails_in_the_grace_period
end, cleanup           The cleanup: what the iterator shields, and, if it stands at a ``yield``, its
                       end for the ``cleanup_timeout``. Whatever else it waits for is cancelled.
                       test_a_shutdown_does_not_wait_for_a_cleanup
                       test_a_shutdown_does_not_wait_for_the_cleanup_of_an_idle_iterator
ping is due, message   The message: no ping. On trio the ping waits for its turn.
                       test_no_ping_comes_amid_a_message
                       test_pings_only_when_idle
ping, event            The ping: the event waits for it, and is sent.
                       test_an_event_that_waits_for_a_ping_is_not_left_out
ping, iterator ends    The ping: the last message waits for it.
                       test_no_ping_follows_the_last_message
                       test_an_iterator_that_ends_amid_a_ping
ping, iterator fails   The iterator: no last message.
                       test_an_iterator_that_fails_amid_a_ping
ping fails, iterator   The ping: its error ends the stream, without a last message.
                       test_a_ping_that_fails_ends_the_stream
timeout, message       The timeout: an error, and no last message.
                       test_a_client_that_takes_nothing
                       test_a_ping_that_is_not_taken_in_time
cancel, iterator       The cancellation: no last message.
                       test_a_cancellation_without_an_end_of_the_server_leaves_the_stream_incomplete
cancel, message        The cancellation: the message is dropped. So is a ping.
                       test_a_cancellation_amid_a_message
event, iterator fails  The event: what came before the error is sent.
                       test_what_came_before_an_iterators_error_is_sent
=====================  =============================================================================

The leave, the end, the timeout and a ping that fails interrupt the iterator by one scope of
anyio's, so that what it shields completes, and what it swallows comes again. Only *cancel* breaks a
shield on asyncio.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from typing import Any

import anyio

from antiphon import _shutdown
from antiphon._antiphon import StreamMessages
from antiphon._disconnect import Interruption, beside, cancelling
from antiphon._stream import Puller, SendError, pulled, send_taken, sent
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


class Sending(Enum):
    """What is being sent to the client."""

    #: No message: all that were sent have been taken.
    NOTHING = "nothing"
    PING = "ping"
    #: An event, or the head. On asyncio it may wait for a ping to be taken.
    EVENT = "event"
    #: The last message. Whatever becomes of it, no other follows.
    LAST = "last"
    #: No message: the last one has been taken.
    COMPLETE = "complete"


class Progress:
    """How far a stream has come, as all that send it see it."""

    __slots__ = ("sending",)

    def __init__(self) -> None:
        self.sending = Sending.NOTHING

    def is_amid_message(self) -> bool:
        """Whether the client has not taken all of what was sent."""
        return self.sending not in (Sending.NOTHING, Sending.COMPLETE)

    def is_complete(self) -> bool:
        """Whether there is nothing more to send."""
        return self.sending in (Sending.LAST, Sending.COMPLETE)


class Phase(Enum):
    """How a stream on asyncio stands.

    | phase         | until                                                                        |
    |---------------|------------------------------------------------------------------------------|
    | ``OPEN``      | the grace period is over, or a ping fails                                    |
    | ``EXPIRED``   | the message that is being sent is taken, or half a second has passed         |
    | ``ENDING``    | the iterator has cleaned up                                                  |
    """

    #: Events are sent, and pings between them.
    OPEN = "open"
    #: The server's end ends the stream. What is being sent comes first.
    EXPIRED = "expired"
    #: The stream was interrupted here; the iterator may be cleaning up.
    ENDING = "ending"


async def iterate(
    stream: StreamMessages,
    iterator: Any,
    send: Send,
    merges: bool,
    interruption: Interruption,
    options: EventOptions,
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
            puller = EventPuller(stream, iterator, send, merges, interruption, options, progress)
            await puller.run()
    except anyio.get_cancelled_exc_class():
        if options.shutdown.is_told:
            # The server waits no longer.
            await _say_goodbye(stream, send, progress)
        raise
    except Expired:
        await _say_goodbye(stream, send, progress)
        raise
    if not progress.is_complete():
        interruption.call()
        await _say_goodbye(stream, send, progress)
        raise Expired
    return False


async def _say_goodbye(stream: StreamMessages, send: Send, progress: Progress) -> None:
    """End a stream that was cut short, if it was not cut amid a message."""
    if progress.sending is Sending.NOTHING:
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
        interruption: Interruption,
        options: EventOptions,
        progress: Progress,
    ) -> None:
        super().__init__(stream, iterator, send, merges, interruption)
        self.holds_head = False
        # A message is timed beside the task that sends it.
        self._sends_apart = self._sends_apart or options.send_timeout is not None
        self._options, self._progress = options, progress
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        self._last = self._loop.time()
        self._alarm: asyncio.TimerHandle | None = None
        self._expiry: asyncio.TimerHandle | None = None
        self._pinging: asyncio.Task[None] | None = None
        self._phase = Phase.OPEN
        #: What a ping has failed with.
        self._failure: Exception | None = None
        #: How often others had cancelled the task, before this.
        self._before = cancelling(self._task)

    async def run(self) -> None:
        """Send all events, or those until the server's end."""
        try:
            self._options.shutdown.when_told(self._begin_shutdown)
            if self._options.ping_interval > 0:
                self._alarm = self._loop.call_later(self._options.ping_interval, self._ring)
            await super().run()
            if not self._is_cut_short():
                self._progress.sending = Sending.LAST
                await self.send_alone(self._stream.end())
        except asyncio.CancelledError:
            if self._failure is None:
                raise
        finally:
            self._options.shutdown.when_told(bool)
            for pending in (self._alarm, self._expiry, self._pinging):
                if pending is not None:
                    pending.cancel()
        if self._failure is not None:
            raise self._failure

    def _is_cut_short(self) -> bool:
        """Whether the server's end or a ping that failed ends the stream."""
        return self._phase is not Phase.OPEN or self._failure is not None

    def _begin_shutdown(self) -> None:
        if self._options.shutdown_event is not None:
            self._options.shutdown_event.set()
        self._expiry = self._loop.call_later(self._options.grace_period, self._expire)

    def _expire(self) -> None:
        if self._phase is Phase.OPEN:
            self._phase = Phase.EXPIRED
        if self._progress.is_amid_message():
            # It is sent first, if the client takes it.
            self._expiry = self._loop.call_later(_LAST_MESSAGE_TIMEOUT, self._end)
        else:
            self._end()

    def _end(self) -> None:
        self._phase = Phase.ENDING
        self._interruption.call()

    def _is_interrupted(self) -> bool:
        """Whether the iterator may be cleaning up, amid which no ping is sent."""
        is_ours = self._phase is Phase.ENDING or self._interruption.is_called
        return is_ours or cancelling(self._task) > self._before

    def _ring(self) -> None:
        """See whether nothing was sent for an interval. It is not set anew with each event."""
        interval = self._options.ping_interval
        idle = self._loop.time() - self._last
        if idle >= interval:
            is_idle = not self._progress.is_amid_message()
            if is_idle and self._phase is Phase.OPEN and not self._is_interrupted():
                self._pinging = self._loop.create_task(self._ping())
                self._pinging.add_done_callback(self._has_pinged)
            idle = 0
        self._alarm = self._loop.call_later(interval - idle, self._ring)

    async def _ping(self) -> None:
        """Send a ping, beside the task that waits for the iterator."""
        timeout = self._options.send_timeout
        send = self._send if timeout is None else timed(self._send, timeout)
        if self._progress.sending is Sending.NOTHING:
            self._progress.sending = Sending.PING
        try:
            await sent(send, self._stream.message(self._options.ping()))
        except Exception as error:
            self._failure = error
            self._end()
        else:
            self._last = self._loop.time()
            if self._progress.sending is not Sending.PING:
                # A message waits for this, and goes on.
                return
            self._progress.sending = Sending.NOTHING
            if self._phase is Phase.EXPIRED:
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
            await asyncio.wait([self._pinging])
        await self._send(message)

    async def send_alone(self, message: Message) -> None:
        if self._options.send_timeout is not None or self._pinging is not None:
            await self.send_beside(message)
            return
        progress = self._progress
        if progress.sending is Sending.NOTHING:
            progress.sending = Sending.EVENT
        try:
            await self._send(message)
        except OSError as error:
            raise SendError(error) from error
        self._has_sent()

    async def send_beside(self, message: Message) -> None:
        if self._progress.sending is not Sending.LAST:
            self._progress.sending = Sending.EVENT
        await super().send_beside(message)
        self._has_sent()

    def _has_sent(self) -> None:
        progress = self._progress
        is_last = progress.sending is Sending.LAST
        progress.sending = Sending.COMPLETE if is_last else Sending.NOTHING
        self._last = self._loop.time()
        if self._phase is Phase.EXPIRED:
            self._end()
            raise Expired

    async def settled(self, futures: list[Any]) -> None:
        timeout = self._options.send_timeout
        if timeout is None:
            await super().settled(futures)
            return
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
        progress.sending = Sending.EVENT
        await sent(put_in_time, message)
        progress.sending = Sending.NOTHING
        last = anyio.current_time()

    async def flush() -> None:
        async with lock:
            while (message := stream.take()) is not None:
                await put(message)

    async def pull() -> None:
        try:
            await pulled(iterator, stream, flush)
        except Exception:
            if stream.has_pieces:
                await flush()
            raise
        await flush()
        async with lock:
            await put(stream.end())
        progress.sending = Sending.COMPLETE

    async def ping() -> None:
        while True:
            await anyio.sleep(max(last + options.ping_interval - anyio.current_time(), 0.001))
            if last + options.ping_interval <= anyio.current_time():
                async with lock:
                    # The last message may have been sent meanwhile.
                    if not progress.is_complete():
                        await put(stream.message(options.ping()))

    async def expire() -> None:
        await told.wait()
        if options.shutdown_event is not None:
            options.shutdown_event.set()
        await anyio.sleep(options.grace_period)
        with anyio.move_on_after(_LAST_MESSAGE_TIMEOUT):
            # What is being sent comes first.
            await lock.acquire()
        stream.limit = 0

    others = [(flush, False), (expire, True)]
    if options.ping_interval > 0:
        others.append((ping, False))
    options.shutdown.when_told(told.set)
    await beside(pull, *others)
