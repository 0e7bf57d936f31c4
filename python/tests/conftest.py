"""What the tests share: both event loops, a peer to send to, and real servers."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

import pytest

from support.peer import Peer
from support.servers import SERVERS, Served, needs, served


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, Any]:
    """Show what the server said, where a test of it fails."""
    report = yield
    running = getattr(item, "funcargs", {}).get("server")
    if report.failed and isinstance(running, Served):
        report.sections.append(("the server's log", running.log[-5000:]))
    return report


@pytest.fixture
def peer() -> Peer:
    return Peer()


@pytest.fixture(scope="module", params=SERVERS)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """A server of ``application``, one for all tests of a module."""
    needs(request.param)
    with served(request.param, tmp_path_factory.mktemp("served")) as running:
        yield running
