"""The package's modules form layers: each imports only what is below it, and none in a circle."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGE = Path(__file__).parents[1] / "antiphon"

# The modules directly in the package, the lowest first; `testing` is one, with all that it holds.
# The package itself, `__init__`, is above all.
ORDER = (
    "_antiphon",
    "_starlette",
    "types",
    "_compressed",
    "compression",
    "outcome",
    "_by_hand",
    "_scope",
    "_hypercorn",
    "_uvicorn",
    "_shutdown",
    "_completion",
    "_disconnect",
    "_request_body",
    "_wakeup",
    "_threaded_iterator",
    "_file",
    "_sending",
    "_stream",
    "_event_stream",
    "channel",
    "datastructures",
    "early_hints",
    "offload",
    "requests",
    "responses",
    "_directory_file",
    "staticfiles",
    "content",
    "sse",
    "_install",
    "testing",
)


class Arrow(NamedTuple):
    """A module imports another, on a line of its file."""

    user: str
    used: str
    line: int

    def __str__(self) -> str:
        return f"{self.user}:{self.line} imports {self.used}"


def test_no_circle_joins_modules() -> None:
    circles = [" -> ".join(map(str, circle)) for circle in circles_of(arrows(package()))]
    assert not circles, "expected no circle, but found:\n" + "\n".join(circles)


def test_each_module_imports_only_what_is_below_it() -> None:
    wrong = list(map(str, upward(arrows(package()), ORDER)))
    assert not wrong, "expected no import of what is above, but found:\n" + "\n".join(wrong)


def test_the_order_names_each_module_once() -> None:
    layers = {layer(name) for name in package()} - {"antiphon"} | {"_antiphon"}
    assert sorted(ORDER) == sorted(layers)


@pytest.mark.parametrize(
    ("source", "used"),
    [
        ("import antiphon.types", ["antiphon.types"]),
        ("import antiphon.types as t, os", ["antiphon.types"]),
        ("from antiphon import _disconnect, types", ["antiphon._disconnect", "antiphon.types"]),
        ("from antiphon.types import Scope", ["antiphon.types"]),
        ("from antiphon.testing import Client", ["antiphon.testing"]),
        ("from antiphon.testing import _loop", ["antiphon.testing._loop"]),
        ("from antiphon import shutdown", ["antiphon"]),
        ("from . import _exchange", ["antiphon.testing._exchange"]),
        ("from .. import types", ["antiphon.types"]),
        ("from ..types import Scope", ["antiphon.types"]),
        ("def f():\n    from antiphon import types", ["antiphon.types"]),
        ("if TYPE_CHECKING:\n    x = 1\nelse:\n    import antiphon.types", ["antiphon.types"]),
        ("if typing.TYPE_CHECKING:\n    import antiphon.types", []),
        ("if TYPE_CHECKING:\n    from antiphon import types", []),
        ("import os, anyio.to_thread\nfrom starlette import types", []),
        ("import antiphonal", []),
    ],
)
def test_an_import_leads_to_the_module_that_it_names(source: str, used: list[str]) -> None:
    sources = dict.fromkeys(["antiphon", "antiphon.types", "antiphon._disconnect"], "")
    sources |= dict.fromkeys(["antiphon.testing", "antiphon.testing._loop"], "")
    sources |= {"antiphon.testing._exchange": "", "antiphon.testing._client": source}
    assert [arrow.used for arrow in arrows(sources)] == used


def test_a_circle_is_shown_with_its_way_round() -> None:
    sources = {
        "antiphon.a": "import antiphon.b",
        "antiphon.b": "def f():\n    import antiphon.c",
        "antiphon.c": "import antiphon.a, antiphon.d",
        "antiphon.d": "",
    }
    assert [[str(arrow) for arrow in circle] for circle in circles_of(arrows(sources))] == [
        [
            "antiphon.a:1 imports antiphon.b",
            "antiphon.b:2 imports antiphon.c",
            "antiphon.c:1 imports antiphon.a",
        ]
    ]
    assert not circles_of(arrows(sources | {"antiphon.c": "import antiphon.d"}))


def test_an_import_of_what_is_above_is_found() -> None:
    sources = {"antiphon": "import antiphon.a", "antiphon.a": "import antiphon.b", "antiphon.b": ""}
    assert list(map(str, upward(arrows(sources), ("a", "b")))) == [
        "antiphon.a:1 imports antiphon.b"
    ]
    assert not upward(arrows(sources), ("b", "a"))


def package() -> dict[str, str]:
    """Read the package's own sources, by module."""
    sources = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        sources[name] = path.read_text(encoding="utf-8")
    assert len(sources) > 10, f"expected the package in {PACKAGE}, but found {sorted(sources)}"
    return sources


def arrows(sources: Mapping[str, str]) -> list[Arrow]:
    """Tell who imports whom, in the order of the lines."""
    packages = {name.rpartition(".")[0] for name in sources}
    modules = {*sources, "antiphon._antiphon"}
    found = []
    for user, source in sources.items():
        base = user if user in packages else user.rpartition(".")[0]
        for statement in imports(ast.parse(source)):
            for name in names(statement, base, modules):
                if name in modules and name != user:
                    found.append(Arrow(user, name, statement.lineno))
    return found


def imports(node: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """Find the imports in a module, also those in functions, but for those that only types need."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield node
    children: Iterator[ast.AST] = ast.iter_child_nodes(node)
    if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
        children = iter(node.orelse)
    for child in children:
        yield from imports(child)


def names(statement: ast.Import | ast.ImportFrom, base: str, modules: set[str]) -> Iterator[str]:
    """Name what is imported: a module, or the one that something is imported from."""
    if isinstance(statement, ast.Import):
        yield from (alias.name for alias in statement.names)
        return
    module = statement.module or ""
    if statement.level:
        outer = base.split(".")[: len(base.split(".")) - statement.level + 1]
        module = ".".join([*outer, *([module] if module else [])])
    for alias in statement.names:
        inner = f"{module}.{alias.name}"
        yield inner if inner in modules else module


def circles_of(arrows: Sequence[Arrow]) -> list[list[Arrow]]:
    """Find the shortest way round for each module that has one, each circle once."""
    circles: list[list[Arrow]] = []
    known: set[str] = set()
    for start in dict.fromkeys(arrow.user for arrow in arrows):
        ways = [[arrow] for arrow in arrows if arrow.user == start and start not in known]
        seen = {start}
        while ways:
            way = ways.pop(0)
            end = way[-1].used
            if end == start:
                circles.append(way)
                known |= {arrow.user for arrow in way}
                break
            if end not in seen:
                seen.add(end)
                ways += [[*way, arrow] for arrow in arrows if arrow.user == end]
    return circles


def upward(arrows: Sequence[Arrow], order: Sequence[str]) -> list[Arrow]:
    """Pick the imports of what is above. A module that the order lacks is above all."""

    def height(name: str) -> int:
        return order.index(layer(name)) if layer(name) in order else len(order)

    return [arrow for arrow in arrows if height(arrow.user) < height(arrow.used)]


def layer(name: str) -> str:
    """Tell the layer of a module: its name in the package, or the package's own."""
    return [*name.split("."), "antiphon"][1]
