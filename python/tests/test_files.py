"""Files: what is sent of them, what is asked for, and who closes them."""

from __future__ import annotations

import hashlib
import mimetypes
import os
import re
import socket
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from antiphon.responses import FileResponse
from support import STARLETTE
from support.peer import Peer, Waiting, delivered, scope

LENGTH = 200_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    place = tmp_path / "content.bin"
    place.write_bytes(bytes(range(256)) * (LENGTH // 256) + b"x" * (LENGTH % 256))
    os.utime(place, (1_700_000_000, 1_700_000_000))
    return place


def files() -> list[str]:
    """The files that are open."""

    def target(link: Path) -> str:
        try:
            return os.readlink(link)
        except OSError:
            return ""

    return [link for link in map(target, Path("/proc/self/fd").glob("*")) if ".bin" in link]


@pytest.fixture(autouse=True)
def every_descriptor_is_closed() -> Iterator[None]:
    before = files()
    yield
    assert files() == before


def fields(peer: Peer) -> dict[str, str]:
    return {name: value for name, value in peer.headers}


def asked(path: Path, *headers: tuple[str, str], method: str = "GET", **attributes: Any) -> Peer:
    cls = type("Asked", (FileResponse,), attributes)
    raw = [(name.encode(), value.encode()) for name, value in headers]
    return delivered(cls(path), method=method, headers=raw)


def test_a_file_is_sent_in_chunks_of_the_class(path: Path) -> None:
    peer = asked(path)
    content = path.read_bytes()
    assert (peer.start["status"], peer.body) == (200, content)
    assert [name for name, _ in peer.headers] == [
        "content-type",
        "accept-ranges",
        "content-length",
        "last-modified",
        "etag",
    ]
    assert fields(peer)["last-modified"] == "Tue, 14 Nov 2023 22:13:20 GMT"
    sizes = [(len(m["body"]), m["more_body"]) for m in peer.messages[1:]]
    assert sizes == [(65536, True), (65536, True), (65536, True), (3392, False)]
    tenth = asked(path, chunk_size=LENGTH // 10)
    sizes = [(len(m["body"]), m["more_body"]) for m in tenth.messages[1:]]
    assert sizes == [(LENGTH // 10, True)] * 10 + [(0, False)]
    with pytest.raises(ValueError, match="chunk_size: expected 1 or more bytes"):
        asked(path, chunk_size=0)


@pytest.mark.skipif(not STARLETTE, reason="there is no Starlette to compare with")
@pytest.mark.parametrize(
    "modified", [631_152_000, 1e9, 1_700_000_000.123456, 1_699_999_999.9999998]
)
def test_validators_are_starlettes(path: Path, modified: float) -> None:
    import starlette.responses

    os.utime(path, (modified, modified))
    theirs = starlette.responses.FileResponse(path, stat_result=path.stat())
    given = FileResponse(path, stat_result=path.stat())
    assert given.raw_headers == theirs.raw_headers
    assert delivered(FileResponse(path)).start["headers"] == theirs.raw_headers


def test_a_client_that_has_the_file_does_not_get_it_again(path: Path) -> None:
    etag, date = fields(asked(path))["etag"], fields(asked(path))["last-modified"]
    for condition in [("if-none-match", etag), ("if-modified-since", date)]:
        peer = asked(path, condition)
        assert (peer.start["status"], peer.body) == (304, b"")
        assert fields(peer)["etag"] == etag
        assert asked(path, condition, conditional=False).start["status"] == 200
    for condition in [
        ("if-match", '"other"'),
        ("if-unmodified-since", "Tue, 14 Nov 2000 22:13:20 GMT"),
    ]:
        assert asked(path, condition).start["status"] == 412


def test_ranges(path: Path) -> None:
    content = path.read_bytes()
    one = asked(path, ("range", "bytes=10-19"))
    assert (one.start["status"], one.body) == (206, content[10:20])
    assert fields(one)["content-range"] == f"bytes 10-19/{LENGTH}"
    several = asked(path, ("range", "bytes=0-1,10-11"))
    boundary = fields(several)["content-type"].partition("boundary=")[2]
    assert re.fullmatch("[0-9a-f]{26}", boundary)
    assert several.body.count(boundary.encode()) == 3
    assert len(several.body) == int(fields(several)["content-length"])
    beyond = asked(path, ("range", f"bytes={LENGTH}-"))
    assert (beyond.start["status"], fields(beyond)["content-range"]) == (416, f"bytes */{LENGTH}")
    assert asked(path, ("range", "bytes=0-1,10-11"), max_ranges=1).start["status"] == 200
    stale = asked(path, ("range", "bytes=0-1"), ("if-range", '"other"'))
    assert stale.start["status"] == 200


def test_the_range_policy_is_the_classs(path: Path) -> None:
    unit = ("range", "lines=1-2")
    assert asked(path, unit).start["status"] == 400
    assert asked(path, unit, range_policy="rfc9110").start["status"] == 200
    head = asked(path, ("range", "bytes=0-1"), method="HEAD")
    assert (head.start["status"], head.body) == (206, b"")
    rfc = asked(path, ("range", "bytes=0-1"), method="HEAD", range_policy="rfc9110")
    assert rfc.start["status"] == 200
    with pytest.raises(ValueError, match='range_policy: expected "starlette" or "rfc9110"'):
        asked(path, range_policy="strict")


def test_a_file_that_cannot_be_sent_fails_before_the_head(path: Path, tmp_path: Path) -> None:
    pipe, directory, unreadable = tmp_path / "pipe", tmp_path, tmp_path / "unreadable"
    os.mkfifo(pipe)
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(tmp_path / "socket"))
    server.close()
    for place, text in [
        (tmp_path / "missing", "does not exist."),
        (pipe, "is not a file."),
        (directory, "is not a file."),
        (tmp_path / "socket", "is not a file."),
    ]:
        peer = Waiting()
        with pytest.raises(RuntimeError, match=re.escape(f"File at path {place} {text}")):
            delivered(FileResponse(place), peer)
        assert not peer.messages
    for place, error in [
        (tmp_path / "content.bin" / "below", NotADirectoryError),
        (tmp_path / ("x" * 300), OSError),
        (f"{tmp_path}/\0", ValueError),
    ]:
        with pytest.raises(error):
            delivered(FileResponse(place))
    unreadable.write_bytes(b"x")
    unreadable.chmod(0)
    if not os.access(unreadable, os.R_OK):
        with pytest.raises(PermissionError) as raised:
            delivered(FileResponse(unreadable))
        assert raised.value.filename == unreadable


def test_a_file_that_shrinks_never_ends_cleanly(path: Path) -> None:
    known = path.stat()
    for length in [100_000, 5]:
        path.write_bytes(b"x" * length)
        peer = Waiting()
        with pytest.raises(RuntimeError, match="is shorter than expected"):
            delivered(FileResponse(path, stat_result=known), peer)
        assert all(message.get("more_body", True) for message in peer.messages)
        # What goes wrong with the first bytes is still the application's to answer.
        assert bool(peer.messages) == (length == 100_000)


def test_a_file_that_one_message_holds_is_closed_before_it_is_sent(path: Path) -> None:
    path.write_bytes(b"x" * 100)
    descriptors: list[list[str]] = []

    class Looking(Waiting):
        async def send(self, message: Any) -> None:
            await super().send(message)
            descriptors.append(files())

    small = Looking()
    delivered(FileResponse(path), small)
    assert small.body == b"x" * 100 and descriptors == [[], []]
    path.write_bytes(b"x" * 100_000)
    large = Looking()
    delivered(FileResponse(path), large)
    assert [len(held) for held in descriptors[2:]] == [1, 1, 0]


def test_a_file_that_grows_is_sent_as_far_as_was_announced(path: Path) -> None:
    known = path.stat()
    path.write_bytes(b"x" * (2 * LENGTH))
    peer = delivered(FileResponse(path, stat_result=known))
    assert len(peer.body) == int(fields(peer)["content-length"]) == LENGTH


def forget(path: Path) -> None:
    """Have the system read a file from its disk again."""
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(descriptor)


def test_what_memory_does_not_hold_is_read_by_a_thread(path: Path) -> None:
    content = path.read_bytes()
    forget(path)
    assert delivered(FileResponse(path)).body == content


def test_pathsend_is_for_whole_files_without_a_background_task(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer: dict[str, Any] = {"extensions": {"http.response.pathsend": {}}}
    monkeypatch.chdir(path.parent)
    peer = delivered(FileResponse(path.name), **offer)
    assert peer.messages[1] == {"type": "http.response.pathsend", "path": str(path)}

    async def task() -> None:
        pass

    assert delivered(FileResponse(path, background=task), **offer).body
    part = delivered(FileResponse(path), **offer, headers=[(b"range", b"bytes=0-1")])
    assert len(part.body) == 2
    head = delivered(FileResponse(path), **offer, method="HEAD")
    assert head.messages[1]["type"] == "http.response.body"


def test_a_websocket_handshake_is_denied_with_the_whole_file(path: Path) -> None:
    peer = delivered(FileResponse(path), type="websocket", headers=[(b"range", b"bytes=0-1")])
    assert {m["type"].removesuffix("start").removesuffix("body") for m in peer.messages} == {
        "websocket.http.response."
    }
    assert len(peer.body) == LENGTH


def test_names_are_offered_as_starlette_offers_them(path: Path) -> None:
    plain = FileResponse(path, filename="report.pdf", content_disposition_type="inline")
    assert plain.headers["content-disposition"] == 'inline; filename="report.pdf"'
    assert plain.media_type == "application/pdf"
    umlaut = FileResponse(path, filename="Prüfung.pdf")
    assert umlaut.headers["content-disposition"] == "attachment; filename*=utf-8''Pr%C3%BCfung.pdf"
    name: Any = b"Pr\xc3\xbcfung.pdf"
    raw = FileResponse(path, filename=name, media_type="a/b")
    assert raw.headers["content-disposition"] == umlaut.headers["content-disposition"]
    with pytest.raises(ValueError, match="disposition"):
        FileResponse(path, filename="a", content_disposition_type="a; b=c")


def test_a_class_may_set_the_headers_of_its_files(path: Path) -> None:
    class Versioned(FileResponse):
        def set_stat_headers(self, stat_result: os.stat_result) -> None:
            assert stat.S_ISREG(stat_result.st_mode)
            self.headers["etag"] = '"v1"'

    peer = delivered(Versioned(path))
    assert fields(peer)["etag"] == '"v1"'
    assert fields(peer)["content-length"] == str(LENGTH)
    again = delivered(Versioned(path), headers=[(b"if-none-match", b'"v1"')])
    assert again.start["status"] == 304


@pytest.mark.parametrize(
    "name",
    [
        "a.txt",
        "a.tar.gz",
        "a.tgz",
        "A.TXT",
        "a",
        ".png",
        "a.",
        "..png",
        "a.d/b",
        "data:,x.png",
        "x:y.css",
    ]
    + [f"name{extension}" for extension in sorted(mimetypes.types_map)[::40]],
)
def test_media_types_are_those_of_mimetypes(name: str) -> None:
    expected = mimetypes.guess_type(name)[0] or "application/octet-stream"
    assert FileResponse(name).media_type == expected
    assert FileResponse(Path(name)).media_type == FileResponse(str(Path(name))).media_type
    assert FileResponse("a.txt", filename=name).media_type == expected


def test_added_media_types_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(mimetypes.types_map, ".antiphon", "text/x-antiphon")
    assert FileResponse("a.antiphon").media_type == "text/x-antiphon"
    monkeypatch.setitem(mimetypes.suffix_map, ".antiphon", ".txt")
    assert FileResponse("a.antiphon").media_type == "text/plain"
    monkeypatch.setattr(mimetypes, "guess_type", lambda name: ("a/b", None))
    assert FileResponse("a").media_type == FileResponse("a.txt").media_type == "a/b"


class Client:
    """A client that takes so much, and then does something else."""

    def __init__(self, after: int, then: Callable[[], Any], stays: bool = False) -> None:
        self.after, self.then, self.stays = after, then, stays
        self.taken = 0
        self.gone = anyio.Event()

    async def receive(self) -> Any:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.taken += len(message.get("body", b""))
        if self.taken >= self.after:
            await self.then()


@pytest.mark.anyio
@pytest.mark.parametrize("version", ["2.3", "2.4", None])
@pytest.mark.parametrize("range_", [b"bytes=0-", b"bytes=0-70000,80000-"])
async def test_a_client_that_leaves_while_it_is_waited_for(
    path: Path, version: str | None, range_: bytes
) -> None:
    async def leave() -> None:
        client.gone.set()
        await anyio.sleep_forever()

    async def background() -> None:
        ran.append(True)

    client, ran = Client(65536, leave), list[bool]()
    request = scope(headers=[(b"range", range_)])
    if version is not None:
        request["asgi"] = {"spec_version": version}
    response = FileResponse(path, background=background)
    with anyio.move_on_after(5 if version != "2.4" else 0.2) as limit:
        await response(request, client.receive, client.send)
    # From 2.4 on it is the server who tells, by an error of `send`.
    assert limit.cancelled_caught == (version == "2.4")
    assert ran == ([] if version == "2.4" else [True])
    assert client.taken < LENGTH


class Refused(Exception):
    """A middleware has refused the request."""


@pytest.mark.anyio
async def test_a_middleware_that_refuses_the_request_is_not_asked_for_it_meanwhile(
    path: Path,
) -> None:
    async def receive() -> Any:
        received.append(True)
        raise Refused

    async def send(message: Any) -> None:
        # It sends an answer of its own, which takes a moment.
        await anyio.sleep(0.001)
        raise Refused

    received: list[bool] = []
    with pytest.raises(Refused):
        await FileResponse(path)(scope(), receive, send)
    assert not received


@pytest.mark.anyio
async def test_a_client_that_left_and_is_never_waited_for(tmp_path: Path) -> None:
    large = tmp_path / "large.bin"
    with large.open("wb") as file:
        file.truncate(1 << 32)
    client = Client(1 << 20, anyio.lowlevel.checkpoint)

    async def send(message: Any) -> None:
        client.taken += len(message.get("body", b""))
        if client.taken >= 1 << 20:
            client.gone.set()

    with anyio.fail_after(10):
        await FileResponse(large)(scope(), client.receive, send)
    assert client.taken < 1 << 26


@pytest.mark.anyio
async def test_a_client_that_leaves_while_a_thread_reads(tmp_path: Path) -> None:
    class Whole(FileResponse):
        chunk_size = 1 << 25

    large = tmp_path / "large.bin"
    large.write_bytes(b"x" * Whole.chunk_size)
    forget(large)

    async def receive() -> Any:
        await anyio.sleep(0.01)
        return {"type": "http.disconnect"}

    async def send(_: Any) -> None:
        pass

    before = os.listdir("/proc/self/fd")
    with anyio.fail_after(10):
        await Whole(large)(scope(), receive, send)
        # On asyncio the thread is not waited for.
        while len(os.listdir("/proc/self/fd")) > len(before):
            await anyio.sleep(0.01)


@pytest.mark.anyio
@pytest.mark.parametrize("version", ["2.3", "2.4"])
async def test_cancellation_and_errors_close_the_file(path: Path, version: str) -> None:
    request = scope(asgi={"spec_version": version})
    with anyio.CancelScope() as outer:

        async def cancel() -> None:
            outer.cancel()
            await anyio.sleep_forever()

        client = Client(1, cancel)
        await FileResponse(path)(request, client.receive, client.send)
    assert outer.cancelled_caught

    error = OSError("gone")

    async def fail() -> None:
        await anyio.sleep(0)
        raise error

    client = Client(1, fail)
    with pytest.raises(OSError) as raised:
        await FileResponse(path)(request, client.receive, client.send)
    assert raised.value is error


@pytest.mark.anyio
async def test_an_error_of_receive_is_raised(path: Path) -> None:
    async def receive() -> Any:
        raise LookupError("broken")

    client = Client(1, anyio.sleep_forever)
    with anyio.fail_after(5), pytest.raises(LookupError):
        await FileResponse(path)(scope(), receive, client.send)


@pytest.mark.anyio
async def test_one_response_is_sent_many_times_at_once(path: Path) -> None:
    response, peers = FileResponse(path), [Peer() for _ in range(10)]

    async def send_to(peer: Peer) -> None:
        async def send(message: Any) -> None:
            await anyio.sleep(0)
            await peer.send(message)

        await response(scope(asgi={"spec_version": "2.4"}), peer.receive, send)

    async with anyio.create_task_group() as group:
        for peer in peers:
            group.start_soon(send_to, peer)
    assert {peer.body for peer in peers} == {path.read_bytes()}
    assert len(response.raw_headers) == 2


def test_headers_that_a_program_takes_out_stay_out(path: Path) -> None:
    known = path.stat()
    for name in ("etag", "accept-ranges", "content-type"):
        response = FileResponse(path, stat_result=known)
        del response.headers[name]
        for more in ({}, {"headers": [(b"if-none-match", b"*")]}):
            assert name not in dict(map(tuple, delivered(response, **more).headers))

    class Untagged(FileResponse):
        def set_stat_headers(self, stat_result: os.stat_result) -> None:
            self.headers.setdefault("content-length", str(stat_result.st_size))

    assert "etag" not in dict(map(tuple, delivered(Untagged(path)).headers))


def test_the_fields_of_a_scope_may_be_lists(path: Path) -> None:
    peer = delivered(FileResponse(path), headers=[[b"host", b"a"], [b"range", b"bytes=0-1"]])
    assert peer.start["status"] == 206
    peer = delivered(FileResponse(path), headers=[(bytearray(b"range"), bytearray(b"bytes=0-1"))])
    assert peer.start["status"] == 206
    etag = dict(map(tuple, peer.headers))["etag"].encode()
    tags = [[b"if-none-match", b'"a"'], [b"if-none-match", etag]]
    assert delivered(FileResponse(path), headers=tags).start["status"] == 304


@pytest.mark.parametrize(("asked", "status"), [(b"bytes=900000-", 416), (b"bytes=x", 400)])
def test_a_range_that_is_refused(path: Path, asked: bytes, status: int) -> None:
    done: list[int] = []

    async def task() -> None:
        done.append(1)

    peer = delivered(FileResponse(path, background=task), headers=[(b"range", asked)])
    assert (peer.start["status"], done) == (status, [1])


def test_a_file_that_is_gone_fails_whatever_is_known_of_it(path: Path) -> None:
    response = FileResponse(path, stat_result=path.stat())
    path.unlink()
    for more in ({}, {"method": "HEAD"}, {"headers": [(b"range", b"bytes=900000-")]}):
        peer = Waiting()
        with pytest.raises(RuntimeError, match="does not exist"):
            delivered(response, peer, **more)
        assert not peer.messages


def test_a_time_in_whole_seconds_has_the_tag_of_its_own_text(path: Path) -> None:
    known = os.stat_result((0o100644, 0, 0, 1, 0, 0, 5, 0, 1_700_000_000, 0))
    digest = hashlib.md5(b"1700000000-5", usedforsecurity=False).hexdigest()
    assert FileResponse(path, stat_result=known).headers["etag"] == f'"{digest}"'
