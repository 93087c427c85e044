"""The section `attempts`: each start of a run's training, what differs of its spec, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from training_events.pages.page import Section

if TYPE_CHECKING:
    from training_events.folds.attempts import Attempt
    from training_events.folds.run_state import RunState


MAX_DIFFERENCES_AT_ONCE = 6
"""The others are a step away."""


class Attempts(Struct, frozen=True):
    """The newest first. `starts` counts all; a state keeps the newest hundred."""

    attempts: list[Attempt]
    starts: int
    differences_at_once: int = MAX_DIFFERENCES_AT_ONCE


def attempts_section(state: RunState) -> Section:
    return Section("attempts", "Attempts", Attempts(state.attempts[::-1], state.starts))
