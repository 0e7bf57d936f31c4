"""What is measured: the same routes on Starlette's classes or on Antiphon's.

``RESPONSES`` names the module that the classes are taken from, ``DATA`` the folder of the files.
"""

from __future__ import annotations

import importlib
import json
import os
from pathlib import Path
from typing import Any

responses: Any = importlib.import_module(os.environ["RESPONSES"])
DATA = os.environ["DATA"]
USERS = json.loads(Path(DATA, "users.json").read_text(encoding="utf-8"))


def with_cookie() -> Any:
    response = responses.PlainTextResponse("Hello, world!")
    response.set_cookie(
        "session",
        "abc123",
        max_age=3600,
        expires=3600,
        domain="example.com",
        secure=True,
        httponly=True,
        samesite="lax",
    )
    return response


async def app(scope: Any, receive: Any, send: Any) -> None:
    path = scope["path"]
    if path.startswith("/file/"):
        response = responses.FileResponse(f"{DATA}/{path[6:]}")
    elif path == "/json":
        response = responses.JSONResponse(USERS)
    elif path == "/cookie":
        response = with_cookie()
    else:
        response = responses.PlainTextResponse("Hello, world!")
    await response(scope, receive, send)
