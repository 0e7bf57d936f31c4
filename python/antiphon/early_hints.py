"""Early hints: what a browser is to load while the answer is still being made."""

from __future__ import annotations

from antiphon._antiphon import Link
from antiphon.types import Scope, Send

__all__ = ["Link", "send_early_hints"]


async def send_early_hints(scope: Scope, send: Send, *links: Link | str) -> bool:
    """Send 103 with these links, if the server offers that.

    It comes before the head of the answer, as often as there is something to say. Browsers heed it
    in answers to navigations, over HTTP/2 and later. hypercorn offers it there, and uvicorn with
    ``--http zttp --http2``; elsewhere nothing is sent.

    Args:
        scope: The connection.
        send: Called with the message.
        links: What to load or to connect to. Text is read by :meth:`Link.parse`, so that a line
            break in it can become no other field.

    Returns:
        Whether it was sent.

    Raises:
        ValueError: If text is no link; nothing has been sent, also where the server offers nothing.
        TypeError: If something is neither text nor a :class:`Link`.

    Example:
        >>> import asyncio
        >>> from antiphon.early_hints import Link, send_early_hints
        >>> from antiphon.responses import HTMLResponse
        >>> async def app(scope, receive, send):
        ...     await send_early_hints(scope, send, Link("/app.css", "preload", as_="style"))
        ...     await HTMLResponse("<link rel=stylesheet href=/app.css>")(scope, receive, send)
        >>> messages = []
        >>> async def send(message):
        ...     messages.append(message)
        >>> scope = {"type": "http", "method": "GET"}
        >>> scope["extensions"] = {"http.response.early_hint": {}}
        >>> asyncio.run(app(scope, None, send))
        >>> messages[0]["links"]
        [b'</app.css>; rel=preload; as=style']

    Source: RFC 8297; ASGI's extension ``http.response.early_hint``;
    ``starlette.requests.Request.send_early_hints``, which sends whatever text it is given.
    """
    checked = [bytes(_checked(link)) for link in links]
    offered = (scope.get("extensions") or {}).get(_EXTENSION)
    if scope["type"] != "http" or offered is None or not checked:
        return False
    await send({"type": _EXTENSION, "links": checked})
    return True


def _checked(link: Link | str) -> Link:
    if isinstance(link, Link):
        return link
    if isinstance(link, str):
        return Link.parse(link)
    raise TypeError(f"links: expected Link or str, but found {type(link).__name__}")


_EXTENSION = "http.response.early_hint"
