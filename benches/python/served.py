"""Asks the same application, on Starlette's classes and on Antiphon's, of real servers."""

from __future__ import annotations

import json
import os
import signal
import socket
import statistics
import subprocess
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
SECONDS = 2

SERVERS = {
    "uvicorn": (
        "-m uvicorn --loop uvloop --http httptools --no-access-log --log-level error "
        "--port {port} app:app"
    ),
    "granian": (
        "-m granian --interface asgi --workers 1 --loop uvloop --no-ws --log-level error "
        "--port {port} app:app"
    ),
}


@dataclass
class Case:
    """What is asked for, and the ratio that is wanted at least, for each server."""

    path: str
    wanted: dict[str, float]
    headers: tuple[str, ...] = ()
    connections: int = 16
    #: How much an answer is: chunks.
    units: int = 1
    #: So many events come to each of so many listeners, which are connected instead of wrk.
    events: int = 0
    publish: str = ""
    #: What is measured is how many connections share a megabyte of resident memory.
    is_memory: bool = False


CASES = {
    "plaintext": Case("/", {"uvicorn": 1.0, "granian": 1.0}),
    "cookie": Case("/cookie", {"uvicorn": 1.5, "granian": 1.0}),
    "JSON 25 KB": Case("/json", {"uvicorn": 4.5, "granian": 1.0}),
    "file 4 KiB": Case("/file/f4k.bin", {"uvicorn": 8, "granian": 1.0}),
    "file 100 KiB": Case("/file/f100k.bin", {"uvicorn": 6, "granian": 1.0}),
    "file 10 MiB": Case("/file/f10m.bin", {"uvicorn": 2.2, "granian": 1.0}),
    "range 100 kB": Case(
        "/file/f10m.bin", {"uvicorn": 7, "granian": 1.0}, ("Range: bytes=1000000-1099999",)
    ),
    "file 304": Case("/file/f4k.bin", {"uvicorn": 4, "granian": 1.0}, ("If-None-Match: *",)),
    "async stream": Case(
        "/stream/async", {"uvicorn": 2.2, "granian": 12}, connections=8, units=1000
    ),
    "sync stream": Case("/stream/sync", {"uvicorn": 50, "granian": 30}, connections=8, units=1000),
    "events": Case("/sse", {"uvicorn": 5.5, "granian": 12}, connections=1, events=20_000),
    "fan-out": Case(
        "/fan", {"uvicorn": 2.4, "granian": 1.0}, connections=500, events=200, publish="/publish"
    ),
    "memory": Case("/silence", {"uvicorn": 2, "granian": 1.0}, connections=500, is_memory=True),
}


class Server:
    """The application on one server, pinned to core 0."""

    def __init__(self, python: str, name: str, peer: str, data: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.process = subprocess.Popen(
            ["taskset", "-c", "0", python, *SERVERS[name].format(port=self.port).split()],
            cwd=HERE,
            env={**os.environ, "DATA": str(data), "PEER": peer},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def __enter__(self) -> Server:
        for _ in range(200):
            try:
                self.connection().close()
            except OSError:
                time.sleep(0.05)
            else:
                return self
        self.__exit__()
        raise RuntimeError(f"{self.process.args} does not listen")

    def __exit__(self, *_: object) -> None:
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, number)
                self.process.wait(3)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue
            return

    def connection(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), 10)

    def resident(self) -> int:
        """Return the resident memory of its processes, in bytes."""
        total = 0
        for status in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = status.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[2]) == self.process.pid:
                total += int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
        return total


def requests(server: Server, case: Case) -> float:
    """Return the requests, or chunks, in a second."""
    command = ["taskset", "-c", "1", "wrk", "-t1", f"-c{case.connections}"]
    for header in case.headers:
        command += ["-H", header]
    url = f"http://127.0.0.1:{server.port}{case.path}"
    subprocess.run([*command, "-d1s", url], check=True, capture_output=True)
    out = subprocess.run(
        [*command, f"-d{SECONDS}s", url], check=True, capture_output=True, text=True
    ).stdout
    [line] = [line for line in out.splitlines() if line.startswith("Requests/sec")]
    return float(line.split()[1]) * case.units


def events(server: Server, case: Case, listeners: Path) -> float:
    """Return the events in a second."""
    command = [listeners, server.port, case.path, case.connections, case.events]
    command += [case.publish] if case.publish else []
    process = subprocess.Popen(
        ["taskset", "-c", "1", *map(str, command)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdin is not None and process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        for seconds in (1, SECONDS):
            process.stdin.write(f"{seconds}\n")
            process.stdin.flush()
            report = json.loads(process.stdout.readline())
        process.stdin.close()
    return float(report["events"] / report["seconds"])


def per_megabyte(server: Server, case: Case) -> float:
    """Return how many open streams of events share a megabyte of resident memory."""
    with ExitStack() as stack:

        def opened() -> None:
            connection = stack.enter_context(server.connection())
            connection.sendall(b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n" % case.path.encode())
            assert connection.recv(12) == b"HTTP/1.1 200"

        for _ in range(20):
            opened()
        before = server.resident()
        for _ in range(case.connections):
            opened()
        return 1e6 * case.connections / (server.resident() - before)


def measure(server: Server, case: Case, listeners: Path) -> float:
    if case.is_memory:
        return per_megabyte(server, case)
    if case.events:
        return events(server, case, listeners)
    return requests(server, case)


def compare(python: str, server: str, only: str, rounds: int, data: Path, listeners: Path) -> None:
    """Print what each case measures; the peers take turns."""
    for name, case in CASES.items():
        if only not in name:
            continue
        rates: dict[str, list[float]] = {"starlette": [], "antiphon": []}
        for _ in range(rounds):
            for peer, samples in rates.items():
                with Server(python, server, peer, data) as running:
                    samples.append(measure(running, case, listeners))
        theirs, ours = (statistics.median(samples) for samples in rates.values())
        ratio = statistics.median(b / a for a, b in zip(*rates.values(), strict=True))
        print(f"{name:16} {theirs:12,.0f} {ours:12,.0f}   x {ratio:.2f} ({case.wanted[server]})")
