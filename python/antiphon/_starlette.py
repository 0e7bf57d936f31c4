"""Starlette's own classes, where Starlette can be imported: ours are subclasses of them.

Each falls back to ``object`` (for headers, to ``Mapping``), on which our classes stand alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

try:
    from starlette import datastructures, responses
except ModuleNotFoundError as error:
    if error.name is None or error.name.partition(".")[0] != "starlette":
        raise
    Headers: Any = Mapping
    MutableHeaders: Any = Mapping
    Response: Any = object
    HTMLResponse: Any = object
    PlainTextResponse: Any = object
    JSONResponse: Any = object
    RedirectResponse: Any = object
else:
    Headers = datastructures.Headers
    MutableHeaders = datastructures.MutableHeaders
    Response = responses.Response
    HTMLResponse = responses.HTMLResponse
    PlainTextResponse = responses.PlainTextResponse
    JSONResponse = responses.JSONResponse
    RedirectResponse = responses.RedirectResponse
