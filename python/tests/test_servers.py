"""Real servers and real clients: each response, as it comes over the wire."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import application
from support.clients import Client, Curl, Httpx
from support.servers import CONTENT, SERVERS, Served, needs, served

WHOLE = ["/response", "/html", "/text", "/json", "/redirect"]


@pytest.fixture(params=["httpx", "curl"])
def client(request: pytest.FixtureRequest, server: Served, tmp_path: Path) -> Iterator[Client]:
    name = request.param
    found = shutil.which(name) if name == "curl" else importlib.util.find_spec(name)
    if not found:
        assert os.environ.get("CI") != "true", f"there is no {name}"
        pytest.skip(f"{request.node.name}: there is no {name}")
    client = Curl(server.url, tmp_path) if name == "curl" else Httpx(server.url)
    yield client
    client.close()


def by_name(fields: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Order fields, but those of one name: servers may do so."""
    return sorted(fields, key=lambda field: field[0])


@pytest.mark.parametrize("path", WHOLE)
def test_whole_responses(client: Client, path: str) -> None:
    response = application.RESPONSES[path]({})
    expected = [(name.decode(), value.decode("latin-1")) for name, value in response.raw_headers]
    for method in ("GET", "HEAD"):
        status, fields, content = client.ask(path, method)
        assert status == response.status_code
        assert content == (response.body if method == "GET" else b"")
        own = [field for field in fields if field[0] in dict(expected)]
        assert by_name(own) == by_name(expected)


@pytest.mark.parametrize("path", ["/async", "/thread", "/events"])
def test_a_chunk_arrives_before_the_next_is_made(client: Client, path: str) -> None:
    gate = f"{path[1:]}-{type(client).__name__}"
    chunks = [b"first ", b"second"]
    if path == "/events":
        chunks = [b"id: f\r\ndata: first\r\n\r\n", b"id: s\r\ndata: second\r\n\r\n"]
    with client.stream(f"{path}?{gate}") as received:
        assert next(received) == chunks[0]
        assert client.ask(f"/open?{gate}")[2] == b"open"
        assert b"".join(received) == chunks[1]
    media_type = "text/event-stream" if path == "/events" else "text/plain"
    for method in ("GET", "HEAD"):
        status, fields, content = client.ask(f"{path}?{gate}", method)
        assert status == 200 and content == (b"".join(chunks) if method == "GET" else b"")
        assert dict(fields)["content-type"] == f"{media_type}; charset=utf-8"


def test_a_file(client: Client) -> None:
    status, fields, content = client.ask("/file")
    told = dict(fields)
    assert (status, content, told["content-length"]) == (200, CONTENT, str(len(CONTENT)))
    assert told["content-disposition"] == "attachment; filename*=utf-8''gr%C3%BC%C3%9Fe.bin"
    assert told["accept-ranges"] == "bytes"
    head = client.ask("/file", "HEAD")
    assert head[0] == 200 and head[2] == b""
    for name in ("content-length", "content-type", "etag", "last-modified"):
        assert dict(head[1])[name] == told[name]
    assert client.ask("/file", range="bytes=10-19")[::2] == (206, CONTENT[10:20])
    assert client.ask("/file", if_none_match=told["etag"])[::2] == (304, b"")
    assert client.ask("/file", if_match='"other"')[0] == 412
    assert client.ask("/file", range="bytes=999999999-")[0] == 416
    assert client.ask("/file")[::2] == (200, CONTENT)


def test_cookies_come_back(client: Client) -> None:
    client.ask("/response")
    cookies = client.ask("/cookie")[2].decode().split("; ")
    assert sorted(cookies) == ['session="a b"', "theme=dark"]


@pytest.mark.parametrize("name", SERVERS)
@pytest.mark.parametrize("app", ["text", "file"])
def test_a_bare_response_is_an_application(name: str, app: str, tmp_path: Path) -> None:
    needs(name)
    pytest.importorskip("httpx")
    with served(name, tmp_path, f"support.application:{app}") as running:
        client = Httpx(running.url)
        expected = b"hi" if app == "text" else CONTENT
        for _ in range(2):
            status, fields, content = client.ask("/")
            assert (status, content) == (200, expected)
            assert ("x-a", "1") in fields or app == "file"
        status, fields, content = client.ask("/", "HEAD")
        assert (status, content) == (200, b"")
        assert dict(fields)["content-length"] == str(len(expected))
        client.close()
