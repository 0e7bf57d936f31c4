"""A server under test."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from compare import BenchError
from compare.cores import SERVER_CORE, pinned
from compare.places import RUN

START_SECONDS = 10.0


class Server:
    """A running server, in a process group of its own."""

    def __init__(
        self,
        name: str,
        port: int,
        command: Sequence[str],
        folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.port = port
        self.log = RUN / f"{name}.log"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            raise BenchError(f"something listens on port {self.port} already")
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                pinned(SERVER_CORE, command),
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def await_start(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            time.sleep(0.02)
        last = "\n".join(self.log.read_text(errors="replace").splitlines()[-5:])
        raise BenchError(f"did not start\n{last}".rstrip())

    def get(self, path: str, headers: dict[str, str]) -> tuple[http.client.HTTPResponse, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        with contextlib.closing(connection):
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
            return response, response.read()

    def memory_kb(self) -> int:
        """The resident memory of its one process: servers of more are not asked for it."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0])

    def stop(self) -> None:
        for stop_signal in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, stop_signal)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(3)
                return


@contextlib.contextmanager
def running(
    name: str,
    port: int,
    command: Sequence[str],
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """Runs a server while the block lasts. `environment` replaces this program's."""
    server = Server(name, port, command, folder, environment)
    try:
        server.await_start()
        yield server
    finally:
        server.stop()
