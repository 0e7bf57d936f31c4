"""Cookies."""

from http.cookies import SimpleCookie
from typing import Any

from antiphon.datastructures import Headers
from antiphon.responses import JSONResponse, PlainTextResponse


async def set(scope: Any, receive: Any, send: Any) -> None:
    response = PlainTextResponse("Two cookies are set.")
    response.set_cookie("session", "abc123", max_age=3600, httponly=True, samesite="strict")
    response.set_cookie("flavour", "oat", expires=3600)
    await response(scope, receive, send)


async def delete(scope: Any, receive: Any, send: Any) -> None:
    response = PlainTextResponse("Both cookies are deleted.")
    response.delete_cookie("session")
    response.delete_cookie("flavour")
    await response(scope, receive, send)


async def seen(scope: Any, receive: Any, send: Any) -> None:
    cookies = SimpleCookie(Headers(scope=scope).get("cookie", ""))
    response = JSONResponse({name: morsel.value for name, morsel in cookies.items()})
    await response(scope, receive, send)
