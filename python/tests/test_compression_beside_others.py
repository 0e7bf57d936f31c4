"""Compressed answers beside what programs have: Starlette, its GZipMiddleware, FastAPI, servers."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from antiphon.compression import CompressionMiddleware
from antiphon.responses import JSONResponse, PlainTextResponse, StreamingResponse
from antiphon.sse import EventSourceResponse
from support.compressing import CODINGS, TEXT, answered, asking, fields
from support.decoders import decoded
from support.servers import Served, needs, served

starlette_responses = pytest.importorskip("starlette.responses")
gzip = pytest.importorskip("starlette.middleware.gzip")

pytestmark = pytest.mark.anyio


def ours(app: Any) -> Any:
    return CompressionMiddleware(app)


def theirs(app: Any) -> Any:
    return gzip.GZipMiddleware(app)


def alone(app: Any) -> Any:
    return app


async def chunks() -> AsyncIterator[bytes]:
    yield TEXT
    yield TEXT


#: Each makes a response, and tells its content.
RESPONSES: dict[str, Any] = {
    "ours": (lambda: PlainTextResponse(TEXT), TEXT),
    "our stream": (lambda: StreamingResponse(chunks(), media_type="text/plain"), 2 * TEXT),
    "ours, compressed": (lambda: PlainTextResponse(TEXT, compress=True), TEXT),
    "our stream, compressed": (
        lambda: StreamingResponse(chunks(), media_type="text/plain", compress=True),
        2 * TEXT,
    ),
    "theirs": (lambda: starlette_responses.PlainTextResponse(TEXT), TEXT),
    "their stream": (
        lambda: starlette_responses.StreamingResponse(chunks(), media_type="text/plain"),
        2 * TEXT,
    ),
}


@pytest.mark.parametrize("coding", ["gzip", "br", "gzip, br", "identity"])
@pytest.mark.parametrize("inner", [alone, ours, theirs])
@pytest.mark.parametrize("outer", [alone, ours, theirs])
@pytest.mark.parametrize("kind", RESPONSES)
async def test_content_is_encoded_once_whatever_is_around_it(
    kind: str, outer: Any, inner: Any, coding: str
) -> None:
    make, content = RESPONSES[kind]
    peer = await answered(outer(inner(make())), asking(coding))
    found = [value for name, value in peer.messages[0]["headers"] if name == b"content-encoding"]
    # The innermost decides: theirs knows gzip alone.
    layers = [theirs] * (outer is theirs) + [ours] * (outer is ours)
    layers += [theirs] * (inner is theirs) + [ours] * (inner is ours)
    layers += [ours] * ("compressed" in kind)
    takes = {
        "identity": {ours: None, theirs: None},
        "gzip": {ours: "gzip", theirs: "gzip"},
        "br": {ours: "br", theirs: None},
        "gzip, br": {ours: "gzip" if "stream" in kind else "br", theirs: "gzip"},
    }[coding]
    expected = next(filter(None, (takes[layer] for layer in reversed(layers))), None)
    assert found == ([] if expected is None else [expected.encode()])
    assert (decoded(expected, peer.body) if expected else peer.body) == content
    said = fields(peer).get("vary", "").lower().count("accept-encoding")
    # Theirs says it once more, whatever there is.
    assert said == (1 if layers else 0) or (said > 1 and theirs in layers)
    if expected and "stream" not in kind:
        assert fields(peer)["content-length"] == str(len(peer.body))


async def test_events_are_compressed_by_ours_and_left_alone_by_theirs() -> None:
    async def events() -> AsyncIterator[str]:
        yield "one"

    peer = await answered(theirs(ours(EventSourceResponse(events(), sep="\n"))), asking())
    assert decoded("gzip", peer.body) == b"data: one\n\n"
    peer = await answered(ours(theirs(EventSourceResponse(events(), sep="\n"))), asking())
    assert decoded("gzip", peer.body) == b"data: one\n\n"
    peer = await answered(theirs(EventSourceResponse(events(), sep="\n")), asking())
    assert peer.body == b"data: one\n\n"


def test_a_program_of_starlettes_adds_it_as_any_middleware() -> None:
    from starlette.applications import Starlette
    from starlette.routing import Route
    from starlette.testclient import TestClient

    def page(request: Any) -> Any:
        return starlette_responses.PlainTextResponse(TEXT)

    def failing(request: Any) -> Any:
        raise ValueError("an error of the program's")

    app = Starlette(routes=[Route("/", page), Route("/failing", failing)])
    app.add_middleware(CompressionMiddleware, minimum_size=1000)
    client = TestClient(app, raise_server_exceptions=False)
    response = client.get("/", headers={"accept-encoding": "gzip"})
    assert response.headers["content-encoding"] == "gzip" and response.content == TEXT
    assert client.head("/", headers={"accept-encoding": "gzip"}).content == b""
    assert client.get("/failing").status_code == 500
    assert client.get("/nothing").status_code == 404


def test_fastapi_takes_classes_that_compress() -> None:
    fastapi = pytest.importorskip("fastapi")
    from starlette.testclient import TestClient

    class Compressed(JSONResponse):
        compress = True

    app = fastapi.FastAPI(default_response_class=Compressed)
    rows = [{"id": number} for number in range(200)]

    @app.get("/")
    def default() -> Any:
        return rows

    @app.get("/one", response_class=JSONResponse)
    def one() -> Any:
        return rows

    @app.get("/text", response_class=PlainTextResponse)
    def text() -> Any:
        return PlainTextResponse(TEXT, compress=True)

    client = TestClient(app)
    for path, coding in [("/", "gzip"), ("/one", None), ("/text", "gzip")]:
        response = client.get(path, headers={"accept-encoding": "gzip"})
        assert response.headers.get("content-encoding") == coding
        assert response.content == TEXT if path == "/text" else response.json() == rows


@pytest.fixture(scope="module", params=["uvicorn", "uvicorn-h11", "hypercorn", "granian"])
def compressing(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """A server of ``compressed``."""
    needs(request.param)
    place = tmp_path_factory.mktemp("compressing")
    with served(request.param, place, "support.application:compressed") as running:
        yield running


def curl(url: str, *options: str) -> tuple[dict[str, str], bytes]:
    if not shutil.which("curl"):
        pytest.skip("there is no curl")
    command = ["curl", "-s", "-S", "--noproxy", "*", "--max-time", "20", "-i", *options, url]
    done = subprocess.run(command, capture_output=True, timeout=30)
    assert done.returncode == 0, done.stderr
    head, _, content = done.stdout.partition(b"\r\n\r\n")
    lines = [line.split(": ", 1) for line in head.decode("latin-1").split("\r\n")[1:]]
    return {name.lower(): value for name, value in lines}, content


PATHS = ["/fixed", "/large", "/stream", "/file", "/events"]


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("by", ["", "/parameter"])
def test_a_client_decodes_what_a_server_sends(
    compressing: Served, by: str, path: str, coding: str
) -> None:
    url = compressing.url + by + path
    head, plain = curl(url)
    assert "content-encoding" not in head and head["vary"].lower() == "accept-encoding"
    head, content = curl(url, "-H", f"accept-encoding: {coding}")
    assert head["content-encoding"] == coding
    assert decoded(coding, content) == plain and len(content) < len(plain) + 100
    head, content = curl(url, "-I", "-H", f"accept-encoding: {coding}")
    assert head["content-encoding"] == coding and content == b""


@pytest.mark.parametrize("path", PATHS)
def test_curl_decodes_it_itself(compressing: Served, path: str) -> None:
    _, plain = curl(compressing.url + path)
    head, content = curl(compressing.url + path, "--compressed")
    assert head["content-encoding"] in {*CODINGS, "zstd"} and content == plain


@pytest.mark.parametrize("path", ["/fixed", "/stream", "/file"])
def test_a_client_of_http_1_0_gets_it_to_the_end_of_the_connection(
    compressing: Served, path: str
) -> None:
    _, plain = curl(compressing.url + path)
    with socket.create_connection(("127.0.0.1", compressing.port), timeout=20) as connection:
        connection.sendall(f"GET {path} HTTP/1.0\r\naccept-encoding: gzip\r\n\r\n".encode())
        received = b""
        while more := connection.recv(1 << 16):
            received += more
    head, _, content = received.partition(b"\r\n\r\n")
    assert b"content-encoding: gzip" in head.lower()
    if b"transfer-encoding: chunked" in head.lower():
        # uvicorn with httptools does so, whatever the version is.
        content = unchunked(content)
    assert decoded("gzip", content) == plain


def unchunked(content: bytes) -> bytes:
    whole = b""
    while content:
        size, _, content = content.partition(b"\r\n")
        length = int(size, 16)
        whole, content = whole + content[:length], content[length + 2 :]
    return whole


def test_the_file_is_the_servers(compressing: Served) -> None:
    _, plain = curl(compressing.url + "/file")
    assert plain == Path(__file__).with_name("support").joinpath("application.py").read_bytes()
