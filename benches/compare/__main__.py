"""Compares: builds the programs, takes the samples, and prints what they say."""

from __future__ import annotations

import signal
import subprocess
import sys
from types import FrameType

from compare.measure import measure_all
from compare.options import parse_options
from compare.prepare import build, make_data, usable_servers
from compare.report import print_scenario, print_targets, write_json
from compare.targets import TARGETS, outcome


def main() -> int:
    options = parse_options()
    signal.signal(signal.SIGTERM, interrupt)
    servers = usable_servers(options)
    try:
        build(servers)
    except subprocess.CalledProcessError as error:
        return int(error.returncode)
    make_data()
    samples, failures = measure_all(options, servers)

    for name in options.scenarios:
        print_scenario(samples, name)
    outcomes = [
        outcome(samples, target) for target in TARGETS if target.scenario in options.scenarios
    ]
    print_targets(outcomes)
    for failure in failures:
        print(f"\nFAILED  {failure}")
    if options.json:
        write_json(options.json, options.seconds, samples, outcomes, failures)
    return 1 if failures else 0


def interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("interrupted")
