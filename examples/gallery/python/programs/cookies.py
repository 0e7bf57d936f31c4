"""Cookies: set, deleted, and what the client sends back."""

from http.cookies import SimpleCookie
from typing import Any

from antiphon.datastructures import Headers
from antiphon.responses import JSONResponse, PlainTextResponse, Response


def set_both() -> Response:
    response = PlainTextResponse("Two cookies are set.")
    response.set_cookie("session", "abc123", max_age=3600, httponly=True, samesite="strict")
    response.set_cookie("flavour", "oat", expires=3600)
    return response


def delete_both() -> Response:
    response = PlainTextResponse("Both cookies are deleted.")
    response.delete_cookie("session")
    response.delete_cookie("flavour")
    return response


def sent_back(headers: Headers) -> Response:
    cookies = SimpleCookie(headers.get("cookie", ""))
    return JSONResponse({name: morsel.value for name, morsel in cookies.items()})


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["path"] == "/cookies/set":
        response = set_both()
    elif scope["path"] == "/cookies/delete":
        response = delete_both()
    else:
        response = sent_back(Headers(scope=scope))
    await response(scope, receive, send)
