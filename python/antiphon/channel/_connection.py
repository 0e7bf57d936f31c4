"""One connection to the engine, by redis-py, which is imported when it is first needed."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import redis

#: For so many seconds an answer is waited for.
TIMEOUT = 10.0

#: For so many seconds a connection is waited for.
CONNECT_TIMEOUT = 5.0


class Lost(Exception):
    """There is no connection, or none any more. What was asked may have been done."""

    #: Whether the engine has said that it did nothing.
    is_refusal = False


class Refused(Exception):
    """The engine has answered with an error, and done nothing."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        errors = library().exceptions
        #: Whether another engine has to be asked: of a cluster, or of one that failed over.
        self.is_of_cluster = isinstance(
            error, (errors.AskError, errors.ClusterCrossSlotError, errors.TryAgainError)
        ) or str(error).startswith("CROSSSLOT")
        self.wants_another = self.is_of_cluster or isinstance(
            error, (errors.ClusterDownError, errors.ReadOnlyError)
        )
        self.is_missing = "no such key" in str(error)

    def explained(self, prefix: str) -> str:
        """Say what is to be done about it."""
        if not self.is_of_cluster:
            return str(self)
        if "{" in prefix:
            expected = "the URL of the node of the cluster that has the keys of"
        else:
            expected = "a prefix with a hash tag, such as '{antiphon}:', since the engine is a "
            expected += "cluster, where all keys have to be at one node;"
        return f"prefix: expected {expected} {prefix!r} ({self})"


def library() -> Any:
    """Import redis-py."""
    try:
        import redis
    except ImportError as error:
        raise ImportError(
            "antiphon.channel.redis needs redis-py: pip install 'antiphon[redis]'"
        ) from error
    return redis


class Address:
    """Where the engine is: a URL, or a function of the program's that makes a client."""

    def __init__(self, given: str | Callable[[], redis.Redis]) -> None:
        client = library().Redis
        if isinstance(given, str):
            # A wrong URL is an error here.
            client.from_url(given)
        elif not callable(given):
            raise TypeError(
                "url_or_client_factory: expected a URL or a function that returns a redis.Redis, "
                f"but found {given!r}"
            )
        self._given = given

    def client(self) -> Any:
        """Make a client; that opens no connection."""
        given, expected = self._given, library().Redis
        if isinstance(given, str):
            return expected.from_url(given)
        client = given()
        if not isinstance(client, expected):
            raise TypeError(
                f"url_or_client_factory: expected a function that returns a redis.Redis, but it "
                f"returned {client!r}"
            )
        return client


class Connection:
    """A connection that is opened and closed many times, and used by one thread."""

    def __init__(self, client: Any) -> None:
        redis = library()
        # A pool of Sentinel's has to live as long as its connections.
        self._client = client
        pool = client.connection_pool
        self._raw = raw = pool.connection_class(**pool.connection_kwargs)
        raw.socket_timeout = TIMEOUT
        raw.socket_connect_timeout = CONNECT_TIMEOUT
        raw.socket_keepalive = True
        raw.health_check_interval = 0
        # When to try again is not its business.
        raw.retry = redis.retry.Retry(redis.backoff.NoBackoff(), 0)
        self._refusal = redis.ResponseError
        self._refuses_all = (
            redis.exceptions.BusyLoadingError,
            redis.AuthenticationError,
            redis.ReadOnlyError,
        )
        self._faults = redis.RedisError, OSError

    def open(self) -> None:
        """Open it, unless it is open."""
        try:
            self._raw.connect()
        except self._faults as error:
            raise Lost(str(error)) from error

    def is_usable(self) -> bool:
        """Whether it is open, and the engine has not closed it meanwhile."""
        if self._raw._sock is None:
            return False
        try:
            return not self._raw.can_read(timeout=0)
        except self._faults:
            return False

    def send(self, commands: Sequence[Sequence[Any]]) -> None:
        """Send commands, each of which will be answered by a reply."""
        self.send_packed(self._raw.pack_commands(commands))

    def send_packed(self, commands: list[bytes]) -> None:
        """Send commands as the engine reads them."""
        if self._raw._sock is None:
            raise Lost("the connection is closed")
        try:
            self._raw.send_packed_command(commands, check_health=False)
        except self._faults as error:
            raise Lost(str(error)) from error

    def reply(self) -> Any:
        """Wait for the next reply."""
        try:
            return self._raw.read_response(disable_decoding=True)
        except self._refusal as error:
            raise Refused(error) from error
        except self._faults as error:
            lost = Lost(str(error))
            # Sentinel's connections are lost when they find that the master is none any more.
            causes = error, error.__context__
            lost.is_refusal = any(isinstance(cause, self._refuses_all) for cause in causes)
            raise lost from error
        except AttributeError as error:
            # Another thread has interrupted it.
            raise Lost("the connection is closed") from error

    def close(self) -> None:
        """Close it, if it is open."""
        with suppress(*self._faults):
            self._raw.disconnect()

    def interrupt(self) -> None:
        """End what another thread waits for."""
        sock = self._raw._sock
        if sock is not None:
            # It may be closed meanwhile, or be no socket but what a test has instead.
            with suppress(Exception):
                sock.shutdown(socket.SHUT_RDWR)


def random_key(prefix: str) -> str:
    """Make a key that no channel has, since the name of none has a blank."""
    return f"{prefix} wake {os.urandom(16).hex()}"
