"""The pages on which a stream is verified, and all of them one after the other. They are about the log as it is now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training_events.pages.lists.address import number_in
from training_events.pages.page import Page
from training_events.pages.sections.check import check_section
from training_events.pages.sections.verdicts import verdicts_section
from training_events.pages.sections.verification import verification_section

if TYPE_CHECKING:
    from training_events.pages.page import Asked, Query
    from training_events.reading.opening import Sources

MAX_NUMBER = 10**9


def verification_page(sources: Sources, stream: str, asked: Asked) -> Page:
    """What verification finds in the stream. Raises NoSuchStream where nothing knows it."""
    sections = [verification_section(sources, stream, whole=True)]
    if sections[0].content.verification.events:
        sections.append(check_section(sources, stream, asked))
    return Page(stream, "verification", sections, stream=stream)


def verifications_page(sources: Sources, asked: Asked, query: Query) -> Page:
    """The verdicts on the streams from number `first` of the query on. Raises Misused where that is no number."""
    return Page("Verification", "verification", [verdicts_section(sources, asked, number_in(query, "first", 1, MAX_NUMBER))])
