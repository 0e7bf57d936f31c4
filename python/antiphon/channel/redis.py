"""Channels over Redis Streams: what one process publishes, the clients of all processes get.

A client may connect again to any process, and gets exactly what it has missed. Each process has two
connections to Redis, however many channels and subscribers it has.

It needs redis-py (``pip install 'antiphon[redis]'``), and Redis 6.2 or newer, or Valkey. A user of
an access list needs ``+xadd +xread +xrange +xrevrange +xinfo|stream +pexpire`` for the keys
``~antiphon:*``, or whatever the prefix is.

Other programs publish by ``XADD antiphon:news * data hello``. The fields of an entry are ``data``,
``event``, ``retry`` (in milliseconds) and ``comment``; each process checks them when it reads them.
An entry that a client would misread is logged, by the logger ``antiphon``, and left out.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Literal, NamedTuple

from antiphon import _antiphon
from antiphon._wakeup import running, turn_of
from antiphon.channel import Subscription, Topics
from antiphon.channel._connection import Address
from antiphon.channel._node import Node, Settings, forget_all
from antiphon.channel._publisher import AmbiguousError, EngineError, Job

if TYPE_CHECKING:
    from types import TracebackType

    import redis

__all__ = ["AmbiguousError", "EngineError", "RedisChannel", "RedisChannels", "RedisCounters"]


class RedisCounters(NamedTuple):
    """What the channels of this process have done so far, and hold now.

    Example:
        >>> from antiphon.channel.redis import RedisChannels
        >>> with RedisChannels("redis://localhost") as channels:
        ...     _ = channels["news"].publish_sync("hello")
        ...     channels.counters.published
        1
    """

    channels: int
    """The channels that are read now."""
    subscribers: int
    """The subscribers that there are now."""
    published: int
    """The events that this process has published."""
    read: int
    """The events that were read as they were published, in any process."""
    lag: float
    """How many seconds ago the last of them was published, by the two machines' clocks."""
    reconnects: int
    """How often Redis was connected to again."""
    gaps: int
    """How often events of a channel may have been missed, so that its subscribers were told."""
    history_reads: int
    """How often older events were asked for: by channels that began, and for clients' old ids."""


class RedisChannels:
    r"""The channels of one Redis, each of which is a stream there.

    It connects when something is first published or subscribed to, and anew in a process that was
    forked. It may be used in asyncio, trio and threads at the same time.

    **What a client gets**: all events of a channel in order, each once; or one ``resync`` event,
    where that cannot be: its id is not in the stream (any more), or the stream was trimmed, deleted
    or came back from an older copy before all was read.

    **When Redis is away**, streams stay open and are pinged, and a client that connects again gets
    what this process still holds. After ``outage`` they end cleanly, and clients try again. To
    publish is an ``EngineError`` then, at once.

    Args:
        url_or_client_factory: As ``"redis://localhost"``, ``"rediss://…"`` or ``"unix://…"``; or a
            function that returns a ``redis.Redis``, for Sentinel and all that a URL cannot say. The
            timeouts and retries of its connections are set here.
        prefix: What all keys begin with. On a cluster it has to have a hash tag, such as
            ``"{antiphon}:"``, and the URL has to be that of the node that has these keys.
        maxlen: So many events a stream keeps in Redis, about; ``None`` keeps all.
        ttl: After so many seconds without an event Redis forgets a stream; ``None`` for never.
        outage: After so many seconds without Redis streams end.
        history_events: How many events of each channel this process keeps for clients that connect
            again; 1000 by default. Older ones are read from Redis.
        history_bytes: As in :class:`antiphon.channel.EventChannel`.
        queue_events: As there.
        queue_bytes: As there.
        slow: As there.
        newcomers: As there.
        resync: As there.

    Raises:
        ImportError: If there is no redis-py.
        ValueError: If the URL, a number or a word is wrong.

    Example:
        >>> import asyncio
        >>> from antiphon.channel.redis import RedisChannels
        >>> async def read():
        ...     async with RedisChannels("redis://localhost") as channels:
        ...         news = channels["news"]
        ...         subscription = news.subscribe()
        ...         id = await news.publish({"data": "hello"})
        ...         return (await anext(subscription)).decode().replace(id, "<id>")
        >>> asyncio.run(read())
        'id: <id>\r\ndata: hello\r\n\r\n'
    """

    def __init__(
        self,
        url_or_client_factory: str | Callable[[], redis.Redis],
        *,
        prefix: str = "antiphon:",
        maxlen: int | None = 10_000,
        ttl: float | None = 86_400,
        outage: float = 60,
        history_events: int | None = None,
        history_bytes: int | None = None,
        queue_events: int | None = None,
        queue_bytes: int | None = None,
        slow: Literal["disconnect", "drop_oldest", "resync"] = "disconnect",
        newcomers: Literal["live", "history"] = "live",
        resync: object = None,
    ) -> None:
        if maxlen is not None and maxlen < 1:
            raise ValueError(f"maxlen: expected 1 or more, or None, but found {maxlen}")
        if ttl is not None and not 0 < ttl < MAX_TTL:
            raise ValueError(f"ttl: expected seconds, more than 0, or None, but found {ttl}")
        if not outage > 0:
            raise ValueError(f"outage: expected seconds, more than 0, but found {outage}")
        options = {
            "history_events": history_events,
            "history_bytes": history_bytes,
            "queue_events": queue_events,
            "queue_bytes": queue_bytes,
            "slow": slow,
            "newcomers": newcomers,
            "resync": resync,
        }
        self._settings = Settings(
            Address(url_or_client_factory), prefix, maxlen, ttl, outage, options
        )
        self._is_closed = False
        self._begin()
        _all.add(self)

    def _begin(self) -> None:
        self._node = Node(self._settings)
        self._finalizer = weakref.finalize(self, self._node.close)
        self._finalizer.atexit = False
        if self._is_closed:
            self._node.close()

    def __getitem__(self, name: str) -> RedisChannel:
        """Return a channel. It costs nothing, and may be done for each request.

        Raises:
            TypeError: If the name is no text.
            ValueError: If it is empty, longer than 256 bytes of UTF-8, or has blanks or control
                characters.

        Example:
            >>> from antiphon.channel.redis import RedisChannels
            >>> channels = RedisChannels("redis://localhost")
            >>> channels["user:7"]
            <RedisChannel 'user:7'>
            >>> channels["user 7"]
            Traceback (most recent call last):
                ...
            ValueError: channel name: expected no blanks or control characters, but found 'user 7'
        """
        return RedisChannel(self, checked(name))

    def subscribe(self, names: Iterable[str], last_event_id: str | bytes | None = None) -> Topics:
        """Subscribe to several channels, as one stream; each is a topic of its name.

        Args:
            names: Their names, 26 at most.
            last_event_id: The ``Last-Event-ID`` of the request, if it has one. It may be anything.

        Returns:
            What an ``EventSourceResponse`` takes as its content.

        Raises:
            TypeError: If a name is no text.
            ValueError: If a name is none that a channel can have, or if there are too many.

        Example:
            >>> from antiphon.channel.redis import RedisChannels
            >>> channels = RedisChannels("redis://localhost")
            >>> channels.subscribe(["news", "user:7"])
            <Topics news, user:7 open>
        """
        return Topics({name: self[name] for name in names}, last_event_id)

    @property
    def counters(self) -> RedisCounters:
        """What the channels of this process have done so far, and hold now."""
        return RedisCounters(**self._node.follower.counters())

    def close(self) -> None:
        """End all subscriptions, once they have what was read, and those that begin later at once.

        It does not wait for Redis. Events that are being published are sent; whatever is published
        later is a ``RuntimeError``. To close it twice does nothing.

        Example:
            >>> from antiphon.channel.redis import RedisChannels
            >>> channels = RedisChannels("redis://localhost")
            >>> channels.close()
            >>> channels["news"].publish_sync("too late")
            Traceback (most recent call last):
                ...
            RuntimeError: expected open channels to publish in, but they are closed
        """
        self._is_closed = True
        self._finalizer()

    def __enter__(self) -> RedisChannels:
        """Return the channels themselves."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close them."""
        self.close()

    async def __aenter__(self) -> RedisChannels:
        """Return the channels themselves."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close them."""
        self.close()

    def __repr__(self) -> str:
        """Show how many channels are read, and how many listen."""
        counters = self.counters
        return (
            f"<{type(self).__name__} prefix={self._settings.prefix!r} channels={counters.channels} "
            f"subscribers={counters.subscribers}>"
        )


class RedisChannel:
    """One channel of :class:`RedisChannels`, as ``channels["news"]`` returns it."""

    __slots__ = ("_channels", "name")

    def __init__(self, channels: RedisChannels, name: str) -> None:
        self._channels = channels
        #: Its name, without the prefix.
        self.name = name

    async def publish(self, event: object, *, idempotency_key: str | None = None) -> str:
        """Send an event to the subscribers in all processes.

        When it returns, Redis has the event, and how safe it is there is Redis's to say. One who
        subscribed before, in this process, gets it: for that it waits, up to 5 s, while the channel
        is read for the first time. One who subscribes at once afterwards, before this process has
        read it, may get it, too. If the caller is cancelled meanwhile, it may be published or not.

        With an ``idempotency_key`` an event is in the stream once, however often and by whichever
        process it is published with this key: by a task that is run again, or a request that a
        client repeats. Where the answer of Redis is lost, it is sent again for 5 s. Redis compares
        the last 100 keys of a channel that are not older than 100 s; ``stream-idmp-maxsize`` and
        ``stream-idmp-duration`` of its configuration say how many and how old.

        Args:
            event: A ``ServerSentEvent`` without an id, a mapping of its arguments, or data.
            idempotency_key: Says which events are the same, in 1 to 256 bytes of UTF-8. It needs
                Redis 8.6 or newer. By default each is another.

        Returns:
            Its id, which Redis gives; the same for the same key.

        Raises:
            TypeError: If it is ``None``, bytes or a mapping with another key.
            ValueError: If a client would misread it, if it has an id, or the idempotency key is
                empty or too long.
            EngineError: If Redis is away or has refused it, or is too old to compare idempotency
                keys; it is not published.
            AmbiguousError: If the connection broke; it may be published or not.
            RuntimeError: If the channels are closed.

        Example:
            >>> import anyio
            >>> from antiphon.channel.redis import RedisChannels
            >>> async def publish():
            ...     async with RedisChannels("redis://localhost") as channels:
            ...         return await channels["news"].publish({"json": {"a": 1}, "event": "added"})
            >>> anyio.run(publish).partition("-")[2]
            '0'
        """
        fields = _antiphon.entry_fields(event, 2)
        key = checked_key(idempotency_key)
        turn = turn_of(running())
        waiter = turn.waiter()
        job = Job(self.name, fields, partial(turn.wake, waiter), key)
        self._channels._node.publish(job)
        await waiter
        return job.outcome()

    def publish_sync(self, event: object, *, idempotency_key: str | None = None) -> str:
        """Send an event, as ``publish`` does, from a thread that may wait.

        It is for threads, task queues and WSGI. In an event loop it would hold up all else.

        Args:
            event: As ``publish`` takes it.
            idempotency_key: As ``publish`` takes it.

        Returns:
            Its id, which Redis gives.

        Raises:
            TypeError: As ``publish``; so are the others.
            ValueError: If a client would misread it, or if it has an id.
            EngineError: If Redis is away or has refused it.
            AmbiguousError: If the connection broke.
            RuntimeError: If the channels are closed.

        Example:
            >>> from antiphon.channel.redis import RedisChannels
            >>> with RedisChannels("redis://localhost") as channels:
            ...     id = channels["news"].publish_sync({"data": "hello"})
            >>> milliseconds, number = id.split("-")
        """
        fields = _antiphon.entry_fields(event, 2)
        done = threading.Event()
        job = Job(self.name, fields, done.set, checked_key(idempotency_key))
        self._channels._node.publish(job)
        done.wait()
        return job.outcome()

    def subscribe(self, last_event_id: str | bytes | None = None) -> Subscription:
        """Subscribe, to what is published from now on or since an event.

        Args:
            last_event_id: The ``Last-Event-ID`` of the request, if it has one: with Starlette and
                FastAPI ``request.headers.get("last-event-id")``. It may be anything.

        Returns:
            What an ``EventSourceResponse`` takes as its content.

        Example:
            >>> from antiphon.channel.redis import RedisChannels
            >>> from antiphon.sse import EventSourceResponse
            >>> with RedisChannels("redis://localhost") as channels:
            ...     response = EventSourceResponse(channels["news"].subscribe())
            ...     channels.counters.subscribers
            1
        """
        return Subscription(self, last_event_id)

    def _subscribe(
        self, last_event_id: bytes | None, woken: Callable[[], None]
    ) -> _antiphon.Subscriber:
        return self._channels._node.subscribe(self.name, last_event_id, woken)

    def __repr__(self) -> str:
        """Show the channel's name."""
        return f"<{type(self).__name__} {self.name!r}>"


def checked(name: object) -> str:
    """Return the name of a channel, or raise."""
    name = short_text("channel name", name)
    if any(letter.isspace() or is_control(letter) for letter in name):
        raise ValueError(
            f"channel name: expected no blanks or control characters, but found {name!r}"
        )
    return name


def checked_key(key: object) -> str | None:
    """Return an idempotency key, if there is one, or raise."""
    return None if key is None else short_text("idempotency_key", key)


def short_text(what: str, text: object) -> str:
    """Return text of a length that a key of the engine may have, or raise."""
    if not isinstance(text, str):
        raise TypeError(f"{what}: expected text, but found {text!r}")
    try:
        length = len(text.encode())
    except UnicodeEncodeError:
        raise ValueError(f"{what}: expected text of UTF-8, but found {text!r}") from None
    if not 1 <= length <= MAX_BYTES:
        raise ValueError(f"{what}: expected 1 to {MAX_BYTES} bytes of UTF-8, but found {length}")
    return text


def is_control(letter: str) -> bool:
    """Whether a letter is a control character, of ASCII or of Latin-1."""
    return letter < " " or "\x7f" <= letter <= "\x9f"


#: How many bytes a channel's name, and an idempotency key, may have.
MAX_BYTES = 256

#: How many seconds fit into what Redis takes as milliseconds.
MAX_TTL = 1e14

_all: weakref.WeakSet[RedisChannels] = weakref.WeakSet()


def _begin_anew() -> None:
    """Have a process that was forked connect by itself: threads are not forked."""
    forget_all()
    for channels in list(_all):
        channels._finalizer.detach()
        channels._begin()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)
