"""The start and the end of an application, as servers tell it of them."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

import anyio

from antiphon.types import Message


class Lifespan:
    """One run of an application's lifespan, if it has one.

    Source: the ASGI specification, "Lifespan Protocol".
    """

    def __init__(self, application: Any) -> None:
        self._application = application
        #: What the application wants each request to have.
        self.state: dict[str, Any] = {}
        #: Done when the application has started, or has said that it cannot.
        self.started: Future[None] = Future()
        self._messages = iter(("lifespan.startup", "lifespan.shutdown"))
        self._may_receive = anyio.Semaphore(1)
        self._failure: str | None = None

    async def run(self) -> None:
        """Run it to its end."""
        scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": self.state}
        try:
            await self._application(scope, self._receive, self._send)
            if self._failure is not None:
                raise RuntimeError(self._failure)
        except Exception as error:
            if self.started.done():
                raise
            if self._failure is not None:
                self.started.set_exception(error)
        # One that ends, or raises, without a word of it has no lifespan.
        if not self.started.done():
            self.started.set_result(None)

    def stop(self) -> None:
        """Tell the application that the server comes to its end."""
        self._may_receive.release()

    async def _receive(self) -> Message:
        await self._may_receive.acquire()
        return {"type": next(self._messages)}

    async def _send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "lifespan.startup.complete":
            self.started.set_result(None)
        elif kind.endswith(".failed"):
            self._failure = f"{kind}: {message.get('message', '')}"
        elif kind != "lifespan.shutdown.complete":
            raise RuntimeError(f"{kind} is no message of a lifespan")
