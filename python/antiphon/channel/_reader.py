"""The thread that reads what is published, in whatever process.

It waits in a blocking read of all channels, which only says that there is news, and then asks what
the follower wants to know. A key of its own is read, too: by adding to that, others end the wait.
"""

from __future__ import annotations

import logging
import random
import threading
from collections import OrderedDict
from collections.abc import Callable
from time import monotonic
from typing import Any

from antiphon import _antiphon
from antiphon.channel._connection import Connection, Lost, Refused, random_key

LOGGER = logging.getLogger("antiphon")

#: For so many seconds the blocking read waits.
BLOCK = 5.0

#: How long to wait before a connection is tried again, at first and at most.
MIN_PAUSE, MAX_PAUSE = 0.05, 5.0

#: Of so many entries that were no events it is known that they were reported.
MAX_REPORTED = 1024


class Reader:
    """Reads the streams of an engine for a follower, in a thread of its own.

    Args:
        connection: Nobody else uses it.
        follower: It says what to ask, and is told the answers.
        prefix: What keys begin with.
        outage: For so many seconds the engine may be away before subscriptions end.
        settled: Called when a channel may have been read for the first time, and when none can be.
    """

    def __init__(
        self,
        connection: Connection,
        follower: _antiphon.Follower,
        prefix: str,
        outage: float,
        settled: Callable[[], None],
    ) -> None:
        self._connection = connection
        self._follower = follower
        self._prefix = prefix
        self._outage = outage
        self._settled = settled
        #: Whether the blocking read is under way, or about to be.
        self.is_waiting = False
        self.wake_key = random_key(prefix)
        self._woken_at = "0-0"
        #: The channels whose keys cannot be read, which the blocking read has to leave out.
        self.refused: set[str] = set()
        self._is_watch_refused = False
        self._reported: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._closed = threading.Event()
        self._failures = 0
        #: What was said of this outage.
        self._troubles: set[str] = set()
        self.thread = threading.Thread(target=self._run, name="antiphon-redis-reader", daemon=True)

    def close(self) -> None:
        """End the thread, once the follower is closed."""
        self._closed.set()
        self._connection.interrupt()

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                self._connection.open()
                self._probe()
                self._follower.connected()
                self._read()
            except Lost as lost:
                self._report(str(lost))
            except Exception:
                if not self._closed.is_set():
                    LOGGER.exception("the channels' reader failed, and begins anew")
            finally:
                self.is_waiting = False
                self._connection.close()
            self._follower.disconnected()
            self._settled()
            self._pause()

    def _pause(self) -> None:
        pause = min(MAX_PAUSE, MIN_PAUSE * 2 ** min(self._failures, 16))
        self._failures += 1
        end = monotonic() + random.uniform(0, pause)
        while not self._closed.is_set() and (left := end - monotonic()) > 0:
            next = self._follower.tick(self._outage)
            self._closed.wait(min(left, max(next, 0.01)))

    def _report(self, trouble: str) -> None:
        """Log why there is no connection, once for each outage."""
        if not self._closed.is_set() and trouble not in self._troubles:
            self._troubles.add(trouble)
            LOGGER.warning(
                "the channels' engine is away, streams stay open for %g s: %s",
                self._outage,
                trouble,
            )

    def _probe(self) -> None:
        """See whether the engine answers questions."""
        self._woken_at = "0-0"
        self._connection.send([("XREAD", "COUNT", 1, "STREAMS", self.wake_key, self._woken_at)])
        try:
            self._woken(self._connection.reply())
        except Refused as refused:
            raise Lost(refused.explained(self._prefix)) from refused

    def _read(self) -> None:
        follower = self._follower
        while not self._closed.is_set():
            wait = follower.tick(self._outage)
            while asks := follower.asks():
                self._ask(asks)
            self._settled()
            # From here on whoever wants something ends the blocking read.
            self.is_waiting = True
            if not follower.poll_wanted():
                self._wait(min(wait, BLOCK))
            self.is_waiting = False

    def _ask(self, asks: list[tuple[str, str, list[str]]]) -> None:
        prefix = self._prefix
        self._connection.send([(command, prefix + name, *rest) for name, command, rest in asks])
        for name, command, _ in asks:
            try:
                self._answer(name, command, self._connection.reply())
            except Refused as refused:
                if command == "XINFO STREAM" and refused.is_missing:
                    self._answer(name, command, None)
                else:
                    self._fail(name, refused)

    def _answer(self, name: str, command: str, reply: Any) -> None:
        if command == "XINFO STREAM":
            is_gap = self._follower.answer_state(name, state(reply))
            invalid: list[tuple[str, str]] = []
        else:
            is_gap, invalid = self._follower.answer_entries(name, reply)
        if self.refused:
            self.refused.discard(name)
        if is_gap:
            LOGGER.warning("channel %r: events may have been missed; subscribers are told", name)
        for entry in invalid:
            self._report_entry(name, *entry)

    def _report_entry(self, name: str, id: str, fault: str) -> None:
        if (name, id) not in self._reported:
            self._reported[name, id] = None
            if len(self._reported) > MAX_REPORTED:
                self._reported.popitem(last=False)
            LOGGER.warning("channel %r: entry %s is no event and left out: %s", name, id, fault)

    def _fail(self, name: str, refused: Refused) -> None:
        if refused.wants_another:
            raise Lost(refused.explained(self._prefix))
        self._follower.failed(name)
        if name not in self.refused:
            self.refused.add(name)
            LOGGER.warning("channel %r: its key cannot be read: %s", name, refused)

    def _wait(self, seconds: float) -> None:
        """Wait until something is published, or somebody wants something."""
        other = self.wake_key, self._woken_at
        milliseconds = max(1, int(seconds * 1000))
        self._connection.send_packed(
            [self._follower.watch(self._prefix, other, milliseconds, self.refused)]
        )
        try:
            woken = self._woken(self._connection.reply())
        except Refused as refused:
            # One of the keys is to blame: each is asked for by itself.
            if self._is_watch_refused or refused.wants_another:
                raise Lost(refused.explained(self._prefix)) from refused
            self._is_watch_refused = True
            woken = [name for name, _ in self._follower.watched()]
        else:
            self._is_watch_refused = False
            self._failures = 0
            if self._troubles:
                self._troubles.clear()
                LOGGER.info("the channels' engine is back")
        self.is_waiting = False
        if woken:
            self._follower.woke(woken)

    def _woken(self, reply: Any) -> list[str]:
        """Name the channels that have news."""
        woken = []
        for key, entries in pairs(reply):
            text = key.decode()
            if text == self.wake_key:
                self._woken_at = entries[-1][0].decode()
            else:
                woken.append(text[len(self._prefix) :])
        return woken


def state(reply: Any) -> tuple[int, bytes, int | None] | None:
    """What the engine says of a stream, as the follower takes it."""
    if reply is None:
        return None
    names = dict(pairs(reply))
    added = names.get(b"entries-added")
    return names[b"length"], names[b"last-generated-id"], added


def pairs(reply: Any) -> list[Any]:
    """Names and values, which come in three forms: by turns, in pairs, and as a dictionary."""
    if not reply:
        return []
    if isinstance(reply, dict):
        return list(reply.items())
    if isinstance(reply[0], list):
        return list(reply)
    return list(zip(reply[::2], reply[1::2], strict=True))
