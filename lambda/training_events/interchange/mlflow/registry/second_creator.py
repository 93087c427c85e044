"""Tells of two that have created the same: a model of one name, or two versions with one number.

Two processes see each other's events only once these are recorded, so both can succeed. Nothing of either is lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from training_events.catalogue.model import ModelRegistered
from training_events.interchange.mlflow.registry.models import shown_name
from training_events.recorder.reporting import log
from training_events.times import TEXT_LENGTH

if TYPE_CHECKING:
    from collections.abc import Iterable

    from training_events.event import LogEntry
    from training_events.folds.model import ModelState


class SecondCreator:
    """What a process has created, and what it was told of it. It is told once of each."""

    def __init__(self) -> None:
        self._created: dict[str, str] = {}
        self._told: set[tuple[str, int]] = set()

    def creates(self, model: ModelState) -> ModelState:
        self._created[model.stream] = model.first_at
        return model

    def reads(self, model: ModelState) -> ModelState:
        """Warns the process that created a model after another one did."""
        created = self._created.get(model.stream)
        if created is not None and model.first_at < created:
            del self._created[model.stream]
            log.warning(
                "the model %s was created at %s, before this process created it at %s: both use the same model, and"
                " `training-events history %s` shows who said what",
                shown_name(model),
                model.first_at,
                created,
                model.stream,
            )
        return model

    def message(self, model: ModelState, number: int, entries: Iterable[LogEntry]) -> str | None:
        """Warns of a number that two versions have, and returns the line that MLflow shows of the version."""
        line = same_number(model, number, entries)
        if line is not None and (model.stream, number) not in self._told:
            self._told.add((model.stream, number))
            log.warning("%s", line)
        return line


def same_number(model: ModelState, number: int, entries: Iterable[LogEntry]) -> str | None:
    """Which registrations of a version contradict each other, in one line; None if there is only one, or all say the same."""
    creators: dict[tuple[object, ...], str] = {}
    for entry in entries:
        if entry.type == "ModelRegistered":
            fact = msgspec.json.decode(entry.data, type=ModelRegistered)
            if str(fact.version) == str(number):
                of = fact.run or (fact.artifact and fact.artifact.uri) or "nothing known"
                line = f"by {fact.registered_by or 'somebody'} at {entry.position[:TEXT_LENGTH]} of {of}"
                creators.setdefault((fact.run, fact.artifact), line)
    if len(creators) < 2:
        return None
    return (
        f"version {number} of {shown_name(model)} was registered {len(creators)} times, as each took the number to be free: "
        f"{', '.join(creators.values())}; this is the last one, and `training-events history {model.stream}` has all"
    )
