"""The tables for files: what Starlette answers, and where we differ on purpose.

Content of other sources has the same answers.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

from antiphon.content import ContentResponse, FileSource, ObjectSource
from antiphon.responses import FileResponse
from support.object_store import s3
from support.peer import Peer, Waiting, delivered
from vectors.tables import cases, matrix

D4_WRONG_LENGTHS = {"matrix-247"}
D6_TRANSFER_ENCODING = {"matrix-255"}
D10_DISPOSITION_TYPES = {"cd-type-1", "cd-type-3"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


def content(length: int) -> bytes:
    return bytes(33 + (7 * i + i // 94) % 94 for i in range(length))


def file(folder: Path, length: int) -> Path:
    path = folder / f"f{length}.bin"
    if not path.exists():
        path.write_bytes(content(length))
        os.utime(path, (1_700_000_000, 1_700_000_000))
    return path


class Makes:
    """Makes responses of content of some length, as files or otherwise."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.base: Any = FileResponse if kind == "file" else ContentResponse
        #: Whether there is a ``Last-Modified``, and whether it is that of the tables.
        self.has_time = kind != "bytes"
        self.has_own_time = kind in ("bytes", "object", "s3")
        self._kind = kind
        self._folder = folder
        self._open: dict[int, Any] = {}
        self._put: set[int] = set()
        if kind in ("object", "s3"):
            obstore = pytest.importorskip("obstore", reason="there is no obstore")
            self._store = obstore.store.MemoryStore() if kind == "object" else s3()

    def __call__(self, cls: Any, length: int, **parameters: Any) -> Any:
        """Make a response of a class that is a subclass of the base."""
        return cls(self._source(length), **parameters)

    def _source(self, length: int) -> Any:
        if self._kind == "file":
            return file(self._folder, length)
        if self._kind == "bytes":
            return content(length)
        if self._kind == "open file":
            if length not in self._open:
                self._open[length] = file(self._folder, length).open("rb")
            return FileSource(self._open[length])
        name = f"f{length}.bin"
        if length not in self._put:
            self._store.put(name, content(length))
            self._put.add(length)
        return ObjectSource(self._store, name)

    def close(self) -> None:
        """Close what is open."""
        for each in self._open.values():
            each.close()


@pytest.fixture(scope="module", params=["file", "bytes", "open file", "object", "s3"])
def makes(request: pytest.FixtureRequest, folder: Path) -> Iterator[Makes]:
    makes = Makes(request.param, folder)
    yield makes
    makes.close()


@pytest.mark.parametrize("case", matrix("FileResponse"))
def test_matrix_of_sources(case: Any, makes: Makes) -> None:
    parameters, expected = dict(case["kwargs"]), case["starlette"]
    [(kind, length)] = parameters.pop("path").items()
    if kind != "$file" or "error" in expected:
        return
    request = {"method": case["method"], **case["scope"]}
    parameters.pop("stat_result", None)
    if case["id"] in D4_WRONG_LENGTHS | D6_TRANSFER_ENCODING:
        with pytest.raises(ValueError, match="header"):
            delivered(makes(makes.base, length, **parameters), **request)
        return
    peer = delivered(makes(makes.base, length, **parameters), **request)
    assert peer.start["status"] == expected["status"]
    has_content = expected["status"] >= 200 and expected["status"] not in (204, 205, 304)
    of_source = {"etag", "last-modified"} | (set() if has_content else {"content-length"})

    def told(headers: Any) -> list[list[str]]:
        return sorted([name, value] for name, value in headers if name not in of_source)

    assert told(peer.headers) == told(expected["headers"])
    if not has_content:
        assert peer.body == b""
    elif "text" in expected["body"]:
        assert peer.body.decode() == expected["body"]["text"]
    else:
        assert hashlib.sha256(peer.body).hexdigest() == expected["body"]["sha256"]


@pytest.mark.parametrize("case", matrix("FileResponse"))
def test_matrix(case: Any, folder: Path) -> None:
    parameters, expected = dict(case["kwargs"]), case["starlette"]
    [(kind, length)] = parameters.pop("path").items()
    if kind == "$fifo":
        os.mkfifo(folder / "fifo")
    place = {"$missing": folder / "missing", "$dir": folder, "$fifo": folder / "fifo"}
    path = file(folder, length) if kind == "$file" else place[kind]
    request = {"method": case["method"], **case["scope"]}

    def answered() -> Waiting:
        peer = Waiting()
        delivered(FileResponse(path, **parameters), peer, **request)
        return peer

    if case["id"] in D4_WRONG_LENGTHS | D6_TRANSFER_ENCODING:
        with pytest.raises(ValueError, match="header"):
            answered()
        return
    if "error" in expected:
        with pytest.raises(RuntimeError, match=expected["message_contains"]):
            answered()
        return
    peer = answered()
    status, headers = expected["status"], expected["headers"]
    assert peer.start["status"] == status
    if status < 200 or status in (204, 304):  # D-5, and what is not sent needs no length
        headers = [field for field in headers if field[0] != "content-length"]
    if status == 205:  # D-3
        headers = [[n, "0" if n == "content-length" else value] for n, value in headers]
    assert sorted(peer.headers) == sorted(headers)
    if status != 205:
        assert peer.headers == headers
    if status < 200 or status in (204, 205, 304):
        assert peer.body == b""  # D-3
        return
    assert [m["type"] for m in peer.messages] == expected["types"]
    sizes = [[len(m["body"]), m["more_body"]] for m in peer.messages[1:]]
    assert sizes == expected["body_messages"]
    if "text" in expected["body"]:
        assert peer.body.decode() == expected["body"]["text"]
    else:
        assert hashlib.sha256(peer.body).hexdigest() == expected["body"]["sha256"]


def outcome(peer: Peer, length: int) -> dict[str, Any]:
    """What the tables say of an answer: the status, and which bytes of the file it holds."""
    status, fields = peer.start["status"], dict(map(tuple, peer.headers))
    if status == 416:
        return {"status": status, "content_range": fields.get("content-range")}
    if status == 206 and peer.body:
        return {"status": status, "parts": parts(peer.body, fields)}
    if status != 206 and (peer.body == content(length) or status == 200):
        assert peer.body in (content(length), b"")
        return {"status": status, "full": True}
    return {"status": status}


def parts(body: bytes, fields: dict[str, str]) -> list[list[int]]:
    _, _, boundary = fields["content-type"].partition("boundary=")
    if not boundary:
        return [span(fields["content-range"], body)]
    pieces = body.split(f"--{boundary}".encode())
    assert pieces[0] == b"" and pieces[-1] == b"--"
    found = []
    for piece in pieces[1:-1]:
        head, _, rest = piece.partition(b"\r\n\r\n")
        range_ = re.search(rb"Content-Range: (.*)", head)
        assert range_ is not None
        found.append(span(range_[1].decode(), rest.removesuffix(b"\r\n")))
    return found


def span(content_range: str, body: bytes) -> list[int]:
    match = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", content_range.strip())
    assert match is not None
    first, last, length = map(int, match.groups())
    assert body in (b"", content(length)[first : last + 1])
    return [first, last + 1]


@pytest.mark.parametrize("policy", ["starlette", "rfc9110"])
@pytest.mark.parametrize("case", cases("ranges"))
def test_ranges(case: Any, policy: str, makes: Makes) -> None:
    class Response(makes.base):
        range_policy = policy

    config, length = case["config"], case["file_size"]
    own = {
        name.replace("_", "-"): config[name] for name in ("etag", "last_modified") if name in config
    }
    status = config.get("status_code", 200)
    response = makes(Response, length, headers=own or None, status_code=status)
    plain = dict(map(tuple, delivered(response).headers))
    etag = plain["etag"]
    text = json.dumps(case["headers"])
    if "ETAG_UPPER" in text and etag == etag.upper():
        return  # A tag of digits has no other case.
    if re.search("(GMT|UTC|-[0-9]{2} )", text) and makes.has_own_time:
        return  # The table's dates are around those of its files.
    headers = [
        (
            name.lower().encode(),
            value.replace("{{ETAG}}", etag)
            .replace("{{ETAG_UPPER}}", etag.upper())
            .encode("latin-1"),
        )
        for name, value in case["headers"]
    ]
    found = outcome(delivered(response, method=case["method"], headers=headers), length)
    theirs = case["observed"].get("starlette-1.10.0", {})
    allowed = [*case["rfc_allowed"], case["preferred"]]
    # The answer to HEAD shows no parts.
    names = found if found["status"] == 206 else ("status", "full", "content_range")
    theirs, *allowed = ({n: a[n] for n in names if n in a} for a in (theirs, *allowed))
    if policy == "rfc9110":
        assert found in allowed, json.dumps(case["headers"])
    else:  # D-11, D-12, D-13: where it is not Starlette's answer, it is one of the RFC's.
        assert found == theirs or found in allowed, json.dumps(case["headers"])


@pytest.mark.parametrize(
    ("case", "policy"),
    [
        pytest.param(case, policy, id=f"{case['id']}-{policy}")
        for [case] in (held.values for held in cases("file_answers"))
        for policy in case["policies"]
    ],
)
def test_answers_have_the_fields_that_their_status_asks_for(
    case: Any, policy: str, makes: Makes
) -> None:
    class Response(makes.base):
        range_policy = policy

    response = makes(
        Response,
        1000,
        headers=case["callers"],
        media_type="text/plain",
        filename="notes.txt",
    )
    lines = [(name.encode(), value.encode()) for name, value in case["headers"]]
    peer = delivered(response, method=case["method"], headers=lines)
    if case["method"].islower():  # D-47: of Rust only; a scope's method is in upper case.
        upper = delivered(response, method=case["method"].upper(), headers=lines)
        assert peer.messages == upper.messages
        return
    assert peer.start["status"] == case["status"]
    fields = [field for field in case["fields"] if makes.has_time or field[0] != "last-modified"]
    assert [name for name, _ in peer.headers] == [name for name, _ in fields]
    for (_, found), (_, expected) in zip(peer.headers, fields, strict=True):
        if expected is not None:
            assert fnmatch(found, expected.replace("*/", "[*]/"))
    if case["body"] is not None:
        assert len(peer.body) == case["body"]


@pytest.mark.parametrize("case", cases("disposition"))
def test_dispositions(case: Any, makes: Makes) -> None:
    parameters: dict[str, Any] = {"filename": case["filename"]}
    if case.get("type"):
        parameters["content_disposition_type"] = case["type"]
    if case.get("headers"):
        parameters["headers"] = dict(case["headers"])
    try:
        response = makes(makes.base, 10, **parameters)
    except ValueError as error:
        is_theirs = type(error).__name__ == case.get("starlette_error")
        assert is_theirs or case["id"] in D10_DISPOSITION_TYPES
    else:
        assert response.headers["content-disposition"] == case["starlette"]
