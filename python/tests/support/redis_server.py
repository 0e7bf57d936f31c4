"""A redis-server of one's own, which may be killed and stopped."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

PROGRAM = shutil.which("redis-server")


class RedisServer:
    """A server in a folder of its own, at a socket there and at a port of the loopback."""

    def __init__(self, *options: str) -> None:
        # Paths of sockets are short.
        self.folder = Path(tempfile.mkdtemp(prefix="redis-"))
        self.port = free_port()
        self.path = self.folder / "socket"
        self.url = f"unix://{self.path}"
        self.tcp_url = f"redis://127.0.0.1:{self.port}"
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        assert PROGRAM is not None
        place = ["--dir", str(self.folder), "--unixsocket", str(self.path)]
        place += ["--bind", "127.0.0.1", "--port", str(self.port), "--save", ""]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [PROGRAM, *place, *self._options], stdout=log, stderr=log, cwd=self.folder
            )
        until = time.monotonic() + 20
        while True:
            try:
                with self.client() as client:
                    client.ping()
                return
            except Exception:
                if time.monotonic() > until or self._process.poll() is not None:
                    raise AssertionError((self.folder / "log").read_text()) from None
                time.sleep(0.02)

    def client(self, **options: Any) -> Any:
        """Connect to it."""
        import redis

        return redis.Redis.from_url(self.url, **options)

    def kill(self) -> None:
        """End it as a crash does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """Stop it, as a machine that hangs."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it go on."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGCONT)


def free_port() -> int:
    """Find a port that nobody has; a cluster takes the one that is 10,000 higher, too."""
    while True:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port: int = free.getsockname()[1]
        if port < 55_000:
            return port


@contextlib.contextmanager
def redis_server(*options: str, starts: bool = True) -> Iterator[RedisServer]:
    """Run a server; skip the test where there is none, which is a failure in CI."""
    if PROGRAM is None:
        without = "there is no redis-server"
        if os.environ.get("CI") == "true":
            pytest.fail(without)
        pytest.skip(without)
    server = RedisServer(*options)
    try:
        if starts:
            server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(server.folder, ignore_errors=True)
