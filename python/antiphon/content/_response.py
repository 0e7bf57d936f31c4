"""The response of a source."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from copy import copy
from functools import partial
from typing import Any, Literal

import anyio

from antiphon import _antiphon, _completion, _compressed
from antiphon._antiphon import Compression
from antiphon.content._errors import SourceChanged
from antiphon.content._reading import Reading, opened
from antiphon.content._source import Part, Source, SourceFacts
from antiphon.content._sources import named
from antiphon.outcome import Outcome
from antiphon.responses import StreamingResponse
from antiphon.types import Background, HeaderFields, Receive, Scope, Send

#: So often an answer is made for a source that is being replaced.
TRIES = 3


class ContentResponse(StreamingResponse):
    """A response of content that has a length: whole, in part, or not at all if the client has it.

    It does with bytes in memory, an object of a store or anything that can be read in parts what
    ``FileResponse`` does with a file: ``Range``, ``If-Range``, ``If-None-Match``,
    ``If-Modified-Since``, ``If-Match`` and ``If-Unmodified-Since`` are answered. The source is
    asked for its facts once, and for content only where there is some to send. Of several ranges
    four are read at once.

    What is read is the version that the facts describe. If it is replaced in between, the answer is
    made anew; if that happens later, or the source ends early, brings too much, fails or does not
    answer, the response ends with an error, which cuts the connection.

    A subclass may set ``max_ranges`` (more than these give the whole content), ``range_policy``
    (``"starlette"``, or ``"rfc9110"`` where the two differ) and ``conditional`` (``False`` answers
    no preconditions), and what a subclass of ``StreamingResponse`` may.

    Args:
        source: ``bytes``; a :class:`FileSource`, an :class:`ObjectSource`, a :class:`FsspecSource`;
            an object with ``facts()`` and ``read(start, end, facts)``; or one with ``length`` and
            ``read(start, end)``.
        status_code: The status code; ranges and preconditions are for 200 only.
        headers: Header fields, as a mapping or, for a name that comes twice, as pairs.
        media_type: The media type, instead of the one that the source, or else the ``filename``,
            suggests.
        background: What runs after the response was sent: a callable whose result is awaited.
        filename: The name that the client is to save it under.
        content_disposition_type: ``"attachment"``, or ``"inline"`` to have it shown.
        cache_control: ``Cache-Control``.
        facts: What is known of the source, so that it is not asked: its length, or all of
            :class:`SourceFacts`.
        source_timeout: How many seconds the source may take for its facts, and for each piece.
        on_complete: What is called once, with an ``Outcome`` of ``antiphon.outcome``, when the
            response is over, however it ended, and before the background task; as of
            ``StreamingResponse``.
        compress: As of ``StreamingResponse``; a part is never compressed.

    Raises:
        SourceError: When it is sent, if the source fails. Before anything is sent, Starlette and
            FastAPI answer with its status: 404, 403, 502, 503 or 504.
        TypeError: If the source is none.
        ValueError: If a header field cannot be sent, ``content_disposition_type`` is no token, or a
            number is out of range.
        UnicodeEncodeError: If a header field is not Latin-1.

    Example:
        >>> import asyncio
        >>> from antiphon.content import ContentResponse
        >>> messages = []
        >>> async def send(message):
        ...     messages.append(message)
        >>> response = ContentResponse(b"0123456789", filename="digits.txt")
        >>> scope = {"type": "http", "method": "GET", "headers": [(b"range", b"bytes=-3")]}
        >>> scope["asgi"] = {"spec_version": "2.4"}
        >>> asyncio.run(response(scope, None, send))
        >>> messages[0]["status"], messages[1]["body"]
        (206, b'789')

    Sends:
        ``Content-Type``, ``Content-Length``, ``Accept-Ranges: bytes``, ``ETag`` and
        ``Last-Modified``, as far as the facts say; with a ``filename``, ``Content-Disposition``. A
        206, a 304, a 412 and a 416 are those of ``FileResponse``. What ``headers`` has of these
        counts. With ``compress``, ``Vary: Accept-Encoding`` and, in a coding, ``Content-Encoding``,
        a tag of its own, and neither ``Content-Length`` nor ``Accept-Ranges``.

    Source: RFC 9110, sections 13 and 14; RFC 6266. Starlette has no such class.
    """

    max_ranges = 100
    range_policy: Literal["starlette", "rfc9110"] = "starlette"
    conditional = True

    def __init__(
        self,
        source: bytes | Source | Part | Any,
        status_code: int = 200,
        headers: HeaderFields | None = None,
        media_type: str | None = None,
        background: Background | None = None,
        filename: str | None = None,
        content_disposition_type: str = "attachment",
        *,
        cache_control: str | None = None,
        facts: SourceFacts | int | None = None,
        source_timeout: float = 30.0,
        on_complete: Callable[[Outcome], object] | None = None,
        compress: bool | Compression | None = None,
    ) -> None:
        if not source_timeout > 0:
            raise ValueError(
                f"source_timeout: expected seconds, more than 0, but found {source_timeout}"
            )
        self._source = named(source)
        self._facts = SourceFacts(facts) if isinstance(facts, int) else facts
        self._source_timeout = source_timeout
        self.filename = filename
        if media_type is None and filename is not None:
            guessed = _antiphon.guessed_media_type(filename)
            # The source may know better than that.
            media_type = None if guessed == OCTET_STREAM else guessed
        super().__init__(
            (),
            status_code,
            headers,
            media_type,
            background,
            on_complete=on_complete,
            compress=compress,
        )
        self.headers.setdefault("accept-ranges", "bytes")
        if filename is not None:
            disposition = _antiphon.content_disposition_of(filename, content_disposition_type)
            self.headers.setdefault("content-disposition", disposition)
        if cache_control is not None:
            self.headers.setdefault("cache-control", cache_control)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the content to whoever ``scope`` describes, then run the background task.

        Args:
            scope: The connection.
            receive: Listened to for the client's leave, where the server would not tell otherwise.
            send: Called with each message.

        Raises:
            SourceError: If the source fails.
            starlette.requests.ClientDisconnect: If ``send`` raises an ``OSError``, which servers of
                ASGI 2.4 and later do when the client is gone.
            ValueError: If the scope is of another type than ``http`` and ``websocket``.
        """
        _antiphon.expect_request(scope)
        if self.on_complete is None:
            await self._answer(scope, receive, send)
        else:
            record = _completion.Record(self.on_complete, receive, send)
            told = copy(self)
            told.on_complete = told.background = None
            try:
                await told._answer(scope, record.receive, record.send)
            except BaseException as error:
                await record.failed(error)
                is_always = self.background_policy == "always" and isinstance(error, Exception)
                if is_always and self.background is not None:
                    await self.background()
                raise
            await record.ended()
            if self.background is not None:
                await self.background()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.compress:
            scope, send = _compressed.begin(self.compress, scope, send)
        for _ in range(TRIES - 1):
            try:
                await self._answer_once(scope, receive, send)
            except _Anew:
                continue
            return
        try:
            await self._answer_once(scope, receive, send)
        except _Anew as anew:
            raise anew.error from None

    async def _answer_once(self, scope: Scope, receive: Receive, send: Send) -> None:
        facts, came = self._facts, None
        if facts is None:
            likely = _antiphon.likely_range(scope)
            facts, came = await opened(self._source, likely, self._source_timeout)
        status, raw_headers, pieces = _antiphon.plan_source(self, scope, self._said(facts))
        # A response may be sent to many at once, and what a subclass overrides counts.
        answer = copy(self)
        answer.status_code = status
        answer.raw_headers = raw_headers
        # What is sent has been seen to.
        answer.compress = False
        sending = partial(StreamingResponse.__call__, answer, scope, receive, send)
        read = partial(Reading, self._source, facts, came, pieces, self._source_timeout)
        if not pieces:
            answer.body_iterator = answer._own_iterator = nothing()
            await sending()
        elif sum(isinstance(piece, tuple) for piece in pieces) == 1:
            await self._send(answer, read(), sending)
        else:
            # What a task group's own body raises would come in a group of exceptions.
            error: Exception | None = None
            async with anyio.create_task_group() as group:
                try:
                    await self._send(answer, read(group), sending)
                except Exception as raised:
                    error = raised
                group.cancel_scope.cancel()
            if error is not None:
                raise error

    async def _send(
        self, answer: ContentResponse, reading: Reading, sending: Callable[[], Awaitable[None]]
    ) -> None:
        async with aclosing(reading):
            try:
                await reading.begin()
            except SourceChanged as changed:
                if self._facts is None:
                    raise _Anew(changed) from None
                raise
            answer.body_iterator = answer._own_iterator = reading.chunks()
            await sending()

    def _said(self, facts: SourceFacts) -> tuple[Any, ...]:
        media_type = None if self.media_type else facts.media_type or OCTET_STREAM
        return (
            facts.length,
            facts.etag,
            facts.modified,
            media_type,
            facts.cache_control,
            facts.content_encoding,
        )


async def nothing() -> AsyncIterator[bytes]:
    """Bring no content."""
    return
    yield b""


class _Anew(Exception):
    """The source was replaced before anything was sent."""

    def __init__(self, error: SourceChanged) -> None:
        super().__init__(error)
        self.error = error


OCTET_STREAM = "application/octet-stream"
