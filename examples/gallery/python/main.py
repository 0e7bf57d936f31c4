"""The gallery on the Python face: the same page, served by antiphon's Python classes.

``GALLERY_FACES`` tells where the same page is served by other faces, as a JSON list of
``{"name", "url"}``.
"""

from __future__ import annotations

import json
import os
from importlib.metadata import version
from pathlib import Path
from typing import Any

from panels import (
    audio,
    chart,
    chat,
    conditional,
    cookies,
    custom_json,
    download,
    events,
    html,
    plain,
    redirect,
    status,
    stream,
)
from panels import json as json_panel

from antiphon.responses import FileResponse, JSONResponse, PlainTextResponse, Response

HERE = Path(__file__).parent
PAGE = HERE.parent / "page"


def described() -> dict[str, Any]:
    """Return what the page is told: which face answers, where the others are, and its panels."""
    panels = []
    for panel in json.loads((PAGE / "panels.json").read_text(encoding="utf-8")):
        source = HERE / "panels" / f"{panel['source']}.py"
        if source.exists():
            # Without the line that says what it is, for the panel says so itself.
            code = source.read_text(encoding="utf-8").partition("\n\n")[2]
            panels.append({**panel, "language": "python", "code": code})
    return {
        "face": "python",
        "version": version("antiphon"),
        "faces": json.loads(os.environ.get("GALLERY_FACES", "[]")),
        "panels": panels,
    }


ROUTES: dict[str, Any] = {
    "/": FileResponse(PAGE / "index.html"),
    "/favicon.ico": Response(status_code=204),
    "/panels.json": JSONResponse(described()),
    "/plain": plain.app,
    "/html": html.app,
    "/json": json_panel.app,
    "/json/custom": custom_json.app,
    "/redirect": redirect.app,
    "/redirect/landed": redirect.landed,
    "/cookies/set": cookies.set,
    "/cookies/delete": cookies.delete,
    "/cookies/seen": cookies.seen,
    "/stream": stream.app,
    "/download": download.app,
    "/audio": audio.app,
    "/conditional": conditional.app,
    "/events": events.app,
    "/chart": chart.app,
    "/chat": chat.app,
}


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answer a request, or start and end with the server."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    methods = ["GET", "HEAD"] + ["POST"] * (scope["path"] == "/chat")
    if scope["method"] not in methods:
        allow = {"allow": ", ".join(methods)}
        answer = PlainTextResponse("Method Not Allowed", status_code=405, headers=allow)
    elif scope["path"].startswith("/status/"):
        answer = status.app
    else:
        answer = ROUTES.get(scope["path"], PlainTextResponse("Not Found", status_code=404))
    await answer(scope, receive, send)


async def lifespan(receive: Any, send: Any) -> None:
    """Tell the server that there is nothing to wait for."""
    for _ in range(2):
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})
