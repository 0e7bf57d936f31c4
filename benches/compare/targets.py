"""What Antiphon is held to, and whether it was met."""

from __future__ import annotations

import dataclasses
import operator
import statistics
from collections.abc import Callable

from compare.sample import Sample, measure_of, pairs, ratios, samples_of


@dataclasses.dataclass(frozen=True)
class Target:
    """A bound on a measure (`rate`, `cpu_us` or `rss_kb`), or on its ratio to another server's."""

    scenario: str
    server: str
    measure: str
    reference: str | None
    comparison: str
    bound: float


TARGETS = (
    Target("plaintext", "antiphon", "cpu_us", "hyper", "<=", 1.05),
    Target("json", "antiphon", "rate", "hyper", ">=", 0.97),
    Target("cookie", "antiphon", "rate", "axum", ">=", 0.97),
    Target("file_4k", "antiphon", "rate", "nginx", ">=", 1.2),
    Target("file_4k", "antiphon", "rate", "actix", ">=", 1.7),
    Target("file_100k", "antiphon", "rate", "actix", ">=", 1.5),
    Target("file_100k", "antiphon", "rate", "nginx", ">=", 0.8),
    Target("file_10m", "antiphon", "cpu_us", "actix", "<=", 0.8),
    Target("file_10m", "antiphon", "cpu_us", "axum", "<=", 0.8),
    Target("range", "antiphon", "rate", "actix", ">=", 1.5),
    Target("range", "antiphon", "rate", "nginx", ">=", 0.9),
    Target("static_304", "antiphon", "rate", "nginx", ">=", 0.95),
    Target("stream_async", "antiphon", "rate", "actix", ">=", 0.95),
    Target("stream_async", "antiphon", "rate", "axum", ">=", 5),
    Target("stream_sync", "antiphon", "rate", None, ">=", 2_000_000),
    Target("sse_1", "antiphon", "rate", "actix", ">=", 1),
    Target("sse_1", "antiphon", "rate", "axum", ">=", 2.5),
    Target("fan_out", "antiphon", "rate", "actix", ">=", 1.15),
    Target("fan_out", "antiphon", "cpu_us", None, "<=", 7.5),
    Target("fan_out", "antiphon", "rss_kb", None, "<=", 16),
)


COMPARISONS: dict[str, Callable[[float, float], bool]] = {"<=": operator.le, ">=": operator.ge}


@dataclasses.dataclass(frozen=True)
class Outcome:
    """A target and what was measured: the median of the rounds' values, if there are any.

    A value is a ratio where the target has a reference, else the measure itself.
    """

    target: Target
    values: list[float]
    disturbed: int

    @property
    def value(self) -> float | None:
        return statistics.median(self.values) if self.values else None

    @property
    def met(self) -> bool | None:
        if self.value is None:
            return None
        return COMPARISONS[self.target.comparison](self.value, self.target.bound)


def outcome(samples: list[Sample], target: Target) -> Outcome:
    if target.reference is None:
        alone = samples_of(samples, target.scenario, target.server)
        values = [measure_of(sample, target.measure) for sample in alone]
        return Outcome(target, values, sum(sample.disturbed for sample in alone))
    found = pairs(samples, target.scenario, target.server, target.reference)
    disturbed = sum(own.disturbed or other.disturbed for own, other in found)
    return Outcome(target, ratios(found, target.measure), disturbed)
