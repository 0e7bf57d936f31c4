"""The load on a server: requests by wrk, or events by listeners."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import subprocess
from collections.abc import Callable, Iterator

from compare import BenchError
from compare.cores import CLIENT_CORE, pinned
from compare.places import BENCHES, RELEASE
from compare.scenarios import Scenario
from compare.server import Server

LISTENERS = "listeners"


@dataclasses.dataclass(frozen=True)
class Totals:
    """What a load generator did; not each knows everything of it."""

    units: int
    seconds: float
    p50_us: int | None
    p99_us: int | None
    bytes: int | None = None
    reads: int | None = None


# Puts load on a server for some seconds.
Load = Callable[[int], Totals]


@contextlib.contextmanager
def loading(server: Server, scenario: Scenario, headers: dict[str, str]) -> Iterator[Load]:
    """The load that the scenario asks for; listeners are connected."""
    if scenario.events:
        with listening(server, scenario, scenario.connections) as load:
            yield load
    else:
        yield lambda seconds: run_wrk(server, scenario, headers, seconds)


def run_wrk(server: Server, scenario: Scenario, headers: dict[str, str], seconds: int) -> Totals:
    command = [
        "wrk",
        "--threads=1",
        f"--connections={scenario.connections}",
        f"--duration={seconds}s",
        "--timeout=5s",
        f"--script={BENCHES / 'wrk.lua'}",
    ]
    command += [f"--header={name}: {value}" for name, value in headers.items()]
    command.append(f"http://127.0.0.1:{server.port}{scenario.path}")
    wrk = subprocess.run(
        pinned(CLIENT_CORE, command),
        check=False,
        capture_output=True,
        text=True,
        timeout=seconds + 15,
    )
    if wrk.returncode != 0:
        raise BenchError(f"wrk failed: {wrk.stderr.strip() or wrk.stdout.strip()}")
    totals: object = json.loads(wrk.stdout.splitlines()[-1])
    match totals:
        case {
            "microseconds": int(microseconds),
            "requests": int(requests),
            "errors": int(errors),
            "p50_us": int(p50),
            "p99_us": int(p99),
        }:
            pass
        case _:
            raise BenchError(f"wrk printed something else: {totals}")
    if errors or not requests:
        raise BenchError(f"{errors} errors in {requests} requests under load")
    return Totals(requests * scenario.units, microseconds / 1e6, p50, p99)


@contextlib.contextmanager
def listening(server: Server, scenario: Scenario, connections: int) -> Iterator[Load]:
    """Runs the listeners; they say what they did for each number of seconds they are given."""
    numbers = (server.port, scenario.path, connections, scenario.events)
    command = [str(RELEASE / LISTENERS), *map(str, numbers)]
    if scenario.publish is not None:
        command.append(scenario.publish)
    pipe = subprocess.PIPE
    with subprocess.Popen(
        pinned(CLIENT_CORE, command), stdin=pipe, stdout=pipe, stderr=pipe, text=True
    ) as client:
        assert client.stdin and client.stdout and client.stderr
        questions, answers, complaints = client.stdin, client.stdout, client.stderr

        def answer() -> str:
            line = answers.readline()
            if not line:
                raise BenchError(f"{scenario.path}: {complaints.read().strip()}")
            return line

        def load(seconds: int) -> Totals:
            print(seconds, file=questions, flush=True)
            totals: object = json.loads(answer())
            match totals:
                case {
                    "events": int(events),
                    "seconds": float(duration),
                    "p50_us": (int() | None) as p50,
                    "p99_us": (int() | None) as p99,
                    "bytes": int(length),
                    "reads": int(reads),
                }:
                    return Totals(events, duration, p50, p99, length, reads)
            raise BenchError(f"the listeners printed something else: {totals}")

        try:
            answer()  # "ready"
            yield load
        finally:
            client.kill()
