"""An event as a row of the SQLite table `events`, and back. What is absent is NULL; objects and lists are JSON text."""

from __future__ import annotations

from typing import Any

import msgspec

from training_events.canonical import canonical_json
from training_events.errors import DamagedEvent
from training_events.event import Event, LogEntry, Producer, RecordedEvent

COLUMNS = (
    "stream", "position", "event_id", "occurred_at", "recorded_at", "type", "source", "schema_version", "digest",
    "producer", "correlation_id", "resources", "extensions", "data",
)  # fmt: skip
"""`data` is the last: Database.rows measures rows by it."""
ENTRY_COLUMNS = ("position", "recorded_at", "type", "schema_version", "data")

_PRODUCER = ("id", "sequence", "previous")


def to_row(event: Event, recorded_at: str) -> tuple[Any, ...]:
    """The values of COLUMNS."""
    return (
        event.stream, event.position, event.event_id, event.occurred_at, recorded_at, event.type, event.source,
        event.schema_version, event.digest, _json_text(event.producer and event.producer.to_dict()), event.correlation_id,
        _json_text(event.resources), _json_text(event.extensions), event.canonical_data.decode(),
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


def to_entries(rows: list[tuple[Any, ...]]) -> list[LogEntry]:
    """The entries in rows of ENTRY_COLUMNS; that of a damaged row has what there is."""
    try:
        return msgspec.convert(rows, list[LogEntry])
    except msgspec.ValidationError:  # SQLite stores what it is given; sound rows, nearly all there are, pay nothing
        return [_entry_of(row) for row in rows]


def _entry_of(row: tuple[Any, ...]) -> LogEntry:
    """One row's entry, whatever stands in the row."""
    position, recorded_at, type_, schema_version, data = (to_text(row[0]), *row[1:])
    return LogEntry(
        position=position,
        recorded_at=recorded_at if isinstance(recorded_at, str) else "",
        type=type_ if isinstance(type_, str) else "",
        schema_version=schema_version if isinstance(schema_version, int) else 0,
        data=data if isinstance(data, str) else "",
    )


def to_text(stored: str | bytes) -> str:
    """A key as text. SQLite gives bytes for one that is not UTF-8, as only an altered log has."""
    return stored if isinstance(stored, str) else stored.decode(errors="surrogateescape")


def to_bytes(text: str | bytes) -> bytes:
    """The bytes of a key, also of one that `to_text` made of bytes that are not UTF-8."""
    return text if isinstance(text, bytes) else text.encode(errors="surrogateescape")


def _json_text(value: Any) -> str | None:
    return canonical_json(value).decode() if value else None
