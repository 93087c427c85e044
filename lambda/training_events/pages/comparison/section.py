"""What differs between runs as a section: a column for each run, inputs first, then metrics."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from training_events.pages.comparison.results import MetricTable, metric_tables
from training_events.pages.page import Section
from training_events.reading.comparison import compare
from training_events.reading.wording.comparison import addresses, change_size, change_title, input_forms, input_name
from training_events.reading.wording.text import to_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training_events.pages.page import Asked
    from training_events.reading.comparison import ComparedRun, Comparison
    from training_events.reading.comparison.code import CodeChange
    from training_events.reading.comparison.rows import Input
    from training_events.reading.opening import Sources

MAX_PACKAGES = 6
"""How many packages that differ are in the first table: there may be hundreds, and they matter least."""
MAX_CELL_CHARACTERS, MAX_WHOLE_CHARACTERS = 300, 4000
"""Of a value in a cell, and of the whole of it in a title. The run's own page has it all."""


class Cell(Struct, frozen=True):
    """The value of one run. `differs` is whether it is another one than that of the first run."""

    text: str
    whole: str
    differs: bool = False


class InputRow(Struct, frozen=True):
    name: str
    cells: list[Cell]


class EqualInput(Struct, frozen=True):
    """An input that is the same in all runs. `names` are what it is called, where that differs."""

    name: str
    cell: Cell
    names: list[str]


class Change(Struct, frozen=True):
    title: str
    size: str
    change: CodeChange


class ComparisonContent(Struct, frozen=True):
    """`packages` are those for which the first table has no room. `metrics` are in the order in which people look at them, and
    `counters` are those that only count.
    """

    summary: str
    runs: list[ComparedRun]
    differing: list[InputRow]
    packages: list[InputRow]
    equal: list[EqualInput]
    not_recorded: list[str]
    open_questions: list[str]
    changes: list[Change]
    metrics: list[MetricTable]
    counters: list[MetricTable]
    more_metrics: int
    points_not_read: int

    def beginning_with(self, run: ComparedRun) -> list[str]:
        """The runs as a comparison with this one names them."""
        return [f"run/{it.name}" for it in (run, *(other for other in self.runs if other is not run))]

    @property
    def command(self) -> str:
        """What compares the runs in a terminal."""
        return shlex.join(["training-events", "compare", *(f"run/{run.name}" for run in self.runs)])

    @property
    def renamed(self) -> list[EqualInput]:
        return [row for row in self.equal if row.names]


def comparison_section(sources: Sources, runs: Sequence[str], asked: Asked, *, max_points: int | None = None) -> Section:
    """Of 2 to 50 runs, or attempts of runs (`run/digits-7@2`). Raises Misused for what cannot be compared, NoSuchStream.

    Where the runs have more than `max_points`, metrics are not compared at equal steps: their points would have to be read.
    """
    found = compare(sources, runs, as_of=asked.as_of, known_at=asked.known_at, all_inputs=True, max_points=max_points)
    points = sum(run.points for run in found.runs)
    return Section(
        "comparison", "What differs", _content(found, unread=0 if max_points is None or points <= max_points else points)
    )


def _content(found: Comparison, *, unread: int) -> ComparisonContent:
    names = [run.name for run in found.runs]
    differing = [row for row in found.inputs if row.differs]
    packages = [row for row in differing if row.part == "packages"][MAX_PACKAGES:]
    renamed = {row.path for row in found.renamed}
    metrics, counters, more = metric_tables(found)
    return ComparisonContent(
        summary=found.summary,
        runs=found.runs,
        differing=[_row(row, names) for row in differing if row not in packages],
        packages=[_row(row, names) for row in packages],
        equal=[_equal(row, names, is_renamed=row.path in renamed) for row in found.inputs if not row.differs],
        not_recorded=[part.replace("_", " ") for part in found.not_recorded],
        open_questions=found.open_questions,
        changes=[Change(change_title(change), change_size(change), change) for change in found.code_changes],
        metrics=metrics,
        counters=counters,
        more_metrics=more,
        points_not_read=unread,
    )


def _row(row: Input, runs: Sequence[str]) -> InputRow:
    fullest, *shorter = input_forms(row, runs)
    texts = next((form for form in shorter if len(set(form)) == len(set(fullest))), fullest)
    cells = [_cell(text, row.values.get(run), differs=text != texts[0]) for run, text in zip(runs, texts, strict=True)]
    return InputRow(input_name(row), cells)


def _equal(row: Input, runs: Sequence[str], *, is_renamed: bool) -> EqualInput:
    run = next(iter(row.values))
    return EqualInput(
        input_name(row), _cell(input_forms(row, [run])[0][0], row.values[run]), addresses(row, runs) if is_renamed else []
    )


def _cell(text: str, value: Any, *, differs: bool = False) -> Cell:
    whole = value if isinstance(value, str) else text if value is None else to_json(_without_nothing(value))
    return Cell(_cut(text, MAX_CELL_CHARACTERS), _cut(whole, MAX_WHOLE_CHARACTERS), differs)


def _without_nothing(value: Any) -> Any:
    built = msgspec.to_builtins(value)
    return {key: item for key, item in built.items() if item is not None} if isinstance(built, dict) else built


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
