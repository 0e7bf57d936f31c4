"""Starlette's own classes, where Starlette can be imported: ours are subclasses of them.

Each falls back to ``object``, on which our classes stand alone; headers fall back to ``Mapping``,
exceptions to ``Exception``.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

responses: Any = import_module("starlette.responses") if find_spec("starlette") else None
_datastructures: Any = import_module("starlette.datastructures") if responses else None
_exceptions: Any = import_module("starlette.exceptions") if responses else None
_requests: Any = import_module("starlette.requests") if responses else None

if TYPE_CHECKING:
    from starlette.datastructures import Headers as Headers
    from starlette.datastructures import MutableHeaders as MutableHeaders
    from starlette.exceptions import HTTPException as HTTPException
    from starlette.requests import ClientDisconnect as ClientDisconnect
    from starlette.responses import FileResponse as FileResponse
    from starlette.responses import HTMLResponse as HTMLResponse
    from starlette.responses import JSONResponse as JSONResponse
    from starlette.responses import PlainTextResponse as PlainTextResponse
    from starlette.responses import RedirectResponse as RedirectResponse
    from starlette.responses import Response as Response
    from starlette.responses import StreamingResponse as StreamingResponse
else:
    Headers = getattr(_datastructures, "Headers", Mapping)
    MutableHeaders = getattr(_datastructures, "MutableHeaders", Mapping)
    Response = getattr(responses, "Response", object)
    HTMLResponse = getattr(responses, "HTMLResponse", object)
    PlainTextResponse = getattr(responses, "PlainTextResponse", object)
    JSONResponse = getattr(responses, "JSONResponse", object)
    RedirectResponse = getattr(responses, "RedirectResponse", object)
    FileResponse = getattr(responses, "FileResponse", object)
    StreamingResponse = getattr(responses, "StreamingResponse", object)
    HTTPException = getattr(_exceptions, "HTTPException", Exception)
    ClientDisconnect = getattr(_requests, "ClientDisconnect", Exception)


def find(module: str, name: str, otherwise: Any) -> Any:
    """Return what has this name in a module of Starlette's that few programs need."""
    if responses is None:
        return otherwise
    return getattr(import_module(f"starlette.{module}"), name, otherwise)
