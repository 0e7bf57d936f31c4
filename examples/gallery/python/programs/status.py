"""The status code that is asked for."""

import re
from http.client import responses as names
from typing import Any

from antiphon.responses import PlainTextResponse


async def app(scope: Any, receive: Any, send: Any) -> None:
    if asked := re.fullmatch(rb"code=([1-9]\d\d)", scope["query_string"]):
        code = int(asked[1])
        response = PlainTextResponse(names.get(code, "No name"), status_code=code)
    else:
        response = PlainTextResponse("expected ?code= and three digits", status_code=400)
    await response(scope, receive, send)
