"""The section `curves`: a chart for each metric of one run, or of several over each other."""

from __future__ import annotations

from hashlib import sha256
from itertools import accumulate
from math import nan
from typing import TYPE_CHECKING

from msgspec import Struct

from training_events.folds.metric_order import importance, is_counter
from training_events.folds.run_state import RunState
from training_events.pages.curves.budget import (
    MAX_DRAWN_POINTS,
    MAX_DRAWN_POINTS_OF_LINE,
    MAX_POINTS,
    MIN_POINTS_OF_LINE,
    POINTS_OF_LINE,
    share_out,
)
from training_events.pages.curves.chart_data import ChartData, TraceData, chart_data, trace_data
from training_events.pages.curves.downsampling import MIN_GROUP, kept
from training_events.pages.curves.gathering import gather
from training_events.pages.curves.svg import Line, draw, series_class
from training_events.pages.curves.trace import MIN_CAPACITY
from training_events.pages.page import Section
from training_events.reading.states import state_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from training_events.catalogue.run import NotFinite
    from training_events.folds.metric import Goal, Metric, Reading
    from training_events.pages.curves.trace import Trace
    from training_events.pages.page import Asked
    from training_events.reading.opening import Sources

MAX_OPEN = 12
"""So many charts are open at first, those that people look at first. The others are one click away."""
_WEIGHT_OF_OPEN = 4.0
"""What is open has so many times the points of what is not, where a file has no room for all."""


class RunOfChart(Struct, frozen=True):
    """What a run has of the metric. `series` is its number among the runs, from 0: its colour."""

    stream: str
    series: int
    best: Reading | None
    last: Reading
    points: int
    not_finite: int


class Chart(Struct):
    """One metric. A counter has no goal.

    `rows` are steps and values of a single run in outline. `each` is how many recorded points a pair that is kept stands for in
    `data`: 1 where all points are there. `drawing` is an SVG; None where there are too many for one page, as `data` is.
    """

    metric: str
    key: str
    goal: Goal | None
    runs: list[RunOfChart]
    rows: list[tuple[int | float | None, float | NotFinite]]
    drawing: str | None = None
    data: ChartData | None = None
    each: int = 1

    @property
    def points(self) -> int:
        return sum(run.points for run in self.runs)

    @property
    def not_finite(self) -> int:
        return sum(run.not_finite for run in self.runs)


class Curves(Struct, frozen=True):
    """The charts in the order in which people look at metrics. `streams` are the runs; a chart leaves out those without its
    metric.

    `left_out` are the metrics for which a file has no room.
    """

    streams: list[str]
    open: list[Chart]
    folded: list[Chart]
    counters: list[Chart]
    left_out: list[str]

    @property
    def legend(self) -> list[tuple[str, str]]:
        """Each run with the class of its line."""
        return [(stream, series_class(series)) for series, stream in enumerate(self.streams)]


def curves_section(sources: Sources, runs: Sequence[str | RunState], asked: Asked, *, whole: bool) -> Section:
    """The curves of these runs (`run/digits-7`), each by its name or by its state at the times that are asked about.

    With `whole`, their points are in the page; else it only has outlines of them. Raises NoSuchStream.
    """
    states = [
        state_of(sources, run, as_of=asked.as_of, known_at=asked.known_at) if isinstance(run, str) else run for run in runs
    ]
    of_runs = {state.stream: state for state in states if isinstance(state, RunState)}
    charts = [_chart(name, of_runs) for name in _names(of_runs)]
    full = _with_room(charts)
    if whole:
        _add_points(sources, of_runs, asked, full)
    else:
        for chart in full:
            chart.drawing = draw(chart.metric, [_outline(run, of_runs[run.stream].metrics[chart.metric]) for run in chart.runs])
    shown = full if whole else charts
    looked_at = [chart for chart in shown if chart.goal is not None]
    return Section(
        "curves",
        "Curves",
        Curves(
            list(of_runs),
            looked_at[:MAX_OPEN],
            looked_at[MAX_OPEN:],
            [chart for chart in shown if chart.goal is None],
            [chart.metric for chart in charts[len(shown) :]],
        ),
    )


def _names(states: dict[str, RunState]) -> list[str]:
    """The metrics of all runs: those with a goal that a run has set first, then as they matter."""
    goals = {name for state in states.values() for name in state.goals}
    names = {name for state in states.values() for name in state.metrics}
    return sorted(names, key=lambda name: (name not in goals, importance(name)))


def _chart(name: str, states: dict[str, RunState]) -> Chart:
    having = [
        (series, stream, state.metrics[name]) for series, (stream, state) in enumerate(states.items()) if name in state.metrics
    ]
    counts_only = is_counter(name) and not any(name in state.goals for state in states.values())
    runs = [
        RunOfChart(stream, series, None if counts_only else metric.best, metric.last, metric.points, metric.not_finite)
        for series, stream, metric in having
    ]
    key = sha256("\n".join([name, *states]).encode(errors="replace")).hexdigest()[:16]
    rows = _rows(having[0][2]) if len(states) == 1 else []
    return Chart(name, f"curve-{key}", None if counts_only else having[0][2].goal, runs, rows)


def _with_room(charts: list[Chart]) -> list[Chart]:
    """The first ones, as many as a page has room for."""
    lines = [sum(POINTS_OF_LINE + min(run.points, MIN_POINTS_OF_LINE) for run in chart.runs) for chart in charts]
    return [chart for chart, taken in zip(charts, accumulate(lines), strict=True) if taken <= MAX_POINTS or chart is charts[0]]


def _rows(metric: Metric) -> list[tuple[int | float | None, float | NotFinite]]:
    """The outline that the state keeps, and the last point."""
    rows = list(metric.curve.points)
    if metric.curve.next - metric.curve.every < metric.points:
        rows.append((metric.last.step, metric.last.value))
    return rows


def _outline(run: RunOfChart, metric: Metric) -> Line:
    rows = _rows(metric)
    steps = [nan if step is None else step for step, _ in rows]
    return Line(run.series, stands=True, steps=steps, numbers=[*range(len(rows))], values=[float(value) for _, value in rows])


def _add_points(sources: Sources, states: dict[str, RunState], asked: Asked, charts: list[Chart]) -> None:
    """Read the points of all these charts, each run once, and draw them."""
    lines = [(chart, run) for chart in charts for run in chart.runs]
    weights = [_WEIGHT_OF_OPEN if number < MAX_OPEN else 1.0 for number, chart in enumerate(charts) for _ in chart.runs]
    total = max(MAX_POINTS - POINTS_OF_LINE * len(lines), 0)
    shares = share_out(total, [run.points for _, run in lines], weights)
    capacities: dict[str, dict[str, int]] = {}
    for (chart, run), share in zip(lines, shares, strict=True):
        capacities.setdefault(run.stream, {})[chart.metric] = share
    gathered = {
        stream: gather(sources, stream, asked, of_run, attempts=states[stream].starts) for stream, of_run in capacities.items()
    }
    drawn = share_out(MAX_DRAWN_POINTS, [min(run.points, MAX_DRAWN_POINTS_OF_LINE) for _, run in lines], weights)
    share_of_line = {(chart.key, run.stream): share for (chart, run), share in zip(lines, drawn, strict=True)}
    for chart in charts:
        traces: list[TraceData] = []
        drawn_lines: list[Line] = []
        for run in chart.runs:
            of_run = gathered[run.stream].get(chart.metric, [])
            _fit(of_run, capacities[run.stream][chart.metric])
            traces += [trace_data(run.stream, trace) for trace in of_run]
            drawn_lines += _lines(run, of_run, share_of_line[chart.key, run.stream])
        chart.data = chart_data(chart.metric, chart.goal or "minimize", traces)
        chart.each = max((trace.each for trace in traces), default=1)
        chart.drawing = draw(chart.metric, drawn_lines)


def _fit(traces: list[Trace], capacity: int) -> None:
    """The attempts of a run share what it has."""
    if len(traces) > 1:
        for trace, share in zip(traces, share_out(capacity, [len(trace.values) for trace in traces]), strict=True):
            trace.reduce(share)


def _lines(run: RunOfChart, traces: list[Trace], most: int) -> Iterator[Line]:
    """One line of all that stands, across the attempts, and one of each attempt that was superseded."""
    standing = _empty_line(run, stands=True)
    before = 0
    for trace, share in zip(traces, share_out(most, [len(trace.values) for trace in traces]), strict=True):
        line = standing if trace.stands else _empty_line(run, stands=False)
        places = _drawn_places(trace, share)
        line.steps.extend(trace.steps[place] for place in places)
        line.numbers.extend(before + trace.numbers[place] for place in places)
        line.values.extend(trace.values[place] for place in places)
        before += trace.points
        if line is not standing:
            yield line
    yield standing


def _empty_line(run: RunOfChart, *, stands: bool) -> Line:
    return Line(run.series, stands, steps=[], numbers=[], values=[])


def _drawn_places(trace: Trace, most: int) -> Sequence[int]:
    places: Sequence[int] = range(len(trace.values))
    each = max(trace.each, MIN_GROUP)
    while len(places) > max(most, MIN_CAPACITY):
        places = kept(trace.numbers, trace.values, each)
        each *= 2
    return places
