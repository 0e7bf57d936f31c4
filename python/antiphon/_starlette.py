"""Starlette's own classes, where Starlette can be imported: ours are subclasses of them.

Each falls back to ``object`` (for headers, to ``Mapping``), on which our classes stand alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any

responses: Any = import_module("starlette.responses") if find_spec("starlette") else None
_datastructures: Any = import_module("starlette.datastructures") if responses else None

Headers: Any = getattr(_datastructures, "Headers", Mapping)
MutableHeaders: Any = getattr(_datastructures, "MutableHeaders", Mapping)
Response: Any = getattr(responses, "Response", object)
HTMLResponse: Any = getattr(responses, "HTMLResponse", object)
PlainTextResponse: Any = getattr(responses, "PlainTextResponse", object)
JSONResponse: Any = getattr(responses, "JSONResponse", object)
RedirectResponse: Any = getattr(responses, "RedirectResponse", object)
FileResponse: Any = getattr(responses, "FileResponse", object)
StreamingResponse: Any = getattr(responses, "StreamingResponse", object)
requests: Any = import_module("starlette.requests") if responses else None
