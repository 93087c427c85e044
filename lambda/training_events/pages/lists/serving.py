"""What serves each stage, over all models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from training_events.folds.model import Served
from training_events.pages.page import Page, Section
from training_events.reading.serving import served_stages

if TYPE_CHECKING:
    from training_events.pages.page import Asked, Query
    from training_events.reading.opening import Sources


class ServedStages(Struct, frozen=True):
    """The content of the section `serving`: what serves, by stage. `of_now` is whether it is about no past time."""

    stages: dict[str, list[Served]]
    of_now: bool


def serving_page(sources: Sources, asked: Asked, _query: Query) -> Page:
    """Which version of which model serves each stage. A hidden model still serves, and is there."""
    stages: dict[str, list[Served]] = {}
    served = served_stages(sources, as_of=asked.as_of, known_at=asked.known_at)
    for item in sorted(served, key=lambda item: (item.stage, item.model)):
        stages.setdefault(item.stage, []).append(item)
    content = ServedStages(stages, of_now=asked.as_of is None and asked.known_at is None)
    return Page("What serves each stage", "serving", [Section("serving", "Serving", content)], live=True)
