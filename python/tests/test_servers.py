"""Real servers: they serve a bare response object, and files as they are asked for."""

from __future__ import annotations

import importlib.util
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

SERVERS = {
    "uvicorn": ["-m", "uvicorn", "--port", "{port}", "{app}"],
    "uvicorn-h11": ["-m", "uvicorn", "--http", "h11", "--port", "{port}", "{app}"],
    "hypercorn": ["-m", "hypercorn", "--bind", "127.0.0.1:{port}", "{app}"],
    "hypercorn-trio": ["-m", "hypercorn", "-k", "trio", "--bind", "127.0.0.1:{port}", "{app}"],
    "granian": ["-m", "granian", "--interface", "asgi", "--port", "{port}", "{app}"],
    "daphne": ["-m", "daphne", "-p", "{port}", "{app}"],
}
CONTENT = bytes(range(256)) * 1000
PROGRAM = """
from antiphon.responses import FileResponse, PlainTextResponse

text = PlainTextResponse("hi", headers={"x-a": "1"})
file = FileResponse("content.bin")
"""


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    name = request.param.partition("-")[0]
    if not importlib.util.find_spec(name):
        pytest.skip(f"{name} is not installed")
    (tmp_path / "program.py").write_text(PROGRAM)
    (tmp_path / "content.bin").write_bytes(CONTENT)
    return str(request.param)


@pytest.fixture
def serve(server: str, tmp_path: Path) -> Iterator[object]:
    running: list[subprocess.Popen[bytes]] = []

    def start(name: str) -> HTTPConnection:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [part.format(port=port, app=f"program:{name}") for part in SERVERS[server]]
        with (tmp_path / "log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, *command],
                cwd=tmp_path,
                env={**os.environ, "PYTHONPATH": str(tmp_path)},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        running.append(process)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                return HTTPConnection("127.0.0.1", port, timeout=10)
            except OSError:
                time.sleep(0.05)
        raise AssertionError((tmp_path / "log").read_text())

    yield start
    for process in running:
        process.terminate()
        process.wait(timeout=20)


def test_a_bare_response_is_served(serve: object) -> None:
    assert callable(serve)
    connection = serve("text")
    for _ in range(2):
        connection.request("GET", "/")
        answer = connection.getresponse()
        assert (answer.status, answer.read(), answer.headers["x-a"]) == (200, b"hi", "1")
    connection.request("HEAD", "/")
    answer = connection.getresponse()
    assert (answer.read(), answer.headers["content-length"]) == (b"", "2")
    connection.close()


def test_a_file_is_served_as_it_is_asked_for(serve: object) -> None:
    assert callable(serve)
    connection = serve("file")

    def asked(**headers: str) -> tuple[int, bytes, dict[str, str]]:
        connection.request("GET", "/", headers={n.replace("_", "-"): v for n, v in headers.items()})
        answer = connection.getresponse()
        return answer.status, answer.read(), {n.lower(): v for n, v in answer.getheaders()}

    status, body, fields = asked()
    assert (status, body) == (200, CONTENT)
    assert asked(range="bytes=10-19")[:2] == (206, CONTENT[10:20])
    assert asked(if_none_match=fields["etag"])[:2] == (304, b"")
    assert asked(if_match='"other"')[0] == 412
    assert asked(range="bytes=999999999-")[0] == 416
    assert asked()[:2] == (200, CONTENT)
    connection.close()
