"""Prints a comparison. Runs are columns where all of them fit side by side. Else they are rows, with the columns that fit."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections import Counter
from typing import TYPE_CHECKING

from training_events.cli.compared_values import fitted, input_texts
from training_events.cli.style import BOLD, style_of_status, styled
from training_events.cli.table import LOOK_AHEAD_ROWS, cut_middle, print_fields, print_rows, wrapped
from training_events.reading.wording.comparison import (
    COMMIT_CHARACTERS,
    MetricRow,
    addresses,
    change_size,
    change_title,
    counted,
    difference_text,
    input_name,
    metric_rows,
    metric_text,
)
from training_events.reading.wording.text import printable
from training_events.reading.wording.times import duration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training_events.reading.comparison import Comparison
    from training_events.reading.comparison.code import CodeChange
    from training_events.reading.comparison.metrics import ComparedMetric
    from training_events.reading.comparison.rows import Input

MAX_COLUMNS_IN_A_PIPE = 4
"""Where nothing is cut, so many runs are columns, and more are rows."""
MAX_PACKAGES = 20
"""How many packages that differ are shown: there may be hundreds, and they matter least."""
MAX_CHANGED_FILES = 20
MAX_METRICS, MAX_TABLES = 20, 4
"""How many metrics are shown, and of how many there is a table where runs are rows: those that people look at first."""
_NAME_SHARE = 1 / 3
"""Of the terminal, for the names of inputs and metrics."""
_MIN_WIDTH, _MAX_CELL_WIDTH, _GAP = 14, 24, 2
_MAX_INDENT = 8


def print_comparison(comparison: Comparison, *, all_inputs: bool) -> None:
    runs = [run.name for run in comparison.runs]
    summary = printable(comparison.summary)
    for line in textwrap.wrap(summary, shutil.get_terminal_size().columns) if sys.stdout.isatty() else [summary]:
        print(styled(line, BOLD))
    inputs = comparison.inputs if all_inputs else _without_most_packages(comparison.inputs)
    width = _width_of_columns(len(runs))
    if width is None:
        _print_run_by_run(runs, [("status", [run.status for run in comparison.runs]), *_input_columns(inputs, runs)])
    else:
        _print_runs(comparison)
        _print_side_by_side("input", runs, [(input_name(row), input_texts(row, runs, width)) for row in inputs], width)
    _print_notes(comparison, len(comparison.inputs) - len(inputs))
    for change in comparison.code_changes:
        _print_change(change)
    if width is None:
        _print_metrics_by_run(runs, comparison.metrics)
    else:
        _print_metrics(runs, comparison.metrics, width)


def _print_runs(comparison: Comparison) -> None:
    titles = ("run", "status", "started (UTC)", "took", "model")
    rows = [
        (
            f"run/{run.name}",
            run.status,
            "-" if run.started_at is None else f"{run.started_at[:10]} {run.started_at[11:16]}",
            duration(run.duration_seconds),
            run.model or "-",
        )
        for run in comparison.runs
    ]
    print()
    print_rows(titles, (64, 12, 16, 12), rows, LOOK_AHEAD_ROWS, optional=titles[:0:-1], styles={"status": style_of_status})


def _width_of_names() -> int:
    """In a pipe nothing is cut."""
    return int(shutil.get_terminal_size().columns * _NAME_SHARE) if sys.stdout.isatty() else sys.maxsize


def _width_of_columns(runs: int) -> int | None:
    """How wide the column of each run may be; None where they do not fit. In a pipe nothing is cut."""
    if not sys.stdout.isatty():
        return sys.maxsize if runs <= MAX_COLUMNS_IN_A_PIPE else None
    width = (shutil.get_terminal_size().columns - _width_of_names()) // runs - _GAP
    return width if width >= _MIN_WIDTH else None


def _print_side_by_side(title: str, runs: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]], width: int) -> None:
    """A table whose first column are names, and each further one a run."""
    if not rows:
        return
    cells = [(cut_middle(name, _width_of_names()), *fitted(texts, width)) for name, texts in rows]
    print()
    titles = (title, *fitted([printable(run) for run in runs], width))
    print_rows(titles, (sys.maxsize,) * len(runs), cells, max(len(cells), LOOK_AHEAD_ROWS))


def _print_run_by_run(runs: Sequence[str], columns: Sequence[tuple[str, Sequence[str]]]) -> None:
    """A table whose rows are runs. Of the columns those are shown for which there is room, the first one first."""
    if not columns:
        return
    names = [cut_middle(name, _MAX_CELL_WIDTH) if sys.stdout.isatty() else name for name, _ in columns]
    titles = _different(names)
    texts = [fitted(column, _MAX_CELL_WIDTH) if sys.stdout.isatty() else column for _, column in columns]
    widths = (64, *(_MAX_CELL_WIDTH for _ in columns[1:]))
    print()
    rows = zip(map(printable, runs), *texts, strict=True)
    styles = {"status": style_of_status}
    left_out = print_rows(("run", *titles), widths, rows, LOOK_AHEAD_ROWS, optional=titles[::-1], styles=styles)
    if left_out:
        print(f"{counted(left_out, 'more column')} in a wider terminal, or with --json")


def _different(titles: Sequence[str]) -> list[str]:
    """The titles, with a number where one was there before."""
    seen: Counter[str] = Counter()
    numbered = []
    for title in titles:
        seen[title] += 1
        numbered.append(title if seen[title] == 1 else f"{title} ({seen[title]})")
    return numbered


def _input_columns(inputs: Sequence[Input], runs: Sequence[str]) -> list[tuple[str, list[str]]]:
    width = _MAX_CELL_WIDTH if sys.stdout.isatty() else sys.maxsize
    return [(input_name(row), input_texts(row, runs, width)) for row in inputs]


def _without_most_packages(inputs: list[Input]) -> list[Input]:
    packages = [row for row in inputs if row.part == "packages"]
    return [row for row in inputs if row.part != "packages" or row in packages[:MAX_PACKAGES]]


def _print_notes(comparison: Comparison, packages_left_out: int) -> None:
    """What is to be said beside the values, if anything."""
    runs = [run.name for run in comparison.runs]
    more = f"{packages_left_out} more packages differ: --all-inputs and --json have all" if packages_left_out else None
    renamed = [f"{input_name(row)}: {' and '.join(addresses(row, runs))}" for row in comparison.renamed]
    not_recorded = wrapped(part.replace("_", " ") for part in comparison.not_recorded)
    notes = {
        "packages": more,
        "same content": "\n".join(renamed) or None,
        "not recorded": not_recorded or None,
        "left open": "\n".join(comparison.open_questions) or None,
    }
    if any(notes.values()):
        print()
        print_fields(notes)


def _print_change(change: CodeChange) -> None:
    print()
    print(f"{styled(change_title(change), BOLD)}: {change_size(change)}")
    for commit in change.commits:
        print(_line(f"  {commit.id[:COMMIT_CHARACTERS]}  {commit.subject}"))
    if change.ahead > len(change.commits):
        print(f"  and {counted(change.ahead - len(change.commits), 'earlier commit')}")
    for file in change.files[:MAX_CHANGED_FILES]:
        lines = "binary" if file.added is None else f"+{file.added} -{file.removed}"
        print(_line(f"  {lines:>12}  {file.path}"))
    if change.changed_files > MAX_CHANGED_FILES:
        print(f"  and {counted(change.changed_files - MAX_CHANGED_FILES, 'more file')}")


def _line(text: str) -> str:
    text = printable(text)
    return cut_middle(text, shutil.get_terminal_size().columns) if sys.stdout.isatty() else text


def _print_metrics(runs: Sequence[str], metrics: Sequence[ComparedMetric], width: int) -> None:
    """Two runs have a column for their difference. Of more it stands beside the values, if there is room."""
    is_pair = len(runs) == 2
    rows = []
    for metric in metrics[:MAX_METRICS]:
        name = printable(metric.name)
        for number, row in enumerate(metric_rows(metric)):
            cells = _cells(runs, row, 0 if is_pair else width)
            title = " " * min(len(name), _MAX_INDENT) if number else cut_middle(name, _width_of_names() - len(row.what) - 1)
            rows.append((f"{title} {row.what}", [*cells, difference_text(row.values.get(runs[1]))] if is_pair else cells))
    _print_side_by_side("metric", [*runs, "difference"] if is_pair else runs, rows, width)
    _print_left_out(len(metrics) - MAX_METRICS)


def _cells(runs: Sequence[str], row: MetricRow, width: int) -> list[str]:
    """The values of the runs, with their differences from the first if all that fits this width."""
    plain = [metric_text(row.values.get(run), with_step=row.own_steps) for run in runs]
    differences = [difference_text(row.values.get(run)) for run in runs]
    both = [f"{text} ({difference})" if difference else text for text, difference in zip(plain, differences, strict=True)]
    return both if max(map(len, both)) <= width else plain


def _print_metrics_by_run(runs: Sequence[str], metrics: Sequence[ComparedMetric]) -> None:
    shown = [metric for metric in metrics if not metric.is_counter][:MAX_TABLES]
    for metric in shown:
        columns = [(row.what, _cells(runs, row, _MAX_CELL_WIDTH)) for row in metric_rows(metric)]
        print()
        print(styled(_line(metric.name), BOLD))
        _print_run_by_run(runs, columns)
    _print_left_out(len(metrics) - len(shown))


def _print_left_out(metrics: int) -> None:
    if metrics > 0:
        print()
        print(f"{counted(metrics, 'more metric')} with --json")
