"""The columns of the three tables, and the row that each fact, point and run makes."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from training_events.canonical import canonical_json
from training_events.errors import BadTime
from training_events.folds.summary import RunSummary, summary_of
from training_events.times import is_utc_text, to_utc_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training_events.catalogue.model import ModelMeasured
    from training_events.catalogue.run import Point
    from training_events.event import RecordedEvent
    from training_events.folds.run_state import RunState
    from training_events.folds.standing import RecordedPoint


class Column(NamedTuple):
    """`type` is Arrow's, as DuckDB and Athena spell it."""

    name: str
    type: str
    meaning: str


class TableShape(NamedTuple):
    """A table: its folder, what a row is, and its columns in order. `by_kind` is true where a folder holds a kind of stream.

    A row group has at most `group_rows`. `large` is the column that can be large, where it is one.
    """

    name: str
    row: str
    columns: tuple[Column, ...]
    by_kind: bool
    group_rows: int
    large: str | None = None


_STREAM = Column("stream", "string", "the stream: `run/digits-7`")

EVENTS = TableShape(
    "events",
    "an event, as it was recorded; those of a stream are in the order of its log",
    (
        _STREAM,
        Column("event_id", "string", "what tells the event from all others of its stream and time"),
        Column("type", "string", "its type: `MetricsRecorded`"),
        Column("occurred_at", "timestamp", "when it happened, by its producer's clock"),
        Column("recorded_at", "timestamp", "when the log took it"),
        Column("source", "string", "who sent it, as on the bus"),
        Column("schema_version", "int64", "the version of the type's data"),
        Column("data", "string", "what it says, as canonical JSON"),
        Column("producer_id", "string", "the program that numbered it"),
        Column("producer_sequence", "int64", "its number among the events of that program, from 1"),
        Column("producer", "string", "all that is known of the producer, as canonical JSON"),
        Column("correlation_id", "string", "what it belongs to, beyond its stream"),
        Column("resources", "list<string>", "ARNs, of AWS's own events"),
        Column("extensions", "string", "fields of its header that this version does not know, as canonical JSON"),
        Column("digest", "string", "the digest that `verify` holds it to"),
    ),
    by_kind=True,
    group_rows=100_000,
    large="data",
)
POINTS = TableShape(
    "points",
    "a point of a metric; those of a stream are in the order in which they were recorded",
    (
        _STREAM,
        Column("run", "string", "the run that measured it: `digits-7`"),
        Column("metric", "string", "the metric's name"),
        Column("step", "double", "the step, as the training counts; null where it has none"),
        Column("value", "double", "the value, which may be NaN or infinite"),
        Column("measured_at", "timestamp", "when it was measured, by the training's clock"),
        Column("attempt", "int64", "the attempt of the run that recorded it, from 1; null for a logged model"),
        Column("stands", "bool", "false where another attempt took it back"),
        Column("dataset", "string", "the dataset that a logged model was measured on, by its name or its digest"),
    ),
    by_kind=True,
    group_rows=100_000,
)
RUNS = TableShape(
    "runs",
    "a run as it stands now, hidden ones too",
    (
        _STREAM,
        Column("run", "string", "the run: `digits-7`"),
        Column("name", "string", "the name that people gave it"),
        Column("status", "string", "`running`, `completed`, `failed`, `stopped`, `requested`, `refused` or `unknown`"),
        Column("model", "string", "the model that it trains"),
        Column("group_name", "string", "the sweep, study or experiment that it belongs to"),
        Column("requested_by", "string", "who asked for it"),
        Column("requested_at", "timestamp", "when it was asked for"),
        Column("started_at", "timestamp", "when it first started"),
        Column("finished_at", "timestamp", "when it ended"),
        Column("duration_seconds", "double", "how long it took"),
        Column("attempts", "int64", "how often it started"),
        Column("events", "int64", "how many events it has"),
        Column("points", "int64", "how many points it has"),
        Column("first_at", "timestamp", "when its first event occurred"),
        Column("last_at", "timestamp", "when its newest event occurred"),
        Column("repository", "string", "the repository of its code"),
        Column("commit", "string", "the commit of its code"),
        Column("dirty", "bool", "whether the code had changes that the commit lacks"),
        Column("image", "string", "the image that it ran in"),
        Column("instance", "string", "the type of its instances"),
        Column("resumed_from", "string", "the run that it continues"),
        Column("reproduces", "string", "the run that it does again"),
        Column("recipe", "string", "the recipe that started it"),
        Column("error", "string", "the first line of the error that it failed with"),
        Column("hidden", "bool", "whether lists leave it out"),
        Column(
            "metrics",
            "map<string, struct<last: double, best: double, min: double, max: double>>",
            "each metric by its name, of the points that stand",
        ),
        Column(
            "hyperparameters", "map<string, string>", "each value by its name, nested names with dots; no text is there as JSON"
        ),
        Column("tags", "map<string, string>", "each tag by its key; no text is there as JSON"),
        Column(
            "datasets",
            "list<struct<uri: string, version_id: string, sha256: string, digest: string, name: string, role: string>>",
            "the versions of datasets that it used, and what for",
        ),
    ),
    by_kind=False,
    group_rows=2_000,  # a run may have hundreds of metrics
)
TABLES = (EVENTS, POINTS, RUNS)


def event_row(recorded: RecordedEvent) -> tuple[Any, ...]:
    event, producer = recorded.event, recorded.event.producer
    return (
        event.stream,
        event.event_id,
        event.type,
        _moment(event.occurred_at),
        _moment(recorded.recorded_at),
        event.source,
        event.schema_version,
        event.canonical_data.decode(),
        None if producer is None else producer.id,
        None if producer is None else producer.sequence,
        None if producer is None else _json(producer.to_dict()),
        event.correlation_id,
        list(event.resources),
        _json(event.extensions) if event.extensions else None,
        recorded.digest,
    )


def point_row(stream: str, recorded: RecordedPoint) -> tuple[Any, ...]:
    """A point that a run has recorded."""
    run = stream.partition("/")[2]
    return (stream, run, *_measured(recorded.point, recorded.at), recorded.attempt, recorded.stands, None)


def model_point_rows(stream: str, fact: ModelMeasured, at: str) -> Iterator[tuple[Any, ...]]:
    """The points of a logged model. `at` is when the event occurred."""
    run = None if fact.run is None else fact.run.removeprefix("run/")
    on = fact.dataset
    dataset = None if on is None else on.name or on.uri or on.sha256 or on.digest
    return ((stream, run, *_measured(point, point.time or at), None, True, dataset) for point in fact.points)


def _measured(point: Point, at: str) -> tuple[Any, ...]:
    step = None if point.step is None else float(point.step)
    return point.name, step, float(point.value), _moment(at)


def run_row(state: RunState) -> tuple[Any, ...]:
    run = summary_of(state, bounded=False)
    assert isinstance(run, RunSummary)  # noqa: S101 - the summary of a run's state is one
    group = run.tags.get("group")
    return (
        run.stream,
        run.id,
        run.name,
        run.status,
        run.model,
        None if group is None else _text(group),
        run.requested_by,
        _moment(state.requested_at),
        _moment(run.started_at),
        _moment(run.finished_at),
        run.duration_seconds,
        run.attempts,
        run.events,
        state.points,
        _moment(run.first_at),
        _moment(state.last_at),
        run.repository,
        run.commit,
        run.dirty,
        run.image,
        run.instance,
        run.resumed_from,
        run.reproduces,
        run.recipe,
        run.error,
        run.hidden,
        {name: {"last": float(of.last), "best": of.best, "min": of.min, "max": of.max} for name, of in run.metrics.items()},
        {name: _text(value) for name, value in run.hyperparameters.items()},
        {name: _text(value) for name, value in run.tags.items()},
        [
            {name: getattr(used, name) for name in ("uri", "version_id", "sha256", "digest", "name", "role")}
            for used in state.lineage.datasets
        ],
    )


@lru_cache(maxsize=1024)  # the points of a batch may have the time of their event
def _moment(text: str | None) -> datetime | None:
    """None for what is no time: a producer may give a point any text, and an altered log holds anything."""
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text if is_utc_text(text) else to_utc_text(text))
    except BadTime:
        return None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else _json(value)


def _json(value: Any) -> str:
    return canonical_json(value).decode()
