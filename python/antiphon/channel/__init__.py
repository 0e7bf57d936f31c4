"""A hub for server-sent events: what is published goes to all subscribers.

A client that connects again gets exactly what it has missed. An event is encoded and stored once,
however many listen, and a subscriber that does not read holds nothing.
"""

from __future__ import annotations

from typing import NamedTuple

from antiphon import _antiphon
from antiphon.channel._subscription import Subscription
from antiphon.channel._topics import Topics

__all__ = ["Counters", "EventChannel", "Subscription", "Topics"]


class Counters(NamedTuple):
    """What a channel has done so far, and holds now.

    Example:
        >>> from antiphon.channel import EventChannel
        >>> channel = EventChannel()
        >>> subscription = channel.subscribe()
        >>> _ = channel.publish({"data": "hello"})
        >>> counters = channel.counters
        >>> counters.subscribers, counters.published, counters.held_bytes
        (1, 1, 31)
    """

    subscribers: int
    """The subscribers that there are now."""
    published: int
    """The events that were published."""
    delivered: int
    """The events that subscribers took, each counted once for each subscriber that took it."""
    lagged: int
    """How often a subscriber fell too far behind."""
    dropped: int
    """The events that slow subscribers missed, each counted once for each subscriber."""
    held_events: int
    """The events that the channel holds now."""
    held_bytes: int
    """The bytes of the events that the channel holds now."""


class EventChannel(_antiphon.EventChannel):
    r"""A channel of events, within one process.

    What one process publishes reaches the subscribers of that process alone. With several workers,
    each has a channel of its own: a client hears what is published in the worker that it is
    connected to, and after a reconnect to another it gets ``resync`` instead of what it has missed.
    So serve the events by one process, or use the channels of :mod:`antiphon.channel.redis`, which
    all processes share.

    Args:
        history_events: How many events are kept for clients that connect again; 1000 by default.
        history_bytes: How many bytes of them; 1 MiB by default.
        queue_events: How many events a subscriber may be behind; 256 by default, 1 at least.
        queue_bytes: How many bytes of them; 4 MiB by default.
        slow: What happens to one who is further behind: ``"disconnect"`` ends its subscription, and
            its client connects again; ``"drop_oldest"`` leaves out what is too old; ``"resync"``
            sends the resync event instead of all it has missed.
        newcomers: What a subscriber without a last event id gets: ``"live"``, what is published
            from now on, or ``"history"``, what is kept and then that. An ``EventSourceResponse``
            first sends the id of the newest event, without an event, so that a client whose
            connection breaks before its first event misses nothing either.
        resync: The event that tells a client that it has missed some, in any form that ``publish``
            takes. By default its name is ``resync`` and its data empty, and its id is that of the
            newest event; a page listens by ``addEventListener("resync", …)`` and loads anew what it
            shows. Text alone has no name: it would be an event like any other.
        epoch: The name that ids begin with; random by default. It has to be a new one after each
            restart, such as the time of the start: a client that comes back with an id from before
            must be told that it has missed something, not be given what comes after a number that
            means another event now.
        repeatable_ids: Number the events 1, 2, 3 and so on, again from 1 after each restart: for
            tests, and for channels that end with their clients. A client that comes back after a
            restart is then not told that it has missed something.

    Raises:
        ValueError: If a word is unknown, the epoch is empty or given with ``repeatable_ids``, or a
            client would misread the event or the ids.

    Example:
        >>> import asyncio
        >>> from antiphon.channel import EventChannel
        >>> channel = EventChannel(repeatable_ids=True)
        >>> async def read():
        ...     subscription = channel.subscribe()
        ...     channel.publish({"data": "hello"})
        ...     channel.close()
        ...     return [events async for events in subscription]
        >>> asyncio.run(read())
        [b'id: 1\r\ndata: hello\r\n\r\n']
    """

    def subscribe(self, last_event_id: str | bytes | None = None) -> Subscription:
        """Subscribe, to what is published from now on or since an event.

        Args:
            last_event_id: The ``Last-Event-ID`` of the request, if it has one: with Starlette and
                FastAPI ``request.headers.get("last-event-id")``. It may be anything.

        Returns:
            What an ``EventSourceResponse`` takes as its content.

        Example:
            >>> from antiphon.channel import EventChannel
            >>> from antiphon.sse import EventSourceResponse
            >>> channel = EventChannel()
            >>> response = EventSourceResponse(channel.subscribe())
            >>> channel.counters.subscribers
            1
        """
        return Subscription(self, last_event_id)

    @property
    def counters(self) -> Counters:
        """What the channel has done so far, and holds now."""
        return Counters(**self._counters())

    def __repr__(self) -> str:
        """Show how many listen, and what the channel holds."""
        subscribers, *_, events, size = self.counters
        return (
            f"<{type(self).__name__} subscribers={subscribers} "
            f"held_events={events} held_bytes={size}>"
        )
