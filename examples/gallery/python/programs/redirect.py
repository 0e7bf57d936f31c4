"""A redirect, and where it leads."""

from typing import Any

from antiphon.responses import PlainTextResponse, RedirectResponse

redirect = RedirectResponse("/redirect/landed")
landed = PlainTextResponse("You have landed.")


async def app(scope: Any, receive: Any, send: Any) -> None:
    response = redirect if scope["path"] == "/redirect" else landed
    await response(scope, receive, send)
