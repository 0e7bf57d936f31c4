"""The page: one text for all faces, with places for what is a face's own."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from html import escape
from importlib.metadata import version
from pathlib import Path

from files import SITE, SOUND, TEXT

HERE = Path(__file__).parent
PAGE = HERE.parent / "page"
PYTHON_PACKAGE = HERE.parents[2] / "python"
FACE = "Python"
PACKAGES = ["obstore", "orjson"]
"""What programs use besides antiphon and their server."""


def page(origin: str) -> str:
    """Return the page as it is sent to a client that has found the gallery at ``origin``."""
    texts = {
        "faces": links(),
        "nodes": escape(nodes(origin)),
        "face": FACE,
        "version": version("antiphon"),
        "HTMLResponse": "HTMLResponse",
        "JSONResponse": "JSONResponse",
        "StaticFiles": "StaticFiles",
        "custom class": "JSONResponse.render",
        "custom lesson": "Override <code>render</code> in a class of your own, and any library can"
        " make the bytes.",
    }

    def text(place: str) -> str:
        if place in texts:
            return texts[place]
        _, name, curl = place.split(" ", 2)
        return program(name, curl, origin)

    return fill("index.html", text)


def program(name: str, curl: str, origin: str) -> str:
    """Return a program, and how it is run and asked."""
    source = (HERE / "programs" / f"{name}.py").read_text(encoding="utf-8")
    packages = ["uvicorn", *(package for package in PACKAGES if f"import {package}" in source)]
    extra = "[redis]" if "channel.redis" in source else ""
    setup = f"""\
python3 -m venv {name} && cd {name} && . bin/activate
pip install {" ".join(packages)} '{PYTHON_PACKAGE}{extra}'"""
    files = [f"curl -o {file} {origin}/{name}\n" for file in (TEXT, SOUND) if file in source]
    if name == "directory":
        paths = [(file, file.replace("site", name, 1)) for file in SITE]
        files = [f"curl -o {file} --create-dirs {origin}/{path}\n" for file, path in paths]
    texts = {
        "name": name,
        "file": "main.py",
        "source": escape(source.rstrip()),
        "setup": escape(setup),
        "files": escape("".join(files)),
        "serve": "uvicorn main:app --port 8080",
        "curl": curl,
    }
    return fill("program.html", texts.__getitem__)


def links() -> str:
    """Return the faces as links, of which one leads here."""
    lines = []
    for face in faces():
        current = ' aria-current="page"' if face["name"] == FACE else ""
        lines.append(f'<a href="{escape(face["url"])}"{current}>{escape(face["name"])}</a>\n')
    return "".join(lines)


def nodes(origin: str) -> str:
    """Return where the chat is the same, if it is shared: all faces."""
    if "REDIS_URL" not in os.environ:
        return ""
    return " ".join(face["url"] for face in faces()) or f"{origin}/"


def faces() -> list[dict[str, str]]:
    """Return where the same page is served."""
    listed: list[dict[str, str]] = json.loads(os.environ.get("GALLERY_FACES", "[]"))
    return listed


def fill(template: str, text: Callable[[str], str]) -> str:
    """Put a text into each place of a template: ``{{place}}``."""
    content = (PAGE / template).read_text(encoding="utf-8")
    return re.sub("{{(.*?)}}", lambda match: text(match[1]), content)
