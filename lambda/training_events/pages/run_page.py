"""The page of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from training_events.pages.curves.section import curves_section
from training_events.pages.lineage.section import lineage_section
from training_events.pages.page import Page
from training_events.pages.sections.attempts import attempts_section
from training_events.pages.sections.check import check_section
from training_events.pages.sections.files import files_section
from training_events.pages.sections.inputs import inputs_section
from training_events.pages.sections.summary import summary_section
from training_events.pages.sections.timeline import timeline_section
from training_events.pages.sections.verification import verification_section
from training_events.pages.shown_stream import shown_stream

if TYPE_CHECKING:
    from training_events.folds.run_state import RunState
    from training_events.pages.page import Asked
    from training_events.pages.shown_stream import ShownStream
    from training_events.reading.opening import Sources


def run_page(sources: Sources, stream: str, asked: Asked, *, whole: bool = False) -> Page:
    """How the run stands, its curves, what it was made from, what happened, and how to check all that.

    A `whole` page has all of it inside; another leads to what takes long.

    Raises NoSuchStream where the log has no such run at these times.
    """
    shown = cast("ShownStream[RunState]", shown_stream(sources, stream, asked))
    return Page(
        title=stream.partition("/")[2],
        kind="run",
        sections=[
            summary_section(shown, whole=whole),
            curves_section(sources, [shown.state], asked, whole=whole),
            inputs_section(shown.state),
            timeline_section(sources, stream, asked),
            files_section(shown.state),
            attempts_section(shown.state),
            lineage_section(sources, stream, asked, whole=whole),
            verification_section(sources, stream, whole=whole),
            check_section(sources, stream, asked),
        ],
        stream=stream,
        live=not shown.state.finished,
    )


def run_in_short(sources: Sources, stream: str, asked: Asked, *, whole: bool = False) -> Page:
    """Beside a comparison, which has the metrics and curves. Raises NoSuchStream."""
    shown = cast("ShownStream[RunState]", shown_stream(sources, stream, asked))
    return Page(
        title=stream.partition("/")[2],
        kind="run",
        sections=[
            summary_section(shown, whole=whole, in_short=True),
            inputs_section(shown.state),
            files_section(shown.state),
            attempts_section(shown.state),
            verification_section(sources, stream, whole=whole),
        ],
        stream=stream,
        live=not shown.state.finished,
    )
