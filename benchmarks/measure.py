"""Two things measured in turns, so that whatever else the machine does falls on both."""

import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Ratio:
    """The medians of one thing and of what it is measured against, in seconds, and how large their ratio may be."""

    what: str
    against: str
    seconds: tuple[float, float]
    at_most: float

    @property
    def value(self) -> float:
        return self.seconds[0] / self.seconds[1]

    @property
    def within(self) -> bool:
        return self.value <= self.at_most

    def __str__(self) -> str:
        one, other = (f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1e3:.2f} ms" for seconds in self.seconds)
        verdict = "at most" if self.within else "MISSED: at most"
        return f"{self.what}: {one}; {self.against}: {other}; ratio {self.value:.3f} ({verdict} {self.at_most})"


def in_turns(one: Callable[[], float], other: Callable[[], float], rounds: int) -> tuple[float, float]:
    """The medians, in seconds, of what the two return, after one round of each that does not count."""
    one(), other()
    pairs = [(one(), other()) for _ in range(rounds)]
    return statistics.median(pair[0] for pair in pairs), statistics.median(pair[1] for pair in pairs)


def process_seconds(command: Sequence[str], environment: Mapping[str, str]) -> float:
    """How long a process takes from its start to its end."""
    started = time.perf_counter()
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return time.perf_counter() - started
