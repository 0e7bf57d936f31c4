"""A chat: GET listens, POST says something to all. Processes with one ``REDIS_URL`` share it."""

import json
import os
from inspect import isawaitable
from typing import Any
from urllib.parse import parse_qs

from antiphon.channel import EventChannel
from antiphon.channel.redis import RedisChannels
from antiphon.datastructures import Headers
from antiphon.responses import PlainTextResponse, Response
from antiphon.sse import EventSourceResponse

MAX_LEN = 4096


def channel_of(url: str | None) -> Any:
    if url is None:
        return EventChannel(newcomers="history")
    return RedisChannels(url, newcomers="history")["chat"]


channel = channel_of(os.environ.get("REDIS_URL"))


async def listen(scope: Any, receive: Any, send: Any) -> None:
    """What is said, from where the client was."""
    parameter = parse_qs(scope["query_string"]).get(b"last_event_id", [None])[0]
    # The browser keeps the URL when it calls again, so the header is the newer one.
    last = Headers(scope=scope).get("last-event-id", parameter)
    # A page that another process has served may listen here.
    headers = {"access-control-allow-origin": "*"}
    await EventSourceResponse(channel.subscribe(last), headers=headers)(scope, receive, send)


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
            published = channel.publish({"json": {"text": text}})
            if isawaitable(published):  # as it is over Redis
                await published
            response = Response(status_code=204)
    await response(scope, receive, send)


async def app(scope: Any, receive: Any, send: Any) -> None:
    await (say if scope["method"] == "POST" else listen)(scope, receive, send)
