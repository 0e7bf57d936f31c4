"""An application whose files nginx sends, from the folder ``files`` of the working directory."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote

from antiphon.offload import XAccel
from antiphon.responses import FileResponse

OFFLOAD = XAccel({Path("files").absolute(): "/_files/"})


async def app(scope: Any, receive: Any, send: Any) -> None:
    assert scope["type"] == "http", "the lifespan is not supported"
    name = unquote(scope["raw_path"].decode().rpartition("/")[2])
    response = FileResponse(
        f"files/{name}",
        headers={"cache-control": "private", "etag": '"ours"', "last-modified": "never"},
        media_type="application/x-own",
        filename=name,
        offload=OFFLOAD,
    )
    response.set_cookie("a", "b")
    await response(scope, receive, send)
