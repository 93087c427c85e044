"""A comparison as Markdown, for a comment on a pull request.

Anybody may have chosen a name. Whatever was recorded stands in code, where it mentions nobody, links nowhere and ends no table.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from training_events.reading.wording.comparison import change_size, change_title
from training_events.reading.wording.tables import input_table, metric_table, notes
from training_events.reading.wording.text import printable
from training_events.reading.wording.times import duration, minute_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from training_events.reading.comparison import Comparison
    from training_events.reading.wording.tables import TextTable

MAX_BYTES = 60_000
"""GitHub takes 65,536 characters in a comment; what else a pipeline writes there needs some of them."""
MAX_CELL_CHARACTERS, MAX_COMMITS = 120, 10

_HARMLESS = re.compile(r"[A-Za-z0-9 ,-]+")
_LEFT_OUT = "\n*The rest has no room here.*\n"


def comparison_markdown(comparison: Comparison) -> str:
    """The whole of it, or as much as a comment takes: whole lines, and a last one that says so."""
    text, room = "", MAX_BYTES - len(_LEFT_OUT)
    for line in _lines(comparison):
        if len((text + line).encode()) >= room:
            return text + _LEFT_OUT
        text += f"{line}\n"
    return text


def _lines(comparison: Comparison) -> Iterator[str]:
    yield f"### {_plain_or_code(comparison.summary)}"
    yield from _table(
        ["run", "status", "started (UTC)", "took", "model"],
        (
            [_code(run.name), run.status, minute_of(run.started_at), duration(run.duration_seconds), _code(run.model or "-")]
            for run in comparison.runs
        ),
    )
    inputs, metrics = input_table(comparison), metric_table(comparison)
    yield from _coded_table(inputs)
    yield from _more(inputs, "package")
    yield from _coded_table(metrics)
    yield from _more(metrics, "metric")
    for name, texts in notes(comparison).items():
        yield ""
        yield f"**{name}**: {', '.join(map(_code, texts))}"
    for change in comparison.code_changes:
        yield ""
        yield f"**{_plain_or_code(change_title(change))}**: {change_size(change)}"
        yield ""
        yield from (f"- {_code(commit.id[:12])} {_code(commit.subject)}" for commit in change.commits[:MAX_COMMITS])


def _coded_table(table: TextTable) -> Iterator[str]:
    first, *runs = table.titles
    if table.rows:
        yield from _table([first, *map(_code, runs)], (list(map(_code, row)) for row in table.rows))


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield ""
    yield f"| {' | '.join(titles)} |"
    yield f"|{'---|' * len(titles)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)


def _more(table: TextTable, what: str) -> Iterator[str]:
    if table.left_out:
        yield ""
        yield f"{table.left_out} more {what}{'s' * (table.left_out > 1)} with `--json`"


def _plain_or_code(text: str) -> str:
    return text if _HARMLESS.fullmatch(text) else _code(text)


def _code(text: str) -> str:
    """In a table a bar would end the cell, even in code, and so such a text is written in entities."""
    shown = printable(text) or '""'
    shown = shown if len(shown) <= MAX_CELL_CHARACTERS else f"{shown[: MAX_CELL_CHARACTERS - 1]}…"
    if "|" in shown:
        entities = "".join(letter if letter.isalnum() or letter == " " else f"&#{ord(letter)};" for letter in shown)
        return f"<code>{entities}</code>"
    fence = "`" * (max(map(len, re.findall("`+", shown)), default=0) + 1)
    # blanks keep a backtick at an end apart from the fence: https://github.github.com/gfm/#code-spans
    return f"{fence} {shown} {fence}" if "`" in shown else f"{fence}{shown}{fence}"
