"""Real servers: started on a free port, and stopped by their process ids."""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

CONTENT = bytes(range(256)) * 1000

#: How each server is started. Hypercorn without workers serves in the process that is started.
#: Granian says no more than errors: now and then, two threads that write the first lines of its log
#: at once abort it.
SERVERS = {
    "uvicorn": ["-m", "uvicorn", "--http", "httptools", "--port", "{port}", "{app}"],
    "uvicorn-h11": ["-m", "uvicorn", "--http", "h11", "--port", "{port}", "{app}"],
    "hypercorn": ["-m", "hypercorn", "--bind", "127.0.0.1:{port}", "{app}"],
    "hypercorn-trio": ["-m", "hypercorn", "-k", "trio", "--bind", "127.0.0.1:{port}", "{app}"],
    "hypercorn-alone": ["-m", "hypercorn", "-w", "0", "--bind", "127.0.0.1:{port}", "{app}"],
    "hypercorn-trio-alone": [
        *("-m", "hypercorn", "-k", "trio", "-w", "0", "--bind", "127.0.0.1:{port}", "{app}")
    ],
    "granian": [
        *("-m", "granian", "--interface", "asgi", "--log-level", "error"),
        *("--port", "{port}", "{app}"),
    ],
    "daphne": ["-m", "daphne", "-p", "{port}", "{app}"],
}

#: Those that speak HTTP/2 when they are told to, for tests that ask for it.
OVER_HTTP_2 = {
    "uvicorn-zttp": [
        *("-m", "uvicorn", "--http", "zttp", "--http2", "--port", "{port}", "{app}"),
    ],
}


def needs(server: str) -> None:
    """Leave the test out if the server is not installed, or if its processes cannot be seen."""
    if not Path("/proc/self/stat").exists():
        pytest.skip("there is no /proc")
    name, _, parser = server.partition("-")
    for package in (name, parser) if server in OVER_HTTP_2 else (name,):
        if not importlib.util.find_spec(package):
            pytest.skip(f"{package} is not installed")


class Served:
    """A server that runs, with all its processes in a session of their own."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, place: Path) -> None:
        self.process, self.port, self.place = process, port, place

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return (self.place / "log").read_text(errors="replace")

    def is_gone(self) -> bool:
        """Whether it has ended, and each of its processes."""
        return self.process.poll() is not None and not _is_alive(self.process.pid)

    def wait_until_gone(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while not self.is_gone():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        if not self.wait_until_gone(10):
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def _is_alive(group: int) -> bool:
    """Whether a process of a group is alive. One that has ended may wait for ``init`` to see it."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, number = stat.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(number) == group and state != "Z":
            return True
    return False


@contextmanager
def served(
    server: str, place: Path, app: str = "support.application:app", options: tuple[str, ...] = ()
) -> Iterator[Served]:
    """Serve what ``application`` holds, with ``place`` as working directory."""
    place.mkdir(parents=True, exist_ok=True)
    (place / "content.bin").write_bytes(CONTENT)
    with (place / "large.bin").open("wb") as large:
        large.truncate(1 << 26)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [part.format(port=port, app=app) for part in {**SERVERS, **OVER_HTTP_2}[server]]
    with (place / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, *options, *command],
            cwd=place,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    running = Served(process, port, place)
    try:
        _wait_until_it_listens(running)
        yield running
    finally:
        running.stop()


def _wait_until_it_listens(running: Served) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and running.process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", running.port)).close()
            return
        except OSError:
            time.sleep(0.02)
    raise AssertionError(running.log)
