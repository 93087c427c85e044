"""Makes few lines of many events: what comes in series is told together, so that a run of any length is a page.

Points come in batches all the time, so batches that follow each other are one line. Between two events that begin, end or
decide something, a training may repeat the same few things for days: if they take more than MAX_SERIES_LINES, they are one
line too. Of what is left the first and the last MAX_END_LINES are kept, and all that lies between them is one line.
"""

from __future__ import annotations

from collections import Counter, deque
from itertools import chain, groupby, islice
from typing import TYPE_CHECKING

from msgspec import Struct, field

from training_events.catalogue.run import MetricsRecorded
from training_events.folds.silence import seconds_between
from training_events.reading.timeline.description import Lane, cut, describe, names
from training_events.stores.event_log import lead_seconds
from training_events.times import TEXT_LENGTH

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from training_events.event import LogEntry

MAX_SERIES_LINES = 12
MAX_END_LINES = 150
MAX_DATA_CHARACTERS = 2000
"""Of the data of an event, which its line can show."""
MAX_METRICS = 1000
"""How many names of metrics a line remembers."""
MAX_TYPES = 20
FURTHER_TYPES = "of further types"
"""In the place of a type, where a line has too many."""
LATE_SECONDS = 60.0
"""An event that the log took longer than this after it had occurred is told to be late."""
_NOUNS = {
    "CheckpointSaved": "checkpoint",
    "ArtifactSaved": "artifact",
    "DatasetUsed": "dataset",
    "ModelMeasured": "measurement",
}
_SERIES: frozenset[Lane] = frozenset(("metrics", "inputs", "files", "other"))


class Line(Struct):
    """One event, or several that are told together; they occurred from `first_at` to `last_at`.

    `position`, `recorded_at` and `data` are those of the first of them; `data` is the text that the log has, cut, and
    `data_characters` its length. `by` says who did it, where one did it all. `doubtful` counts the events that no state has,
    and `doubt` says why of the first of them. `late` counts those that the log took late, `delay_seconds` is how late it took
    one, and `lead_seconds` how far one was ahead of the log's clock, both at most.
    """

    lanes: list[Lane]
    text: str
    by: str | None
    doubt: str | None
    first_at: str
    last_at: str
    position: str
    recorded_at: str
    data: str
    data_characters: int
    types: Counter[str]
    doubtful: int = 0
    points: int = 0
    metrics: dict[str, None] = field(default_factory=dict)
    late: int = 0
    delay_seconds: float = 0.0
    lead_seconds: float = 0.0

    @property
    def events(self) -> int:
        return self.types.total()


def lines_of(stream: str, entries: Iterable[LogEntry]) -> Iterator[Line]:
    """The lines that tell these events, which are in the order of a life. It reads them once, and holds few of them."""
    return _both_ends(_short_series(_batches(_line(stream, entry) for entry in entries)))


def _line(stream: str, entry: LogEntry) -> Line:
    told, fact = describe(stream, entry)
    at = entry.position[:TEXT_LENGTH]
    delay = seconds_between(at, entry.recorded_at) or 0.0
    line = Line(
        lanes=[told.lane],
        text=told.text,
        by=told.by,
        doubt=told.doubt,
        first_at=at,
        last_at=at,
        position=entry.position,
        recorded_at=entry.recorded_at,
        data=entry.data[:MAX_DATA_CHARACTERS],
        data_characters=len(entry.data),
        types=Counter([entry.type]),
        doubtful=int(told.doubt is not None),
        late=int(delay > LATE_SECONDS),
        delay_seconds=max(delay, 0.0),
        lead_seconds=lead_seconds(at, entry.recorded_at) or 0.0,
    )
    if isinstance(fact, MetricsRecorded):
        line.points = len(fact.points)
        distinct = dict.fromkeys([point.name for point in fact.points])
        line.metrics = dict.fromkeys(map(cut, islice(distinct, MAX_METRICS)))
    return line


def _batches(lines: Iterable[Line]) -> Iterator[Line]:
    """Batches of points that follow each other become one line."""
    for is_batch, group in groupby(lines, lambda line: line.lanes == ["metrics"]):
        if is_batch:
            yield _together(group)
        else:
            yield from group


def _short_series(lines: Iterable[Line]) -> Iterator[Line]:
    """What a training repeats between two other events becomes one line where it takes too many."""
    for is_series, group in groupby(lines, lambda line: _SERIES.issuperset(line.lanes)):
        if is_series:
            yield from _short(group)
        else:
            yield from group


def _short(series: Iterator[Line]) -> Iterable[Line]:
    first = list(islice(series, MAX_SERIES_LINES + 1))
    return first if len(first) <= MAX_SERIES_LINES else [_together(chain(first, series))]


def _both_ends(lines: Iterable[Line]) -> Iterator[Line]:
    """All lines if there are few. Of many, the first and the last ones; those between become one."""
    lines = iter(lines)
    yield from islice(lines, MAX_END_LINES)
    end: deque[Line] = deque()
    between: Line | None = None
    for line in lines:
        end.append(line)
        if len(end) > MAX_END_LINES:
            oldest = end.popleft()
            if between is None:
                between = oldest
            else:
                _add(between, oldest)
    if between is not None:
        yield _retold(between)
    yield from end


def _together(lines: Iterable[Line]) -> Line:
    """One line of at least one. A single one stays as it is."""
    lines = iter(lines)
    together = next(lines)
    for line in lines:
        _add(together, line)
    return _retold(together)


def _add(line: Line, later: Line) -> None:
    line.last_at = max(line.last_at, later.last_at)
    for type_, count in later.types.items():
        line.types[type_ if type_ in line.types or len(line.types) < MAX_TYPES else FURTHER_TYPES] += count
    line.points += later.points
    line.metrics.update(dict.fromkeys(islice(later.metrics, max(MAX_METRICS - len(line.metrics), 0))))
    line.doubtful += later.doubtful
    line.late += later.late
    line.delay_seconds = max(line.delay_seconds, later.delay_seconds)
    line.lead_seconds = max(line.lead_seconds, later.lead_seconds)
    line.doubt = line.doubt or later.doubt
    line.by = line.by if line.by == later.by else None
    line.lanes += [lane for lane in later.lanes if lane not in line.lanes]


def _retold(line: Line) -> Line:
    """The text of a line that counts: of points, or of several events."""
    if line.points or line.events > 1:
        points_first = sorted(line.types.items(), key=lambda item: item[0] != MetricsRecorded.__name__)
        line.text = ", ".join(_counted(line, type_, count) for type_, count in points_first)
    return line


def _counted(line: Line, type_: str, count: int) -> str:
    """`1,200 points of loss in 40 events`, `20 checkpoints`, and other types by their name."""
    if type_ == MetricsRecorded.__name__ and line.points:
        events = "" if count == 1 else f" in {_number(count, 'event')}"
        return f"{_number(line.points, 'point')} of {names(list(line.metrics))}{events}"
    return _number(count, _NOUNS[type_]) if type_ in _NOUNS else f"{count:,} \u00d7 {cut(type_)}"


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' * (count != 1)}"
