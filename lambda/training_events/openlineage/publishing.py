"""Publishes the run events of runs that were projected a moment ago.

A run event may be published again: when a batch comes again, or when an event of the log comes late and changes what follows
it. It then has the same run and type, by which its receivers know it. What cannot be published is told, and nothing waits for
it: `export --to openlineage --endpoint` sends it later.
"""

from __future__ import annotations

import time
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, cast

from training_events import folds
from training_events.bus.envelope import put_events_entry
from training_events.bus.publisher import MAX_ENTRIES
from training_events.canonical import canonical_json
from training_events.errors import TooSlow
from training_events.folds.run_state import RunState
from training_events.openlineage.parents import Parents
from training_events.openlineage.run_life import DECIDING, RunLife
from training_events.projection.projector import stored_state
from training_events.settings import OPENLINEAGE_SOURCE
from training_events.times import TEXT_LENGTH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef as PutEventsEntry

    from training_events.bus.publisher import EventBusPublisher
    from training_events.event import LogEntry
    from training_events.openlineage.run_life import RunEvent
    from training_events.projection.projector import Projected
    from training_events.stores.event_log import EventLog
    from training_events.stores.read_models import ReadModels

DETAIL_TYPE = "OpenLineage"
_TOO_LATE = "there was no time left"
_ENTRIES_BETWEEN_LOOKS = 256
"""How often the clock is looked at."""


class Unpublished(NamedTuple):
    """What was not published, and why."""

    what: str
    why: str


class Outcome(NamedTuple):
    published: int
    unpublished: list[Unpublished]


class RunEventPublisher:
    """Publishes to a bus, with jobs in this namespace."""

    def __init__(
        self,
        publisher: EventBusPublisher,
        namespace: str,
        log: EventLog,
        read_models: ReadModels,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._publisher, self._namespace, self._clock = publisher, namespace, clock
        self._log, self._read_models = log, read_models

    def publish(self, changes: Iterable[tuple[Projected, list[LogEntry]]], max_seconds: float) -> Outcome:
        """Publish what was started or ended by these changes of streams, each with the events of the log that made it.

        After `max_seconds`, nothing more is read and no further request begun. One that was begun ends by the SDK's timeouts.
        """
        deadline = self._clock() + max_seconds
        parents = Parents(self._namespace, lru_cache(self._state_of))  # for this call: the next one finds newer states
        made: list[tuple[str, PutEventsEntry]] = []
        published, unpublished = 0, []
        for projected, delivered in changes:
            try:
                made += self._made(projected, delivered, parents, deadline)
            except Exception as error:  # noqa: BLE001 - whatever it is, the other runs go on
                unpublished.append(Unpublished(projected.state.stream, f"{type(error).__name__}: {error}"))
        for first in range(0, len(made), MAX_ENTRIES):
            lot = made[first : first + MAX_ENTRIES]
            is_in_time = self._clock() <= deadline
            failed = self._publisher.put(lot) if is_in_time else [(what, _TOO_LATE) for what, _ in lot]
            published += len(lot) - len(failed)
            unpublished += [Unpublished(what, why) for what, why in failed]
        return Outcome(published, unpublished)

    def _made(
        self, projected: Projected, delivered: list[LogEntry], parents: Parents, deadline: float
    ) -> list[tuple[str, PutEventsEntry]]:
        """The entries for the bus, each with what it is. The first is of the first event that was delivered."""
        state = projected.state
        deciding = [entry.position for entry in delivered if entry.type in DECIDING]
        if not deciding or not isinstance(state, RunState):
            return []
        since = min(deciding)[:TEXT_LENGTH]
        if projected.before is None:
            life = RunLife(state, self._namespace, parents)
            entries: Iterable[LogEntry] = self._log.entries(state.stream, until=state.last_at)  # what is newer will come
        else:
            before = cast("RunState", folds.decode(state.stream, projected.before))
            life = RunLife(state, self._namespace, parents, before)
            entries = sorted({entry.position: entry for entry in delivered}.values())
        events = life.events(self._in_time(entries, deadline))
        return [(f"{event.body['eventType']} of {state.stream}", self._entry(event)) for event in events if event.at >= since]

    def _in_time(self, entries: Iterable[LogEntry], deadline: float) -> Iterator[LogEntry]:
        for number, entry in enumerate(entries):
            if number % _ENTRIES_BETWEEN_LOOKS == 0 and self._clock() > deadline:
                raise TooSlow(_TOO_LATE)
            yield entry

    def _entry(self, event: RunEvent) -> PutEventsEntry:
        body = canonical_json(event.body).decode()
        return put_events_entry(self._publisher.bus, OPENLINEAGE_SOURCE, DETAIL_TYPE, body, ())

    def _state_of(self, stream: str) -> RunState | None:
        """The parent's read model. It may be some events behind, which matters less than the time to fold them."""
        model = self._read_models.get(stream)
        state = None if model is None else stored_state(model)
        return state if isinstance(state, RunState) else None
