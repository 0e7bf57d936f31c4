"""The load on a server: requests by wrk, or events by listeners."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import subprocess
from collections.abc import Callable, Iterator, Mapping

from compare import BenchError
from compare.cores import CLIENT_CORE, pinned
from compare.places import BENCHES, RELEASE
from compare.scenarios import Scenario

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
def loading(port: int, scenario: Scenario, headers: Mapping[str, str]) -> Iterator[Load]:
    """The load that the scenario asks for; listeners are connected."""
    path, connections = scenario.path, scenario.connections
    if scenario.events:
        with listening(port, path, connections, scenario.events, scenario.publish) as load:
            yield load
    else:

        def load(seconds: int) -> Totals:
            totals = run_wrk(port, path, connections, headers, seconds)
            return dataclasses.replace(totals, units=totals.units * scenario.units)

        yield load


def run_wrk(
    port: int, path: str, connections: int, headers: Mapping[str, str], seconds: int
) -> Totals:
    """Asks as often as the connections let it; a unit is a request."""
    command = [
        "wrk",
        "--threads=1",
        f"--connections={connections}",
        f"--duration={seconds}s",
        "--timeout=5s",
        f"--script={BENCHES / 'wrk.lua'}",
    ]
    command += [f"--header={name}: {value}" for name, value in headers.items()]
    command.append(f"http://127.0.0.1:{port}{path}")
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
    return Totals(requests, microseconds / 1e6, p50, p99)


@contextlib.contextmanager
def listening(
    port: int, path: str, connections: int, events: int, publish: str | None
) -> Iterator[Load]:
    """Runs the listeners; they say what they did for each number of seconds they are given."""
    command = [str(RELEASE / LISTENERS), str(port), path, str(connections), str(events)]
    if publish is not None:
        command.append(publish)
    pipe = subprocess.PIPE
    with subprocess.Popen(
        pinned(CLIENT_CORE, command), stdin=pipe, stdout=pipe, stderr=pipe, text=True
    ) as client:
        assert client.stdin and client.stdout and client.stderr
        questions, answers, complaints = client.stdin, client.stdout, client.stderr

        def answer() -> str:
            line = answers.readline()
            if not line:
                raise BenchError(f"{path}: {complaints.read().strip()}")
            return line

        def load(seconds: int) -> Totals:
            print(seconds, file=questions, flush=True)
            totals: object = json.loads(answer())
            match totals:
                case {
                    "events": int(heard),
                    "seconds": float(duration),
                    "p50_us": (int() | None) as p50,
                    "p99_us": (int() | None) as p99,
                    "bytes": int(length),
                    "reads": int(reads),
                }:
                    return Totals(heard, duration, p50, p99, length, reads)
            raise BenchError(f"the listeners printed something else: {totals}")

        try:
            answer()  # "ready"
            yield load
        finally:
            client.kill()
