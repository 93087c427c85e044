"""Reads all metrics of a run in one pass over its log."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from math import nan
from typing import TYPE_CHECKING

from msgspec import field

from training_events.errors import BadTime
from training_events.folds import fold
from training_events.folds.standing import JudgedRun, limits_of
from training_events.pages.curves.trace import Trace
from training_events.projection.time_travel import entries_at
from training_events.times import TEXT_LENGTH, to_utc_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from training_events.catalogue.run import Point
    from training_events.event import LogEntry
    from training_events.pages.page import Asked
    from training_events.reading.opening import Sources


def gather(
    sources: Sources, stream: str, asked: Asked, capacities: Mapping[str, int], *, attempts: int | None = None
) -> dict[str, list[Trace]]:
    """The traces of these metrics of a run, each with at most so many points, in the order in which they began.

    The log is read once more before, for what later attempts took back, unless the run is known to have only one of `attempts`.
    """

    def entries() -> Iterable[LogEntry]:
        return entries_at(sources.log, stream, as_of=asked.as_of, known_at=asked.known_at)

    limits = {} if attempts is not None and attempts < 2 else limits_of(stream, entries())
    gathering = fold(Gathering(stream, limits=limits, capacities=capacities), entries())
    return gathering.by_metric()


class Gathering(JudgedRun):
    """A run of which only the points are kept: those of each metric and attempt in traces, apart by whether they stand.

    `capacities` are those of the metrics that are wanted; at None all metrics are, with all their points.
    """

    capacities: Mapping[str, int] | None = None
    traces: dict[tuple[str, int, bool], Trace] = field(default_factory=dict)

    def add_points(self, points: list[Point], at: str, attempt: int) -> None:
        traces, capacities, occurred = self.traces, self.capacities, seconds_since_1970(at)
        for point in points:
            name = point.name
            if capacities is not None and name not in capacities:
                continue
            stands = self.stands(point, attempt)
            trace = traces.get((name, attempt, stands))
            if trace is None:
                capacity = None if capacities is None else capacities[name]
                trace = traces[name, attempt, stands] = Trace(attempt, stands=stands, capacity=capacity)
            time = occurred if point.time is None else seconds_since_1970(point.time)
            trace.add(nan if point.step is None else point.step, time, float(point.value))

    def by_metric(self) -> dict[str, list[Trace]]:
        """The traces of each metric, in the order in which they began, and no larger than they may be."""
        metrics: dict[str, list[Trace]] = {}
        for (name, _, _), trace in self.traces.items():
            trace.reduce()
            metrics.setdefault(name, []).append(trace)
        return metrics


def seconds_since_1970(time: str) -> float:
    """NaN for what is no time: the log keeps what a producer said of a point as it is."""
    try:
        if len(time) != TEXT_LENGTH:
            return seconds_since_1970(to_utc_text(time))
        return _minute(time[:16]) + float(time[17:26])
    except (ValueError, BadTime):
        return nan


@lru_cache(maxsize=8)
def _minute(start: str) -> float:
    # the points of a minute come one after the other
    return datetime.fromisoformat(start).replace(tzinfo=UTC).timestamp()
