"""How late what is streamed comes, how many bytes it takes, and how much memory."""

from __future__ import annotations

import contextlib
import os
import statistics
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from compare.clocks import clocks
from compare.report import progress
from compare.server import Server
from listening import PLAIN, Listener, listen
from servers import OF_STREAMS, Peer, is_there, serving
from tables import Scope, number, table

CLIENTS = (1, 100)
WARM_UP_SECONDS = 0.3


@dataclass(frozen=True)
class Events:
    """What clients got in one sample; times are in microseconds."""

    p50: float
    p99: float
    bytes: float
    cpu: float
    count: float


@contextlib.contextmanager
def connected(port: int, path: str, coding: str, count: int) -> Iterator[list[Listener]]:
    """So many clients with a stream each."""
    listeners: list[Listener] = []
    try:
        while len(listeners) < count:
            listeners.append(Listener(port, path, coding))
        yield listeners
    finally:
        for listener in listeners:
            listener.socket.close()


def events(server: Server, coding: str, count: int, seconds: float) -> Events:
    with connected(server.port, "/events", coding, count) as listeners:
        listen(listeners, WARM_UP_SECONDS)
        for listener in listeners:
            listener.forget()
        before = clocks(server.process.pid)
        listen(listeners, seconds)
        used = clocks(server.process.pid).since(before)
        late = sorted(late for listener in listeners for late in listener.late)
        if not late:
            raise ValueError("no event came")
        received = sum(listener.received for listener in listeners)
        return Events(
            late[len(late) // 2] / 1e3,
            late[int(len(late) * 0.99)] / 1e3,
            received / len(late),
            used.server / len(late) * 1e6,
            len(late) / count / seconds,
        )


def first(server: Server, coding: str) -> tuple[float, float]:
    """When the head comes and when the first of the content does, in milliseconds."""
    with connected(server.port, "/slow", coding, 1) as listeners:
        while listeners[0].content_after is None and listeners[0].read():
            pass
        head, content = listeners[0].head_after, listeners[0].content_after
        if head is None or content is None:
            raise ValueError("the stream ended before its content")
        return head * 1e3, content * 1e3


def memory(peer: Peer, coding: str, count: int, seconds: float) -> float:
    """What each of many open streams holds of resident memory, in KiB."""
    with serving(peer) as server:
        with connected(server.port, "/large", coding, 5) as listeners:
            listen(listeners, 0.5)
        before = resident(server)
        with connected(server.port, "/large", coding, count) as listeners:
            listen(listeners, seconds)
            return (resident(server) - before) / count / 1024


def resident(server: Server) -> int:
    """The resident memory of all processes of a server, in bytes."""
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[2]) == server.process.pid:
                total += int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
    return total


def streams(scope: Scope) -> None:
    """Prints all of it."""
    peers = [peer for peer in OF_STREAMS if is_there(peer) and scope.wants(peer.name)]
    heard: dict[tuple[int, str, str], list[Events]] = defaultdict(list)
    firsts: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    failures: dict[tuple[object, ...], str] = {}
    for peer in scope.in_turns(peers):
        with serving(peer) as server:
            # What is loaded with the first answer is not its latency.
            server.get("/slow", {})
            for coding in (PLAIN, *peer.codings):
                for _ in range(scope.firsts):
                    with scope.failing(failures, (peer.name, coding, "/slow")):
                        firsts[peer.name, coding].append(first(server, coding))
                for count in CLIENTS:
                    with scope.failing(failures, (peer.name, coding, "/events")):
                        sample = events(server, coding, count, scope.seconds)
                        heard[count, peer.name, coding].append(sample)
        progress(f"streams: {peer.name}")
    rows = []
    for (name, coding), times in firsts.items():
        middles = [statistics.median(column) for column in zip(*times, strict=True)]
        rows.append([f"{name}: {coding}", *(f"{middle:.1f}" for middle in middles)])
    heads = ["server: coding", "head, ms", "first chunk, ms"]
    scope.print(table("A stream whose first chunk comes after 200 ms", heads, rows))
    for count in CLIENTS:
        scope.print(table(*events_table(count, heard)))
    scope.print(memory_table(scope, peers, failures))
    for where, why in failures.items():
        scope.print(f"{', '.join(map(str, where))}: {why}\n")


def events_table(
    count: int, heard: dict[tuple[int, str, str], list[Events]]
) -> tuple[str, list[str], list[list[str]]]:
    rows = []
    for (clients, name, coding), samples in heard.items():
        if clients != count:
            continue

        def middle(field: str, samples: list[Events] = samples) -> float:
            return float(statistics.median(getattr(sample, field) for sample in samples))

        plain = heard.get((count, name, PLAIN))
        base = statistics.median(sample.bytes for sample in plain) if plain else 0.0
        rows.append(
            [
                f"{name}: {coding}",
                number(middle("p50")),
                number(middle("p99")),
                f"{middle('bytes'):.1f}",
                f"{middle('bytes') / base:.1%}" if base else "-",
                # The kernel counts in hundredths of a second, which is too coarse for one client.
                f"{middle('cpu'):.1f}" if count > 1 else "-",
                f"{middle('count'):.1f}",
            ]
        )
    heads = ["server: coding", "p50, us", "p99, us", "bytes an event", "of plain"]
    heads += ["CPU us/event", "events/s a client"]
    return f"100 events/s for {count} client{'s' if count > 1 else ''}", heads, rows


def memory_table(scope: Scope, peers: list[Peer], failures: dict[tuple[object, ...], str]) -> str:
    held: dict[tuple[str, str], float] = {}
    for peer in peers:
        for coding in (PLAIN, *peer.codings):
            with scope.failing(failures, (peer.name, coding, "/large")):
                seconds = scope.memory_seconds
                held[peer.name, coding] = memory(peer, coding, scope.memory_clients, seconds)
        progress(f"memory: {peer.name}")
    rows = []
    for (name, coding), each in held.items():
        plain = held.get((name, PLAIN))
        more = "-" if plain is None else f"{each - plain:.1f}"
        rows.append([f"{name}: {coding}", f"{each:.1f}", more])
    heads = ["server: coding", "KiB a stream", "more than plain"]
    return table(f"Memory of {scope.memory_clients} open streams of events", heads, rows)
