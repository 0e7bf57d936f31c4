"""What a browser reads from a stream of events."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

_LINE_END = re.compile("\r\n|\r|\n")


@dataclass(frozen=True)
class Event:
    """An event, as a page gets it.

    Attributes:
        type: Its name: ``"message"``, if it was sent without one.
        data: What it says.
        last_event_id: The last id that was sent with it or before it.

    Source: WHATWG HTML, section 9.2.6.
    """

    type: str
    data: str
    last_event_id: str = ""


class Parser:
    """Reads events from the bytes of a stream, wherever those are cut."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._is_after_cr = False
        self._rest = ""
        self._type = ""
        self._data: list[str] = []
        self._id = ""
        #: The id that a client sends when it connects again.
        self.last_event_id = ""
        #: How long a client waits before it connects again, in milliseconds.
        self.retry: int | None = None

    def feed(self, chunk: bytes) -> list[Event]:
        """Take bytes, and return the events that they complete."""
        text = self._decoder.decode(chunk)
        if self._is_after_cr:
            text = text.removeprefix("\n")
        if chunk:
            self._is_after_cr = text.endswith("\r")
        *lines, self._rest = _LINE_END.split(self._rest + text)
        return [event for line in lines if (event := self._line(line)) is not None]

    def _line(self, line: str) -> Event | None:
        if not line:
            return self._dispatched()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._type = value
        elif name == "id" and "\0" not in value:
            self._id = value
        elif name == "retry" and value.isascii() and value.isdigit():
            self.retry = int(value)
        return None

    def _dispatched(self) -> Event | None:
        data, kind = self._data, self._type or "message"
        self._data, self._type = [], ""
        self.last_event_id = self._id
        return Event(kind, "\n".join(data), self._id) if data else None
