"""The gallery on the Python face: the same page, served by antiphon's Python classes.

``GALLERY_FACES`` tells where the same page is served by other faces, as a JSON list of
``{"name", "url"}``. With ``REDIS_URL``, the chat is the same in all that have it.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

import files
import recorded
from page import HERE, PAGE, page

from antiphon.datastructures import Headers
from antiphon.responses import FileResponse, HTMLResponse, PlainTextResponse, Response

APPS: dict[str, Any] = {
    "recorded": recorded.app,
    "favicon.ico": Response(status_code=204),
    "style.css": FileResponse(PAGE / "style.css"),
}
for script in PAGE.glob("*.js"):
    APPS[script.name] = FileResponse(script, media_type="text/javascript")
# Each program answers at its name and below.
for program in (HERE / "programs").glob("*.py"):
    APPS[program.stem] = import_module(f"programs.{program.stem}").app

# The programs read their files from where they are started.
os.chdir(files.FOLDER)


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answer a request, or start and end with the server."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    name = scope["path"].split("/")[1]
    methods = ["GET", "HEAD"] + ["POST"] * (name == "chat")
    if scope["method"] not in methods:
        allow = {"allow": ", ".join(methods)}
        answer = PlainTextResponse("Method Not Allowed", status_code=405, headers=allow)
    elif scope["path"] == "/":
        host = Headers(scope=scope).get("host", "localhost")
        answer = HTMLResponse(page(f"http://{host}"))
    else:
        answer = APPS.get(name, PlainTextResponse("Not Found", status_code=404))
    await answer(scope, receive, send)


async def lifespan(receive: Any, send: Any) -> None:
    """Tell the server that there is nothing to wait for."""
    for _ in range(2):
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})
