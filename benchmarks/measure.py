"""Measures two things in turns and compares them pair by pair: other load of the machine then falls on both sides of a pair.

pyperf and pytest-benchmark measure one thing after the other, so a busy minute falls on one side only.
"""

import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Ratio:
    """A measurement beside its baseline: pairs of seconds, MB or requests, and the limit of the median of their ratios."""

    subject: str
    baseline: str
    pairs: Sequence[tuple[float, float]]
    at_most: float
    unit: Literal["s", "MB", "requests"] = "s"

    @property
    def value(self) -> float:
        return statistics.median(measured / baseline for measured, baseline in self.pairs)

    @property
    def is_within_limit(self) -> bool:
        return self.value <= self.at_most

    def __str__(self) -> str:
        medians = [statistics.median(seconds) for seconds in zip(*self.pairs, strict=True)]
        measured, baseline = (_text(median, self.unit) for median in medians)
        verdict = "at most" if self.is_within_limit else "MISSED: at most"
        return f"{self.subject}: {measured}; {self.baseline}: {baseline}; ratio {self.value:.3g} ({verdict} {self.at_most:.3g})"


def _text(value: float, unit: str) -> str:
    if unit == "s":
        return duration_text(value)
    return f"{value:.2f} MB" if unit == "MB" else f"{value:,.0f} {unit}"


def duration_text(seconds: float) -> str:
    """The duration in s, ms or µs: in the largest unit in which it is at least 1."""
    if seconds >= 1:
        return f"{seconds:.2f} s"
    if seconds >= 1e-3:
        return f"{seconds * 1e3:.2f} ms"
    return f"{seconds * 1e6:.2f} µs"


def in_turns(measure: Callable[[], float], baseline: Callable[[], float], rounds: int) -> list[tuple[float, float]]:
    """The seconds that the two return, round by round. A first round of both only warms up."""
    measure(), baseline()
    return [(measure(), baseline()) for _ in range(rounds)]


def seconds(work: Callable[[], object]) -> float:
    """How long a call takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def process_seconds(command: Sequence[str], environment: Mapping[str, str]) -> float:
    """How long a process takes from its start to its end."""
    started = time.perf_counter()
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return time.perf_counter() - started


def cpu_seconds(command: Sequence[str], environment: Mapping[str, str]) -> float:
    """The processor time of a process, its own and the kernel's for it. Nothing else may end meanwhile."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, env=environment, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
