"""The points of a chart as JSON: what a script in the page draws. Numbers are as they are in memory, in base64."""

from __future__ import annotations

import sys
from array import array
from typing import TYPE_CHECKING

from msgspec import Struct

from training_events.pages.display import display_text

if TYPE_CHECKING:
    from training_events.folds.metric import Goal
    from training_events.pages.curves.trace import Trace
    from training_events.pages.curves.window import Part


class TraceData(Struct, frozen=True):
    """The points that are kept of one attempt of a run, in their order, of all the `points` that were recorded.

    `steps`, `times` (seconds since 1970) and `values` are 64-bit floats, little-endian. A step that was not recorded is NaN. Of
    each `each` recorded points the lowest, the highest and the first of each kind that is not finite are there. `not_finite`
    counts those of all points.
    """

    run: str
    attempt: int
    stands: bool
    points: int
    each: int
    not_finite: int
    steps: bytes
    times: bytes
    values: bytes


class ChartData(Struct, frozen=True):
    """One metric of some runs. All names are as a page shows them."""

    metric: str
    goal: Goal
    points: int
    traces: list[TraceData]


def chart_data(metric: str, goal: Goal, traces: list[TraceData]) -> ChartData:
    return ChartData(display_text(metric), goal, sum(trace.points for trace in traces), traces)


def trace_data(stream: str, trace: Trace, part: Part | None = None) -> TraceData:
    """A part of a trace, or all that it has."""
    steps, times, values = trace.steps, trace.times, trace.values
    if part is not None:
        steps, times, values = (array("d", [numbers[place] for place in part.places]) for numbers in (steps, times, values))
    return TraceData(
        run=display_text(stream.partition("/")[2]),
        attempt=trace.attempt,
        stands=trace.stands,
        points=trace.points,
        each=trace.each if part is None else part.each,
        not_finite=trace.not_finite,
        steps=_bytes(steps),
        times=_bytes(times),
        values=_bytes(values),
    )


def _bytes(numbers: array[float]) -> bytes:
    if sys.byteorder == "big":
        numbers = numbers[:]
        numbers.byteswap()
    return numbers.tobytes()
