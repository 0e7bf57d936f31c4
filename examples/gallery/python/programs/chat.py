"""A chat: GET listens, POST says something to all."""

import json
from typing import Any
from urllib.parse import parse_qs

from antiphon.channel import EventChannel
from antiphon.datastructures import Headers
from antiphon.responses import PlainTextResponse, Response
from antiphon.sse import EventSourceResponse

MAX_LEN = 4096
channel = EventChannel(newcomers="history")


async def listen(scope: Any, receive: Any, send: Any) -> None:
    """What is said, from where the client was."""
    parameter = parse_qs(scope["query_string"]).get(b"last_event_id", [None])[0]
    # The browser keeps the URL when it calls again, so the header is the newer one.
    last = Headers(scope=scope).get("last-event-id", parameter)
    await EventSourceResponse(channel.subscribe(last))(scope, receive, send)


async def say(scope: Any, receive: Any, send: Any) -> None:
    content, more = b"", True
    while more and len(content) <= MAX_LEN:
        message = await receive()
        content += message.get("body", b"")
        more = message.get("more_body", False)
    if len(content) > MAX_LEN:
        response: Response = PlainTextResponse(f"expected at most {MAX_LEN} bytes", 413)
    else:
        try:
            text = str(json.loads(content)["text"])
        except (KeyError, TypeError, ValueError) as error:
            response = PlainTextResponse(f"expected a text: {error}", 400)
        else:
            channel.publish({"json": {"text": text}})
            response = Response(status_code=204)
    await response(scope, receive, send)


async def app(scope: Any, receive: Any, send: Any) -> None:
    await (say if scope["method"] == "POST" else listen)(scope, receive, send)
