"""What a response tells of the request it answers."""

from __future__ import annotations

from antiphon import _starlette

__all__ = ["ClientDisconnect"]

if _starlette.requests is not None:
    ClientDisconnect = _starlette.requests.ClientDisconnect
else:

    class ClientDisconnect(Exception):  # type: ignore[no-redef]
        """The client is gone: raised by a stream where the server says so (ASGI 2.4 and later).

        Where Starlette is, it is ``starlette.requests.ClientDisconnect``.
        """
