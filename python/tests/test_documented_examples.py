"""Every example of the documentation runs."""

from __future__ import annotations

import doctest
import importlib
import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

import anyio
import pytest

import antiphon
from support import STARLETTE
from support.peer import Peer, scope

README = Path(__file__).parents[2] / "README.md"


@pytest.mark.parametrize(
    "name",
    [
        "antiphon.responses",
        "antiphon.datastructures",
        "antiphon.sse",
        "antiphon.channel",
        "antiphon.compression",
        "antiphon.requests",
        "antiphon.testing._client",
        "antiphon._antiphon",
    ],
)
def test_docstrings(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name))
    assert result.attempted >= 4 and result.failed == 0


@pytest.mark.skipif(not STARLETTE, reason="there is no Starlette to install in")
def test_docstrings_of_install() -> None:
    result = doctest.testmod(importlib.import_module("antiphon._install"))
    assert result.attempted > 5 and result.failed == 0


def blocks() -> list[str]:
    return re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)


@pytest.mark.parametrize("block", blocks())
def test_readme(block: str) -> None:
    for package in ("fastapi", "starlette"):
        if package in block:
            pytest.importorskip(package)
    names: dict[str, Any] = {}
    try:
        exec(block, names)
    finally:
        antiphon.uninstall()
    if "app" in names:
        peer = Peer()
        anyio.run(names["app"], scope(query_string=b""), peer.receive, peer.send)
        assert peer.start["status"] == 200


def test_the_readme_has_python() -> None:
    assert blocks()


def test_the_version_is_the_packages() -> None:
    assert antiphon.__version__ == version("antiphon")
