"""A redirect as it was sent. A page does not get to see it: the browser follows at once."""

import asyncio
from typing import Any

from antiphon.responses import PlainTextResponse

PATIENCE = 5


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answer with what this server says to a client that asks it for ``/redirect``."""
    answer = await asyncio.wait_for(ask(*scope["server"]), PATIENCE)
    await PlainTextResponse(answer)(scope, receive, send)


async def ask(host: str, port: int) -> bytes:
    reader, writer = await asyncio.open_connection(host, port)
    request = f"GET /redirect HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n"
    writer.write(request.encode())
    answer = await reader.read()
    writer.close()
    return answer
