"""The page that compares runs: what differs between them, beside their curves over each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training_events.pages.comparison.section import comparison_section
from training_events.pages.curves.section import curves_section
from training_events.pages.page import Page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training_events.pages.page import Asked, Query
    from training_events.reading.opening import Sources

MAX_POINTS = 200_000
"""Of all runs together: a page that waits, and is made again as runs go on, does not read more of them from the log."""
_MAX_NAMES = 3


def compare_page(sources: Sources, asked: Asked, query: Query) -> Page:
    """The runs are the values of `run` in the address. Raises Misused for what cannot be compared, NoSuchStream."""
    return compared_runs_page(sources, query.all("run"), asked, whole=False)


def compared_runs_page(sources: Sources, runs: Sequence[str], asked: Asked, *, whole: bool) -> Page:
    """A `whole` page has all points of the curves inside, as a report has them. Raises what `compare_page` raises."""
    compared = comparison_section(sources, runs, asked)
    found = compared.content.runs
    curves = curves_section(sources, list(dict.fromkeys(run.stream for run in found)), asked, whole=whole)
    live = any(run.finished_at is None for run in found)
    return Page(_title([run.name for run in found]), "comparison", [compared, curves], live=live)


def _title(names: list[str]) -> str:
    if len(names) > _MAX_NAMES:
        names = [*names[: _MAX_NAMES - 1], f"{len(names) - _MAX_NAMES + 1} others"]
    return f"{', '.join(names[:-1])} and {names[-1]}"
