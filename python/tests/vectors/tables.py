"""Reads the tables of `conformance`."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

CONFORMANCE = Path(__file__).parents[3] / "conformance"


def cases(table: str) -> list[Any]:
    """Return the cases of a table as parameters, which have the cases' names."""
    records = json.loads((CONFORMANCE / f"{table}.json").read_text(encoding="utf-8"))["cases"]
    return [pytest.param(case, id=case["id"]) for case in records]


def matrix(*classes: str) -> list[Any]:
    """Return the cases of the table ``matrix`` that are of one of the classes."""
    return [case for case in cases("matrix") if case.values[0]["class"] in classes]


def decoded(value: Any) -> Any:
    """Return what a table's ``{"$…": …}`` stands for."""
    if isinstance(value, list):
        return [decoded(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "$datetime" in value:
        zones = {None: None, "utc": timezone.utc, "plus2": timezone(timedelta(hours=2))}
        return datetime(*value["$datetime"], tzinfo=zones[value["tz"]])
    if "$bytes" in value:
        return value["$bytes"].encode()
    if "$memoryview" in value:
        return memoryview(value["$memoryview"].encode())
    if "$bytearray" in value:
        return bytearray(value["$bytearray"].encode())
    if "$float" in value:
        return float(value["$float"])
    assert not any(name.startswith("$") for name in value), value
    return {name: decoded(item) for name, item in value.items()}


def octets(value: Any) -> bytes:
    """Return what a table holds as ``text`` or as ``b64``."""
    return value["text"].encode() if "text" in value else base64.b64decode(value["b64"])
