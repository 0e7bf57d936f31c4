"""A peer that stalls, fails, or leaves at the message that a script names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import anyio


class Scripted:
    """The other side of a stream. ``at`` is the number of the message at which something happens.

    ``stall``: it is not taken; ``fail``: ``send`` raises; ``leave``: the client is gone, and
    ``send`` returns as it does before ASGI 2.4; ``call``: this is called, before it stalls if that
    is what it does.
    """

    def __init__(
        self,
        at: int = -1,
        does: str = "",
        error: BaseException | None = None,
        call: Callable[[], object] | None = None,
    ) -> None:
        self.at, self.does, self.error, self.call = at, does, error, call
        self.messages: list[Any] = []
        self.gone = anyio.Event()
        self.stalled = anyio.Event()
        self.receivers = 0
        #: Whether it has happened.
        self.has_acted = False

    async def receive(self) -> Any:
        self.receivers += 1
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Mapping[str, Any]) -> None:
        if len(self.messages) == self.at:
            self.has_acted = True
            if self.does == "stall":
                if self.call is not None:
                    self.call()
                self.stalled.set()
                await anyio.sleep_forever()
            elif self.does == "fail":
                raise self.error or OSError("gone")
            elif self.does == "leave":
                self.gone.set()
            elif self.call is not None:
                self.call()
        self.messages.append(message)

    @property
    def body(self) -> bytes:
        return b"".join(bytes(message["body"]) for message in self.messages[1:])

    @property
    def chunks(self) -> list[bytes]:
        return [bytes(message["body"]) for message in self.messages[1:]]


def request(version: str = "2.4", method: str = "GET", **more: Any) -> dict[str, Any]:
    return {
        "type": "http",
        "method": method,
        "path": "/",
        "headers": [],
        "asgi": {"version": "3.0", "spec_version": version},
        **more,
    }
