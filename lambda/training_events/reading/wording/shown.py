"""Answers as a console prints them, and a notebook shows them: a heading, tables, and what is to be said beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from training_events.notebook.text import html, html_table, shown, text_table
from training_events.reading.wording.tables import TextTable, input_table, lineage_table, metric_table, notes

if TYPE_CHECKING:
    from training_events.reading.comparison import Comparison
    from training_events.reading.lineage.graph import Lineage

MAX_CELL_CHARACTERS, MAX_LINE_CHARACTERS = 60, 400


class Shown(NamedTuple):
    heading: str
    tables: list[TextTable]
    lines: list[str]

    def as_text(self) -> str:
        tables = [text_table(*_cut(table)) for table in self.tables if table.rows]
        lines = "\n".join(shown(line, MAX_LINE_CHARACTERS) for line in self.lines)
        return "\n\n".join(filter(None, [shown(self.heading, MAX_LINE_CHARACTERS), *tables, lines]))

    def as_html(self) -> str:
        tables = [html_table(*_cut(table)) for table in self.tables if table.rows]
        lines = [f"<p>{html(line, MAX_LINE_CHARACTERS)}</p>" for line in self.lines]
        return "".join([f"<p><strong>{html(self.heading, MAX_LINE_CHARACTERS)}</strong></p>", *tables, *lines])


def shown_comparison(comparison: Comparison) -> Shown:
    inputs, metrics = input_table(comparison), metric_table(comparison)
    lines = [f"{name}: {', '.join(texts)}" for name, texts in notes(comparison).items()]
    lines += [f"{inputs.left_out} more packages are in .inputs"] if inputs.left_out else []
    lines += [f"{metrics.left_out} more metrics are in .metrics"] if metrics.left_out else []
    return Shown(comparison.summary, [inputs, metrics], lines)


def shown_lineage(lineage: Lineage) -> Shown:
    table = lineage_table(lineage)
    times = [f"{what} {time}" for what, time in (("as of", lineage.as_of), ("known at", lineage.known_at)) if time is not None]
    heading = ", ".join([f"lineage of {lineage.subject}", *times])
    lines = [f"{table.left_out} more are in .edges"] if table.left_out else []
    return Shown(heading, [table], lines)


def _cut(table: TextTable) -> tuple[list[str], list[list[str]]]:
    return (
        [shown(title, MAX_CELL_CHARACTERS) for title in table.titles],
        [[shown(cell, MAX_CELL_CHARACTERS) for cell in row] for row in table.rows],
    )
