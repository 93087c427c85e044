"""The events of a stream as people read them: in the order in which the state takes them."""

from __future__ import annotations

from itertools import groupby, islice, takewhile
from typing import TYPE_CHECKING

from training_events.catalogue import CATALOGUE
from training_events.folds import kind_of
from training_events.folds.instant import arrange

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from training_events.event import RecordedEvent
    from training_events.stores.event_log import EventLog

MAX_ARRANGED_EVENTS = 1000
"""Of one instant. Where there are more, they come in the order of the log: they are given as they are read."""


def events_of(log: EventLog, stream: str, *, as_of: str | None = None, known_at: str | None = None) -> Iterator[RecordedEvent]:
    """The events of a stream that had occurred by `as_of` and were recorded by `known_at` (27-character times)."""
    recorded = (
        record
        for record in takewhile(lambda record: as_of is None or record.event.occurred_at <= as_of, log.read(stream))
        if known_at is None or record.recorded_at <= known_at
    )
    return in_order_of_life(stream, recorded)


def in_order_of_life(stream: str, recorded: Iterable[RecordedEvent]) -> Iterator[RecordedEvent]:
    """The events of a stream, which are in key order: those of one instant as the folds take them."""
    types = CATALOGUE[kind_of(stream)]
    for _, group in groupby(recorded, key=lambda record: record.event.occurred_at):
        instant = list(islice(group, MAX_ARRANGED_EVENTS))
        if 1 < len(instant) < MAX_ARRANGED_EVENTS:
            by_position = {record.event.position: record for record in instant}
            instant = [by_position[entry.position] for entry in arrange([record.entry for record in instant], types).entries]
        yield from instant
        yield from group  # noqa: B031 - what is left of it
