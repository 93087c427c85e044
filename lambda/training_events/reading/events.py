"""The events of a stream as people read them: in the order in which the state takes them."""

from __future__ import annotations

from itertools import groupby, islice, takewhile
from operator import attrgetter
from typing import TYPE_CHECKING, TypeVar

from training_events.catalogue import CATALOGUE
from training_events.folds import kind_of
from training_events.folds.instant import arrange
from training_events.projection.time_travel import entries_at
from training_events.times import TEXT_LENGTH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from training_events.event import LogEntry, RecordedEvent
    from training_events.stores.event_log import EventLog

_T = TypeVar("_T")

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


def entries_of(log: EventLog, stream: str, *, as_of: str | None = None, known_at: str | None = None) -> Iterator[LogEntry]:
    """The same events as folds take them. One that somebody damaged is an entry with what is left of it, and raises nothing."""
    return _arranged(
        stream, entries_at(log, stream, as_of=as_of, known_at=known_at), attrgetter("position"), lambda entry: entry
    )


def in_order_of_life(stream: str, recorded: Iterable[RecordedEvent]) -> Iterator[RecordedEvent]:
    """The events of a stream, which are in key order: those of one instant as the folds take them."""
    return _arranged(stream, recorded, attrgetter("event.position"), attrgetter("entry"))


def _arranged(
    stream: str, records: Iterable[_T], position_of: Callable[[_T], str], entry_of: Callable[[_T], LogEntry]
) -> Iterator[_T]:
    types = CATALOGUE[kind_of(stream)]
    for _, group in groupby(records, key=lambda record: position_of(record)[:TEXT_LENGTH]):
        instant = list(islice(group, MAX_ARRANGED_EVENTS))
        if 1 < len(instant) < MAX_ARRANGED_EVENTS:
            by_position = {position_of(record): record for record in instant}
            instant = [by_position[entry.position] for entry in arrange(list(map(entry_of, instant)), types).entries]
        yield from instant
        yield from group  # noqa: B031 - what is left of it
