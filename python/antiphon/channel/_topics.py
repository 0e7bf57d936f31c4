"""Several channels in one stream."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from antiphon import _antiphon
from antiphon.channel._subscription import Subscribable, Subscription


class Topics(Subscription):
    r"""A subscription to several channels: one stream, and one connection of a browser.

    The events of each channel come in order; those of different channels come as they are ready.
    The id of each event says where the stream is in every channel, so a client that comes back
    gets what it has missed of each. The id is opaque, has at most 1 KiB, and proves nothing: who
    must not read a channel must not have it among its topics.

    A topic that the client's id does not know begins with a ``resync``; so do all, if the id is
    none of such a stream. The stream ends when one of its channels does, or when it is too slow
    for one.

    Args:
        channels: The channels by the names of their topics, which have to be the same each time a
            client comes back. Each is an ``EventChannel`` or a channel over Redis.
        last_event_id: The ``Last-Event-ID`` of the request, if it has one. It may be anything.

    Raises:
        ValueError: If there are more than 26, of which the id has no room.

    Example:
        >>> import asyncio
        >>> from antiphon.channel import EventChannel, Topics
        >>> news, user = EventChannel(), EventChannel()
        >>> async def read():
        ...     topics = Topics({"news": news, "user:7": user})
        ...     user.publish("for you")
        ...     return await anext(topics)
        >>> asyncio.run(read()).endswith(b"\r\ndata: for you\r\n\r\n")
        True
    """

    def __init__(
        self, channels: Mapping[str, Subscribable], last_event_id: str | bytes | None = None
    ) -> None:
        # Channels that follow an engine end when nobody has them.
        self._channels = dict(channels)
        super().__init__(self, last_event_id)
        # It is its own, and would hold itself.
        del self._channel

    def _subscribe(
        self, last_event_id: bytes | None, woken: Callable[[], None]
    ) -> _antiphon.Subscriber:
        def subscribing(channel: Subscribable) -> Callable[[bytes | None], _antiphon.Subscriber]:
            return lambda last: channel._subscribe(last, _nothing)

        topics = [(name, subscribing(channel)) for name, channel in self._channels.items()]
        subscriber, self._joined = _antiphon.join(topics, last_event_id, woken)
        return subscriber

    def add(self, name: str, channel: Subscribable) -> None:
        """Add a topic while the stream is open: what is published in it from now on.

        The client is told at once where the stream is in it, so that it misses nothing when it
        comes back. It may be called from any thread.

        Args:
            name: Its name.
            channel: An ``EventChannel`` or a channel over Redis.

        Raises:
            ValueError: If the name is there already, or if there are more than 26.

        Example:
            >>> from antiphon.channel import EventChannel, Topics
            >>> topics = Topics({"news": EventChannel()})
            >>> topics.add("user:7", EventChannel())
            >>> topics
            <Topics news, user:7 open>
        """
        self._joined.add(name, channel._subscribe(None, _nothing))
        self._channels[name] = channel

    def remove(self, name: str) -> None:
        """Remove a topic while the stream is open. It may be called from any thread.

        Args:
            name: Its name.

        Raises:
            KeyError: If it is not there.

        Example:
            >>> from antiphon.channel import EventChannel, Topics
            >>> topics = Topics({"news": EventChannel(), "user:7": EventChannel()})
            >>> topics.remove("user:7")
            >>> topics
            <Topics news open>
        """
        if not self._joined.remove(name):
            raise KeyError(name)
        del self._channels[name]

    def __repr__(self) -> str:
        """Show the topics, and whether somebody waits for the next event."""
        return f"<{type(self).__name__} {', '.join(self._channels)} {self._state}>"


def _nothing() -> None:
    """Who joins channels is woken by all of them at once."""
