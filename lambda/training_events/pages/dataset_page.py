"""The page of a dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from training_events.pages.lineage.section import lineage_section
from training_events.pages.page import Page
from training_events.pages.sections.check import check_section
from training_events.pages.sections.dataset import dataset_versions_section
from training_events.pages.sections.summary import summary_section
from training_events.pages.sections.timeline import timeline_section
from training_events.pages.sections.verification import verification_section
from training_events.pages.shown_stream import shown_stream

if TYPE_CHECKING:
    from training_events.pages.page import Asked
    from training_events.pages.shown_stream import ShownStream
    from training_events.reading.opening import Sources


def dataset_page(sources: Sources, stream: str, asked: Asked, *, whole: bool = False) -> Page:
    """What the dataset holds, its versions, what was made from them, and how to check all that.

    A `whole` page has all of it inside; another leads to what takes long.

    Raises NoSuchStream where the log has no such dataset at these times.
    """
    shown = cast("ShownStream[Any]", shown_stream(sources, stream, asked))
    return Page(
        title=stream.partition("/")[2],
        kind="dataset",
        sections=[
            summary_section(shown),
            dataset_versions_section(shown.state),
            timeline_section(sources, stream, asked),
            lineage_section(sources, stream, asked, whole=whole),
            verification_section(sources, stream, whole=whole),
            check_section(sources, stream, asked),
        ],
        stream=stream,
        live=True,
    )
