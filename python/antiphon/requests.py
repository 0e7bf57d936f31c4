"""What a response tells of the request it answers."""

from __future__ import annotations

from typing import Any

from antiphon import _starlette

__all__ = ["ClientDisconnect"]

#: The client is gone: raised by a stream where the server says so (ASGI 2.4 and later). Where
#: Starlette is, it is ``starlette.requests.ClientDisconnect``.
ClientDisconnect: Any = getattr(_starlette.requests, "ClientDisconnect", None) or type(
    "ClientDisconnect", (Exception,), {"__module__": __name__}
)
