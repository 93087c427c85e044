"""The points of runs as they were read last, for a server: to zoom reads no log, and a run that goes on is not read again."""

from __future__ import annotations

from collections import OrderedDict
from itertools import chain
from math import inf
from threading import Lock
from typing import TYPE_CHECKING

from training_events.folds import fold
from training_events.folds.standing import LowestSteps
from training_events.pages.curves.gathering import Gathering
from training_events.pages.curves.window import Window
from training_events.pages.page import Asked
from training_events.projection.time_travel import entries_at
from training_events.times import TEXT_LENGTH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training_events.event import LogEntry
    from training_events.folds.run_state import RunState
    from training_events.pages.curves.trace import Trace
    from training_events.reading.opening import Sources

MAX_POINTS = 3_000_000
"""So many points are kept, of all runs: 100 MB. Of a run with more, each metric that is asked for is read by itself; of a
metric with more, some points are left out."""


class CurveCache:
    """The points of some runs at some times. Any thread may ask."""

    def __init__(self, max_points: int = MAX_POINTS) -> None:
        self._max_points = max_points
        self._lock = Lock()
        self._runs: OrderedDict[tuple[str, Asked, str | None], ReadRun] = OrderedDict()

    def run(self, sources: Sources, state: RunState, asked: Asked, metric: str) -> ReadRun:
        """The points of a run, with at least this metric, as the log has them now. `state` is the state of the run now."""
        together = state.points <= self._max_points
        key = state.stream, asked, None if together else metric
        with self._lock:
            run = self._runs.pop(key, None) or ReadRun(state.stream, asked, None if together else {metric: self._max_points})
            self._runs[key] = run
        run.bring_up_to_date(sources, state)
        with self._lock:
            while len(self._runs) > 1 and sum(run.kept for run in self._runs.values()) > self._max_points:
                self._runs.popitem(last=False)
        return run


class ReadRun:
    """What was read of a run. `lock` is for whoever uses its windows. `kept` counts its points that are in memory."""

    def __init__(self, stream: str, asked: Asked, capacities: dict[str, int] | None) -> None:
        self.lock = Lock()
        self.kept = 0
        self._stream, self._asked, self._capacities = stream, asked, capacities
        self._points: Gathering | None = None
        self._lowest: LowestSteps | None = None
        self._events_then = 0
        self._windows: dict[int, Window] = {}

    def windows(self, metric: str) -> list[Window]:
        """Of the traces of this metric, in the order in which they began."""
        traces = {} if self._points is None else self._points.by_metric()
        return [self._window(trace) for trace in traces.get(metric, ())]

    def _window(self, trace: Trace) -> Window:
        window = self._windows.get(id(trace))
        if window is None or trace.each > 1:  # which of its points are kept may have changed
            window = self._windows[id(trace)] = Window(trace)
        return window

    def bring_up_to_date(self, sources: Sources, state: RunState) -> None:
        with self.lock:
            points, self._points = self._points, None  # where reading fails, what was read is of no use
            if points is None or not self._goes_on(points, sources, state):
                self._windows.clear()
                points = self._read(sources, state)
            self._points, self._events_then = points, state.counts.events
            self.kept = sum(len(trace.values) for trace in points.traces.values())

    def _read(self, sources: Sources, state: RunState) -> Gathering:
        points = None if state.starts > 1 else self._gathered(sources, {})
        if points is not None and points.starts < 2:  # the log may know of a start that the state does not know yet
            self._lowest = None
            return points
        self._lowest = fold(LowestSteps(self._stream), self._entries(sources))
        return self._gathered(sources, self._lowest.limits())

    def _gathered(self, sources: Sources, limits: dict[str, dict[int, float]]) -> Gathering:
        return fold(Gathering(self._stream, limits=limits, capacities=self._capacities), self._entries(sources))

    def _entries(self, sources: Sources) -> Iterator[LogEntry]:
        return entries_at(sources.log, self._stream, as_of=self._asked.as_of, known_at=self._asked.known_at)

    def _goes_on(self, points: Gathering, sources: Sources, state: RunState) -> bool:
        """Take in what the log has got behind the last event. False where more has changed: then all has to be read again."""
        if state.counts.events == self._events_then:
            return True
        if self._asked != Asked():
            return False  # an event that came late may be of any time
        before, newer = points.position, sources.log.entries(self._stream, after=points.position)
        first = next(newer, None)
        if first is not None:
            if first.position[:TEXT_LENGTH] == points.last_at:
                return False  # an instant is folded whole
            fold(points, chain([first], newer))
            if not self._stands_as_before(points, sources.log.entries(self._stream, after=before, until=points.last_at)):
                return False
        return points.counts.events >= state.counts.events  # otherwise one came late, before the last event

    def _stands_as_before(self, points: Gathering, newer: Iterator[LogEntry]) -> bool:
        """Whether nothing of what was there was taken back by a later attempt."""
        if self._lowest is None:
            return points.starts < 2
        return _taken_back(fold(self._lowest, newer).limits()) == _taken_back(points.limits)


def _taken_back(limits: dict[str, dict[int, float]]) -> dict[tuple[str, int], float]:
    """The limits that there are. No point of the newest attempt was taken back, nor of a metric that only it has."""
    return {(name, attempt): limit for name, steps in limits.items() for attempt, limit in steps.items() if limit != inf}
