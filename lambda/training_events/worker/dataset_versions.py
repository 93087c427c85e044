"""Requests a training for each new version of a dataset that a recipe waits for.

On AWS the training starter does the same, and makes the same events: the log takes them once.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct, structs

from training_events import times
from training_events.errors import DamagedEvent
from training_events.reading.opening import require_read_models
from training_events.training.recipe import Recipe
from training_events.training.triggers import requests_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from training_events.event import Event, RecordedEvent
    from training_events.reading.opening import Sources
    from training_events.training.recipe_store import RecipeStore

OVERLAP_HOURS = 1
"""A read model may be late. What was recorded so shortly before the last look is looked at once more, which changes nothing."""


_MINUTE = len("2026-11-22T15:08")


class _Named(Struct, frozen=True):
    stream: str


class _Mark(Struct, frozen=True):
    """When a worker first looked at this log on this machine, and when one last did."""

    first: str
    last: str


class DatasetVersions:
    """Looks for versions that were recorded since a worker first ran here. `send` records an event."""

    def __init__(self, sources: Sources, recipes: RecipeStore, folder: Path, send: Callable[[Event], object]) -> None:
        self._sources, self._recipes, self._send = sources, recipes, send
        self._file = folder / "datasets.json"
        self._seen: dict[str, bytes] = {}
        self._asked_about: set[tuple[str, str]] = set()
        now = times.now()
        try:
            self._mark = msgspec.json.decode(self._file.read_bytes(), type=_Mark)
        except (FileNotFoundError, msgspec.MsgspecError):
            self._mark = _Mark(now, now)
        self._since = max(self._mark.first, times.hours_after(self._mark.last, -OVERLAP_HOURS))
        self._keep(now)

    def request_trainings(self) -> list[str]:
        """Ask for what the recipes want. Returns the streams. The read models are up to date already."""
        now, log = times.now(), self._sources.log
        events = [event for registered in self._new_versions() for event in requests_of(registered, self._readable(), log)]
        for event in events:
            self._send(event)
        if events or now[:_MINUTE] != self._mark.last[:_MINUTE]:
            self._keep(now)
        return [event.stream for event in events]

    def _readable(self) -> list[Recipe]:
        """One with a mistake starts nothing; who asks for it is told."""
        found = map(self._recipes.find, self._recipes.names())
        return [recipe for recipe in found if isinstance(recipe, Recipe)]

    def _new_versions(self) -> Iterator[RecordedEvent]:
        """Of those datasets whose read model has changed since the last look."""
        read_models, _ = require_read_models(self._sources)
        for summary in read_models.summaries("dataset"):
            stream = msgspec.json.decode(summary, type=_Named).stream
            if self._seen.get(stream) != summary:
                yield from self._registered(stream)
                self._seen[stream] = summary

    def _registered(self, stream: str) -> Iterator[RecordedEvent]:
        with suppress(DamagedEvent):  # `verify` tells of it; what other datasets have is not held up
            for recorded in self._sources.log.read(stream):
                key = stream, recorded.event.position
                if (
                    recorded.event.type == "DatasetRegistered"
                    and recorded.recorded_at > self._since
                    and key not in self._asked_about
                ):
                    yield recorded
                    self._asked_about.add(key)

    def _keep(self, now: str) -> None:
        self._mark = structs.replace(self._mark, last=now)
        self._file.write_bytes(msgspec.json.encode(self._mark))
