"""pytest's plugin: puts our classes in the place of a suite's own, and reports what passed."""

from __future__ import annotations

import json
import os
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

#: Whose names are replaced, and by those of which module.
_PLACES = {
    "starlette": {
        "starlette.responses": "antiphon.responses",
        "starlette.staticfiles": "antiphon.staticfiles",
    },
    "sse-starlette": dict.fromkeys(
        ["sse_starlette", "sse_starlette.event", "sse_starlette.sse"], "antiphon.sse"
    ),
    "fastapi": {
        "starlette.responses": "antiphon.responses",
        "fastapi.responses": "antiphon.responses",
        "starlette.staticfiles": "antiphon.staticfiles",
    },
}

_places = _PLACES[os.environ["ANTIPHON_SUITE"]]
_failed: list[str] = []
_passed: list[str] = []


def substitute(mode: str) -> None:
    """Put our classes in the place of the suite's own."""
    if mode == "attribute":
        for held, own in _places.items():
            place, ours = import_module(held), import_module(own)
            for name in ours.__all__:
                if hasattr(place, name):
                    setattr(place, name, getattr(ours, name))
    else:
        import antiphon

        antiphon.install()


if os.environ["ANTIPHON_MODE"] != "site":
    substitute(os.environ["ANTIPHON_MODE"])


def pytest_runtest_logreport(report: Any) -> None:
    if report.failed and report.nodeid not in _failed:
        _failed.append(report.nodeid)
    elif report.when == "call" and report.passed:
        _passed.append(report.nodeid)


def pytest_collectreport(report: Any) -> None:
    if report.failed:
        _failed.append(report.nodeid or "the tests cannot be collected")


def pytest_sessionfinish() -> None:
    ours = sorted({name for place in map(import_module, _places) for name in _names(place)})
    result = {"passed": len(_passed), "failed": _failed, "ours": ours}
    Path(os.environ["ANTIPHON_REPORT"]).write_text(json.dumps(result))


def _names(place: ModuleType) -> list[str]:
    return [
        name
        for name, held in vars(place).items()
        if isinstance(held, type) and held.__module__ in _places.values()
    ]
