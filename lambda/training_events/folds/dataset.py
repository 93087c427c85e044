"""The state of a dataset, from its events in key order."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from training_events.catalogue import dataset as facts
from training_events.catalogue.stored import Stored
from training_events.folds.stream_state import StreamState

MOST_KEPT = 100
"""Versions that a state keeps: the newest. The log has them all."""


class Version(Struct):
    registered_at: str
    registered_by: str | None
    stored: Stored
    rows: int | None
    retired_at: str | None = None


class DatasetState(StreamState):
    """A dataset: its newest versions, oldest first; the last of them is what it holds now."""

    kind: Literal["dataset"] = "dataset"
    status: Literal["active", "retired"] = "active"
    versions: list[Version] = field(default_factory=list)
    retired_at: str | None = None
    registered: int = 0

    @property
    def finished(self) -> bool:
        return self.status == "retired"


def registered(state: DatasetState, fact: facts.DatasetRegistered, at: str, _: str) -> None:
    """A registration after the dataset's retirement brings it back."""
    stored = Stored(fact.uri, fact.version_id, fact.sha256, fact.bytes)
    state.versions = [*state.versions[1 - MOST_KEPT :], Version(at, fact.registered_by, stored, fact.rows)]
    state.status, state.retired_at = "active", None
    state.registered += 1


def retired(state: DatasetState, fact: facts.DatasetRetired, at: str, _: str) -> None:
    if fact.sha256 is None:
        state.status, state.retired_at = "retired", at
    for version in state.versions:
        if version.retired_at is None and fact.sha256 in (None, version.stored.sha256):
            version.retired_at = at


APPLY = {facts.DatasetRegistered: registered, facts.DatasetRetired: retired}
