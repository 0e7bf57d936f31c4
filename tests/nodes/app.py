"""A process that shares channels over Redis.

GET listens to the channel that the path names, POST publishes to it. ``src/main.rs`` is the same of
the Rust face.
"""

import os
from typing import Any

from antiphon.channel.redis import AmbiguousError, EngineError, RedisChannels
from antiphon.datastructures import Headers
from antiphon.responses import PlainTextResponse
from antiphon.sse import EventSourceResponse

channels = RedisChannels(os.environ["REDIS_URL"])


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        return
    name = scope["path"].removeprefix("/")
    if name == "counters":
        await PlainTextResponse(repr(channels.counters))(scope, receive, send)
        return
    channel = channels[name]
    if scope["method"] == "GET":
        last = Headers(scope=scope).get("last-event-id")
        response = EventSourceResponse(channel.subscribe(last), ping=1)
        await response(scope, receive, send)
        return
    content, more = b"", True
    while more:
        message = await receive()
        content += message.get("body", b"")
        more = message.get("more_body", False)
    try:
        text, status = await channel.publish({"data": content.decode()}), 200
    except AmbiguousError as error:
        text, status = str(error), 504
    except EngineError as error:
        text, status = str(error), 503
    await PlainTextResponse(text, status)(scope, receive, send)
