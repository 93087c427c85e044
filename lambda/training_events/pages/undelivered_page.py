"""The page of what could not be recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training_events.pages.page import Page
from training_events.pages.sections.undelivered import undelivered_section

if TYPE_CHECKING:
    from training_events.reading.opening import Sources


def undelivered_page(sources: Sources) -> Page:
    """What waits in the queue and beside the spools of this machine, as they are now."""
    return Page("Undelivered events", "undelivered", [undelivered_section(sources)])
