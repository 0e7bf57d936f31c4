"""Takes the samples, round by round."""

from __future__ import annotations

import dataclasses
import http.client
import time

from compare import BenchError
from compare.answers import check
from compare.clocks import clocks
from compare.load import Load, loading
from compare.options import Options
from compare.peers import SERVERS, server_command
from compare.report import number, progress
from compare.sample import DISTURBED, Sample
from compare.scenarios import SCENARIOS
from compare.server import Server, running

WARM_UP_SECONDS = 1
QUIET_SECONDS = 8.0
ATTEMPTS = 3


def measure_all(options: Options, servers: list[str]) -> tuple[list[Sample], list[str]]:
    """All samples, round by round, and what went wrong."""
    samples: list[Sample] = []
    failures: dict[tuple[str, str], str] = {}
    for round_number in range(options.repeats):
        for name in options.scenarios:
            scenario = SCENARIOS[name]
            chosen = [server for server in servers if server in scenario.servers]
            first = round_number % len(chosen) if chosen else 0
            for server_name in chosen[first:] + chosen[:first]:
                if (name, server_name) in failures:
                    continue
                try:
                    sample = measure(name, server_name, options.seconds, round_number)
                except (BenchError, OSError, http.client.HTTPException) as error:
                    failures[name, server_name] = str(error)
                    progress(f"{name} {server_name}: {error}")
                    continue
                samples.append(sample)
                progress(
                    f"round {round_number + 1}/{options.repeats}  {name:<12}  {server_name:<8}"
                    f"  {number(sample.rate):>10} {scenario.unit}/s"
                    f"  {number(sample.cpu_us):>9} µs/{scenario.unit}"
                    f"{'  disturbed' if sample.disturbed else ''}"
                )
    return samples, [f"{name}, {server}: {why}" for (name, server), why in failures.items()]


def measure(name: str, server_name: str, seconds: int, round_number: int) -> Sample:
    """One sample; one that others disturbed is repeated, and the least disturbed is kept."""
    scenario = SCENARIOS[name]
    samples = []
    command = server_command(server_name)
    with running(server_name, SERVERS[server_name].port, command) as server:
        headers = check(server, scenario)
        alone_kb = server.memory_kb()
        with loading(server.port, scenario, headers) as load:
            connected_kb = server.memory_kb()
            load(WARM_UP_SECONDS)
            for _ in range(ATTEMPTS):
                await_quiet(server)
                samples.append(measure_once(server, name, load, seconds, round_number))
                if not samples[-1].disturbed:
                    break
    sample = min(samples, key=lambda sample: sample.other_cores)
    if scenario.publish is None:  # no one was connected yet
        return sample
    return dataclasses.replace(sample, rss_kb=(connected_kb - alone_kb) / scenario.connections)


def measure_once(server: Server, name: str, load: Load, seconds: int, round_number: int) -> Sample:
    before = clocks(server.process.pid)
    totals = load(seconds)
    used = clocks(server.process.pid).since(before)
    return Sample(
        scenario=name,
        server=server.name,
        round=round_number,
        rate=totals.units / totals.seconds,
        cpu_us=used.server * 1e6 / totals.units,
        p50_us=totals.p50_us,
        p99_us=totals.p99_us,
        bytes=totals.bytes,
        reads=totals.reads,
        server_cores=used.server / totals.seconds,
        client_cores=used.client / totals.seconds,
        other_cores=used.foreign / totals.seconds,
    )


def await_quiet(server: Server) -> None:
    """Waits, not for long, until next to nothing else runs."""
    interval = 0.25
    deadline = time.monotonic() + QUIET_SECONDS
    while time.monotonic() < deadline:
        before = clocks(server.process.pid)
        time.sleep(interval)
        if clocks(server.process.pid).since(before).foreign <= DISTURBED * interval:
            return
