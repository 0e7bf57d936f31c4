"""Server-sent events: the names of ``sse_starlette``, encoded in Rust."""

from __future__ import annotations

import asyncio
from collections.abc import (
    AsyncIterable,
    Awaitable,
    Callable,
    Coroutine,
    Iterable,
    Iterator,
)
from datetime import datetime, timezone
from functools import partial
from json import loads
from typing import Any

import anyio

from antiphon import (
    _antiphon,
    _completion,
    _compressed,
    _disconnect,
    _event_stream,
    _request_body,
    _shutdown,
    _stream,
)
from antiphon._antiphon import Compression, ensure_bytes
from antiphon._event_stream import SendTimeoutError
from antiphon._threaded_iterator import ThreadedIterator
from antiphon.channel import Subscription
from antiphon.datastructures import MutableHeaders
from antiphon.outcome import Outcome
from antiphon.responses import Response
from antiphon.types import Background, EventId, HeaderFields, Message, Receive, Scope, Send

__all__ = [
    "AppStatus",
    "EventSourceResponse",
    "JSONServerSentEvent",
    "SendTimeoutError",
    "ServerSentEvent",
    "ensure_bytes",
]

#: What a stream of events brings, and such streams: names of ``sse_starlette.sse``.
Content = Any
SyncContentStream = Iterator[Content]
AsyncContentStream = AsyncIterable[Content]
ContentStream = AsyncContentStream | SyncContentStream

_FIELDS = ("data", "event", "id", "retry", "comment", "_sep")


class ServerSentEvent(_antiphon.ServerSentEvent):
    r"""An event to be sent.

    Args:
        data: What it says, of any number of lines.
        event: Its name.
        id: Its id, which the client sends back when it connects again: text, a number or a UUID.
        retry: How long the client waits before it connects again, in milliseconds.
        comment: Lines that the client ignores.
        sep: How lines end: CR LF (by default), LF or CR.
        json: What is rendered as JSON, and is its data then; ``None`` is none.

    Raises:
        TypeError: If it has both data and JSON, or JSON has no form for an object in it.
        ValueError: If that holds NaN, an infinity or itself.

    Example:
        >>> from antiphon.sse import ServerSentEvent
        >>> ServerSentEvent("one\ntwo", id="7").encode()
        b'id: 7\r\ndata: one\r\ndata: two\r\n\r\n'
        >>> ServerSentEvent(json={"a": 1}).encode()
        b'data: {"a":1}\r\n\r\n'
        >>> ServerSentEvent("hello", event="greeting", id=7)
        ServerSentEvent(data='hello', event='greeting', id=7)

    Source: WHATWG HTML, section 9.2; ``sse_starlette.ServerSentEvent``.
    """

    DEFAULT_SEPARATOR = "\r\n"

    def __init__(
        self,
        data: Any = None,
        *,
        event: str | None = None,
        id: EventId | None = None,
        retry: int | None = None,
        comment: Any = None,
        sep: str | None = None,
        json: Any = None,
    ) -> None:
        if json is not None:
            if data is not None:
                raise TypeError("an event has data or json, not both")
            data = _antiphon.json_text(json)
        self.data = data
        self.event = event
        self.id = id
        self.retry = retry
        self.comment = comment
        self._sep = self.DEFAULT_SEPARATOR if sep is None else sep

    def __repr__(self) -> str:
        """Show the call that makes the event, with the arguments that are set."""
        shown = [
            f"{name}={value!r}"
            for name in ("data", "event", "id", "retry", "comment")
            if (value := self._argument(name)) is not None
        ]
        if self._sep not in (None, self.DEFAULT_SEPARATOR):
            shown.append(f"sep={self._sep!r}")
        return f"{type(self).__name__}({', '.join(shown)})"

    def _argument(self, name: str) -> object:
        """Return what the constructor takes for a field."""
        value: object = getattr(self, name)
        return value

    def __getstate__(self) -> dict[str, Any]:
        """Return what a copy has."""
        return {**vars(self), **{name: getattr(self, name) for name in _FIELDS}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Become a copy."""
        for name, value in state.items():
            setattr(self, name, value)


class JSONServerSentEvent(ServerSentEvent):
    r"""An event whose data is JSON, in one line. The other arguments are those of an event.

    Args:
        data: What ``json.dumps`` takes; ``None`` is no data.
        event: Its name.
        id: Its id.
        retry: How long the client waits before it connects again, in milliseconds.
        comment: Lines that the client ignores.
        sep: How lines end.

    Raises:
        TypeError: If JSON has no form for an object in the data.
        ValueError: If the data holds NaN, an infinity or itself.

    Example:
        >>> from antiphon.sse import JSONServerSentEvent
        >>> event = JSONServerSentEvent({"a": 1})
        >>> event
        JSONServerSentEvent(data={'a': 1})
        >>> event.encode()
        b'data: {"a":1}\r\n\r\n'

    Source: ``sse_starlette.JSONServerSentEvent``.
    """

    def __init__(
        self,
        data: Any = None,
        *,
        event: str | None = None,
        id: EventId | None = None,
        retry: int | None = None,
        comment: Any = None,
        sep: str | None = None,
    ) -> None:
        super().__init__(event=event, id=id, retry=retry, comment=comment, sep=sep, json=data)

    def _argument(self, name: str) -> object:
        value = super()._argument(name)
        if name != "data" or not isinstance(value, str):
            return value
        try:
            return loads(value)
        except ValueError:
            # A program has set the data since.
            return value


class _Status(type):
    """Notices that somebody sets ``should_exit``, so that nothing has to poll it."""

    def __setattr__(cls, name: str, value: object) -> None:
        super().__setattr__(name, value)
        if name == "should_exit" and value:
            _shutdown.shutdown()
        elif name == "enable_automatic_graceful_drain":
            _shutdown.signals_end_streams = bool(value)


class AppStatus(metaclass=_Status):
    """Whether the streams of events are to end.

    ``should_exit = True`` ends those that are open and those that begin later. A signal ends those
    that are open, unless :meth:`disable_automatic_graceful_drain` was called.

    Source: ``sse_starlette.sse.AppStatus``, which replaces a method of uvicorn.
    """

    should_exit: bool = False
    enable_automatic_graceful_drain: bool = True
    original_handler: Callable[..., Any] | None = None

    @staticmethod
    def disable_automatic_graceful_drain() -> None:
        """Let signals be: whoever calls this ends the streams, by ``should_exit = True``."""
        AppStatus.enable_automatic_graceful_drain = False

    @staticmethod
    def enable_automatic_graceful_drain_mode() -> None:
        """Have signals end the streams again."""
        AppStatus.enable_automatic_graceful_drain = True

    @staticmethod
    def handle_exit(*args: Any, **kwargs: Any) -> None:
        """End the streams, if signals do, and call ``original_handler``."""
        if AppStatus.enable_automatic_graceful_drain:
            AppStatus.should_exit = True
        if AppStatus.original_handler is not None:
            AppStatus.original_handler(*args, **kwargs)


class EventSourceResponse(_antiphon.EventSourceResponse, Response):  # type: ignore[misc]
    r"""A stream of server-sent events.

    An iterator brings events (those of ``sse_starlette``, too), the fields of one as a dictionary,
    bytes that are encoded events, or anything else, whose text is the data of one. What it brings
    without waiting is sent together. The stream ends with the iterator, with the client and with
    the server.

    Args:
        content: An iterator, or an asynchronous one.
        status_code: The status code.
        headers: Header fields, as a mapping or, for a name that comes twice, as pairs.
        media_type: The media type.
        background: What runs after the response was sent, or the client has left: a callable whose
            result is awaited.
        ping: After how many idle seconds a comment is sent; 15 by default, 0 for never.
        sep: How lines end: CR LF (by default), LF or CR.
        ping_message_factory: Makes the event that is sent instead of the comment.
        data_sender_callable: An asynchronous function that runs as long as the stream.
        send_timeout: For how many seconds a message may wait for the client.
        client_close_handler_callable: An asynchronous function that is called with the message that
            the client is gone.
        shutdown_event: An event that is set when the server comes to its end.
        shutdown_grace_period: How many seconds the iterator has then, to say goodbye.
        cleanup_timeout: How many seconds an iterator may take to be closed before its end;
            ``None`` for any number.
        merge_chunks: Whether events that are ready together share a message; by default what the
            class says, which is ``True``. What follows a ``yield`` may run before its event was
            handed to ``send`` then; with ``False`` it does not.
        on_complete: What is called once, with an ``Outcome`` of ``antiphon.outcome``, when the
            stream is over, however it ended, and before the background task. If it returns
            something awaitable, that is awaited, for 30 seconds at most. Its exceptions are logged.
            A subclass may have a method of that name.
        compress: Whether events go out in a content coding that the client takes, each flushed as
            soon as it is there: ``True``, ``False``, or a ``Compression`` of
            ``antiphon.compression``, which says what it costs, and when it tells secrets (BREACH).
            A stream holds 0.4 MiB more in ``gzip``, which comes first. By default what the class
            says, which is ``False``.

    Raises:
        ValueError: If ``sep`` is none of the three, a number is negative, or a header field cannot
            be sent.
        TypeError: If ``ping`` is no number, or ``compress`` none of the three.

    Example:
        >>> import asyncio
        >>> from antiphon.sse import EventSourceResponse
        >>> async def ticks():
        ...     yield {"event": "tick", "data": 1}
        >>> messages = []
        >>> async def send(message):
        ...     messages.append(message)
        >>> async def call():
        ...     await EventSourceResponse(ticks())({"type": "http", "method": "GET"}, None, send)
        >>> asyncio.run(call())
        >>> messages[1]["body"]
        b'event: tick\r\ndata: 1\r\n\r\n'

    Sends:
        ``Content-Type: text/event-stream; charset=utf-8``, ``Cache-Control: no-store``,
        ``X-Accel-Buffering: no``, which keeps nginx from holding events back, and ``Connection:
        keep-alive``. What ``headers`` has of these counts. With ``compress``, ``Vary:
        Accept-Encoding`` and ``Content-Encoding``.

    Source: WHATWG HTML, section 9.2; ``sse_starlette.EventSourceResponse``.
    """

    DEFAULT_PING_INTERVAL = 15
    DEFAULT_SEPARATOR = "\r\n"
    DEFAULT_CLEANUP_TIMEOUT = 30.0

    merge_chunks = True
    run_ahead = True
    on_complete: Callable[[Outcome], object] | None = None

    body_iterator: AsyncIterable[Any]

    def __init__(
        self,
        content: AsyncIterable[Any] | Iterable[Any],
        status_code: int = 200,
        headers: HeaderFields | None = None,
        media_type: str | None = "text/event-stream",
        background: Background | None = None,
        ping: float | None = None,
        sep: str | None = None,
        ping_message_factory: Callable[[], Any] | None = None,
        data_sender_callable: Callable[[], Awaitable[None]] | None = None,
        send_timeout: float | None = None,
        client_close_handler_callable: Callable[[Message], Awaitable[None]] | None = None,
        shutdown_event: Any = None,
        shutdown_grace_period: float = 0,
        cleanup_timeout: float | None = DEFAULT_CLEANUP_TIMEOUT,
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
        if sep not in (None, "\r\n", "\r", "\n"):
            raise ValueError(f"sep must be one of: \\r\\n, \\r, \\n, got: {sep}")
        self.sep = sep or self.DEFAULT_SEPARATOR
        if shutdown_event is not None and not hasattr(shutdown_event, "set"):
            raise TypeError(f"shutdown_event: expected an event, but found {shutdown_event!r}")
        self.body_iterator = (
            content if isinstance(content, AsyncIterable) else ThreadedIterator(content)
        )
        self._own_iterator = self.body_iterator
        self.status_code = status_code
        self.media_type = self.media_type if media_type is None else media_type
        self.background = background
        self.data_sender_callable = data_sender_callable
        self.send_timeout = send_timeout

        fields = MutableHeaders()
        if headers is not None:
            if hasattr(headers, "items"):
                for name, value in headers.items():
                    fields[name] = value
            else:
                for name, value in headers:
                    fields.append(name, value)
        self._describe(fields)
        self.init_headers(fields)

        self.ping_interval = self.DEFAULT_PING_INTERVAL if ping is None else ping
        self.ping_message_factory = ping_message_factory
        self.client_close_handler_callable = client_close_handler_callable
        for name, seconds, may_be_none in (
            ("send_timeout", send_timeout, True),
            ("shutdown_grace_period", shutdown_grace_period, False),
            ("cleanup_timeout", cleanup_timeout, True),
        ):
            if seconds is None and may_be_none:
                continue
            if not isinstance(seconds, (int, float)):
                raise TypeError(f"{name}: expected seconds, but found {seconds!r}")
            if not seconds >= 0:
                raise ValueError(f"{name} must be >= 0")
        self._shutdown_event = shutdown_event
        self._shutdown_grace_period = shutdown_grace_period
        self._cleanup_timeout = cleanup_timeout
        self.active = True

    @property
    def ping_interval(self) -> float:
        """After how many idle seconds something is sent; 0 for never."""
        return self._ping_interval

    @ping_interval.setter
    def ping_interval(self, value: float) -> None:
        if not isinstance(value, (int, float)):
            raise TypeError("ping interval must be int or float")
        if not value >= 0:
            raise ValueError("ping interval must be >= 0 (0 disables ping)")
        self._ping_interval = value

    def enable_compression(self, force: bool = False) -> None:
        """Refuse, as ``sse_starlette`` does: a response is compressed that has ``compress=True``.

        Raises:
            NotImplementedError: Always.
        """
        raise NotImplementedError("Compression is not supported for SSE streams.")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the events to whoever ``scope`` describes, then run the background task.

        A websocket handshake is denied with them. Nothing is started after HEAD.

        Args:
            scope: The connection.
            receive: Listened to for the client's leave.
            send: Called with each message.

        Raises:
            SendTimeoutError: If the client has not taken a message in time.
            ValueError: If the scope is of another type than ``http`` and ``websocket``; the stream
                can be sent still.
        """
        # A stream can be sent once: it is kept from a server that asks for the lifespan (D-35).
        _antiphon.expect_request(scope)
        if isinstance(self.body_iterator, ThreadedIterator):
            self.body_iterator.expect_iterable()
            self.body_iterator.runs_ahead = self.run_ahead
        if isinstance(self.body_iterator, Subscription):
            self.body_iterator.tells_position = True
        record = None
        if self.on_complete is not None:
            record = _completion.Record(self.on_complete, receive, send)
            receive, send = record.receive, record.send
        shutdown = _shutdown.OpenStream(is_told=AppStatus.should_exit)
        try:
            if self.compress:
                scope, send = _compressed.begin(self.compress, scope, send)
            with shutdown:
                await self._streaming(scope, receive, send, shutdown)
        except _event_stream.Expired:
            pass
        except BaseException as error:
            # A server that ends cancels its tasks, and some wait for the first to say so only.
            if not (isinstance(error, asyncio.CancelledError) and shutdown.is_told):
                if record is not None:
                    await record.failed(error)
                if isinstance(error, _stream.SendError):
                    raise error.error from None
                raise
        finally:
            self.active = False
        if record is not None:
            await record.ended(shutdown.is_told)
        if self.background is not None:
            await self.background()

    def _streaming(
        self, scope: Scope, receive: Receive, send: Send, shutdown: _shutdown.OpenStream
    ) -> Coroutine[Any, Any, None]:
        interruption = _disconnect.Interruption()
        if _antiphon.is_head(scope):
            if self.send_timeout is not None:
                send = _event_stream.timed(send, self.send_timeout)
            return self._delivery(scope, send, shutdown, interruption)
        streaming = self._delivery(scope, send, shutdown, interruption)
        listen = partial(self._listen_for_disconnect, receive)
        beside = [_request_body.after_reading(self.body_iterator, listen)]
        if self.data_sender_callable is not None:
            beside.append(partial(self._feed, self.data_sender_callable))
        return _disconnect.interruptible(streaming, interruption, *beside)

    async def _feed(self, send_events: Callable[[], Awaitable[None]]) -> None:
        await send_events()
        # The stream ends with its iterator, not with this.
        await anyio.sleep_forever()

    async def _listen_for_disconnect(self, receive: Receive) -> None:
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.active = False
                if self.client_close_handler_callable is not None:
                    await self.client_close_handler_callable(message)
                return

    def _delivery(
        self,
        scope: Scope,
        send: Send,
        shutdown: _shutdown.OpenStream,
        interruption: _disconnect.Interruption,
    ) -> Coroutine[Any, Any, None]:
        options = _event_stream.EventOptions(
            self._ping_interval,
            self._ping_bytes,
            self.send_timeout,
            self._shutdown_event,
            self._shutdown_grace_period,
            self._cleanup_timeout,
            shutdown,
        )
        return _stream.deliver(
            partial(self._stream, scope),
            self.body_iterator,
            self._own_iterator,
            send,
            partial(
                _event_stream.iterate,
                send=send,
                merges=self.merge_chunks,
                interruption=interruption,
                options=options,
            ),
            self._cleanup_timeout,
        )

    def _ping_bytes(self) -> bytes:
        if self.ping_message_factory is not None:
            return ensure_bytes(self.ping_message_factory(), self.sep)
        comment = f"ping - {datetime.now(timezone.utc)}"
        return ServerSentEvent(comment=comment, sep=self.sep).encode()
