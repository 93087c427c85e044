"""The points that a stream has: those of a run, and those that were measured of a logged model."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from training_events import catalogue
from training_events.catalogue.model import ModelMeasured
from training_events.errors import NotUnderstood
from training_events.folds.run_state import RunState
from training_events.folds.standing import recorded_points
from training_events.interchange.exports.parquet.rows import model_point_rows, point_row
from training_events.times import TEXT_LENGTH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training_events.folds import State
    from training_events.stores.event_log import RecordedStreams

MEASURED = ("model", "run")
"""The kinds of streams that have points."""


def point_rows(log: RecordedStreams, state: State) -> Iterator[tuple[Any, ...]]:
    """The rows of a stream's points, in the order in which they were recorded. `state` is the stream's."""
    stream = state.stream
    if isinstance(state, RunState):
        for point in recorded_points(stream, lambda: log.entries(stream), attempts=state.starts):
            yield point_row(stream, point)
    elif state.kind in MEASURED:
        for entry in log.entries(stream):
            if entry.type == ModelMeasured.__name__:
                with suppress(NotUnderstood):  # no state takes it either
                    fact = catalogue.read(stream, entry.type, entry.schema_version, entry.data)
                    if isinstance(fact, ModelMeasured):
                        yield from model_point_rows(stream, fact, entry.position[:TEXT_LENGTH])
