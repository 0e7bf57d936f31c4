"""Responses: Starlette's classes, built in Rust.

Each is an ASGI application. What it sends is decided in Rust; ``__call__`` awaits it, and nothing
else here does any work.
"""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterable, Callable, Iterable, Sequence
from functools import partial
from typing import Any, Literal

import anyio
import anyio.to_thread

from antiphon import (
    _antiphon,
    _completion,
    _compressed,
    _disconnect,
    _file,
    _request_body,
    _starlette,
    _stream,
)
from antiphon._antiphon import Compression
from antiphon._threaded_iterator import ThreadedIterator
from antiphon.offload import XAccel, XSendfile
from antiphon.outcome import Outcome
from antiphon.requests import ClientDisconnect
from antiphon.types import Background, HeaderFields, Message, Receive, SameSite, Scope, Send

__all__ = [
    "FileResponse",
    "HTMLResponse",
    "JSONResponse",
    "JsonLinesResponse",
    "PlainTextResponse",
    "RedirectResponse",
    "Response",
    "StreamingResponse",
]


@_antiphon.native
class Response(_antiphon.Response, _starlette.Response):  # type: ignore[misc]
    """A response of text or bytes.

    A subclass may set ``media_type``, ``charset`` and ``add_etags`` (``True`` or ``"weak"``: what
    GET and HEAD get with status 200 has an ``ETag``, and their preconditions are answered, as after
    ``add_etag()``) and ``compress``, and override ``render``, ``init_headers`` and
    ``generate_etag``.

    Args:
        content: Text, bytes, a memory view, or ``None`` for no content.
        status_code: The status code.
        headers: Header fields, as a mapping or, for a name that comes twice, as pairs.
        media_type: The media type, instead of the class's own. ``text/…`` is sent with the
            class's charset.
        background: What runs after the response was sent: a callable whose result is awaited.
        compress: Whether the content is sent in a content coding that the client takes, ``br`` or
            ``gzip``: ``True``, ``False``, or a ``Compression`` of ``antiphon.compression``. By
            default what the class says, which is ``False``. A response that shows a secret beside
            what an attacker can choose is better not compressed (BREACH); ``Compression`` says why,
            and what to do.

    Raises:
        ValueError: If a name is no token, a value or the media type holds a control character, or
            there is a ``Transfer-Encoding``, which is for the server to choose.
        TypeError: If ``compress`` is none of the three.
        UnicodeEncodeError: If a header field is not Latin-1, or the text has no form in the
            charset.

    Example:
        >>> from antiphon.responses import Response
        >>> response = Response("a,b", media_type="text/csv", headers={"X-Rows": "1"})
        >>> response.body
        b'a,b'
        >>> response.headers["content-type"]
        'text/csv; charset=utf-8'

    Sends:
        ``Content-Length``, and ``Content-Type`` if there is a media type. What ``headers`` has of
        these counts. Cookies are added by ``set_cookie``, an entity tag by ``add_etag``; a 304 and
        a 412 have that, and nothing that describes content. With ``compress``, what is worth it has
        ``Vary: Accept-Encoding`` and, for a client that takes it, ``Content-Encoding`` and the
        length and tag of the coded content, after HEAD, too; beyond 1 MiB there is no length.

    Source: RFC 9110, sections 6, 8.3 and 8.6; ``starlette.responses.Response``.
    """

    media_type: str | None = None
    charset = "utf-8"
    add_etags: bool | Literal["weak"] = False
    compress: bool | Compression = False

    def __init__(
        self,
        content: Any = None,
        status_code: int = 200,
        headers: HeaderFields | None = None,
        media_type: str | None = None,
        background: Background | None = None,
        *,
        compress: bool | Compression | None = None,
    ) -> None:
        if compress is not None:
            self.compress = _compressed.expected(compress)
        self._initialise(content, status_code, headers, media_type, background)

    def delete_cookie(
        self,
        key: str,
        path: str = "/",
        domain: str | None = None,
        secure: bool = False,
        httponly: bool = False,
        samesite: SameSite | None = "lax",
        partitioned: bool = False,
    ) -> None:
        """Make the browser drop a cookie: the one of this name, path and domain.

        Args:
            key: Its name.
            path: The path it was set with.
            domain: The domain it was set with.
            secure: As it was set.
            httponly: As it was set.
            samesite: As it was set.
            partitioned: As it was set.

        Raises:
            http.cookies.CookieError: If the name cannot be a cookie's.
            AssertionError: If ``samesite`` is none of its three words.
            ValueError: If an attribute holds ``;`` or a control character; before Python 3.14, if
                it is partitioned.
            UnicodeEncodeError: If something is not Latin-1.

        Example:
            >>> from antiphon.responses import Response
            >>> response = Response()
            >>> response.delete_cookie("session")
            >>> "Max-Age=0" in response.headers["set-cookie"]
            True

        Source: RFC 6265, section 3.1; ``starlette.responses.Response.delete_cookie``.
        """
        if partitioned and sys.version_info < (3, 14):
            # What Starlette's users rely on (D-9); `set_cookie` deletes such a cookie, too.
            raise ValueError(
                "Partitioned cookies are only supported in Python 3.14 and above by delete_cookie; "
                "set the cookie with max_age=0 instead."
            )
        self.set_cookie(
            key,
            max_age=0,
            expires=0,
            path=path,
            domain=domain,
            secure=secure,
            httponly=httponly,
            samesite=samesite,
            partitioned=partitioned,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response to whoever ``scope`` describes, then run the background task.

        A websocket handshake is denied with it.

        Args:
            scope: The connection.
            receive: Not called.
            send: Called with each message.

        Raises:
            ValueError: If the ``Content-Length`` is not the content's, or the scope is of another
                type than ``http`` and ``websocket``; nothing has been sent.

        Example:
            >>> import asyncio
            >>> from antiphon.responses import Response
            >>> messages = []
            >>> async def send(message):
            ...     messages.append(message)
            >>> asyncio.run(Response("hi")({"type": "http", "method": "GET"}, None, send))
            >>> messages[1]
            {'type': 'http.response.body', 'body': b'hi'}

        Source: ASGI HTTP & WebSocket 2.5; ``starlette.responses.Response``.
        """
        if self.compress:
            scope, send = _compressed.begin(self.compress, scope, send, is_content_made=True)
        start, content, background = self._messages(scope)
        await send(start)
        await send(content)
        if background is not None:
            await background()


class HTMLResponse(Response, _starlette.HTMLResponse):  # type: ignore[misc]
    """A response of HTML. The arguments are those of :class:`Response`.

    Example:
        >>> from antiphon.responses import HTMLResponse
        >>> HTMLResponse("<h1>hi</h1>").headers["content-type"]
        'text/html; charset=utf-8'

    Sends:
        ``Content-Length`` and ``Content-Type: text/html; charset=utf-8``; with ``compress``,
        ``Vary`` and ``Content-Encoding``.

    Source: ``starlette.responses.HTMLResponse``.
    """

    media_type = "text/html"


class PlainTextResponse(Response, _starlette.PlainTextResponse):  # type: ignore[misc]
    """A response of plain text. The arguments are those of :class:`Response`.

    Example:
        >>> from antiphon.responses import PlainTextResponse
        >>> PlainTextResponse("hi").headers["content-type"]
        'text/plain; charset=utf-8'

    Sends:
        ``Content-Length`` and ``Content-Type: text/plain; charset=utf-8``; with ``compress``,
        ``Vary`` and ``Content-Encoding``.

    Source: ``starlette.responses.PlainTextResponse``.
    """

    media_type = "text/plain"


@_antiphon.native
class JSONResponse(_antiphon.JSONResponse, Response, _starlette.JSONResponse):  # type: ignore[misc]
    """A response of JSON.

    The bytes are those of ``json.dumps`` with ``ensure_ascii=False``, ``allow_nan=False`` and no
    spaces. A subclass may override ``render``.

    Args:
        content: What ``json.dumps`` takes.
        status_code: The status code.
        headers: Header fields, as a mapping or, for a name that comes twice, as pairs.
        media_type: The media type, instead of ``application/json``.
        background: What runs after the response was sent: a callable whose result is awaited.
        compress: As of :class:`Response`.

    Raises:
        TypeError: If JSON has no form for an object in the content.
        ValueError: If the content holds NaN, an infinity or itself, or a header field cannot be
            sent.
        RecursionError: If it is too deep.
        UnicodeEncodeError: If a string holds a lone surrogate, or a header field is not Latin-1.

    Example:
        >>> from antiphon.responses import JSONResponse
        >>> JSONResponse({"hello": ["wörld", 1.0, None]}).body.decode()
        '{"hello":["wörld",1.0,null]}'

    Sends:
        ``Content-Length`` and ``Content-Type: application/json``; with ``compress``, ``Vary`` and
        ``Content-Encoding``.

    Source: RFC 8259; ``starlette.responses.JSONResponse``.
    """

    media_type = "application/json"

    def __init__(
        self,
        content: Any,
        status_code: int = 200,
        headers: HeaderFields | None = None,
        media_type: str | None = None,
        background: Background | None = None,
        *,
        compress: bool | Compression | None = None,
    ) -> None:
        if compress is not None:
            self.compress = _compressed.expected(compress)
        super().__init__(content, status_code, headers, media_type, background)

    def render(self, content: Any) -> bytes:
        """Turn content into JSON; a class may override it.

        Args:
            content: What ``json.dumps`` takes.

        Returns:
            The bytes of ``json.dumps`` with ``ensure_ascii=False``, ``allow_nan=False`` and no
            spaces. If a program has replaced ``json.dumps``, that is called.

        Raises:
            TypeError, ValueError, RecursionError, UnicodeEncodeError: As of ``json.dumps``. A note
                says which part of the content could not be rendered, as in ``$.rows[3].y``, where
                the interpreter has notes (3.11 and newer).

        Example:
            >>> from antiphon.responses import JSONResponse
            >>> JSONResponse.render(None, {"a": 1})
            b'{"a":1}'

        Source: ``starlette.responses.JSONResponse.render``.
        """
        return _antiphon.render_json(content)


@_antiphon.native
class RedirectResponse(_antiphon.RedirectResponse, Response, _starlette.RedirectResponse):  # type: ignore[misc]
    """A response that sends the client elsewhere.

    Args:
        url: Where to; what cannot stand in a URL is percent-encoded.
        status_code: The status code.
        headers: Header fields, as a mapping or, for a name that comes twice, as pairs.
        background: What runs after the response was sent: a callable whose result is awaited.

    Raises:
        ValueError: If a header field cannot be sent.
        UnicodeEncodeError: If the URL holds a lone surrogate, or a header field is not Latin-1.

    Example:
        >>> from antiphon.responses import RedirectResponse
        >>> RedirectResponse("/grüße").headers["location"]
        '/gr%C3%BC%C3%9Fe'

    Sends:
        ``Content-Length: 0`` and ``Location``.

    Source: RFC 9110, sections 10.2.2 and 15.4; ``starlette.responses.RedirectResponse``.
    """

    def __init__(
        self,
        url: object,
        status_code: int = 307,
        headers: HeaderFields | None = None,
        background: Background | None = None,
    ) -> None:
        super().__init__(
            content=b"", status_code=status_code, headers=headers, background=background
        )
        self._locate(url)


class StreamingResponse(_antiphon.StreamingResponse, Response, _starlette.StreamingResponse):  # type: ignore[misc]
    r"""A response whose content comes over time.

    What an asynchronous iterator brings without waiting is sent together, and what there is goes
    out when it would wait. An error before the first chunk, and before the iterator first waits, is
    raised before anything was sent. A synchronous iterator is run ahead of the client by worker
    threads, a binary file read in blocks: never by two at once, but each step, and its end, may be
    in another, so that sqlite3 needs ``check_same_thread=False``. What was exhausted is left open,
    for whoever opened it; anything else is closed, a file after the background task, which may go
    on with it.

    What follows a ``yield`` may run before the chunk was handed to ``send``, since chunks that are
    ready together share a message. A program that acknowledges what it has sent sets
    ``merge_chunks=False``: each chunk is a message of its own then, and was handed over before an
    asynchronous iterator is asked for the next.

    A subclass may set ``merge_chunks``, ``run_ahead`` (``False`` asks a synchronous iterator for a
    chunk when the one before was handed over) and ``background_policy`` (``"always"`` runs the
    background task after an error, too), and override ``stream_response`` and
    ``listen_for_disconnect``.

    Args:
        content: An iterator, or an asynchronous one, of text, bytes or memory views.
        status_code: The status code; no content is sent with one that forbids it, or after HEAD.
        headers: Header fields, as a mapping or, for a name that comes twice, as pairs.
        media_type: The media type, instead of the class's own.
        background: What runs after the response was sent, or the client has left: a callable whose
            result is awaited.
        merge_chunks: Whether chunks that are ready together share a message; by default what the
            class says, which is ``True``.
        on_complete: What is called once, with an ``Outcome`` of ``antiphon.outcome``, when the
            response is over, however it ended, and before the background task. If it returns
            something awaitable, that is awaited, for 30 seconds at most, also where the task was
            cancelled. Its exceptions are logged. A subclass may have a method of that name.
        compress: As of :class:`Response`. Each message is encoded and flushed before the next is
            asked for; the stream holds 0.4 MiB more in ``gzip``, and up to 0.7 MiB in ``br``.

    Raises:
        ValueError: If a header field cannot be sent.
        UnicodeEncodeError: If a header field is not Latin-1.

    Example:
        >>> import asyncio
        >>> from antiphon.responses import StreamingResponse
        >>> async def count():
        ...     for number in range(3):
        ...         yield f"{number}\n"
        >>> messages = []
        >>> async def send(message):
        ...     messages.append(message)
        >>> response = StreamingResponse(count(), media_type="text/plain")
        >>> scope = {"type": "http", "method": "GET", "asgi": {"spec_version": "2.4"}}
        >>> asyncio.run(response(scope, None, send))
        >>> b"".join(message["body"] for message in messages[1:])
        b'0\n1\n2\n'

    Sends:
        ``Content-Type`` if there is a media type. There is no length, unless ``headers`` has one:
        then content of another length is an error. With ``compress``, ``Vary: Accept-Encoding`` and
        ``Content-Encoding``; a length that ``headers`` has goes then, and the head is sent with the
        first chunk.

    Source: ASGI HTTP & WebSocket 2.5; ``starlette.responses.StreamingResponse``, which sends the
    head first of all, and each chunk as a message of its own.
    """

    merge_chunks = True
    run_ahead = True
    background_policy: Literal["success", "always"] = "success"
    on_complete: Callable[[Outcome], object] | None = None

    body_iterator: AsyncIterable[Any]

    #: What the constructor was given; a subclass may have one that never calls ours.
    _own_iterator: AsyncIterable[Any] | None = None

    def __init__(
        self,
        content: AsyncIterable[Any] | Iterable[Any],
        status_code: int = 200,
        headers: HeaderFields | None = None,
        media_type: str | None = None,
        background: Background | None = None,
        *,
        merge_chunks: bool | None = None,
        on_complete: Callable[[Outcome], object] | None = None,
        compress: bool | Compression | None = None,
    ) -> None:
        if compress is not None:
            self.compress = _compressed.expected(compress)
        if on_complete is not None:
            self.on_complete = on_complete
        if merge_chunks is not None:
            self.merge_chunks = merge_chunks
        self.body_iterator = (
            content if isinstance(content, AsyncIterable) else ThreadedIterator(content)
        )
        self._own_iterator = self.body_iterator
        self.status_code = status_code
        self.media_type = self.media_type if media_type is None else media_type
        self.background = background
        self.init_headers(headers)

    async def listen_for_disconnect(self, receive: Receive) -> None:
        """Wait until the client is gone.

        Args:
            receive: Called until it says so.
        """
        await _disconnect.disconnected(receive)

    async def stream_response(self, send: Send) -> None:
        """Send the head and the content, without listening for the client's leave.

        Args:
            send: Called with each message.
        """
        interruption = _disconnect.Interruption()
        streaming = self._deliver({"type": "http"}, send, interruption)
        try:
            await _disconnect.interruptible(streaming, interruption)
        except _stream.SendError as error:
            raise error.error from None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream to whoever ``scope`` describes, then run the background task.

        A websocket handshake is denied with it.

        Args:
            scope: The connection.
            receive: Listened to for the client's leave, where the server would not tell otherwise.
            send: Called with each message.

        Raises:
            starlette.requests.ClientDisconnect: If ``send`` raises an ``OSError``, which servers of
                ASGI 2.4 and later do when the client is gone.
            ValueError: If the scope is of another type than ``http`` and ``websocket``; the stream
                can be sent still.
        """
        # A stream can be sent once: it is kept from a server that asks for the lifespan (D-35).
        _antiphon.expect_request(scope)
        record = None
        if self.on_complete is not None:
            record = _completion.Record(self.on_complete, receive, send)
            receive, send = record.receive, record.send
        try:
            try:
                if self.compress:
                    scope, send = _compressed.begin(self.compress, scope, send)
                await self._stream_to(scope, receive, send)
            except BaseException as error:
                if record is not None:
                    await record.failed(error)
                if not isinstance(error, Exception):
                    raise
                if self.background_policy == "always" and self.background is not None:
                    await self.background()
                raise
            if record is not None:
                await record.ended()
            if self.background is not None:
                await self.background()
        except GeneratorExit:
            # Whoever closes a coroutine does not wait for anything.
            raise
        except BaseException:
            await _stream.close_file(self._own_iterator)
            raise
        await _stream.close_file(self._own_iterator)

    async def _stream_to(self, scope: Scope, receive: Receive, send: Send) -> None:
        interruption = _disconnect.Interruption()
        stream_response = self.stream_response
        is_own = getattr(stream_response, "__func__", None) is _STREAM_RESPONSE
        if is_own:
            streaming = self._deliver(scope, send, interruption)
        elif scope["type"] == "websocket":
            streaming = stream_response(_stream.denying(send))
        else:
            streaming = stream_response(send)
        needs_listener = _antiphon.needs_listener(scope)
        listeners = []
        if needs_listener:
            listen = partial(self.listen_for_disconnect, receive)
            # Whoever brings a `stream_response` may have no iterator at all.
            content = getattr(self, "body_iterator", None)
            listeners.append(_request_body.after_reading(content, listen))
        try:
            await _disconnect.interruptible(streaming, interruption, *listeners)
        except OSError as error:
            if is_own or scope["type"] != "http" or needs_listener:
                raise
            raise ClientDisconnect from error
        except _stream.SendError as error:
            if scope["type"] != "http" or needs_listener:
                raise error.error from None
            raise ClientDisconnect from error.error

    async def _deliver(
        self, scope: Scope, send: Send, interruption: _disconnect.Interruption
    ) -> None:
        if isinstance(self.body_iterator, ThreadedIterator):
            self.body_iterator.runs_ahead = self.run_ahead
        begin = partial(self._stream, scope)
        iterate = partial(
            _stream.iterate, send=send, merges=self.merge_chunks, interruption=interruption
        )
        await _stream.deliver(begin, self.body_iterator, self._own_iterator, send, iterate)


#: What a stream is sent by, unless a program has put something else in its place.
_STREAM_RESPONSE = StreamingResponse.stream_response


class JsonLinesResponse(_antiphon.JsonLinesResponse, StreamingResponse):  # type: ignore[misc]
    r"""A response of JSON Lines: one JSON value on each line, ``application/jsonl``.

    A value is written as :class:`JSONResponse` writes it. What a stream does with errors, slow
    clients and synchronous iterators it does, too. A value that cannot be JSON ends it, with a note
    that names the line, where the interpreter has notes (3.11 and newer); the lines before it are
    sent.

    Args:
        content: An iterator, or an asynchronous one, of values that can be JSON.
        status_code: The status code; no content is sent with one that forbids it, or after HEAD.
        headers: Header fields, as a mapping or, for a name that comes twice, as pairs.
        media_type: The media type, instead of ``application/jsonl``.
        background: What runs after the response was sent, or the client has left: a callable whose
            result is awaited.
        flush_each_line: Whether each line is a message of its own. By default lines that are ready
            together share one.
        on_complete: As of :class:`StreamingResponse`.
        compress: As of :class:`StreamingResponse`.

    Raises:
        ValueError: If a header field cannot be sent.
        UnicodeEncodeError: If a header field is not Latin-1.

    Example:
        >>> import asyncio
        >>> from antiphon.responses import JsonLinesResponse
        >>> async def rows():
        ...     for number in range(2):
        ...         yield {"id": number}
        >>> messages = []
        >>> async def send(message):
        ...     messages.append(message)
        >>> response = JsonLinesResponse(rows())
        >>> scope = {"type": "http", "method": "GET", "asgi": {"spec_version": "2.4"}}
        >>> asyncio.run(response(scope, None, send))
        >>> b"".join(message["body"] for message in messages[1:])
        b'{"id":0}\n{"id":1}\n'

    Sends:
        ``Content-Type: application/jsonl``; with ``compress``, ``Vary`` and ``Content-Encoding``.

    Source: https://jsonlines.org; Starlette has no such class.
    """

    media_type = "application/jsonl"

    def __init__(
        self,
        content: AsyncIterable[Any] | Iterable[Any],
        status_code: int = 200,
        headers: HeaderFields | None = None,
        media_type: str | None = None,
        background: Background | None = None,
        flush_each_line: bool = False,
        *,
        on_complete: Callable[[Outcome], object] | None = None,
        compress: bool | Compression | None = None,
    ) -> None:
        super().__init__(
            content,
            status_code,
            headers,
            media_type,
            background,
            merge_chunks=False if flush_each_line else None,
            on_complete=on_complete,
            compress=compress,
        )


@_antiphon.native
class FileResponse(_antiphon.FileResponse, Response, _starlette.FileResponse):  # type: ignore[misc]
    """A response that is a file: whole, in part, or not at all if the client has it already.

    The file is opened once, when the response is sent, and what memory holds of it is sent without
    a thread. ``Range``, ``If-Range``, ``If-None-Match``, ``If-Modified-Since``, ``If-Match`` and
    ``If-Unmodified-Since`` are answered. A server that offers ``http.response.pathsend`` gets the
    path of a whole file, unless there is a background task, which might remove the file too early,
    or ``delete_after``.

    A subclass may set ``chunk_size`` (bytes in a message), ``max_ranges`` (more than these give the
    whole file), ``range_policy`` (``"starlette"``, or ``"rfc9110"`` where the two differ),
    ``conditional`` (``False`` answers no preconditions), ``offload`` and ``delete_after``, and
    override ``set_stat_headers`` and ``generate_multipart``.

    The tag of a file that was modified before 1990, which is a time that a build has set, is also
    made of times that no program can set, so that each machine has another; there is no
    ``Last-Modified``. Where several machines serve copies of such files, set ``etag="content"``. A
    time in the future is no validator either: no ``Last-Modified``, and a weak tag. A file of
    procfs or sysfs, whose length only reading tells, is sent without a length, and never in parts.

    Args:
        path: Where the file lies.
        status_code: The status code; ranges and preconditions are for 200 only.
        headers: Header fields, as a mapping or, for a name that comes twice, as pairs.
        media_type: The media type, instead of the one that the name suggests.
        background: What runs after the response was sent: a callable whose result is awaited.
        filename: The name that the client is to save it under.
        stat_result: The file's ``os.stat_result``, if it is known: it is announced instead of what
            the open file says.
        content_disposition_type: ``"attachment"``, or ``"inline"`` to have it shown.
        etag: What the ``ETag`` is made of: ``"stat"``, size and time, or ``"content"``, a hash of
            the bytes, for which a file is read once, and again when it has changed; the hashes of
            4096 files are remembered by device, inode, size and times. By default what the class
            says, which is ``"stat"``.
        offload: Which server in front is to send the file, and where it has it: an ``XAccel`` or an
            ``XSendfile`` of ``antiphon.offload``. The file is neither looked for nor opened: a
            missing one is the other server's 404, and ranges and preconditions are its to answer,
            by validators of its own. No field of a request counts. By default what the class says,
            which is ``None``.
        delete_after: Whether the file is removed once it is answered for: as soon as it is open,
            before anything is sent, so that it is gone however the answer ends, be it a 304 or one
            to HEAD. The content comes from the open file, never by ``http.response.pathsend``. A
            file that is not answered for stays: it cannot be opened, a header contradicts it, or
            the response is never sent. One that cannot be removed is logged, and sent. Of a
            symbolic link, the link is removed. By default what the class says, which is ``False``.
        on_complete: What is called once, with an ``Outcome`` of ``antiphon.outcome``, when the
            response is over, however it ended, and before the background task. If it returns
            something awaitable, that is awaited, for 30 seconds at most, also where the task was
            cancelled. Its exceptions are logged. A subclass may have a method of that name.
        compress: As of :class:`Response`. The file is read and encoded here then, though the server
            offers to send it. Many files are compressed once only by ``StaticFiles``, with copies.

    Raises:
        RuntimeError: When it is sent, if there is no such file, if it is no regular file, or if it
            is shorter than what was announced. Only in the last case something may have been sent.
        OSError: When it is sent, if it cannot be opened or read.
        ValueError: If a header field cannot be sent, ``content_disposition_type`` is no token,
            ``etag`` is none of its two words, or ``offload`` and ``delete_after`` are both given;
            with ``offload``, when it is sent, if the path is outside of the mapping, has a part
            ``..`` or cannot be said to that server, or if the status code is not 200.
        TypeError: If ``offload`` is none of its two classes.
        UnicodeEncodeError: If a header field is not Latin-1.

    Example:
        >>> from antiphon.responses import FileResponse
        >>> response = FileResponse("report.pdf", filename="Prüfung.pdf")
        >>> response.headers["content-disposition"]
        "attachment; filename*=utf-8''Pr%C3%BCfung.pdf"

    Sends:
        ``Content-Type``, ``Content-Length``, ``Accept-Ranges: bytes``, ``ETag`` and
        ``Last-Modified``; with a ``filename``, ``Content-Disposition``. A 206 says by
        ``Content-Range`` which part it is; one of several parts is ``multipart/byteranges``, and
        each part says it. A 416 says by ``Content-Range`` how long the file is. A 304 and a 412
        have the validators alone. What ``headers`` has of these counts. With an ``offload`` there
        is its field, and none of those by which a server speaks for a file. With ``compress``,
        ``Vary: Accept-Encoding`` and, in a coding, ``Content-Encoding``, a tag of its own and no
        ``Accept-Ranges``; a ``Content-Length`` if one message holds the file, but not after HEAD.

    Source: RFC 9110, sections 13 and 14; RFC 6266; ``starlette.responses.FileResponse``, which
    answers no preconditions.
    """

    path: str | os.PathLike[str]
    filename: str | None
    stat_result: os.stat_result | None

    chunk_size = 64 * 1024
    max_ranges = 100
    range_policy: Literal["starlette", "rfc9110"] = "starlette"
    conditional = True
    etag: Literal["stat", "content"] = "stat"
    offload: XAccel | XSendfile | None = None
    delete_after: bool = False
    on_complete: Callable[[Outcome], object] | None = None

    def __init__(
        self,
        path: str | os.PathLike[str],
        status_code: int = 200,
        headers: HeaderFields | None = None,
        media_type: str | None = None,
        background: Background | None = None,
        filename: str | None = None,
        stat_result: os.stat_result | None = None,
        content_disposition_type: str = "attachment",
        etag: Literal["stat", "content"] | None = None,
        *,
        offload: XAccel | XSendfile | None = None,
        delete_after: bool | None = None,
        on_complete: Callable[[Outcome], object] | None = None,
        compress: bool | Compression | None = None,
    ) -> None:
        if compress is not None:
            self.compress = _compressed.expected(compress)
        if on_complete is not None:
            self.on_complete = on_complete
        if offload is not None:
            self.offload = offload
        if delete_after is not None:
            self.delete_after = delete_after
        if self.offload is not None:
            self._expect_offload()
        self._initialise_file(
            path,
            status_code,
            headers,
            media_type,
            background,
            filename,
            stat_result,
            content_disposition_type,
            etag,
        )

    def generate_multipart(
        self,
        ranges: Sequence[tuple[int, int]],
        boundary: str,
        max_size: int,
        content_type: str,
    ) -> tuple[int, Callable[[int, int], bytes]]:
        r"""Describe several ranges that are sent as one answer; a class may override it.

        Args:
            ranges: The start and the end of each, in bytes; what is at the end is not sent.
            boundary: What stands between them.
            max_size: The length of the file.
            content_type: That of the file.

        Returns:
            The length of the answer, and what makes the head of the part between a start and an
            end.

        Example:
            >>> from antiphon.responses import FileResponse
            >>> response = FileResponse("a.txt")
            >>> length, head = response.generate_multipart([(0, 1), (5, 9)], "b0", 10, "text/plain")
            >>> length
            141
            >>> head(0, 1)
            b'--b0\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-0/10\r\n\r\n'

        Source: RFC 9110, section 14.6; ``starlette.responses.FileResponse.generate_multipart``.
        """
        head = partial(_antiphon.part_head, boundary, content_type, max_size)
        parts = sum(len(head(start, end)) + end - start + len("\r\n") for start, end in ranges)
        return parts + len(f"--{boundary}--"), head

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file to whoever ``scope`` describes, then run the background task.

        Args:
            scope: The connection.
            receive: Listened to for the client's leave, where the server would not tell otherwise.
            send: Called with each message.

        Raises:
            RuntimeError: If the file is missing, is no file, or is shorter than it was.
            OSError: If it cannot be opened or read.
            ValueError: If the scope is of another type than ``http`` and ``websocket``.
        """
        messages: tuple[Message, Message] | _antiphon.FileMessages | None
        record = None
        if self.on_complete is not None:
            _antiphon.expect_request(scope)
            record = _completion.Record(self.on_complete, receive, send)
            receive, send = record.receive, record.send
        try:
            if self.compress:
                scope, send = _compressed.begin(self.compress, scope, send)
            if self.offload is not None:
                messages = self._offloaded(scope)
            elif self.delete_after:
                messages = await anyio.to_thread.run_sync(self._open_to_delete, scope)
            else:
                messages = self._open(scope)
            if messages is None:
                messages = await anyio.to_thread.run_sync(self._open_waiting, scope)
            if isinstance(messages, tuple):
                for message in messages:
                    await send(message)
            else:
                await _file.file(messages, receive, send)
        except BaseException as error:
            if record is not None:
                await record.failed(error)
            raise
        if record is not None:
            await record.ended()
        if self.background is not None:
            await self.background()
