"""The table of compressed responses, by a response's own parameter and by the middleware."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from antiphon.compression import Compression, CompressionMiddleware
from antiphon.responses import FileResponse, Response, StreamingResponse
from support.decoders import decoded
from support.peer import delivered
from vectors.tables import cases


def made(described: Any, folder: Path, **more: Any) -> Response:
    size, kind = described["size"], described["kind"]
    arguments = {
        "status_code": described["status"],
        "headers": [tuple(pair) for pair in described["headers"]],
        "media_type": described["media_type"],
        **more,
    }
    if kind == "file":
        path = folder / "letters.txt"
        path.write_bytes(b"a" * size)
        return FileResponse(path, **arguments)
    if kind == "stream":
        return StreamingResponse(iter([b"a" * size]), **arguments)
    response = Response(b"a" * size, **arguments)
    if described["conditional"]:
        response.add_etag()
    return response


@pytest.mark.parametrize("by", ["parameter", "middleware"])
@pytest.mark.parametrize("case", cases("compression"))
def test_an_answer_is_in_the_coding_of_the_table(case: Any, by: str, tmp_path: Path) -> None:
    described, is_head = case["response"], case["method"] == "HEAD"
    compression = Compression(**case["options"])
    app: Any
    if by == "parameter":
        app = made(described, tmp_path, compress=compression)
    else:
        app = CompressionMiddleware(made(described, tmp_path), compression=compression)
    lines = [(name.encode(), value.encode()) for name, value in case["headers"]]
    peer = delivered(app, method=case["method"], headers=lines)

    assert peer.start["status"] == case["status"]
    is_programs = any(name == "content-encoding" for name, _ in described["headers"])
    coding = None if is_programs else case["coding"]
    found = joined(peer.headers)
    for name, key in [
        ("content-encoding", "coding"),
        ("vary", "vary"),
        ("accept-ranges", "accept_ranges"),
    ]:
        assert found.get(name) == case[key], name
    # The table says nothing of the tag that a file has.
    if case["etag"] is not None:
        assert found.get("etag") == case["etag"]
    has_length = case["has_length"] and not (by == "middleware" and is_head and coding)
    # A file that one message holds is encoded as a whole here.
    has_length |= described["kind"] == "file" and coding is not None and not is_head
    assert ("content-length" in found) == has_length
    if is_head:
        assert peer.body == b""
    elif coding is not None:
        assert decoded(coding, peer.body) == b"a" * described["size"]
    elif peer.start["status"] == 200:
        assert len(peer.body) == described["size"]
    if has_length and not is_head and case["status"] == 200:
        assert found["content-length"] == str(len(peer.body))


def joined(headers: list[list[str]]) -> dict[str, str]:
    fields: dict[str, list[str]] = {}
    for name, value in headers:
        fields.setdefault(name, []).append(value)
    return {name: ", ".join(values) for name, values in fields.items()}
