"""The same stream of events from the classes that ``PEER`` names, shared over ``REDIS_URL``.

GET /events listens. For channels of one process POST /publish publishes each line; else whoever
writes to Redis.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from typing import Any

PEER = os.environ["PEER"]
URL = os.environ["REDIS_URL"]
NAME = "bench"

if PEER in ("antiphon", "antiphon-alone"):
    from antiphon.channel import EventChannel
    from antiphon.channel.redis import RedisChannels
    from antiphon.responses import PlainTextResponse
    from antiphon.sse import EventSourceResponse

    channel: Any = EventChannel() if PEER == "antiphon-alone" else RedisChannels(URL)[NAME]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        if scope["method"] == "GET":
            await EventSourceResponse(channel.subscribe())(scope, receive, send)
            return
        content = (await receive())["body"]
        for line in content.decode().splitlines():
            channel.publish({"data": line})
        await PlainTextResponse("")(scope, receive, send)

elif PEER in ("pubsub", "xread"):
    import redis.asyncio
    from sse_starlette import EventSourceResponse as StarletteEvents

    engine = redis.asyncio.Redis.from_url(URL, max_connections=1 << 20)

    async def subscribed() -> AsyncIterator[dict[str, str]]:
        async with engine.pubsub() as pubsub:
            await pubsub.subscribe(NAME)
            async for message in pubsub.listen():
                if message["type"] == "message":
                    yield {"data": message["data"].decode()}

    async def read() -> AsyncIterator[dict[str, str]]:
        last: Any = "$"
        while True:
            for _, entries in await engine.xread({f"antiphon:{NAME}": last}, block=5000):
                for last, fields in entries:
                    yield {"id": last.decode(), "data": fields[b"data"].decode()}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            events = subscribed() if PEER == "pubsub" else read()
            await StarletteEvents(events)(scope, receive, send)

else:
    from litestar import Litestar, get
    from litestar.channels import ChannelsPlugin
    from litestar.channels.backends.redis import RedisChannelsPubSubBackend
    from litestar.response import ServerSentEvent, ServerSentEventMessage
    from redis.asyncio import Redis

    plugin = ChannelsPlugin(RedisChannelsPubSubBackend(redis=Redis.from_url(URL)), channels=[NAME])

    @get("/events", sync_to_thread=False)
    def listen() -> ServerSentEvent:
        async def events() -> AsyncIterator[ServerSentEventMessage]:
            async with plugin.start_subscription([NAME]) as subscriber:
                async for event in subscriber.iter_events():
                    yield ServerSentEventMessage(data=event.decode())

        return ServerSentEvent(events())

    app = Litestar([listen], plugins=[plugin])
