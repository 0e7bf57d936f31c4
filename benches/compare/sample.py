"""What was measured in one run of load, and how it compares with another server's."""

from __future__ import annotations

import dataclasses
import math

DISTURBED = 0.1


@dataclasses.dataclass(frozen=True)
class Sample:
    """One run of load against one server. Cores are shares: 1.0 is one core, all the time."""

    scenario: str
    server: str
    round: int
    rate: float
    cpu_us: float
    p50_us: int | None
    p99_us: int | None
    bytes: int | None
    reads: int | None
    server_cores: float
    client_cores: float
    other_cores: float
    rss_kb: float | None = None

    @property
    def disturbed(self) -> bool:
        return self.other_cores > DISTURBED


def measure_of(sample: Sample, measure: str) -> float:
    """A measure that was not taken meets no target."""
    memory = math.nan if sample.rss_kb is None else sample.rss_kb
    return {"rate": sample.rate, "cpu_us": sample.cpu_us, "rss_kb": memory}[measure]


def samples_of(samples: list[Sample], scenario: str, server: str) -> list[Sample]:
    return [s for s in samples if (s.scenario, s.server) == (scenario, server)]


def pairs(
    samples: list[Sample], scenario: str, server: str, reference: str
) -> list[tuple[Sample, Sample]]:
    """The samples of two servers that were taken in the same round."""
    by_round = {sample.round: sample for sample in samples_of(samples, scenario, reference)}
    return [
        (sample, by_round[sample.round])
        for sample in samples_of(samples, scenario, server)
        if sample.round in by_round
    ]


def ratios(pairs: list[tuple[Sample, Sample]], measure: str) -> list[float]:
    return [
        measure_of(own, measure) / measure_of(other, measure)
        for own, other in pairs
        if measure_of(other, measure)
    ]
