"""A client, and the server that it is a client of: an event loop of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Any
from urllib.parse import unquote

from antiphon._shutdown import shutdown
from antiphon.testing._exchange import Exchange
from antiphon.testing._lifespan import Lifespan
from antiphon.testing._loop import EventLoop
from antiphon.types import Backend


class Client:
    """Drives an ASGI application, message by message.

    The application runs in a thread and an event loop of its own, from the start of its lifespan to
    its end: while the ``with`` block runs. Requests may be open at once.

    Args:
        application: An ASGI application, of whichever framework, or a response.
        backend: The event loop, ``"asyncio"`` or ``"trio"``.
        spec_version: The version of ASGI that the server speaks. From 2.4 on ``send`` raises an
            ``OSError`` when the client is gone.
        timeout: For how many seconds at most something is waited for.

    Raises:
        ValueError: If the backend is unknown.

    Example:
        >>> from antiphon.sse import EventSourceResponse
        >>> from antiphon.testing import Client
        >>> async def app(scope, receive, send):
        ...     async def forever():
        ...         number = 0
        ...         while True:
        ...             yield {"id": number, "data": "tick"}
        ...             number += 1
        ...     await EventSourceResponse(forever())(scope, receive, send)
        >>> with Client(app) as client, client.stream("/ticks") as answer:
        ...     answer.status, answer.event()
        (200, Event(type='message', data='tick', last_event_id='0'))
    """

    def __init__(
        self,
        application: Callable[[Any, Any, Any], Awaitable[None]],
        *,
        backend: Backend = "asyncio",
        spec_version: str = "2.4",
        timeout: float = 5.0,
    ) -> None:
        if backend not in ("asyncio", "trio"):
            raise ValueError(f"backend must be 'asyncio' or 'trio', got {backend!r}")
        self._application = application
        self._backend: Backend = backend
        self._spec_version = spec_version
        self._timeout = timeout
        self._stack: ExitStack | None = None

    def __enter__(self) -> Client:
        if self._stack is not None:
            raise RuntimeError("a client is entered once at a time")
        with ExitStack() as stack:
            loop = self._loop = stack.enter_context(EventLoop(self._backend, self._timeout))
            self._lifespan = loop.call(Lifespan, self._application)
            run = loop.start(self._lifespan.run)
            stack.callback(loop.wait, run, "the end of the application's lifespan")
            loop.wait(self._lifespan.started, "the start of the application")
            stack.callback(loop.call, self._lifespan.stop)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        stack, self._stack = self._stack, None
        if stack is not None:
            stack.close()

    def stream(
        self,
        path: str = "/",
        *,
        method: str = "GET",
        headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
        body: bytes = b"",
        scope: Mapping[str, Any] | None = None,
    ) -> Exchange:
        """Return a request, which is made when its ``with`` block is entered.

        Args:
            path: The path, percent-encoded, with the query if there is one.
            method: The request method.
            headers: Header fields.
            body: The content of the request.
            scope: Members of the scope that replace those which the other arguments make.

        Raises:
            RuntimeError: If the client's own ``with`` block is not entered.

        Example:
            >>> from antiphon.responses import PlainTextResponse
            >>> from antiphon.testing import Client
            >>> with Client(PlainTextResponse("hello")) as client:
            ...     with client.stream("/?a=1", headers={"Accept": "text/plain"}) as answer:
            ...         answer.header("content-type"), answer.read()
            ('text/plain; charset=utf-8', b'hello')
        """
        if self._stack is None:
            raise RuntimeError("a client makes requests within its with block")
        raw_path, _, query = path.partition("?")
        fields = [("host", "testserver")]
        fields += headers.items() if isinstance(headers, Mapping) else headers
        made = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": self._spec_version},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(raw_path),
            "raw_path": raw_path.encode("ascii"),
            "query_string": query.encode("ascii"),
            "root_path": "",
            "headers": [(n.lower().encode("latin-1"), v.encode("latin-1")) for n, v in fields],
            "client": ("testclient", 50000),
            "server": ("testserver", 80),
            "extensions": {},
            "state": self._lifespan.state.copy(),
        }
        return Exchange(self._application, self._loop, {**made, **(scope or {})}, body)

    def advance(self, seconds: float) -> None:
        """Let time pass for the application, all at once.

        Its clock runs as others do, but for these seconds. What was to happen within them happens
        now, and once: an iterator that sleeps for one second and then for another has slept once.

        Args:
            seconds: How many.

        Raises:
            ValueError: If time would run backwards.

        Example:
            >>> import anyio
            >>> from antiphon.sse import EventSourceResponse
            >>> from antiphon.testing import Client
            >>> async def app(scope, receive, send):
            ...     async def silence():
            ...         await anyio.sleep_forever()
            ...         yield
            ...     await EventSourceResponse(silence(), ping=15)(scope, receive, send)
            >>> with Client(app) as client, client.stream("/") as answer:
            ...     silent = (answer.status, answer.is_idle)
            ...     client.advance(15)
            ...     silent, answer.chunk()[:6]
            ((200, True), b': ping')
        """
        if not seconds >= 0:
            raise ValueError(f"seconds must not be negative, got {seconds!r}")
        self._loop.advance(seconds)

    def shutdown(self) -> None:
        """Tell the streams of events that the server ends, as SIGTERM does."""
        shutdown()
