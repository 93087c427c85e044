"""The section `timeline`: what happened to a stream, drawn over time and told line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from training_events.folds.silence import seconds_between
from training_events.pages.page import Section
from training_events.reading.timeline import timeline

if TYPE_CHECKING:
    from training_events.pages.page import Asked
    from training_events.reading.opening import Sources
    from training_events.reading.timeline import Timeline
    from training_events.reading.timeline.description import Lane
    from training_events.reading.timeline.lines import Line

LANES: dict[Lane, str] = {
    "training": "training",
    "metrics": "metrics",
    "inputs": "inputs",
    "files": "files",
    "versions": "versions",
    "stages": "stages",
    "words": "names, tags",
    "other": "other types",
}
"""What a drawing calls each lane, from above."""


class Mark(Struct, frozen=True):
    """A line of the timeline as it is drawn: where it begins and ends, in percent of the drawing's width."""

    start: float
    end: float
    line: Line


class DrawnLane(Struct, frozen=True):
    name: Lane
    label: str
    marks: list[Mark]


class TimelineContent(Struct, frozen=True):
    """`lanes` are empty where there is nothing to compare in time: a single moment."""

    timeline: Timeline
    lanes: list[DrawnLane]
    first_at: str
    last_at: str


def timeline_section(sources: Sources, stream: str, asked: Asked) -> Section:
    """What had happened to a stream by the times of the page. One pass over its events."""
    told = timeline(sources.log, stream, as_of=asked.as_of, known_at=asked.known_at)
    first = min((line.first_at for line in told.lines), default="")
    last = max((line.last_at for line in told.lines), default="")
    return Section("timeline", "What happened", TimelineContent(told, _lanes(told.lines, first, last), first, last))


def _lanes(lines: list[Line], first: str, last: str) -> list[DrawnLane]:
    span = seconds_between(first, last) or 0.0
    if span <= 0:
        return []
    lanes = (
        DrawnLane(name, label, [_mark(line, first, span) for line in lines if name in line.lanes])
        for name, label in LANES.items()
    )
    return [lane for lane in lanes if lane.marks]


def _mark(line: Line, first: str, span: float) -> Mark:
    start, end = (round(100 * (seconds_between(first, at) or 0.0) / span, 2) for at in (line.first_at, line.last_at))
    return Mark(start, end, line)
