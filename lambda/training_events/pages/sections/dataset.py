"""The section that only a dataset has: its versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from training_events.folds.dataset import Version
from training_events.pages.page import Section

if TYPE_CHECKING:
    from training_events.folds.dataset import DatasetState


class DatasetVersions(Struct, frozen=True):
    """The versions that the state keeps, the newest first; `earlier` counts those that only the log has.

    `current` is what the dataset holds now; None where that is retired.
    """

    current: Version | None
    versions: list[Version]
    earlier: int


def dataset_versions_section(state: DatasetState) -> Section:
    newest = state.versions[-1] if state.versions else None
    current = newest if newest is not None and newest.retired_at is None and state.status == "active" else None
    content = DatasetVersions(current, state.versions[::-1], state.registered - len(state.versions))
    return Section("dataset_versions", "Versions", content)
