"""One who reads what is published, in whatever event loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from antiphon import _antiphon
from antiphon._wakeup import Turn, running, turn_of


class Subscribable(Protocol):
    """A channel of any kind."""

    def _subscribe(
        self, last_event_id: bytes | None, woken: Callable[[], None]
    ) -> _antiphon.Subscriber: ...


class Subscription:
    """An asynchronous iterator of what is published, encoded; of all there is at a time.

    It may be read in any event loop, one at a time.
    """

    #: Nothing of the program's runs in it.
    _enters_scopes = False
    #: A pull only waits.
    _may_block = False

    def __init__(self, channel: Subscribable, last_event_id: str | bytes | None) -> None:
        if isinstance(last_event_id, str):
            last_event_id = last_event_id.encode("utf-8", "replace")
        self._bell = Bell()
        #: Channels that follow an engine end when nobody has them.
        self._channel = channel
        self._last_event_id = last_event_id
        self._is_read = self._is_closed = False
        #: Whether a newcomer is told its place first, as the client of a response is.
        self.tells_position = False
        self._subscriber = channel._subscribe(last_event_id, self._bell.ring)

    def __aiter__(self) -> Subscription:
        """Return the subscription itself."""
        return self

    async def __anext__(self) -> bytes:
        """Wait until there is something, and return all there is."""
        bell = self._bell
        while True:
            bell.is_rung = False
            if self.tells_position:
                events = self._subscriber.take_position()
                self.tells_position = events is None
                if events == b"":
                    continue
            else:
                events = self._subscriber.take()
            if events is None:
                if self._is_read:
                    raise RuntimeError("a subscription is read by one at a time: subscribe twice")
                waiter = bell.listen()
                # Somebody may have published meanwhile, in another thread.
                if not bell.is_rung:
                    self._is_read = True
                    try:
                        await waiter
                    finally:
                        self._is_read = False
            elif events:
                return events
            else:
                raise StopAsyncIteration

    async def aclose(self) -> None:
        """Unsubscribe."""
        self._is_closed = True
        self._subscriber.close()

    @property
    def _state(self) -> str:
        return "closed" if self._is_closed else "waiting" if self._is_read else "open"

    def __repr__(self) -> str:
        """Show since which event it was subscribed, and whether somebody waits for the next."""
        since = "" if self._last_event_id is None else f" last_event_id={self._last_event_id!r}"
        return f"<{type(self).__name__}{since} {self._state}>"


class Bell:
    """What a publisher rings, in whatever thread, and one subscriber waits for."""

    __slots__ = ("_waiting", "is_rung")

    def __init__(self) -> None:
        self.is_rung = False
        #: Who waits, and for which turn: one thing, as it is rung from other threads.
        self._waiting: tuple[Turn, Any] | None = None

    def listen(self) -> Any:
        """Return what is awaited until it rings."""
        loop = running()
        turn = None if self._waiting is None else self._waiting[0]
        if turn is None or not turn.is_of(loop):
            turn = turn_of(loop)
        waiter = turn.waiter()
        self._waiting = turn, waiter
        return waiter

    def ring(self) -> None:
        self.is_rung = True
        if self._waiting is not None:
            turn, waiter = self._waiting
            turn.wake(waiter)
