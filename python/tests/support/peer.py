"""The other side of a response: a server that takes messages, and says what it got."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import anyio

Application = Callable[..., Coroutine[Any, Any, None]]


def scope(method: str = "GET", **more: Any) -> dict[str, Any]:
    return {"type": "http", "method": method, "path": "/", "headers": [], **more}


class Peer:
    def __init__(self) -> None:
        self.messages: list[Any] = []

    async def receive(self) -> Any:
        raise AssertionError("a fixed response has nothing to receive")

    async def send(self, message: Mapping[str, Any]) -> None:
        self.messages.append(message)

    @property
    def start(self) -> Any:
        return self.messages[0]

    @property
    def headers(self) -> list[list[str]]:
        return [[name.decode(), value.decode("latin-1")] for name, value in self.start["headers"]]

    @property
    def body(self) -> bytes:
        return b"".join(bytes(message["body"]) for message in self.messages[1:])


def sent(application: Application, **request: Any) -> Peer:
    """Call an application that never waits, and return what it sent."""
    peer = Peer()
    coroutine = application(scope(**request), peer.receive, peer.send)
    try:
        coroutine.send(None)
    except StopIteration:
        return peer
    raise AssertionError("a fixed response has nothing to wait for")


class Waiting(Peer):
    """A client that stays, and says nothing."""

    async def receive(self) -> Any:
        await anyio.sleep_forever()


def delivered(application: Application, peer: Peer | None = None, **request: Any) -> Peer:
    """Call an application that may wait, and return what it sent, to a client that stays."""
    peer = peer or Waiting()
    anyio.run(application, scope(**request), peer.receive, peer.send)
    return peer
