"""A hub for server-sent events: what is published goes to all subscribers.

A client that connects again gets exactly what it has missed. An event is encoded and stored once,
however many listen, and a subscriber that does not read holds nothing.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Generator
from typing import Any
from weakref import WeakKeyDictionary, ref

from antiphon import _antiphon

__all__ = ["EventChannel", "Subscription"]


class EventChannel(_antiphon.EventChannel):
    r"""A channel of events.

    Args:
        history_events: How many events are kept for clients that connect again; 1000 if nothing is
            said.
        history_bytes: How many bytes of them; 1 MiB if nothing is said.
        queue_events: How many events a subscriber may be behind; 256 if nothing is said.
        queue_bytes: How many bytes of them; 4 MiB if nothing is said.
        slow: What happens to one who is further behind: ``"disconnect"`` ends its subscription, and
            its client connects again; ``"drop_oldest"`` leaves out what is too old; ``"resync"``
            sends the resync event instead of all it has missed.
        newcomers: What a subscriber without a last event id gets: ``"live"``, what is published
            from now on, or ``"history"``, what is kept and then that.
        resync: The event that tells a client that it has missed some.
        epoch: The name that ids begin with, instead of a random one: of a channel whose events
            outlive the process.

    Raises:
        ValueError: If a word is unknown, or a client would misread the event or the ids.

    Example:
        >>> import asyncio
        >>> from antiphon.channel import EventChannel
        >>> channel = EventChannel(epoch="chat")
        >>> async def read():
        ...     subscription = channel.subscribe()
        ...     channel.publish({"data": "hello"})
        ...     channel.close()
        ...     return [events async for events in subscription]
        >>> asyncio.run(read())
        [b'id: chat-1\r\ndata: hello\r\n\r\n']
    """

    def subscribe(self, last_event_id: str | bytes | None = None) -> Subscription:
        """Subscribe, to what is published from now on or since an event.

        Args:
            last_event_id: The ``Last-Event-ID`` of the request, if it has one. It may be anything.

        Returns:
            What an ``EventSourceResponse`` takes as its content.

        Example:
            >>> from antiphon.channel import EventChannel
            >>> from antiphon.sse import EventSourceResponse
            >>> channel = EventChannel()
            >>> response = EventSourceResponse(channel.subscribe())
            >>> channel.counters["subscribers"]
            1
        """
        if isinstance(last_event_id, str):
            last_event_id = last_event_id.encode("utf-8", "replace")
        return Subscription(self, last_event_id)


class Subscription:
    """An asynchronous iterator of what is published, encoded; of all there is at a time.

    It may be read in any event loop, one at a time.
    """

    def __init__(self, channel: EventChannel, last_event_id: bytes | None) -> None:
        self._bell = _Bell()
        self._subscriber = channel._subscribe(last_event_id, self._bell.ring)

    def __aiter__(self) -> Subscription:
        """Return the subscription itself."""
        return self

    async def __anext__(self) -> bytes:
        """Wait until there is something, and return all there is."""
        bell = self._bell
        while True:
            bell.is_rung = False
            events = self._subscriber.take()
            if events is None:
                waiter = bell.listen()
                # Somebody may have published meanwhile, in another thread.
                if not bell.is_rung:
                    await waiter
            elif events:
                return events
            else:
                raise StopAsyncIteration

    async def aclose(self) -> None:
        """Unsubscribe."""
        self._subscriber.close()


class _Bell:
    """What a publisher rings, in whatever thread, and one subscriber waits for."""

    __slots__ = ("_waiting", "is_rung")

    def __init__(self) -> None:
        self.is_rung = False
        #: Who waits, and for which turn: one thing, as it is rung from other threads.
        self._waiting: tuple[_Turn, Any] | None = None

    def listen(self) -> Any:
        """Return what is awaited until it rings."""
        loop = _running()
        turn = None if self._waiting is None else self._waiting[0]
        if turn is None or not turn.is_of(loop):
            turn = _turn_of(loop)
        waiter = turn.waiter()
        self._waiting = turn, waiter
        return waiter

    def ring(self) -> None:
        self.is_rung = True
        if self._waiting is not None:
            turn, waiter = self._waiting
            turn.wake(waiter)


class _Turn:
    """The next turn of an event loop, in which all are woken that were rung in this one.

    That is what lets events share a message that come one by one, but fast.
    """

    def __init__(self, loop: Any) -> None:
        self._loop = ref(loop)
        self._waiters: deque[Any] = deque()
        self._is_near = False

    def is_of(self, loop: Any) -> bool:
        return self._loop() is loop

    def waiter(self) -> Any:
        """Return what is awaited until it is woken."""
        raise NotImplementedError

    def wake(self, waiter: Any) -> None:
        """Wake who waits, in whatever thread this is."""
        # Who wakes them says so before it looks for them: either this one is seen, or another turn
        # is asked for.
        self._waiters.append(waiter)
        loop = self._loop()
        if loop is not None and not self._is_near:
            self._is_near = True
            try:
                self._soon(loop)
            except RuntimeError:
                # The loop has been closed, and who waited is gone.
                self._waiters.clear()

    def _soon(self, loop: Any) -> None:
        raise NotImplementedError

    def _wake_all(self) -> None:
        self._is_near = False
        while self._waiters:
            self._wake(self._waiters.popleft())

    def _wake(self, waiter: Any) -> None:
        raise NotImplementedError


class _AsyncioTurn(_Turn):
    def waiter(self) -> Any:
        return asyncio.get_running_loop().create_future()

    def _soon(self, loop: asyncio.AbstractEventLoop) -> None:
        if asyncio._get_running_loop() is loop:
            loop.call_soon(self._wake_all)
        else:
            loop.call_soon_threadsafe(self._wake_all)

    def _wake(self, waiter: asyncio.Future[None]) -> None:
        if not waiter.done():
            waiter.set_result(None)


class _TrioTurn(_Turn):
    class _Flag:
        def __init__(self) -> None:
            import trio

            self._event = trio.Event()
            self.set = self._event.set

        def __await__(self) -> Generator[Any, Any, None]:
            return self._event.wait().__await__()

    def waiter(self) -> Any:
        return self._Flag()

    def _soon(self, loop: Any) -> None:
        loop.run_sync_soon(self._wake_all)

    def _wake(self, waiter: _Flag) -> None:
        waiter.set()


_turns: WeakKeyDictionary[Any, _Turn] = WeakKeyDictionary()


def _turn_of(loop: Any) -> _Turn:
    """Return the turn that all wait for in an event loop."""
    turn = _turns.get(loop)
    if turn is None:
        is_asyncio = isinstance(loop, asyncio.AbstractEventLoop)
        turn = _turns[loop] = (_AsyncioTurn if is_asyncio else _TrioTurn)(loop)
    return turn


def _running() -> Any:
    """Return the event loop that runs here: asyncio's, or trio's by its token."""
    loop = asyncio._get_running_loop()
    if loop is not None:
        return loop
    import trio

    return trio.lowlevel.current_trio_token()
