"""The section `files`: the checkpoints and artifacts that a run has saved, the newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from training_events.pages.page import Section

if TYPE_CHECKING:
    from training_events.folds.run_state import Artifact, Checkpoint, RunState

MAX_SHOWN_AT_ONCE = 10
"""The others are a step away."""


class Files(Struct, frozen=True):
    """`checkpoints_saved` and `artifacts_saved` count all; a state keeps the newest hundred of each."""

    checkpoints: list[Checkpoint]
    checkpoints_saved: int
    artifacts: list[Artifact]
    artifacts_saved: int
    shown_at_once: int = MAX_SHOWN_AT_ONCE


def files_section(state: RunState) -> Section:
    content = Files(state.checkpoints[::-1], state.checkpoints_saved, state.artifacts[::-1], state.artifacts_saved)
    return Section("files", "Checkpoints and artifacts", content)
