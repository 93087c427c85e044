"""The page of a stream, whatever its kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training_events.pages.page import Page
from training_events.pages.run_page import run_page
from training_events.pages.sections.summary import summary_section
from training_events.pages.shown_stream import shown_stream

if TYPE_CHECKING:
    from training_events.pages.page import Asked
    from training_events.reading.opening import Sources


def stream_page(sources: Sources, stream: str, asked: Asked, *, whole: bool = False) -> Page:
    """A `whole` page has all of it inside. Raises NoSuchStream where the log has no such stream at these times."""
    kind, _, name = stream.partition("/")
    if kind == "run":
        return run_page(sources, stream, asked, whole=whole)
    shown = shown_stream(sources, stream, asked)
    return Page(title=name, kind=kind, sections=[summary_section(shown)], stream=stream, live=not shown.state.finished)
