"""Status codes."""

from http.client import responses as names
from typing import Any

from antiphon.responses import PlainTextResponse


async def app(scope: Any, receive: Any, send: Any) -> None:
    code = scope["path"].rpartition("/")[2]
    if code.isdecimal() and 100 <= int(code) <= 999:
        name = names.get(int(code), "No name")
        response = PlainTextResponse(name, status_code=int(code))
    else:
        response = PlainTextResponse("expected a code from 100 to 999", status_code=400)
    await response(scope, receive, send)
