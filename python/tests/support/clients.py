"""Clients: httpx and curl, which ask for the same in their own ways, and some that vanish."""

from __future__ import annotations

import socket
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

#: A status, the fields with their names in lower case, and the content.
Answer = tuple[int, list[tuple[str, str]], bytes]


class Httpx:
    """httpx, which keeps its connections and cookies."""

    def __init__(self, url: str) -> None:
        import httpx

        self._client = httpx.Client(base_url=url, trust_env=False, timeout=20)

    def ask(self, path: str, method: str = "GET", **headers: str) -> Answer:
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        response = self._client.request(method, path, headers=fields)
        received = [(name.lower(), value) for name, value in response.headers.multi_items()]
        return response.status_code, received, response.content

    @contextmanager
    def stream(self, path: str) -> Iterator[Iterator[bytes]]:
        with self._client.stream("GET", path) as response:
            yield response.iter_raw()

    def close(self) -> None:
        self._client.close()


class Curl:
    """curl, a process for each request; its cookies are in a file."""

    def __init__(self, url: str, place: Path) -> None:
        self._url, self._cookies = url, str(place / "cookies")

    def _command(self, path: str, *options: str) -> list[str]:
        jar = ("--cookie", self._cookies, "--cookie-jar", self._cookies)
        common = ("--silent", "--show-error", "--noproxy", "*", "--max-time", "20")
        return ["curl", *common, *jar, *options, self._url + path]

    def ask(self, path: str, method: str = "GET", **headers: str) -> Answer:
        options = ["--head" if method == "HEAD" else "--include"]
        for name, value in headers.items():
            options += ["--header", f"{name.replace('_', '-')}: {value}"]
        done = subprocess.run(self._command(path, *options), capture_output=True, timeout=30)
        assert done.returncode == 0, done.stderr
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        status, *lines = head.decode("latin-1").split("\r\n")
        fields = [line.split(": ", 1) for line in lines]
        return int(status.split()[1]), [(name.lower(), value) for name, value in fields], content

    @contextmanager
    def stream(self, path: str) -> Iterator[Iterator[bytes]]:
        command = self._command(path, "--no-buffer")
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            output: Any = process.stdout
            yield iter(lambda: output.read1(65536), b"")
        assert process.returncode == 0

    def close(self) -> None:
        """Nothing is open."""


Client = Httpx | Curl


def vanish(port: int, path: str) -> None:
    """Have clients ask, read a little of the answer, and vanish with a reset."""
    clients = [socket.create_connection(("127.0.0.1", port), timeout=20) for _ in range(8)]
    for client in clients:
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    for client in clients:
        received = b""
        while not received.partition(b"\r\n\r\n")[2]:
            received += client.recv(1000)
        assert received.startswith(b"HTTP/1.1 200"), received
    for client in clients:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
