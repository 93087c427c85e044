"""Two things measured in turns and compared pair by pair: whatever else the machine does falls on both sides of a pair.

pyperf and pytest-benchmark measure one thing after the other, so that a busy minute falls on one side only.
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
    """One thing and what it is measured against: pairs of seconds (or MB), and how large the median of their ratios may be."""

    what: str
    against: str
    pairs: Sequence[tuple[float, float]]
    at_most: float
    unit: Literal["s", "MB"] = "s"

    @property
    def value(self) -> float:
        return statistics.median(one / other for one, other in self.pairs)

    @property
    def within(self) -> bool:
        return self.value <= self.at_most

    def __str__(self) -> str:
        medians = [statistics.median(seconds) for seconds in zip(*self.pairs, strict=True)]
        one, other = (f"{median:.2f} MB" if self.unit == "MB" else shown(median) for median in medians)
        verdict = "at most" if self.within else "MISSED: at most"
        return f"{self.what}: {one}; {self.against}: {other}; ratio {self.value:.3g} ({verdict} {self.at_most:.3g})"


def shown(seconds: float) -> str:
    """In the largest unit of which there is one."""
    factor, unit = next((pair for pair in ((1, "s"), (1e3, "ms")) if seconds * pair[0] >= 1), (1e6, "µs"))
    return f"{seconds * factor:.2f} {unit}"


def in_turns(one: Callable[[], float], other: Callable[[], float], rounds: int) -> list[tuple[float, float]]:
    """What the two return, in seconds, round by round; a first round of both only warms up."""
    one(), other()
    return [(one(), other()) for _ in range(rounds)]


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
