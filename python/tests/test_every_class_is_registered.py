"""A response class that was left out of a list is named here."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

import pytest

from antiphon import _antiphon, responses, sse

_SOURCES = Path(__file__).parents[1] / "src" / "response"
_MODULES = [responses, sse]


def _classes(module: ModuleType) -> list[str]:
    return [
        name
        for name, value in vars(module).items()
        if isinstance(value, type)
        and issubclass(value, _antiphon.Response)
        and value.__module__ == module.__name__
    ]


def test_the_extension_exports_each_class_of_its_sources() -> None:
    declared = [
        name
        for path in sorted(_SOURCES.rglob("*.rs"))
        for name in re.findall(
            r"#\[pyclass\([^\]]*\bsubclass\b[^\]]*\)\]\s*pub\(crate\) struct (\w+)",
            path.read_text(),
        )
    ]
    assert "StreamingResponse" in declared
    missing = [name for name in declared if not hasattr(_antiphon, name)]
    assert not missing, f"python/src/lib.rs: exports no {missing}"


def test_each_class_of_the_extension_has_one_that_programs_import() -> None:
    missing = [
        name
        for name, value in vars(_antiphon).items()
        if isinstance(value, type) and issubclass(value, _antiphon.Response)
        if not any(name in _classes(module) for module in _MODULES)
    ]
    assert not missing, f"antiphon.responses and antiphon.sse: define no {missing}"


@pytest.mark.parametrize("module", _MODULES, ids=lambda module: module.__name__)
def test_each_class_is_exported(module: ModuleType) -> None:
    missing = [name for name in _classes(module) if name not in module.__all__]
    assert not missing, f"{module.__name__}.__all__: lacks {missing}"
