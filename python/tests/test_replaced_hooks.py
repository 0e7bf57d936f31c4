"""What a program replaces after the classes were made counts, exactly where Starlette's would.

Each public method and attribute of each class is replaced: on the class, on a subclass, and on one
response; and ``json.dumps``. Whether that shows is first tried on Starlette and sse-starlette.
"""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from antiphon import responses, sse

starlette = pytest.importorskip("starlette.responses")
sse_starlette = pytest.importorskip("sse_starlette")

OURS = {"starlette": responses, "sse_starlette": sse}
THEIRS = {"starlette": starlette, "sse_starlette": sse_starlette}
CLASSES = {
    "starlette": [
        "Response",
        "HTMLResponse",
        "PlainTextResponse",
        "JSONResponse",
        "RedirectResponse",
        "StreamingResponse",
        "FileResponse",
    ],
    "sse_starlette": ["EventSourceResponse", "ServerSentEvent", "JSONServerSentEvent"],
}
PLACES = ["class", "subclass", "instance"]

#: What an attribute is set to; each differs from every class's own.
VALUES: dict[str, Any] = {
    "media_type": "text/other",
    "charset": "latin-1",
    "chunk_size": 1,
    "max_ranges": 1,
    "DEFAULT_PING_INTERVAL": 7,
    "DEFAULT_SEPARATOR": "\n",
    "DEFAULT_CLEANUP_TIMEOUT": 1.0,
}


def names(module: str, name: str) -> list[str]:
    """The public methods and attributes of one of their classes."""
    public = dir(getattr(THEIRS[module], name))
    own = [attribute for attribute in public if not attribute.startswith("_")]
    return [*own, "__init__", *(["__call__"] if name.endswith("Response") else [])]


async def pieces() -> Any:
    for piece in ("é", "b"):
        await asyncio.sleep(0.01)
        yield piece


def make(cls: Any, name: str, file: Path) -> Any:
    """A response, or an event."""
    match name:
        case "JSONResponse":
            return cls({"a": ["é"]})
        case "RedirectResponse":
            return cls("/é")
        case "StreamingResponse":
            return cls(pieces(), media_type="text/plain")
        case "EventSourceResponse":
            return cls(pieces())
        case "FileResponse":
            return cls(file)
        case "JSONServerSentEvent":
            return cls({"a": 1})
        case _:
            return cls("é")


async def use(response: Any, name: str) -> list[Any]:
    """What a program sees of it."""
    if name.endswith("Event"):
        return [response.encode()]
    seen: list[Any] = [getattr(response, "sep", None), getattr(response, "ping_interval", None)]
    response.delete_cookie("a")
    seen.append(response.headers.get("content-type"))
    fields = [(b"range", b"bytes=0-1,4-5")] if name == "FileResponse" else []
    messages: list[Any] = []

    async def send(message: Any) -> None:
        messages.append(message)

    async def receive() -> Any:
        await asyncio.sleep(60)

    scope = {
        "type": "http",
        "method": "GET",
        "headers": fields,
        "extensions": {},
        "asgi": {"spec_version": "2.3"},
    }
    await response(scope, receive, send)
    head, *bodies = messages
    kept = {b"content-length", b"location"}
    headers = [(key, value) for key, value in head["headers"] if key in kept]
    content = b"".join(message.get("body", b"") for message in bodies)
    if name == "FileResponse":
        # A boundary is drawn by lot, and how many messages there are is what `chunk_size` says.
        return [*seen, head["status"], headers, len(content), len(bodies) > 12]
    return [*seen, head["status"], headers, content]


@contextmanager
def replaced(holder: Any, name: str, calls: list[str]) -> Iterator[None]:
    """Something else in the place of an attribute; a method tells that it is called."""
    own = inspect.getattr_static(holder, name) if isinstance(holder, type) else None
    current = getattr(holder, name)
    new: Any
    if isinstance(own, property):
        new = property(lambda self: (calls.append(name), own.fget(self))[1], own.fset)
    elif inspect.isdatadescriptor(own):
        new = property(lambda self: (calls.append(name), own.__get__(self))[1])
    elif name in VALUES:
        new = VALUES[name]
    else:

        def new(*arguments: Any, **keywords: Any) -> Any:
            calls.append(name)
            return current(*arguments, **keywords)

    with mock.patch.object(holder, name, new):
        yield


def reaction(modules: dict[str, Any], case: tuple[str, str, str, str], file: Path) -> object:
    """Whether a replacement shows: that it is called, or that something else comes out."""
    module, name, attribute, place = case
    cls = getattr(modules[module], name)
    calls: list[str] = []

    async def run() -> object:
        usual = await use(make(cls, name, file), name)
        if place == "instance":
            response = make(cls, name, file)
            try:
                with replaced(response, attribute, calls):
                    changed = await use(response, name)
            except AttributeError:
                return "cannot be replaced"
        else:
            holder = cls if place == "class" else type("Sub", (cls,), {})
            # What can be remembered of a class is.
            make(holder, name, file)
            with replaced(holder, attribute, calls):
                changed = await use(make(holder, name, file), name)
            again = await use(make(holder, name, file), name)
            assert again == usual, "what was there does not come back"
        return bool(calls) or changed != usual

    return asyncio.run(run())


CASES = [
    (module, name, attribute, place)
    for module, classes in CLASSES.items()
    for name in classes
    for attribute in names(module, name)
    for place in PLACES
]


def test_there_are_as_many_as_there_were() -> None:
    assert len(CASES) == 267


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("files") / "a.txt"
    path.write_bytes(b"0123456789" * 10)
    return path


@pytest.mark.parametrize("case", CASES, ids="-".join)
def test_a_replacement_shows_where_it_would_with_starlette(
    case: tuple[str, str, str, str], file: Path
) -> None:
    assert reaction(OURS, case, file) == reaction(THEIRS, case, file)


@pytest.mark.parametrize("name", ["JSONResponse", "JSONServerSentEvent"])
@pytest.mark.parametrize("content", [None, {"a": 1}, [object]])
def test_json_dumps(name: str, content: Any) -> None:
    module = "starlette" if name == "JSONResponse" else "sse_starlette"
    outcomes = []
    for modules in (THEIRS, OURS):
        calls: list[Any] = []

        def dumps(content: Any, *, calls: list[Any] = calls, **options: Any) -> str:
            calls.append((content, options))
            return "own"

        cls: Callable[[Any], Any] = getattr(modules[module], name)
        with mock.patch.object(json, "dumps", dumps):
            made = cls(content)
            outcomes.append((calls, made.body if module == "starlette" else made.encode()))
    assert outcomes[0] == outcomes[1]
    assert responses.JSONResponse({"a": 1}).body == b'{"a":1}'


def test_a_class_renders_without_an_instance() -> None:
    render: Any = responses.JSONResponse.render
    assert render(None, {"a": 1}) == starlette.JSONResponse.render(None, {"a": 1})
