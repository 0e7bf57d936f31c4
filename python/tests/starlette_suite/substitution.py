"""pytest's plugin: puts our classes in Starlette's place, and reports what passed."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

_failed: list[str] = []
_passed: list[str] = []


def substitute(mode: str) -> None:
    """Put our classes in the place of Starlette's."""
    import antiphon
    from antiphon import responses

    if mode == "attribute":
        import starlette.responses

        for name in responses.__all__:
            setattr(starlette.responses, name, getattr(responses, name))
    else:
        antiphon.install()


if os.environ["ANTIPHON_SUITE"] != "site":
    substitute(os.environ["ANTIPHON_SUITE"])


def pytest_runtest_logreport(report: Any) -> None:
    if report.failed and report.nodeid not in _failed:
        _failed.append(report.nodeid)
    elif report.when == "call" and report.passed:
        _passed.append(report.nodeid)


def pytest_collectreport(report: Any) -> None:
    if report.failed:
        _failed.append(report.nodeid or "the tests cannot be collected")


def pytest_sessionfinish() -> None:
    theirs = vars(sys.modules["starlette.responses"])
    ours = [
        name
        for name, held in theirs.items()
        if isinstance(held, type) and held.__module__ == "antiphon.responses"
    ]
    result = {"passed": len(_passed), "failed": _failed, "ours": ours}
    Path(os.environ["ANTIPHON_REPORT"]).write_text(json.dumps(result))
