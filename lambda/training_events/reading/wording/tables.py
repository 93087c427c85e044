"""A comparison and a lineage as tables of texts, for what has no room for more: a console, a notebook, a comment."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from training_events.reading.wording.comparison import (
    addresses,
    better_runs,
    difference_text,
    input_forms,
    input_name,
    metric_rows,
    metric_text,
)
from training_events.reading.wording.lineage import BETWEEN, facts_of, name_of
from training_events.reading.wording.times import minute_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from training_events.reading.comparison import Comparison
    from training_events.reading.comparison.metrics import ComparedMetric
    from training_events.reading.lineage.graph import Lineage

MAX_PACKAGES, MAX_METRICS = 6, 20
"""Of those that differ, and of those that people look at first."""
MAX_EDGES = 50


class TextTable(NamedTuple):
    """`left_out` counts the rows for which there is no room."""

    titles: list[str]
    rows: list[list[str]]
    left_out: int = 0


def input_table(comparison: Comparison) -> TextTable:
    """The inputs of the comparison, with a column for each run."""
    runs = _names(comparison)
    packages = [row for row in comparison.inputs if row.part == "packages"][MAX_PACKAGES:]
    shown = [row for row in comparison.inputs if row not in packages]
    return TextTable(["input", *runs], [[input_name(row), *input_forms(row, runs)[-1]] for row in shown], len(packages))


def metric_table(comparison: Comparison) -> TextTable:
    """The metrics, with differences from the first run, and a word at the better values."""
    runs = _names(comparison)
    shown = [metric for metric in comparison.metrics if not metric.is_counter][:MAX_METRICS]
    rows = [row for metric in shown for row in _metric_rows(metric, runs)]
    return TextTable(["metric", *runs], rows, len(comparison.metrics) - len(shown))


def notes(comparison: Comparison) -> dict[str, list[str]]:
    """What is to be said beside the values, if anything."""
    runs = _names(comparison)
    found = {
        "same content": [f"{input_name(row)}: {' and '.join(addresses(row, runs))}" for row in comparison.renamed],
        "not recorded": [part.replace("_", " ") for part in comparison.not_recorded],
        "left open": comparison.open_questions,
    }
    return {name: texts for name, texts in found.items() if texts}


def lineage_table(lineage: Lineage) -> TextTable:
    """What came of what, the oldest first."""
    nodes = {node.id: node for node in lineage.nodes}
    rows = [
        [
            name_of(nodes[edge.source]),
            BETWEEN[edge.kind],
            name_of(nodes[edge.target]),
            minute_of(edge.at),
            edge.by or "-",
            ", ".join(part.text for part in facts_of(edge, nodes[edge.source])),
        ]
        for edge in lineage.edges[:MAX_EDGES]
    ]
    return TextTable(["from", "what", "to", "when (UTC)", "by", "more"], rows, max(len(lineage.edges) - MAX_EDGES, 0))


def _names(comparison: Comparison) -> list[str]:
    return [run.name for run in comparison.runs]


def _metric_rows(metric: ComparedMetric, runs: Sequence[str]) -> Iterator[list[str]]:
    word = "better" if len(runs) == 2 else "best"
    for row in metric_rows(metric):
        better = better_runs(metric, row.values)
        cells = []
        for run in runs:
            value = row.values.get(run)
            difference = difference_text(value)
            text = metric_text(value, with_step=row.own_steps) + (f" ({difference})" if difference else "")
            cells.append(f"{text}, {word}" if run in better else text)
        yield [f"{metric.name} {row.what}", *cells]
