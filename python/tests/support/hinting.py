"""An application that says what its page needs before it has the page."""

from __future__ import annotations

from typing import Any

from antiphon.compression import CompressionMiddleware
from antiphon.early_hints import Link, send_early_hints
from antiphon.responses import HTMLResponse


async def page(scope: Any, receive: Any, send: Any) -> None:
    assert scope["type"] == "http", "the lifespan is not supported"
    links = (Link("/app.css", "preload", as_="style"), "<https://cdn.example>; rel=preconnect")
    told = await send_early_hints(scope, send, *links)
    await HTMLResponse(f"<p>{told}</p>" * 100)(scope, receive, send)


app = CompressionMiddleware(page)
