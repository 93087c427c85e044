"""Every point of a metric, from the log: a state keeps only the outline of its curve."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec import Struct

from training_events.errors import Misused
from training_events.folds.run_state import RunState
from training_events.folds.standing import recorded_points
from training_events.projection.time_travel import entries_at, state_now
from training_events.reading.rows import Rows
from training_events.reading.states import state_of
from training_events.reading.stream_names import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    import pyarrow as pa

    from training_events.folds.standing import RecordedPoint
    from training_events.reading.opening import Sources

MAX_COMPARED_RUNS = 20
"""Of so many runs the metrics are named where none has the one that is asked for."""


class MetricPoint(Struct, frozen=True, gc=False):
    """A value of a metric, the step at which it was measured (as the training counts), and when (by its clock, in UTC).

    `attempt` counts the starts of the run. A point `stands` unless a later attempt recorded the metric again from
    this step, or an earlier one: then what it measured was thrown away.
    """

    run: str
    metric: str
    step: int | float | None
    value: float
    at: str
    attempt: int
    stands: bool


class Points(Iterable[MetricPoint]):
    """The points of some runs, run by run, each in the order in which they were recorded.

    They are read from the log each time that they are iterated over, and memory does not grow with their number; with
    `to_pandas` and `to_arrow` it does.
    """

    def __init__(
        self, sources: Sources, streams: Iterable[str], metric: str | None, *, as_of: str | None, known_at: str | None
    ) -> None:
        self._sources, self._streams, self._metric = sources, list(streams), metric
        self._times = {"as_of": as_of, "known_at": known_at}

    def __iter__(self) -> Iterator[MetricPoint]:
        found = False
        for stream in self._streams:
            run = stream.partition("/")[2]
            for point, attempt, at, stands in self._recorded(stream):
                found = True
                yield MetricPoint(run, point.name, point.step, float(point.value), at, attempt, stands)
        if not found and self._metric is not None:
            self._check_name(self._metric)

    def _recorded(self, stream: str) -> Iterator[RecordedPoint]:
        log, read_models, attempts = self._sources.log, self._sources.read_models, None
        if not any(self._times.values()):
            state = state_now(log, read_models, stream)
            attempts = state.starts if isinstance(state, RunState) else None
        return recorded_points(stream, lambda: entries_at(log, stream, **self._times), self._metric, attempts=attempts)

    def _check_name(self, metric: str) -> None:
        """No run has a point of this metric. Raises Misused if they have others: the name is wrong."""
        names: set[str] = set()
        for stream in self._streams[:MAX_COMPARED_RUNS]:
            state = state_of(self._sources, stream, **self._times)
            names |= state.metrics.keys() if isinstance(state, RunState) else set()
        if names:
            where = self._streams[0] if len(self._streams) == 1 else "any of these runs"
            raise Misused(f"there is no metric `{metric}` in {where}{did_you_mean(metric, names)}")

    def to_pandas(self) -> pd.DataFrame:
        """The points as a DataFrame. Raises Misused where pandas is not installed (`pip install 'training-events[pandas]'`)."""
        return Rows(MetricPoint, self).to_pandas()

    def to_arrow(self) -> pa.Table:
        """The points as a table of Arrow. Raises Misused where pyarrow is not installed (`'training-events[parquet]'`)."""
        return Rows(MetricPoint, self).to_arrow()

    def __repr__(self) -> str:
        return (
            f"points of {self._metric or 'all metrics'} of {len(self._streams)} {'run' if len(self._streams) == 1 else 'runs'}"
        )
