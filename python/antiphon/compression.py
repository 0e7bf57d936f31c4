"""Compression of answers: what is compressed, and a middleware that does it for an application."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from antiphon import _compressed
from antiphon._antiphon import Compression
from antiphon.types import Coding, Receive, Scope, Send

__all__ = ["Compression", "CompressionMiddleware"]

#: What an application may have in a scope of its own, which is nobody else's.
_OWN = ("headers", "extensions")


class CompressionMiddleware:
    """Compress the answers of an application, in the coding that the client likes best.

    It stands where Starlette's ``GZipMiddleware`` stands. An answer that is compressed already, by
    its own ``compress`` or another middleware, is left alone, and so is a websocket.

    - **Streams and events** go out message by message as without it, each flushed, and the head
      does not wait for the first. That of a stream which announces its length is sent with its
      first chunk, since the length goes; content of another length than announced is an error.
    - **Large content**, of more than 32 KiB in a message, is encoded on a thread. What lies ready
      keeps a ``Content-Length``, that of the coded bytes, up to 1 MiB. A file that the server was
      to read, by ``http.response.pathsend``, is read here.
    - **Entity tags.** A strong ``ETag`` becomes one of its own in each coding, ``"v1-gzip"``. A
      request that names it reaches the application with ``"v1"`` beside it, so that its 304 and 412
      are right, and without ``Range``.
    - **HEAD.** An application makes no content then, so that its coded length is unknown: where the
      answer to GET is compressed there is no ``Content-Length``. A response's own ``compress`` has
      it for content that lies ready.

    Compression can tell secrets: see :class:`Compression`, which says what to do about it, and how
    much memory a stream takes.

    Args:
        app: The application.
        minimum_size: Content of fewer bytes is left alone; that of a stream never is.
        codings: The codings that are offered, the best first.
        media_types: What is compressed, instead of what is known to shrink.
        exclude_media_types: What is not, whatever else holds.
        gzip_level: How hard gzip tries, from 1 to 9.
        brotli_quality: How hard brotli tries, from 0 to 11.
        zstd_level: How hard zstd tries, from 1 to 22.
        compression: All of that in one, instead of the others.

    Raises:
        ValueError: As of :class:`Compression`.
        TypeError: As of :class:`Compression`; if there is a ``compression`` beside another option,
            or if it is none.

    Example:
        >>> import asyncio, gzip
        >>> from antiphon.compression import CompressionMiddleware
        >>> from antiphon.responses import PlainTextResponse
        >>> app = CompressionMiddleware(PlainTextResponse("la" * 500), minimum_size=1000)
        >>> messages = []
        >>> async def send(message):
        ...     messages.append(message)
        >>> scope = {"type": "http", "method": "GET", "headers": [(b"accept-encoding", b"gzip")]}
        >>> asyncio.run(app(scope, None, send))
        >>> gzip.decompress(messages[1]["body"]) == b"la" * 500
        True

    Sends:
        ``Content-Encoding``, ``Vary: Accept-Encoding`` (the latter wherever the answer depends on
        it), and another ``Content-Length``, or none; no ``Accept-Ranges``, since there are none.

    Source: RFC 9110, sections 8.4, 8.8.3.3 and 12.5.3; ``starlette.middleware.gzip``.
    """

    def __init__(
        self,
        app: Callable[[Scope, Receive, Send], Awaitable[None]],
        minimum_size: int = 500,
        *,
        codings: Iterable[Coding] | None = None,
        media_types: Iterable[str] | None = None,
        exclude_media_types: Iterable[str] = (),
        gzip_level: int | None = None,
        brotli_quality: int | None = None,
        zstd_level: int | None = None,
        compression: Compression | None = None,
    ) -> None:
        options = Compression(
            codings=codings,
            minimum_size=minimum_size,
            media_types=media_types,
            exclude_media_types=exclude_media_types,
            gzip_level=gzip_level,
            brotli_quality=brotli_quality,
            zstd_level=zstd_level,
        )
        if compression is None:
            compression = options
        elif not isinstance(compression, Compression):
            found = type(compression).__name__
            raise TypeError(f"compression: expected Compression, but found {found}")
        elif options != _compressed.PRESET:
            raise TypeError("compression: expected no other option beside it")
        self.app = app
        self.compression = compression

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have the application answer, and compress what it sends.

        Args:
            scope: The connection.
            receive: Passed on.
            send: Called with each message.

        Raises:
            ValueError: If the application's content is not as long as it has announced.
        """
        own, send = _compressed.begin(self.compression, scope, send)
        if own is scope:
            await self.app(scope, receive, send)
            return
        try:
            await self.app(own, receive, send)
        finally:
            # A router says there what it has found, and whoever is around this looks for it.
            scope.update((name, own[name]) for name in own if name not in _OWN)
