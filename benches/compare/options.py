"""The options of the command line."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import compare
from compare.peers import SERVERS
from compare.scenarios import SCENARIOS


class Options(argparse.Namespace):
    """What is compared, how often and for how long, and where the samples are written to."""

    scenarios: list[str]
    servers: list[str]
    repeats: int
    seconds: int
    json: Path | None


def parse_options() -> Options:
    parser = argparse.ArgumentParser(
        prog="python3 -m compare", description=(compare.__doc__ or "").partition("\n")[0]
    )
    scenarios, servers = list(SCENARIOS), list(SERVERS)
    parser.add_argument(
        "--scenarios",
        type=names(scenarios),
        default=scenarios,
        metavar="A,B",
        help=f"some of {', '.join(scenarios)}; all by default",
    )
    parser.add_argument(
        "--servers",
        type=names(servers),
        default=servers,
        metavar="A,B",
        help=f"some of {', '.join(servers)}; all by default",
    )
    parser.add_argument("--repeats", type=positive, default=3, metavar="N", help="rounds (3)")
    parser.add_argument(
        "--seconds", type=positive, default=3, metavar="S", help="length of a sample (3)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all samples there, too")
    return parser.parse_args(namespace=Options())


def names(known: Sequence[str]) -> Callable[[str], list[str]]:
    """The type of an option that takes some of the known names, separated by commas."""

    def parse(text: str) -> list[str]:
        chosen = text.split(",")
        for name in chosen:
            if name not in known:
                raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(known)}")
        return [name for name in known if name in chosen]

    return parse


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number
