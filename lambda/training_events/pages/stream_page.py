"""The page of a stream, whatever its kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training_events.pages.dataset_page import dataset_page
from training_events.pages.group_page import group_page
from training_events.pages.model_page import model_page
from training_events.pages.run_page import run_page

if TYPE_CHECKING:
    from training_events.pages.page import Asked, Page
    from training_events.reading.opening import Sources

_PAGES = {"run": run_page, "model": model_page, "dataset": dataset_page, "group": group_page}


def stream_page(sources: Sources, stream: str, asked: Asked, *, whole: bool = False) -> Page:
    """A `whole` page has all of it inside; another leads to what takes long.

    Raises NoSuchStream where the log has no such stream at these times.
    """
    return _PAGES[stream.partition("/")[0]](sources, stream, asked, whole=whole)
