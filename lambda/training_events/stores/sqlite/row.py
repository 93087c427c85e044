"""An event as a row of the SQLite table `events`, and back. What is absent is NULL; objects and lists are JSON text."""

from __future__ import annotations

from itertools import chain
from typing import Any

import msgspec

from training_events.canonical import canonical_json
from training_events.errors import DamagedEvent
from training_events.event import Entry, Event, Producer, RecordedEvent

COLUMNS = (
    "stream", "position", "event_id", "occurred_at", "recorded_at", "type", "source", "schema_version", "digest",
    "producer", "correlation_id", "resources", "extensions", "data",
)  # fmt: skip
"""`data` is the last: Database.rows measures rows by it."""
ENTRY_COLUMNS = ("position", "recorded_at", "type", "schema_version", "data")

_SOUND = [str, str, str, int, str]
_PRODUCER = ("id", "sequence", "previous")


def to_row(event: Event, recorded_at: str) -> tuple[Any, ...]:
    """The values of COLUMNS."""
    return (
        event.stream, event.position, event.event_id, event.occurred_at, recorded_at, event.type, event.source,
        event.schema_version, event.digest, _text(event.producer and event.producer.said()), event.correlation_id,
        _text(event.resources), _text(event.extensions), event.canonical_data.decode(),
    )  # fmt: skip


def from_row(row: tuple[Any, ...]) -> RecordedEvent:
    """The event in the values of COLUMNS. What `to_row` did not write raises what damage.event_or_damaged knows."""
    said = {name: value for name, value in zip(COLUMNS, row, strict=True) if value is not None}
    for name in {"data", "resources", "extensions", "producer"} & said.keys():
        if not isinstance(said[name], str):  # bytes would do for JSON, but no fold takes them
            raise DamagedEvent(f"{name} is not text")
        said[name] = msgspec.json.decode(said[name])
    if "producer" in said:
        producer = msgspec.convert(said["producer"], dict[str, Any])
        known = {name: producer.pop(name) for name in _PRODUCER if name in producer}
        said["producer"] = msgspec.convert({**known, "extensions": producer}, Producer)
    return msgspec.convert({"event": said, "recorded_at": said.get("recorded_at"), "digest": said.get("digest")}, RecordedEvent)


def are_sound(entries: list[Entry]) -> bool:
    """Whether they are of an entry's types: SQLite stores what it is given, whatever a column is declared as."""
    return [*map(type, chain.from_iterable(entries))] == _SOUND * len(entries)


def to_entry(row: tuple[Any, ...]) -> Entry:
    """The entry in the values of ENTRY_COLUMNS, with what there is."""
    position, recorded_at, kind, data = (value if isinstance(value, str) else "" for value in (*row[:3], row[4]))
    return position, recorded_at, kind, row[3] if isinstance(row[3], int) else 0, data


def _text(value: Any) -> str | None:
    return canonical_json(value).decode() if value else None
