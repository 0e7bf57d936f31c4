"""Early hints: their table, and who gets them."""

from __future__ import annotations

import asyncio
import copy
import pickle
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from antiphon.early_hints import Link, send_early_hints
from support.servers import needs, served
from vectors.tables import cases

OFFERED = {"type": "http", "method": "GET", "extensions": {"http.response.early_hint": {}}}


@pytest.mark.parametrize("case", cases("links"))
def test_links(case: Any) -> None:
    def made() -> str:
        if "text" in case:
            return str(Link.parse(case["text"]))
        parameters = {name: True if value is None else value for name, value in case["parameters"]}
        return str(Link(case["target"], case["rel"], **parameters))

    if case["value"] is not None:
        assert made() == case["value"]
    elif any(name == "rel" for name, _ in case.get("parameters", ())):
        with pytest.raises(TypeError):
            made()
    else:
        with pytest.raises(ValueError, match=r"^link: expected "):
            made()


def test_links_are_values() -> None:
    link = Link("/a", "preload", as_="style", nopush=False, title=None)
    assert str(link) == "</a>; rel=preload; as=style"
    assert link == Link.parse(str(link)) == copy.deepcopy(link) == pickle.loads(pickle.dumps(link))
    assert len({link, Link.parse(str(link))}) == 1
    assert eval(repr(link)) == link
    with pytest.raises(TypeError, match="^as: expected str, True, False or None, but found int"):
        Link("/a", "preload", as_=1)  # type: ignore[arg-type]


def test_who_offers_it_gets_them() -> None:
    messages: list[Any] = []

    async def send(message: Any) -> None:
        messages.append(message)

    hints = send_early_hints(OFFERED, send, "</a>; rel=preload", Link("/b", "preload"))
    assert asyncio.run(hints)
    links = [b"</a>; rel=preload", b"</b>; rel=preload"]
    assert messages == [{"type": "http.response.early_hint", "links": links}]


@pytest.mark.parametrize(
    "scope",
    [
        {"type": "http"},
        {"type": "http", "extensions": None},
        {"type": "http", "extensions": {"http.response.push": {}}},
        {**OFFERED, "type": "websocket"},
    ],
)
def test_nobody_else_does(scope: Any) -> None:
    async def send(message: Any) -> None:
        raise AssertionError(message)

    assert not asyncio.run(send_early_hints(scope, send, "</a>; rel=preload"))
    assert not asyncio.run(send_early_hints(OFFERED, send))
    with pytest.raises(ValueError, match="^link: expected one link"):
        asyncio.run(send_early_hints(scope, send, "</a>; rel=preload, </b>; rel=preload"))
    with pytest.raises(ValueError, match="^link: expected ASCII without control characters"):
        asyncio.run(send_early_hints(scope, send, "</a>; rel=preload\r\nSet-Cookie: a=b"))
    with pytest.raises(TypeError, match="^links: expected Link or str, but found bytes"):
        asyncio.run(send_early_hints(scope, send, b"</a>; rel=preload"))  # type: ignore[arg-type]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("server", ["hypercorn", "uvicorn", "uvicorn-zttp"])
def test_a_client_of_http_2_sees_them_before_the_head(server: str, tmp_path: Path) -> None:
    needs(server)
    with served(server, tmp_path, "support.hinting:app") as running:

        def asked(version: str) -> str:
            command = ["curl", "-sS", "-m", "10", "-i", "--compressed", version, running.url]
            return subprocess.run(command, capture_output=True, check=True, text=True).stdout

        first = asked("--http1.1")
        assert first.startswith("HTTP/1.1 200") and "<p>False</p>" in first
        if server != "uvicorn":
            hints, head, body = asked("--http2-prior-knowledge").replace("\r", "").split("\n\n", 2)
            assert hints.startswith("HTTP/2 103")
            assert [line for line in hints.splitlines() if line.startswith("link")] == [
                "link: </app.css>; rel=preload; as=style",
                "link: <https://cdn.example>; rel=preconnect",
            ]
            assert head.startswith("HTTP/2 200")
            assert body == "<p>True</p>" * 100
