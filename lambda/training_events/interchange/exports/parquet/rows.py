"""The rows of the tables: what each fact, point, state and finding makes."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from training_events.canonical import canonical_json
from training_events.errors import BadTime
from training_events.folds.dataset import DatasetState
from training_events.folds.model import ModelState
from training_events.folds.run_state import RunState
from training_events.folds.summary import RunSummary, summary_of
from training_events.proof.findings import HARMLESS
from training_events.times import is_utc_text, to_utc_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training_events.catalogue.model import ModelMeasured
    from training_events.catalogue.run import Point
    from training_events.event import RecordedEvent
    from training_events.folds import State
    from training_events.folds.model import Version
    from training_events.folds.standing import RecordedPoint
    from training_events.proof.findings import Finding


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
        recorded.account,
    )


def point_row(stream: str, recorded: RecordedPoint) -> tuple[Any, ...]:
    """A point that a run has recorded."""
    return (stream, _name_of(stream), *_measured(recorded.point, recorded.at), recorded.attempt, recorded.stands, None)


def model_point_rows(stream: str, fact: ModelMeasured, at: str) -> Iterator[tuple[Any, ...]]:
    """The points of a logged model. `at` is when the event occurred."""
    on = fact.dataset
    dataset = None if on is None else on.name or on.uri or on.sha256 or on.digest
    return ((stream, _run_of(fact.run), *_measured(point, point.time or at), None, True, dataset) for point in fact.points)


def _measured(point: Point, at: str) -> tuple[Any, ...]:
    step = None if point.step is None else float(point.step)
    return point.name, step, float(point.value), _moment(at)


def state_rows(state: State) -> Iterator[tuple[Any, ...]]:
    """What a state is in the table of its kind. A group has none."""
    if isinstance(state, RunState):
        yield _run_row(state)
    elif isinstance(state, ModelState):
        yield from _model_rows(state)
    elif isinstance(state, DatasetState):
        yield from _dataset_rows(state)


def _run_row(state: RunState) -> tuple[Any, ...]:
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
        _texts(run.hyperparameters),
        _texts(run.tags),
        [
            {name: getattr(used, name) for name in ("uri", "version_id", "sha256", "digest", "name", "role")}
            for used in state.lineage.datasets
        ],
    )


def _model_rows(state: ModelState) -> Iterator[tuple[Any, ...]]:
    """A row for each version, in the order of their names; one without a version for a model that has none."""
    if not state.versions:
        yield _model_row(state, None, None)
    for name in sorted(state.versions):
        yield _model_row(state, name, state.versions[name])


def _model_row(state: ModelState, name: str | None, version: Version | None) -> tuple[Any, ...]:
    origin = version or state.logged
    artifact = origin and origin.artifact
    promotion = next((promotion for promotion in reversed(state.promotions) if promotion.version == name), None)
    return (
        state.stream,
        _name_of(state.stream),
        state.name,
        state.status,
        name,
        name is not None and name == state.latest_version,
        _run_of(origin.run if origin else None),
        version.stages if version else [],
        _moment(version and version.registered_at),
        version and version.registered_by,
        version.registrations if version else 0,
        _moment(promotion and promotion.at),
        promotion and promotion.promoted_by,
        _moment((version and version.retired_at) or state.retired_at),
        artifact and artifact.uri,
        artifact and artifact.version_id,
        artifact and artifact.sha256,
        artifact and artifact.bytes,
        version and version.package_arn,
        version and version.package_status,
        version and version.approval_status,
        version and version.life_cycle and version.life_cycle.stage,
        version.description if version else state.description,
        _texts(version.tags if version else {}),
        _texts(state.tags),
        state.hidden is not None or (version is not None and version.hidden_at is not None),
        _moment(state.logged and state.logged.at),
        state.counts.events,
        _moment(state.first_at),
        _moment(state.last_at),
    )


def _dataset_rows(state: DatasetState) -> Iterator[tuple[Any, ...]]:
    """A row for each version that the state keeps, the oldest first."""
    newest = len(state.versions) - 1
    for place, version in enumerate(state.versions):
        stored = version.stored
        yield (
            state.stream,
            _name_of(state.stream),
            state.name,
            state.status,
            state.registered - newest + place,
            place == newest,
            stored.uri,
            stored.version_id,
            stored.sha256,
            version.digest,
            stored.bytes,
            version.rows,
            stored.in_place,
            bool(version.disputed),
            _run_of(version.run),
            _moment(version.registered_at),
            version.registered_by,
            _moment(version.retired_at),
            state.description,
            _texts(state.tags),
            state.hidden is not None,
            state.counts.events,
            _moment(state.first_at),
            _moment(state.last_at),
        )


def finding_row(stream: str | None, finding: Finding) -> tuple[Any, ...]:
    """`stream` is None for what is about the log's tree as a whole."""
    at, _, event_id = (finding.position or "").partition("#")
    return (
        stream,
        finding.kind.value,
        finding.kind not in HARMLESS,
        finding.explanation,
        event_id or None,
        _moment(at or None),
        finding.producer,
        finding.sequence,
        finding.seal,
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


def _name_of(stream: str) -> str:
    return stream.partition("/")[2]


def _run_of(stream: str | None) -> str | None:
    return None if stream is None else stream.removeprefix("run/")


def _texts(values: dict[str, Any]) -> dict[str, str]:
    return {name: _text(value) for name, value in values.items()}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else _json(value)


def _json(value: Any) -> str:
    return canonical_json(value).decode()
