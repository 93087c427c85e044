"""Where an import records: in a log, or over the bus."""

from __future__ import annotations

import time
from contextlib import nullcontext
from typing import TYPE_CHECKING, NamedTuple, Protocol

from training_events.bus.envelope import to_put_events_entry
from training_events.bus.publisher import is_final
from training_events.errors import NotRecordable, NotRecordedYet, TrainingEventsError
from training_events.stores.appending import appender
from training_events.stores.event_log import Appended
from training_events.stores.sqlite.event_log import SqliteLog

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from training_events.bus.publisher import EventBusPublisher
    from training_events.event import Event
    from training_events.settings import Settings
    from training_events.stores.event_log import EventLog

ARRIVAL_SECONDS = 120.0
"""How long the end of an import waits for what went over the bus."""


class Sent(NamedTuple):
    """How many of the events are new in the log, and those that no log takes, each with the reason."""

    recorded: int
    refused: list[tuple[Event, str]]


class Destination(Protocol):
    def send(self, events: Sequence[Event]) -> Sent:
        """Raises what keeps the rest from being recorded. An import that is started again goes on there."""
        ...

    def wait(self) -> None:
        """Wait until the log has what was sent: the next import then sees it. Raises NotRecordedYet."""
        ...


class LogDestination:
    """A log that takes events itself. In a file they are one transaction: the disk is synced once for all of them."""

    def __init__(self, log: EventLog, settings: Settings) -> None:
        self._log = appender(log, settings)
        self._together = log.database.together if isinstance(log, SqliteLog) else nullcontext

    def send(self, events: Sequence[Event]) -> Sent:
        recorded, refused = 0, []
        with self._together():
            for event in events:
                try:
                    recorded += self._log.append(event) is Appended.RECORDED
                except NotRecordable as flaw:
                    refused.append((event, str(flaw)))
        return Sent(recorded, refused)

    def wait(self) -> None:
        """It has them."""


class BusDestination:
    """A bus, and the log that has its events a moment later."""

    def __init__(self, publisher: EventBusPublisher, log: EventLog, sleep: Callable[[float], None] = time.sleep) -> None:
        self._publisher, self._log, self._sleep = publisher, log, sleep
        self._last: list[Event] = []

    def send(self, events: Sequence[Event]) -> Sent:
        failed = self._publisher.put((event, to_put_events_entry(self._publisher.bus, event)) for event in events)
        if lasting := [why for _, why in failed if not is_final(why)]:
            raise TrainingEventsError(f"the bus {self._publisher.bus} did not take {len(lasting)} event(s): {lasting[0]}")
        self._last = [event for event in events if event not in [refused for refused, _ in failed]]
        return Sent(len(self._last), failed)

    def wait(self) -> None:
        deadline = time.monotonic() + ARRIVAL_SECONDS
        for event in self._last:
            while not self._has(event):
                if time.monotonic() > deadline:
                    raise NotRecordedYet(
                        f"the bus has taken all, but after {ARRIVAL_SECONDS:.0f} seconds the log does not have"
                        f" {event.type} of {event.stream}: look at `training-events undelivered`"
                    )
                self._sleep(0.5)

    def _has(self, event: Event) -> bool:
        at = event.occurred_at
        return any(entry.position == event.position for entry in self._log.entries(event.stream, after=at, until=at))
