"""One request, and the messages that answer it, each of which is sent when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from types import TracebackType
from typing import Any

import anyio

from antiphon.testing._loop import EventLoop
from antiphon.testing._parser import Event, Parser
from antiphon.types import Message, Scope

#: What follows what, by the last part of a message's type.
_START, _BODY, _OVER = "http.response.start", "http.response.body", ""


class Gone(OSError):
    """The client has left, and the application sends on."""


class Exchange:
    """A request that is being answered, as :meth:`Client.stream` returns it.

    The application is in its ``send`` until the test asks for what it sends: it feels the back
    pressure of a client that reads nothing. Whatever is asked for is waited for, at most for the
    client's ``timeout``. When the ``with`` block is left, the client leaves, and the application
    has as long to end. Whoever has asked for :attr:`status` knows that the response was made: that
    a channel was subscribed to, for example.

    What the application raises is raised by the call that finds it out.
    """

    def __init__(self, application: Any, loop: EventLoop, scope: Scope, body: bytes) -> None:
        self._application = application
        self._loop = loop
        self._scope = scope
        self._prefix = "websocket." if scope["type"] == "websocket" else ""
        self._body: bytes | None = body
        self._expected = _START
        self._start: Message | None = None
        self._events: list[Event] = []
        self._parser = Parser()
        self._has_left = self._is_complete = False
        #: Whether the test knows what the application raised.
        self._is_raised = False
        self._run: Future[None] | None = None

    def __enter__(self) -> Exchange:
        if self._run is not None:
            raise RuntimeError("a request is made once")
        self._loop.call(self._open)
        self._run = self._loop.start(self._answer)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        was_complete = self._is_complete
        self.disconnect()
        try:
            self._wait()
        except Exception as raised:
            is_news = not self._is_raised and (was_complete or not _is_about_leaving(raised))
            if is_news and error is None:
                raise

    def _open(self) -> None:
        self._sent, self._received = anyio.create_memory_object_stream[Message](0)
        self._gone = anyio.Event()

    async def _answer(self) -> None:
        with self._sent:
            await self._application(self._scope, self._receive, self._send)

    async def _receive(self) -> Message:
        if self._body is not None:
            body, self._body = self._body, None
            if self._prefix:
                return {"type": "websocket.connect"}
            return {"type": "http.request", "body": body, "more_body": False}
        await self._gone.wait()
        if self._prefix:
            return {"type": "websocket.disconnect", "code": 1006}
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if self._has_left:
            self._refuse()
            return
        self._check(message)
        try:
            await self._sent.send(message)
        except anyio.BrokenResourceError:
            self._refuse()
        else:
            if self._expected is _OVER:
                self._is_complete = True
                self._gone.set()

    def _refuse(self) -> None:
        if self._scope["asgi"]["spec_version"] >= "2.4":
            raise Gone("the client has left")

    def _check(self, message: Message) -> None:
        kind = message["type"].removeprefix(self._prefix)
        is_path = kind == "http.response.pathsend" and self._expected is _BODY
        if kind != self._expected and not is_path:
            expected = f"{self._prefix}{self._expected}" if self._expected else "no more messages"
            raise RuntimeError(f"expected {expected}, got {message['type']}")
        if kind == _START:
            self._expected = _BODY
        elif is_path or not message.get("more_body", False):
            self._expected = _OVER

    def message(self) -> Message:
        """Return the next message, as the application sent it.

        Raises:
            anyio.EndOfStream: If the application has returned.
            TimeoutError: If none was sent in time.
        """
        self._expect_run()
        if self._has_left:
            raise anyio.ClosedResourceError
        try:
            message = self._loop.wait(self._loop.start(self._received.receive), "a message")
        except anyio.EndOfStream:
            self.join()
            raise
        if self._start is None:
            self._start = message
        return message

    @property
    def status(self) -> int:
        """The status code, for which the head is waited for."""
        return int(self._head()["status"])

    @property
    def headers(self) -> list[tuple[str, str]]:
        """The header fields, for which the head is waited for; names in lower case."""
        fields = self._head().get("headers", ())
        return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in fields]

    def header(self, name: str) -> str | None:
        """Return the first value of a header field, or ``None``."""
        return next((value for field, value in self.headers if field == name.lower()), None)

    def _head(self) -> Message:
        return self.message() if self._start is None else self._start

    def chunk(self) -> bytes:
        """Return the next bytes of the content.

        Raises:
            anyio.EndOfStream: If the content is complete.
            TimeoutError: If nothing was sent in time.
        """
        self._head()
        while True:
            message = self.message()
            if chunk := bytes(message.get("body", b"")):
                return chunk

    def chunks(self) -> Iterator[bytes]:
        """Iterate over what is left of the content, to its end."""
        while True:
            try:
                yield self.chunk()
            except anyio.EndOfStream:
                return

    def read(self) -> bytes:
        """Return what is left of the content, to its end."""
        return b"".join(self.chunks())

    def event(self) -> Event:
        """Return the next server-sent event, as a browser reads it.

        Comments, as the pings are, it does not see: :meth:`chunk` does.

        Raises:
            anyio.EndOfStream: If the content is complete.
            TimeoutError: If nothing was sent in time.
        """
        while not self._events:
            self._events = self._parser.feed(self.chunk())
        return self._events.pop(0)

    def events(self) -> Iterator[Event]:
        """Iterate over the server-sent events that are left, to the end."""
        while True:
            try:
                yield self.event()
            except anyio.EndOfStream:
                return

    @property
    def is_idle(self) -> bool:
        """Whether the application has nothing to send, and waits for something else.

        All that can run in its event loop has run then. Threads it does not see.
        """
        self._loop.settle()
        return self._loop.call(self._received.statistics).tasks_waiting_send == 0

    def disconnect(self) -> None:
        """Leave, as a client does whose connection is lost.

        The application receives ``http.disconnect``. From ASGI 2.4 on its ``send`` raises an
        ``OSError``; before, what it sends is lost. A ``StreamingResponse`` then raises
        ``ClientDisconnect``, which :meth:`join` raises, too.
        """
        self._has_left = True
        self._loop.call(self._leave)

    def _leave(self) -> None:
        self._received.close()
        self._gone.set()

    def join(self) -> None:
        """Wait until the application has returned, or raise what it raised.

        Raises:
            TimeoutError: If it has not returned in time. It is cancelled.
        """
        try:
            self._wait()
        except Exception:
            self._is_raised = True
            raise

    def _wait(self) -> None:
        self._loop.wait(self._expect_run(), "the application to return")

    def _expect_run(self) -> Future[None]:
        if self._run is None:
            raise RuntimeError("a request is made when its with block is entered")
        return self._run


def _is_about_leaving(error: BaseException | None) -> bool:
    while error is not None and not isinstance(error, Gone):
        error = error.__cause__ or error.__context__
    return error is not None
