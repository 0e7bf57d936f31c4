"""What content may come from."""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeAlias, runtime_checkable

from antiphon import _antiphon


@dataclass(frozen=True)
class SourceFacts:
    """What is known of a source before it is read.

    Args:
        length: How many bytes it has.
        etag: Its entity tag, as it is sent (``'"abc"'``, ``'W/"abc"'``) or without quotes.
        last_modified: When it was modified: a ``datetime`` (without a zone it is local time), or
            seconds since 1970.
        media_type: Its media type, which is sent unless the response has one.
        content_encoding: How it lies there encoded, as in ``"gzip"``; it is not decoded.
        cache_control: ``Cache-Control``, which is sent unless the response has one.
        version: What the source itself calls this version, for its ``read``.

    Raises:
        ValueError: If the length is negative, or the tag is none.

    Example:
        >>> from antiphon.content import SourceFacts
        >>> SourceFacts(4096, etag="d41d8cd9").etag
        '"d41d8cd9"'
    """

    length: int
    etag: str | None = None
    last_modified: datetime | float | None = None
    media_type: str | None = None
    content_encoding: str | None = None
    cache_control: str | None = None
    version: str | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        """Check the length, and put the tag in quotes."""
        if self.length < 0:
            raise ValueError(f"length: expected 0 bytes or more, but found {self.length}")
        if self.etag is not None:
            object.__setattr__(self, "etag", _antiphon.named_etag(self.etag))

    @property
    def modified(self) -> int | None:
        """When it was modified, in whole seconds since 1970."""
        time = self.last_modified
        if isinstance(time, datetime):
            time = time.timestamp()
        return None if time is None else int(time // 1)


#: What a source's ``read`` returns: bytes, or what brings them, in pieces of any size.
Content: TypeAlias = bytes | Awaitable[bytes] | Iterable[bytes] | AsyncIterable[bytes]


@runtime_checkable
class Source(Protocol):
    """Content of a known length that can be read in parts, for a :class:`ContentResponse`.

    Methods that are not asynchronous are called by worker threads, and so are the steps of an
    iterator that is not.

    Example:
        >>> import asyncio
        >>> from antiphon.content import ContentResponse, SourceFacts
        >>> class Row:
        ...     def __init__(self, key):
        ...         self.key = key
        ...     async def facts(self):
        ...         return SourceFacts(10, etag="v1", media_type="text/plain")
        ...     async def read(self, start, end, facts):
        ...         return b"0123456789"[start:end]
        >>> messages = []
        >>> async def send(message):
        ...     messages.append(message)
        >>> range_of_it = [(b"range", b"bytes=2-4")]
        >>> scope = {"type": "http", "method": "GET", "headers": range_of_it}
        >>> scope["asgi"] = {"spec_version": "2.4"}
        >>> asyncio.run(ContentResponse(Row(7))(scope, None, send))
        >>> messages[0]["status"], messages[1]["body"]
        (206, b'234')
    """

    def facts(self) -> SourceFacts | Awaitable[SourceFacts]:
        """Return what is known of the content now.

        Raises:
            SourceNotFound: If there is none; so does a ``FileNotFoundError``.
        """

    def read(self, start: int, end: int, facts: SourceFacts) -> Content:
        """Return the bytes from ``start`` to before ``end``, of the version of these facts.

        Raises:
            SourceChanged: If there is another version by now: a client would get a mixture.
        """


@runtime_checkable
class Part(Protocol):
    """One version of some content: its facts are attributes.

    Besides ``length`` it may have ``etag``, ``last_modified``, ``media_type``,
    ``content_encoding`` and ``cache_control``, as :class:`SourceFacts` has them.

    Example:
        >>> from antiphon.content import ContentResponse
        >>> class Page:
        ...     length = 5
        ...     media_type = "text/plain"
        ...     def read(self, start, end):
        ...         return b"hello"[start:end]
        >>> response = ContentResponse(Page())
    """

    length: int

    def read(self, start: int, end: int) -> Content:
        """Return the bytes from ``start`` to before ``end``."""
