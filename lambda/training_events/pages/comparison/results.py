"""The metrics of several runs side by side, each with its difference from the first run, and the better ones named so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from training_events.reading.wording.comparison import MetricRow, better_runs, difference_text, metric_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training_events.catalogue.run import NotFinite
    from training_events.folds.metric import Goal
    from training_events.reading.comparison import Comparison
    from training_events.reading.comparison.metrics import ComparedMetric

MAX_IN_FULL = 20
"""Of how many metrics each row is shown, of those that people look at first; of further ones only the first row."""
MAX_CELLS = 10_000
"""Of those further ones, for all runs: 50 runs may have thousands of metrics."""


class ValueCell(Struct, frozen=True):
    """A value of one run, with its step where it has one of its own, and its difference from the first run as text."""

    value: float | NotFinite
    step: int | float | None
    difference: str
    is_better: bool


class ValueRow(Struct, frozen=True):
    """`what` is `best`, `last` or `step 40`. A text says why a run has no value."""

    what: str
    cells: list[ValueCell | str]


class MetricTable(Struct, frozen=True):
    """The rows of one metric. A counter has no goal."""

    name: str
    goal: Goal | None
    rows: list[ValueRow]


def metric_tables(found: Comparison) -> tuple[list[MetricTable], list[MetricTable], int]:
    """The metrics, those that only count, and how many are left out."""
    runs = [run.name for run in found.runs]
    measured = [metric for metric in found.metrics if not metric.is_counter]
    counters = [metric for metric in found.metrics if metric.is_counter]
    room = MAX_IN_FULL + MAX_CELLS // len(runs)
    tables = [_table(metric, runs, in_full=number < MAX_IN_FULL) for number, metric in enumerate(measured[:room])]
    left = room - len(tables)
    counts = [_table(metric, runs, in_full=False) for metric in counters[:left]]
    return tables, counts, len(found.metrics) - len(tables) - len(counts)


def _table(metric: ComparedMetric, runs: Sequence[str], *, in_full: bool) -> MetricTable:
    rows = list(metric_rows(metric))[: None if in_full else 1]
    return MetricTable(metric.name, None if metric.is_counter else metric.goal, [_row(metric, row, runs) for row in rows])


def _row(metric: ComparedMetric, row: MetricRow, runs: Sequence[str]) -> ValueRow:
    better = better_runs(metric, row.values)
    return ValueRow(row.what, [_cell(metric, row, run, is_better=run in better) for run in runs])


def _cell(metric: ComparedMetric, row: MetricRow, run: str, *, is_better: bool) -> ValueCell | str:
    value = row.values.get(run)
    if value is None:
        return "none is finite" if run in metric.last else "absent"
    return ValueCell(value.value, value.step if row.own_steps else None, difference_text(value), is_better)
