"""Shows the samples and the targets."""

from __future__ import annotations

import dataclasses
import json
import os
import platform
import statistics
import sys
from pathlib import Path

from compare.peers import SERVERS
from compare.sample import Sample, pairs, ratios, samples_of
from compare.scenarios import SCENARIOS
from compare.targets import Outcome

MEASURES = {"rate": "{unit}/s", "cpu_us": "CPU us/{unit}", "rss_kb": "RSS kB/connection"}


def progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def print_scenario(samples: list[Sample], name: str) -> None:
    scenario = SCENARIOS[name]
    reference, unit = scenario.reference, scenario.unit
    print(f"\n{name}  ({scenario.path}, connections: {scenario.connections})\n")
    heading = f"x {reference}"
    print(
        f"  {'server':<10} {f'{unit}/s (min-max)':<34} {heading:>8}"
        f"   {f'CPU us/{unit} (min-max)':<30} {heading:>8} {'load core':>10}"
        f"{'   RSS kB/connection (min-max)' if scenario.publish else ''}"
    )
    for server in SERVERS:
        own = samples_of(samples, name, server)
        if not own:
            continue
        paired = pairs(samples, name, server, reference)
        disturbed = sum(sample.disturbed for sample in own)
        memory = [sample.rss_kb for sample in own if sample.rss_kb is not None]
        print(
            f"  {server:<10} {spread([s.rate for s in own]):<34}"
            f" {ratio_text(ratios(paired, 'rate')):>8}"
            f"   {spread([s.cpu_us for s in own]):<30}"
            f" {ratio_text(ratios(paired, 'cpu_us')):>8}"
            f" {statistics.median(s.client_cores for s in own):>10.0%}"
            f"{f'   {spread(memory)}' if memory else ''}"
            f"{f'  * {disturbed} of {len(own)} disturbed' if disturbed else ''}"
        )


def print_targets(outcomes: list[Outcome]) -> None:
    if not outcomes:
        return
    print("\ntargets  (median of the rounds)\n")
    for result in outcomes:
        target = result.target
        measure = MEASURES[target.measure].format(unit=SCENARIOS[target.scenario].unit)
        claim = (
            f"{target.scenario}: {measure} of {target.server} {target.comparison} {target.bound:,}"
            f"{f' x {target.reference}' if target.reference else ''}"
        )
        if result.value is None:
            print(f"  {claim:<55}   not measured")
            continue
        rounds = ", ".join(map(number, result.values))
        mark = f"  * {result.disturbed} of {len(result.values)} disturbed"
        print(
            f"  {claim:<55}   {number(result.value)}  {'met' if result.met else 'NOT met'}"
            f"  ({rounds}){mark if result.disturbed else ''}"
        )


def write_json(
    path: Path, seconds: int, samples: list[Sample], outcomes: list[Outcome], failures: list[str]
) -> None:
    report = {
        "machine": {
            "kernel": platform.release(),
            "architecture": platform.machine(),
            "cores": os.cpu_count(),
        },
        "seconds": seconds,
        "samples": [
            {**dataclasses.asdict(sample), "disturbed": sample.disturbed} for sample in samples
        ],
        "targets": [
            {
                **dataclasses.asdict(result.target),
                "value": result.value,
                "values": result.values,
                "disturbed": result.disturbed,
                "met": result.met,
            }
            for result in outcomes
        ],
        "failures": failures,
    }
    path.write_text(json.dumps(report, indent=2) + "\n")


def number(value: float) -> str:
    digits = 0 if value >= 1000 else 2 if value >= 10 else 3
    return f"{value:,.{digits}f}"


def spread(values: list[float]) -> str:
    return f"{number(statistics.median(values))} ({number(min(values))}-{number(max(values))})"


def ratio_text(values: list[float]) -> str:
    return f"{statistics.median(values):.3f}" if values else "-"
