"""What a chart in a browser asks for: the points of a metric, or those of a part, as fine as its screen can show them."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

from msgspec import Struct

from training_events.errors import Misused
from training_events.folds.run_state import RunState
from training_events.pages.curves.chart_data import ChartData, TraceData, chart_data, trace_data
from training_events.reading.states import folded_state
from training_events.reading.stream_names import did_you_mean, stream_of_kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training_events.folds.metric import Goal
    from training_events.pages.curves.cache import CurveCache
    from training_events.pages.curves.window import Axis
    from training_events.pages.page import Asked, Query
    from training_events.reading.opening import Sources

MAX_PIXELS = 10_000
MAX_POINTS = 60_000
"""In one answer, of all runs: 2 MB."""
_AXES: tuple[Axis, ...] = ("step", "time")


class CurveRequest(Struct, frozen=True):
    """A metric of some runs, at the times that are asked about.

    `low` and `high` are the ends of a part along the axis, in steps or in seconds since 1970; at None it has all points on that
    side. `pixels` is how wide the plot is on the screen.
    """

    runs: list[str]
    metric: str
    asked: Asked
    low: float | None = None
    high: float | None = None
    axis: Axis = "step"
    pixels: int = 1000


def curve_request(query: Query, asked: Asked) -> CurveRequest:
    """From an address: `run`, any number of times, `metric`, `from`, `to`, `axis` and `pixels`. Raises Misused."""
    runs, metric, axis = query.all("run"), query.one("metric"), query.one("axis", "step")
    if not (runs and metric):
        raise Misused("the address names no run or no metric: ?run=<name>&metric=<name>")
    if axis not in _AXES:
        raise Misused(f"axis is {axis!a:.80}; allowed: {' or '.join(_AXES)}")
    pixels = min(max(_number(query, "pixels") or 1000, 1), MAX_PIXELS)
    return CurveRequest(runs, metric, asked, _number(query, "from"), _number(query, "to"), axis, round(pixels))


def _number(query: Query, name: str) -> float | None:
    text = query.one(name)
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if isnan(number):
        raise Misused(f"{name} is {text!a:.80}; allowed: a number")
    return number


def curve_data(cache: CurveCache, sources: Sources, request: CurveRequest) -> ChartData:
    """What is asked for. Two points for each pixel are enough; a part with no more than that has all of them.

    Raises Misused where no run has the metric, and NoSuchStream.
    """
    states = [_run_of(sources, run) for run in request.runs]
    most = min(2 * request.pixels, MAX_POINTS // len(states))
    traces: list[TraceData] = []
    for state in states:
        run = cache.run(sources, state, request.asked, request.metric)
        with run.lock:
            parts = [(at.trace, at.part(request.low, request.high, request.axis, most)) for at in run.windows(request.metric)]
            traces += [trace_data(state.stream, trace, part) for trace, part in parts]
    if not traces and not any(request.metric in state.metrics for state in states):
        near = did_you_mean(request.metric, {name for state in states for name in state.metrics})
        raise Misused(f"there is no metric {request.metric!a:.80} in {', '.join(request.runs):.200}{near}")
    return chart_data(request.metric, _goal(request.metric, states), traces)


def _run_of(sources: Sources, run: str) -> RunState:
    """The run as it is now, whatever time is looked at: by it one knows whether the log has got anything."""
    state = folded_state(sources, stream_of_kind(sources.log, "run", run))
    if not isinstance(state, RunState):
        raise Misused(f"{run!a:.80} is no run")
    return state


def _goal(metric: str, states: Sequence[RunState]) -> Goal:
    return next((state.metrics[metric].goal for state in states if metric in state.metrics), "minimize")
