"""Versions of a file: what tells them apart, opens that wait, and files that are none."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from email.utils import formatdate
from pathlib import Path
from typing import Any

import anyio
import pytest

from antiphon.responses import FileResponse
from support.peer import Peer, Waiting, delivered

#: What Nix, reproducible images and zip set.
NORMALISED = [0, 1, 315_532_800, -1]


def written(path: Path, content: bytes, modified: float) -> Path:
    path.write_bytes(content)
    os.utime(path, (modified, modified))
    return path


def answer(response: FileResponse, **fields: str) -> Peer:
    headers = [(name.replace("_", "-").encode(), text.encode()) for name, text in fields.items()]
    return delivered(response, headers=headers)


def header(peer: Peer, name: str) -> str | None:
    return dict(map(tuple, peer.headers)).get(name)


def tag_of(response: FileResponse) -> str:
    return header(answer(response), "etag") or ""


@pytest.mark.parametrize("seconds", NORMALISED)
@pytest.mark.parametrize("is_known", [False, True])
def test_a_new_release_with_the_same_time_is_not_the_old_one(
    tmp_path: Path, seconds: int, is_known: bool
) -> None:
    path = written(tmp_path / "app.js", b"release-0001", seconds)

    def response() -> FileResponse:
        return FileResponse(path, stat_result=path.stat() if is_known else None)

    old = answer(response())
    assert header(old, "last-modified") is None
    tag = header(old, "etag") or ""
    assert not tag.startswith("W/")
    resumed = {"range": "bytes=8-", "if_range": tag}
    same = answer(response(), **resumed)
    assert (same.start["status"], same.body) == (206, b"0001")
    since = formatdate(max(seconds, 0), usegmt=True)
    for release in (b"release-0002", b"release-0003"):
        if release == b"release-0002":
            written(path, release, seconds)
        else:
            written(tmp_path / "next", release, seconds).rename(path)
        for fields in ({"if_none_match": tag, "if_modified_since": since}, resumed):
            peer = answer(response(), **fields)
            assert (peer.start["status"], peer.body) == (200, release)


def test_a_stat_result_that_does_not_tell_versions_apart_makes_a_weak_tag(tmp_path: Path) -> None:
    path = written(tmp_path / "a", b"12345", 1)
    known = os.stat_result((0o100644, 0, 0, 1, 0, 0, 5, 0, 1, 0))
    peer = answer(FileResponse(path, stat_result=known))
    assert (header(peer, "etag") or "").startswith('W/"')
    assert header(peer, "last-modified") is None


COPIES, RELEASES = [b"0123456789"] * 2, [b"0123456789", b"01234abcde"]
COPIED, BUILT = 1_700_000_000, 1


@pytest.mark.parametrize(
    ("source", "modified", "contents", "status"),
    [
        ("stat", [COPIED, COPIED], COPIES, 206),
        # Nothing tells that these are copies.
        ("stat", [BUILT, BUILT], COPIES, 200),
        ("stat", [COPIED, COPIED + 1], COPIES, 200),
        ("content", [BUILT, BUILT], COPIES, 206),
        ("content", [COPIED, BUILT], COPIES, 206),
        ("content", [BUILT, BUILT], RELEASES, 200),
        ("content", [COPIED, COPIED], RELEASES, 200),
    ],
)
def test_nodes_resume_each_others_downloads(
    tmp_path: Path, source: Any, modified: list[int], contents: list[bytes], status: int
) -> None:
    nodes = []
    for number in range(2):
        place = tmp_path / f"node-{number}"
        place.mkdir()
        nodes.append(written(place / "a.bin", contents[number], modified[number]))
    first, second = (FileResponse(path, etag=source) for path in nodes)
    half = answer(first, range="bytes=0-4")
    assert (half.start["status"], half.body) == (206, contents[0][:5])
    rest = answer(second, range="bytes=5-", if_range=header(half, "etag") or "")
    assert rest.start["status"] == status
    assert rest.body == (contents[1][5:] if status == 206 else contents[1])


def test_a_tag_of_the_content(tmp_path: Path) -> None:
    class ByContent(FileResponse):
        etag = "content"

    path = written(tmp_path / "a", b"x" * 300_000, 1)
    tag = tag_of(FileResponse(path, etag="content"))
    for response in (
        ByContent(path),
        ByContent(path, stat_result=path.stat()),
        FileResponse(path, etag="content", stat_result=path.stat()),
    ):
        assert tag_of(response) == tag
    assert tag_of(ByContent(path, etag="stat")) != tag
    assert tag_of(ByContent(path, headers={"etag": '"own"'})) == '"own"'
    assert answer(ByContent(path), if_none_match=tag).start["status"] == 304
    written(path, b"y" * 300_000, 1)
    assert tag_of(ByContent(path)) != tag
    with pytest.raises(ValueError, match='etag: expected "stat" or "content", but found "md5"'):
        FileResponse(path, etag="md5")  # type: ignore[arg-type]


def test_a_file_of_the_future_has_a_weak_tag_alone(tmp_path: Path) -> None:
    future = time.time() + 3600
    path = written(tmp_path / "a", b"0123456789", future)
    for known in (None, path.stat()):
        first = answer(FileResponse(path, stat_result=known))
        assert header(first, "last-modified") is None
        tag = header(first, "etag") or ""
        digest = hashlib.md5(f"{path.stat().st_mtime}-10".encode()).hexdigest()
        assert tag == f'W/"{digest}"'
        for fields, status in (
            ({"if_none_match": tag}, 304),
            ({"if_modified_since": formatdate(future + 1, usegmt=True)}, 200),
            ({"range": "bytes=0-1", "if_range": tag}, 200),
            ({"range": "bytes=0-1", "if_range": formatdate(future, usegmt=True)}, 200),
            ({"if_match": tag}, 412),
        ):
            assert answer(FileResponse(path, stat_result=known), **fields).start["status"] == status


@pytest.mark.parametrize("target", ["link", "nothing"])
def test_a_link_that_leads_nowhere_is_no_file(tmp_path: Path, target: str) -> None:
    link = tmp_path / "link"
    link.symlink_to(target)
    with pytest.raises(RuntimeError, match=r"File at path .*link does not exist\."):
        answer(FileResponse(link))


HOLDER = """
import fcntl, os, signal, sys, time
file = os.open(sys.argv[1], os.O_RDWR)
asked = []
signal.signal(signal.SIGIO, lambda *_: asked.append(1))
fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
print("held", flush=True)
end = time.monotonic() + 15
while not asked and time.monotonic() < end:
    time.sleep(0.02)
time.sleep(0.2)
fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="leases are Linux's")
def test_an_open_waits_for_a_lease(tmp_path: Path) -> None:
    path = written(tmp_path / "film.mkv", b"frames", 1_700_000_000)
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as holder:
        assert holder.stdout is not None and holder.stderr is not None
        if holder.stdout.readline() != b"held\n":
            # Some network file systems and sandboxes have none.
            pytest.skip(f"no lease can be had here: {holder.stderr.read()[-200:]!r}")
        peer = answer(FileResponse(path))
        assert (peer.start["status"], peer.body) == (200, b"frames")


@pytest.mark.skipif(sys.platform != "linux", reason="procfs and sysfs are Linux's")
@pytest.mark.parametrize("path", ["/proc/version", "/proc/self/maps", "/sys/kernel/uevent_seqnum"])
@pytest.mark.parametrize("version", ["2.3", "2.4"])
def test_what_the_kernel_makes_is_sent_whole_and_without_a_length(path: str, version: str) -> None:
    if not os.path.exists(path):
        pytest.skip(f"there is no {path}")
    asgi = {"spec_version": version}
    extensions: Any = {"http.response.pathsend": {}}
    for field in (b"", b"bytes=0-3", b"bytes=-5"):
        headers = [(b"range", field)]
        response = FileResponse(path)
        response.chunk_size = 7
        peer = delivered(response, asgi=asgi, headers=headers, extensions=extensions)
        assert peer.start["status"] == 200
        names = {name for name, _ in peer.headers}
        assert not names & {"content-length", "etag", "last-modified"}
        assert header(peer, "accept-ranges") == "none"
        assert [message["more_body"] for message in peer.messages[1:]][-2:] == [True, False]
        if path != "/proc/self/maps":
            assert peer.body == Path(path).read_bytes()
        else:
            assert b"python" in peer.body
    head = delivered(FileResponse(path), method="HEAD", asgi=asgi)
    assert head.start["status"] == 200 and head.body == b""
    assert header(head, "content-length") is None


def test_a_client_that_leaves_closes_a_file_of_the_kernels() -> None:
    class Left(Waiting):
        async def send(self, message: Any) -> None:
            if message["type"] == "http.response.body":
                raise OSError
            await super().send(message)

    before = len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0
    if not before:
        pytest.skip("there is no procfs")
    with pytest.raises(OSError):
        delivered(FileResponse("/proc/version"), Left())
    assert len(os.listdir("/proc/self/fd")) == before


def test_an_empty_file_is_sent_with_its_length(tmp_path: Path) -> None:
    path = written(tmp_path / "empty", b"", 1_700_000_000)
    peer = answer(FileResponse(path), range="bytes=-5")
    assert (peer.start["status"], peer.body, header(peer, "content-length")) == (200, b"", "0")
    assert header(peer, "accept-ranges") == "bytes"


def test_an_old_date_of_two_digits_is_no_date_of_the_future(tmp_path: Path) -> None:
    path = written(tmp_path / "a", b"x", 1_000_000_000)
    peer = answer(FileResponse(path), if_modified_since="Friday, 31-Dec-99 23:59:59 GMT")
    assert peer.start["status"] == 200
    peer = answer(FileResponse(path), if_modified_since="Saturday, 31-Dec-22 23:59:59 GMT")
    assert peer.start["status"] == 304


def test_nothing_else_waits_while_a_file_is_hashed(tmp_path: Path) -> None:
    path = written(tmp_path / "large", bytes(40_000_000), 1)
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await anyio.sleep(0)
            ticks += 1

    async def main() -> None:
        peer = Waiting()
        scope = {"type": "http", "method": "HEAD", "headers": []}
        async with anyio.create_task_group() as group:
            group.start_soon(tick)
            await FileResponse(path, etag="content")(scope, peer.receive, peer.send)
            group.cancel_scope.cancel()

    anyio.run(main)
    assert ticks > 3
