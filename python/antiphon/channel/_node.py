"""What one process has of the channels: a follower, a thread that reads and one that publishes."""

from __future__ import annotations

import atexit
import threading
import weakref
from collections.abc import Callable
from typing import Any, NamedTuple

from antiphon import _antiphon
from antiphon.channel._connection import Address, Connection
from antiphon.channel._publisher import Job, Publisher, closed
from antiphon.channel._reader import Reader


class Settings(NamedTuple):
    """What all processes have in common."""

    address: Address
    prefix: str
    maxlen: int | None
    ttl: float | None
    outage: float
    options: dict[str, Any]


class Node:
    """Starts each thread when it is first needed, and ends both."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        # The other way round would be a circle that nobody sees.
        this = weakref.ref(self)
        self.follower = _antiphon.Follower(lambda: wanted(this), **settings.options)
        self._lock = threading.RLock()
        self._client: Any = None
        self._reader: Reader | None = None
        self._publisher: Publisher | None = None

    def subscribe(
        self, name: str, last_event_id: bytes | None, woken: Callable[[], None]
    ) -> _antiphon.Subscriber:
        """Subscribe to a channel, and have it read."""
        if self._reader is None:
            self._start_reader()
        return self.follower.subscribe(name, last_event_id, woken)

    def publish(self, job: Job) -> None:
        """Have an event published."""
        publisher = self._publisher or self._start_publisher()
        if publisher is None:
            job.fail(closed())
        else:
            publisher.put(job)

    def wanted(self) -> None:
        """End the blocking read, as subscribers want something."""
        reader = self._reader
        if reader is not None and reader.is_waiting:
            publisher = self._publisher or self._start_publisher()
            if publisher is not None:
                publisher.wake(reader)

    def close(self) -> None:
        """End all subscriptions, and both threads; what is being published is sent first."""
        with self._lock:
            self.follower.close()
            if self._reader is not None:
                self._reader.close()
            if self._publisher is not None:
                self._publisher.close()

    def join(self, timeout: float) -> None:
        """Wait for the threads."""
        for worker in (self._reader, self._publisher):
            if worker is not None and worker.thread is not threading.current_thread():
                worker.thread.join(timeout)

    def _start_reader(self) -> None:
        with self._lock:
            if self._reader is None and not self.follower.is_closed():
                settings = self._settings
                reader = Reader(
                    self._connection(),
                    self.follower,
                    settings.prefix,
                    settings.outage,
                    self._settled,
                )
                reader.thread.start()
                self._reader = reader
                _running.add(self)

    def _start_publisher(self) -> Publisher | None:
        with self._lock:
            if self._publisher is None and not self.follower.is_closed():
                settings = self._settings
                publisher = Publisher(
                    self._connection(),
                    self._is_starting,
                    self.follower.published,
                    settings.prefix,
                    settings.maxlen,
                    None if settings.ttl is None else max(1, round(settings.ttl * 1000)),
                )
                publisher.thread.start()
                self._publisher = publisher
                _running.add(self)
            return self._publisher

    def _connection(self) -> Connection:
        if self._client is None:
            self._client = self._settings.address.client()
        return Connection(self._client)

    def _is_starting(self, name: str) -> bool:
        reader = self._reader
        is_read = reader is not None and name not in reader.refused
        return is_read and self.follower.is_starting(name)

    def _settled(self) -> None:
        if self._publisher is not None:
            self._publisher.look_again()


def wanted(node: weakref.ref[Node]) -> None:
    """Tell a node, if it is still there."""
    this = node()
    if this is not None:
        this.wanted()


#: The nodes that have a thread.
_running: weakref.WeakSet[Node] = weakref.WeakSet()


def forget_all() -> None:
    """Forget the nodes of the process that this one was forked of."""
    _running.clear()


@atexit.register
def _close_all() -> None:
    """End the threads, which could be within Rust when the interpreter ends."""
    nodes = list(_running)
    for node in nodes:
        node.close()
    for node in nodes:
        node.join(1)
