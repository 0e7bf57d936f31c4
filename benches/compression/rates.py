"""How often a server answers, what that costs it, and how small its answers are."""

from __future__ import annotations

import statistics
from collections import defaultdict
from dataclasses import dataclass

import contents
from compare.clocks import clocks
from compare.load import run_wrk
from compare.report import progress
from compare.sample import DISTURBED
from compare.server import Server
from listening import PLAIN, decoder
from servers import OF_CONTENT, OF_THE_REST, is_there, serving
from tables import Scope, number, table

CONNECTIONS = {"1m.json": 4, "256k.html": 4}
WHAT_A_BROWSER_TAKES = "gzip, br"


@dataclass(frozen=True)
class Rate:
    """One sample: requests in a second, CPU seconds for each, and the bytes of an answer."""

    requests: float
    cpu: float
    size: int
    foreign: float


def measure(server: Server, name: str, accepted: str, scope: Scope) -> Rate:
    """One sample; one that others disturbed is repeated, and the least disturbed is kept."""
    headers = {"Accept-Encoding": accepted}
    for _ in range(5):
        response, body = server.get(f"/{name}", headers)
        expect(name, accepted, response.getheader("Content-Encoding"), body)
    samples: list[Rate] = []
    for _ in range(scope.attempts):
        samples.append(measure_once(server, name, headers, len(body), scope))
        if samples[-1].foreign <= DISTURBED:
            break
    return min(samples, key=lambda sample: sample.foreign)


def measure_once(
    server: Server, name: str, headers: dict[str, str], size: int, scope: Scope
) -> Rate:
    """Asks as often as can be."""
    before = clocks(server.process.pid)
    connections = CONNECTIONS.get(name, 8)
    totals = run_wrk(server.port, f"/{name}", connections, headers, scope.wrk_seconds)
    used = clocks(server.process.pid).since(before)
    foreign = used.foreign / totals.seconds
    return Rate(totals.units / totals.seconds, used.server / totals.units, size, foreign)


def expect(name: str, accepted: str, coding: str | None, body: bytes) -> None:
    wanted = accepted if name in contents.RECORDS else None
    if coding != wanted:
        raise ValueError(f"{name}: expected the coding {wanted}, but found {coding}")
    if decoder(coding or PLAIN)(body) != contents.read(name):
        raise ValueError(f"{name}: expected its content, but found other bytes")


def compressed(scope: Scope) -> None:
    """Prints what content costs that lies ready."""
    rates: dict[tuple[str, str, str], list[Rate]] = defaultdict(list)
    failures: dict[tuple[str, str, str], str] = {}
    peers = [peer for peer in OF_CONTENT if is_there(peer) and scope.wants(peer.name)]
    for peer in scope.in_turns(peers):
        with serving(peer) as server:
            for coding in peer.codings:
                for name in contents.RECORDS:
                    key = (name, coding, peer.name)
                    with scope.failing(failures, key):
                        rates[key].append(measure(server, name, coding, scope))
        progress(f"content: {peer.name}")
    heads = [
        "server",
        "CPU s/MB",
        "MB/s of the core",
        "requests/s",
        "answer, bytes",
        "of the content",
    ]
    for name in contents.RECORDS:
        length = len(contents.read(name))
        for coding in ("gzip", "br"):
            rows = []
            for peer in peers:
                key = (name, coding, peer.name)
                if samples := rates.get(key):
                    cpu = statistics.median(sample.cpu for sample in samples) / length * 1e6
                    rows.append(
                        [
                            peer.name,
                            f"{cpu:.4f}",
                            number(1 / cpu) if cpu else "-",
                            number(statistics.median(sample.requests for sample in samples)),
                            f"{samples[-1].size:,}",
                            f"{samples[-1].size / length:.1%}",
                        ]
                    )
                elif key in failures:
                    rows.append([peer.name, failures[key], "", "", "", ""])
            scope.print(table(f"{contents.title(name)} in {coding}", heads, rows))
    report_disturbed(scope, rates)


def left_alone(scope: Scope) -> None:
    """Prints what a wrapper costs where it has nothing to compress."""
    rates: dict[tuple[str, str, str], list[Rate]] = defaultdict(list)
    peers = [peer for peer in OF_THE_REST if scope.wants(peer.name)]
    names = (contents.PICTURE, contents.SMALL)
    failures: dict[tuple[str, str, str], str] = {}
    for peer in scope.in_turns(peers):
        for wrapped in (peer, peer.without()):
            with serving(wrapped) as server:
                for name in names:
                    key = (name, "", wrapped.name)
                    with scope.failing(failures, key):
                        rates[key].append(measure(server, name, WHAT_A_BROWSER_TAKES, scope))
        progress(f"left alone: {peer.name}")
    heads = ["server", "requests/s", "CPU us/request", "CPU x without"]
    for name in names:
        rows = []
        for peer in peers:
            plain = rates.get((name, "", peer.without().name), [])
            for wrapped in (peer.without(), peer):
                samples = rates.get((name, "", wrapped.name), [])
                if not samples or not plain:
                    continue
                pairs = zip(samples, plain, strict=False)
                ratio = statistics.median(one.cpu / max(other.cpu, 1e-9) for one, other in pairs)
                rows.append(
                    [
                        wrapped.name,
                        number(statistics.median(sample.requests for sample in samples)),
                        f"{statistics.median(sample.cpu for sample in samples) * 1e6:.2f}",
                        f"{ratio:.3f}",
                    ]
                )
        length = len(contents.read(name))
        scope.print(table(f"Not compressed: {name}, {length:,} bytes", heads, rows))
    for (name, _, peer_name), why in failures.items():
        scope.print(f"{peer_name}, {name}: {why}")
    report_disturbed(scope, rates)


def report_disturbed(scope: Scope, rates: dict[tuple[str, str, str], list[Rate]]) -> None:
    samples = [sample for some in rates.values() for sample in some]
    count = sum(sample.foreign > DISTURBED for sample in samples)
    scope.print(
        f"{count} of {len(samples)} samples lost more than a tenth of a core to other processes.\n"
    )
