"""What the tests share: both event loops, and a peer to send to."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest
from peer import Peer

STARLETTE = importlib.util.find_spec("starlette") is not None
"""Whether our classes are subclasses of Starlette's here, or stand alone."""


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def peer() -> Peer:
    return Peer()
