"""Files that are removed when they are answered for, however that ends."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

import anyio
import pytest

from antiphon.responses import FileResponse
from antiphon.testing import Client
from support.peer import Waiting, delivered, scope


class Gone(Exception):
    """What `send` raises."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "report.csv"
    path.write_bytes(b"0123456789" * 100_000)
    return path


@pytest.mark.parametrize(
    ("status", "method", "headers"),
    [
        (200, "GET", {}),
        (200, "HEAD", {}),
        (200, "POST", {}),
        (304, "GET", {"if-none-match": "*"}),
        (412, "GET", {"if-match": '"x"'}),
        (206, "GET", {"range": "bytes=1-2"}),
        (206, "GET", {"range": "bytes=1-2,5-6"}),
        (416, "GET", {"range": "bytes=5000000-"}),
        (400, "GET", {"range": "x"}),
    ],
)
def test_every_answer_removes_the_file(
    file: Path, status: int, method: str, headers: dict[str, str]
) -> None:
    content = file.read_bytes()
    lines = [(name.encode(), value.encode()) for name, value in headers.items()]
    peer = delivered(FileResponse(file, delete_after=True), method=method, headers=lines)
    assert peer.start["status"] == status
    assert not file.exists()
    if (status, method) == (200, "GET"):
        assert peer.body == content


def test_it_is_gone_before_the_head_is_sent(file: Path) -> None:
    class Looking(Waiting):
        async def send(self, message: Any) -> None:
            assert not file.exists()
            await super().send(message)

    assert len(delivered(FileResponse(file, delete_after=True), Looking()).body) == 1_000_000


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("fails_at", [0, 1, 3])
def test_a_send_that_fails_removes_it(file: Path, backend: str, fails_at: int) -> None:
    count = 0

    async def send(message: Any) -> None:
        nonlocal count
        if count == fails_at:
            raise Gone
        count += 1

    async def main() -> None:
        with pytest.raises(Gone):
            await FileResponse(file, delete_after=True)(scope(), anyio.sleep_forever, send)

    anyio.run(main, backend=backend)
    assert not file.exists()


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_cancellation_removes_it_and_closes_it(file: Path, backend: str) -> None:
    async def send(message: Any) -> None:
        await anyio.sleep_forever()

    async def main() -> None:
        with anyio.move_on_after(0.05):
            await FileResponse(file, delete_after=True)(scope(), anyio.sleep_forever, send)

    anyio.run(main, backend=backend)
    assert not file.exists()
    if Path("/proc/self/fd").exists():
        held = [os.readlink(link) for link in Path("/proc/self/fd").iterdir() if link.exists()]
        assert not any(str(file) in name for name in held)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_client_that_leaves_removes_it(file: Path, backend: str) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await FileResponse(file, delete_after=True)(scope, receive, send)

    with Client(app, backend=backend) as client, client.stream() as answer:
        assert answer.status == 200
    assert not file.exists()


def test_no_server_is_told_to_open_it(file: Path) -> None:
    extensions = {"http.response.pathsend": {}}
    peer = delivered(FileResponse(file, delete_after=True), extensions=extensions)
    assert {message["type"] for message in peer.messages[1:]} == {"http.response.body"}
    assert len(peer.body) == 1_000_000


def test_what_is_not_answered_for_stays(file: Path) -> None:
    response = FileResponse(file, headers={"content-length": "7"}, delete_after=True)
    assert file.exists()
    with pytest.raises(ValueError, match="content-length"):
        delivered(response)
    assert file.exists()
    with pytest.raises(RuntimeError, match="does not exist"):
        delivered(FileResponse(file.parent / "missing", delete_after=True))
    with pytest.raises(RuntimeError, match="is not a file"):
        delivered(FileResponse(file.parent, delete_after=True))
    with pytest.raises(ValueError, match="lifespan"):
        delivered(FileResponse(file, delete_after=True), type="lifespan")
    assert file.exists()


def test_the_background_task_runs_afterwards(file: Path) -> None:
    found = []

    async def task() -> None:
        found.append(file.exists())

    for method in ("GET", "HEAD"):
        file.write_text("a")
        delivered(FileResponse(file, background=task, delete_after=True), method=method)
    assert found == [False, False]


def test_a_class_can_say_it(file: Path) -> None:
    class Once(FileResponse):
        delete_after = True
        etag = "content"

    assert delivered(Once(file, delete_after=False)).start["status"] == 200
    assert file.exists()
    assert delivered(Once(file)).start["status"] == 200
    assert not file.exists()


def test_of_a_link_the_link_is_removed(file: Path) -> None:
    link = file.parent / "link"
    link.symlink_to(file)
    assert len(delivered(FileResponse(link, delete_after=True)).body) == 1_000_000
    assert file.exists() and not link.is_symlink()


def test_what_cannot_be_removed_is_logged_and_sent(
    file: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Renamed(FileResponse):
        """While it is described, another file takes its name."""

        def set_stat_headers(self, stat_result: os.stat_result) -> None:
            super().set_stat_headers(stat_result)
            other = file.parent / "other"
            other.write_text("other")
            other.rename(file)

    with caplog.at_level(logging.ERROR, logger="antiphon"):
        peer = delivered(Renamed(file, delete_after=True))
    assert len(peer.body) == 1_000_000
    assert file.read_text() == "other"
    [record] = caplog.records
    assert record.getMessage() == f"File at path {file} was not removed: another file has its name"
