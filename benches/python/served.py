"""Asks the same application, on Starlette's classes and on Antiphon's, of real servers."""

from __future__ import annotations

import os
import socket
import statistics
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from compare.load import Load, listening, run_wrk
from compare.places import DATA
from compare.server import Server, running

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
    headers: dict[str, str] = field(default_factory=dict)
    connections: int = 16
    #: How much an answer is: chunks.
    units: int = 1
    #: So many events come to each of so many listeners, which are connected instead of wrk.
    events: int = 0
    publish: str | None = None
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
        "/file/f10m.bin", {"uvicorn": 7, "granian": 1.0}, {"Range": "bytes=1000000-1099999"}
    ),
    "file 304": Case("/file/f4k.bin", {"uvicorn": 4, "granian": 1.0}, {"If-None-Match": "*"}),
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


def compare(python: str, server: str, only: str, rounds: int) -> None:
    """Print what each case measures; the peers take turns."""
    for name, case in CASES.items():
        if only not in name:
            continue
        rates: dict[str, list[float]] = {"starlette": [], "antiphon": []}
        for _ in range(rounds):
            for peer, samples in rates.items():
                with serving(python, server, peer) as application:
                    samples.append(measure(application, case))
        theirs, ours = (statistics.median(samples) for samples in rates.values())
        ratio = statistics.median(b / a for a, b in zip(*rates.values(), strict=True))
        print(f"{name:16} {theirs:12,.0f} {ours:12,.0f}   x {ratio:.2f} ({case.wanted[server]})")


def serving(python: str, server: str, peer: str) -> AbstractContextManager[Server]:
    """Run the application on one server, on a port that is free."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    command = [python, *SERVERS[server].format(port=port).split()]
    environment = {**os.environ, "DATA": str(DATA), "PEER": peer}
    return running(f"{server}-{peer}", port, command, HERE, environment)


def measure(server: Server, case: Case) -> float:
    """Return the answers, chunks or events in a second; or how many streams share a megabyte."""
    if case.is_memory:
        return per_megabyte(server, case)
    if not case.events:
        return case.units * rate(
            lambda seconds: run_wrk(server.port, case.path, case.connections, case.headers, seconds)
        )
    with listening(server.port, case.path, case.connections, case.events, case.publish) as load:
        return rate(load)


def rate(load: Load) -> float:
    """Return the units in a second, after a second to warm up."""
    load(1)
    totals = load(SECONDS)
    return totals.units / totals.seconds


def per_megabyte(server: Server, case: Case) -> float:
    """Return how many open streams of events share a megabyte of resident memory."""
    with ExitStack() as stack:

        def opened() -> None:
            address = ("127.0.0.1", server.port)
            connection = stack.enter_context(socket.create_connection(address, 10))
            connection.sendall(b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n" % case.path.encode())
            assert connection.recv(12) == b"HTTP/1.1 200"

        for _ in range(20):
            opened()
        before = resident(server)
        for _ in range(case.connections):
            opened()
        return 1e6 * case.connections / (resident(server) - before)


def resident(server: Server) -> int:
    """Return the resident memory of its processes, in bytes."""
    total = 0
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == server.process.pid:
            total += int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
    return total
