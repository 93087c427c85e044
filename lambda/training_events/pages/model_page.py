"""The page of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from training_events.pages.lineage.section import lineage_section
from training_events.pages.page import Page, Section
from training_events.pages.sections.check import check_section
from training_events.pages.sections.model import services_section, stages_section, versions_section
from training_events.pages.sections.summary import summary_section
from training_events.pages.sections.timeline import timeline_section
from training_events.pages.sections.verification import verification_section
from training_events.pages.shown_stream import shown_stream

if TYPE_CHECKING:
    from training_events.folds.model import ModelState
    from training_events.pages.page import Asked
    from training_events.pages.shown_stream import ShownStream
    from training_events.reading.opening import Sources


def model_page(sources: Sources, stream: str, asked: Asked, *, whole: bool = False) -> Page:
    """What serves each stage, the versions with their runs, where they come from, and how to check all that.

    A `whole` page has all of it inside; another leads to what takes long.

    Raises NoSuchStream where the log has no such model at these times.
    """
    shown = cast("ShownStream[Any]", shown_stream(sources, stream, asked))
    state: ModelState = shown.state
    return Page(
        title=stream.partition("/")[2],
        kind="model",
        sections=[
            stages_section(state),
            summary_section(shown),
            *([Section("logged_model", "Logged by a training", state.logged)] if state.logged else []),
            versions_section(sources, state, asked),
            services_section(sources, stream, asked),
            timeline_section(sources, stream, asked),
            lineage_section(sources, stream, asked, whole=whole),
            verification_section(sources, stream, whole=whole),
            check_section(sources, stream, asked),
        ],
        stream=stream,
        live=True,
    )
