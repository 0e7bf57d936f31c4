"""How much is measured, and how it is printed."""

from __future__ import annotations

import contextlib
import http.client
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from compare import BenchError

T = TypeVar("T")
Key = TypeVar("Key")


@dataclass(frozen=True)
class Scope:
    """How much is measured of what."""

    rounds: int
    only: str
    is_quick: bool

    @property
    def wrk_seconds(self) -> int:
        return 1 if self.is_quick else 2

    @property
    def attempts(self) -> int:
        return 1 if self.is_quick else 3

    @property
    def seconds(self) -> float:
        return 0.6 if self.is_quick else 1.5

    @property
    def firsts(self) -> int:
        return 1 if self.is_quick else 3

    @property
    def memory_clients(self) -> int:
        return 50 if self.is_quick else 200

    @property
    def memory_seconds(self) -> float:
        """Until a stream has sent more than gzip looks back, but when it is quick."""
        return 0.8 if self.is_quick else 4.0

    def wants(self, name: str) -> bool:
        return self.only.lower() in name.lower()

    def in_turns(self, peers: Sequence[T]) -> Iterator[T]:
        """All of them in each round, in an order that moves on from round to round."""
        for turn in range(self.rounds):
            first = turn % len(peers) if peers else 0
            yield from [*peers[first:], *peers[:first]]

    @contextlib.contextmanager
    def failing(self, failures: dict[Key, str], key: Key) -> Iterator[None]:
        """Keeps what went wrong with one sample, so that the others are taken all the same."""
        try:
            yield
        except (BenchError, OSError, ValueError, http.client.HTTPException) as error:
            failures[key] = str(error) or type(error).__name__

    def print(self, text: str) -> None:
        print(text, flush=True)


def table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of Markdown, whose columns are as wide as they need to be."""
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    lines = [f"### {title}", "", line(heads, widths)]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    lines.append(line(rule, widths))
    lines += [line(row, widths) for row in rows]
    return "\n".join([*lines, ""])


def line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = zip(cells, widths, strict=True)
    padded = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]
    return f"| {' | '.join(padded)} |"


def number(value: float) -> str:
    """Three digits that count."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
