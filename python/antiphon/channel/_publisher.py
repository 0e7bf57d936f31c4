"""The thread that publishes what all others of the process give it.

Callers queue; what has come while it waited for the engine is sent together.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic
from typing import Any

from antiphon.channel._connection import Connection, Lost, Refused
from antiphon.channel._reader import LOGGER, Reader

#: So many events are sent together at most.
MAX_BATCH = 256

#: For so many seconds a channel may be read for the first time before an event is sent.
START = 5.0

#: For so many seconds no connection is tried after one that failed.
PAUSE = 0.05

#: Whose idempotency keys they are: those of all processes are compared.
PRODUCER = "antiphon"

#: For so many milliseconds the key stays by which the reader is woken.
WAKE_TTL = 60_000


class EngineError(RuntimeError):
    """The event is not in the stream: the engine is away, or has refused it.

    To publish it again gives no double.

    Example:
        >>> from antiphon.channel.redis import EngineError, RedisChannels
        >>> channels = RedisChannels("redis://localhost:1")
        >>> try:
        ...     _ = channels["news"].publish_sync("hello")
        ... except EngineError:
        ...     print("not published")
        not published
        >>> channels.close()
    """


class AmbiguousError(RuntimeError):
    """The event may be in the stream or not: the connection broke before the engine had answered.

    It is not sent again, since subscribers could get it twice. A program that would have it twice
    rather than not at all publishes it again. It is no ``EngineError``.

    Example:
        >>> from antiphon.channel.redis import AmbiguousError, EngineError
        >>> issubclass(AmbiguousError, RuntimeError), issubclass(AmbiguousError, EngineError)
        (True, False)
    """


class Job:
    """An event that somebody waits for to be published."""

    __slots__ = ("_done", "_error", "_id", "fields", "is_ambiguous", "key", "name", "until")

    def __init__(
        self,
        name: str,
        fields: list[bytes],
        done: Callable[[], object],
        key: str | None = None,
    ) -> None:
        self.name = name
        self.fields = fields
        #: Of events with the same key the engine takes one; so it may be sent again.
        self.key = key
        #: Whether it was sent, and not answered.
        self.is_ambiguous = False
        self.until = monotonic() + START
        self._done = done
        self._id = ""
        self._error: Exception | None = None

    def succeed(self, id: str) -> None:
        """Wake who waits, by the event's id."""
        self._id = id
        self._done()

    def may_be_sent_again(self) -> bool:
        """Whether it may be sent again after it was not answered."""
        return self.key is not None and monotonic() < self.until

    def command(self, prefix: str, trim: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the command that adds it."""
        once = () if self.key is None else ("IDMP", PRODUCER, self.key)
        return ("XADD", prefix + self.name, *once, *trim, "*", *self.fields)

    def refuse(self, refused: Refused, prefix: str) -> None:
        """Wake who waits, by what the engine has said."""
        if self.key is not None and is_unknown_option(refused):
            text = (
                "idempotency_key: expected Redis 8.6 or newer, which compares them, "
                f"but found another engine: {refused}"
            )
        else:
            text = f"the engine has refused the event: {refused.explained(prefix)}"
        self.fail(EngineError(text))

    def fail(self, error: Exception) -> None:
        """Wake who waits, by an error."""
        self._error = error
        self._done()

    def outcome(self) -> str:
        """Return the event's id, or raise."""
        if self._error is not None:
            try:
                raise self._error
            finally:
                # It has this frame, which has it.
                self._error = None
        return self._id


class Publisher:
    """Sends events to the engine, in a thread of its own.

    Args:
        connection: Nobody else uses it.
        is_starting: Whether a channel is being read for the first time.
        published: Called for each event that the engine has.
        prefix: What keys begin with.
        maxlen: So many entries a stream is trimmed to, about.
        ttl: After so many milliseconds without an event a stream is forgotten.
    """

    def __init__(
        self,
        connection: Connection,
        is_starting: Callable[[str], bool],
        published: Callable[[], None],
        prefix: str,
        maxlen: int | None,
        ttl: int | None,
    ) -> None:
        self._connection = connection
        self._is_starting = is_starting
        self._published = published
        self._prefix = prefix
        self._trim = () if maxlen is None else ("MAXLEN", "~", maxlen)
        self._ttl = ttl
        self._condition = threading.Condition()
        self._queue: list[Job] = []
        #: Those that wait for their channels to be read.
        self._held: list[Job] = []
        self._reader: Reader | None = None
        self._is_called = self._is_closed = False
        #: When the last connection failed, for how long none is tried, and why.
        self._failed_at, self._pause, self._trouble = -PAUSE, PAUSE, ""
        self._is_ttl_refused = False
        self.thread = threading.Thread(
            target=self._run, name="antiphon-redis-publisher", daemon=True
        )

    def put(self, job: Job) -> None:
        """Have an event published."""
        with self._condition:
            if not self._is_closed:
                self._queue.append(job)
                self._call()
                return
        job.fail(closed())

    def wake(self, reader: Reader) -> None:
        """End the reader's blocking read."""
        with self._condition:
            self._reader = reader
            self._call()

    def look_again(self) -> None:
        """Send what waits for a channel that may have been read now."""
        if self._held:
            with self._condition:
                self._call()

    def close(self) -> None:
        """End the thread, once all is sent."""
        with self._condition:
            self._is_closed = True
            self._call()

    def _call(self) -> None:
        if not self._is_called:
            self._is_called = True
            self._condition.notify()

    def _run(self) -> None:
        while True:
            with self._condition:
                if not self._is_called:
                    self._condition.wait(self._patience())
                self._is_called = False
                jobs, self._queue = self._held + self._queue, []
                reader, self._reader = self._reader, None
                is_closed = self._is_closed
            try:
                self._publish(jobs, reader, is_closed)
            except Exception as error:
                LOGGER.exception("the channels' publisher failed, and begins anew")
                self._connection.close()
                self._held = []
                fail(jobs, ambiguous(error))
            if is_closed and not self._queue:
                self._connection.close()
                return

    def _patience(self) -> float | None:
        if not self._held:
            return None
        if any(job.is_ambiguous for job in self._held):
            return PAUSE
        return max(0.0, min(job.until for job in self._held) - monotonic())

    def _publish(self, jobs: list[Job], reader: Reader | None, is_closed: bool) -> None:
        if not jobs and reader is None:
            return
        try:
            self._connect()
        except Lost as lost:
            self._held = []
            away = EngineError(f"the engine is away: {lost}")
            fail([job for job in jobs if not job.is_ambiguous], away)
            self._send_again([job for job in jobs if job.is_ambiguous], lost, is_closed)
            return
        jobs = jobs if is_closed else self._ready(jobs)
        while jobs or reader is not None:
            self._send(jobs[:MAX_BATCH], reader, is_closed)
            jobs, reader = jobs[MAX_BATCH:], None

    def _send_again(self, jobs: list[Job], lost: Exception, is_closed: bool) -> None:
        """Hold what may be sent again, and have the others fail, of which nothing is known."""
        again = [job for job in jobs if not is_closed and job.may_be_sent_again()]
        for job in again:
            job.is_ambiguous = True
        self._held += again
        fail([job for job in jobs if job not in again], ambiguous(lost))

    def _connect(self) -> None:
        connection, now = self._connection, monotonic()
        if connection.is_usable():
            return
        if now - self._failed_at < self._pause:
            raise Lost(self._trouble)
        connection.close()
        try:
            connection.open()
        except Lost as lost:
            self._failed_at, self._trouble = monotonic(), str(lost)
            # Who would wait long for the next attempt is not held up by it.
            self._pause = max(PAUSE, self._failed_at - now)
            raise

    def _ready(self, jobs: list[Job]) -> list[Job]:
        """Hold back what is for channels that are read for the first time.

        A newcomer that subscribed before gets the event only if the place was read before it, too.
        """
        starting: dict[str, bool] = {}
        ready: list[Job] = []
        held: list[Job] = []
        now = monotonic()
        for job in jobs:
            if job.name not in starting:
                starting[job.name] = self._is_starting(job.name) and job.until > now
            (held if starting[job.name] else ready).append(job)
        self._held = held
        return ready

    def _send(self, jobs: list[Job], reader: Reader | None, is_closed: bool) -> None:
        commands: list[tuple[Any, ...]] = []
        if reader is not None:
            commands.append(("XADD", reader.wake_key, "MAXLEN", 1, "*", "wake", ""))
            commands.append(("PEXPIRE", reader.wake_key, WAKE_TTL))
        commands += [job.command(self._prefix, self._trim) for job in jobs]
        ages = len(commands)
        if self._ttl is not None:
            names = dict.fromkeys(job.name for job in jobs)
            commands += [("PEXPIRE", self._prefix + name, self._ttl) for name in names]
        left = list(reversed(jobs))
        wants_another = False
        try:
            self._connection.send(commands)
            if reader is not None:
                self._reply_to_wake()
                self._reply_to_wake()
                reader = None
            while left:
                try:
                    id = self._connection.reply().decode()
                except Refused as refused:
                    wants_another |= refused.wants_another
                    left.pop().refuse(refused, self._prefix)
                else:
                    self._published()
                    left.pop().succeed(id)
            for _ in commands[ages:]:
                self._reply_to_age()
        except Lost as lost:
            self._connection.close()
            if reader is not None:
                # To be woken twice does no harm.
                self.wake(reader)
            if lost.is_refusal and left:
                left.pop().fail(EngineError(f"the engine has refused the event: {lost}"))
            left.reverse()
            self._send_again(left, lost, is_closed)
        if wants_another:
            self._connection.close()

    def _reply_to_wake(self) -> None:
        try:
            self._connection.reply()
        except Refused as refused:
            LOGGER.warning("the channels' reader cannot be woken: %s", refused)

    def _reply_to_age(self) -> None:
        try:
            self._connection.reply()
        except Refused as refused:
            if not self._is_ttl_refused:
                self._is_ttl_refused = True
                LOGGER.warning("ttl: the engine has refused it: %s", refused)


def fail(jobs: list[Job], error: Exception) -> None:
    """Have jobs fail, each by an error of its own."""
    for job in jobs:
        job.fail(type(error)(*error.args))


def is_unknown_option(refused: Refused) -> bool:
    """Whether an engine does not know an option of ``XADD``, which it takes for an id."""
    text = str(refused)
    return "Invalid stream ID" in text or "wrong number of arguments" in text


def ambiguous(error: Exception) -> AmbiguousError:
    """Make the error of an event of which nothing is known."""
    return AmbiguousError(f"the engine has not answered, and may have the event: {error}")


def closed() -> RuntimeError:
    """Make the error of an event that comes too late."""
    return RuntimeError("expected open channels to publish in, but they are closed")
