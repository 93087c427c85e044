"""An event as a row of the SQLite table `events`, and back. What is absent is NULL. Objects and lists are JSON text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from training_events import strict_json
from training_events.canonical import canonical_json
from training_events.errors import DamagedEvent
from training_events.event import Event, LogEntry, Producer, RecordedEvent
from training_events.stores.verbatim import StoredTexts, judge

if TYPE_CHECKING:
    from training_events.stores.event_log import AuditedEvent

COLUMNS = StoredTexts._fields
"""In the order in which the table has them. Somebody may have added more to it, which come behind."""
ENTRY_COLUMNS = ("position", "recorded_at", "type", "schema_version", "data", "producer")
"""In the order of LogEntry's fields."""
DATA = COLUMNS.index("data")
"""The only column whose values can be large. Database.rows measures rows by it."""
ENTRY_DATA = ENTRY_COLUMNS.index("data") - len(ENTRY_COLUMNS)

_PRODUCER_FIELDS = ("id", "sequence", "previous")


def to_row(event: Event, recorded_at: str) -> tuple[Any, ...]:
    """The values of COLUMNS."""
    return (
        event.stream, event.position, event.event_id, event.occurred_at, recorded_at, event.type, event.source,
        event.schema_version, event.canonical_data.decode(), event.digest,
        _json_text(event.producer and event.producer.to_dict()), event.correlation_id, _json_text(event.resources),
        _json_text(event.extensions),
    )  # fmt: skip


def audit_row(row: Any) -> AuditedEvent:
    """Judges the values of COLUMNS, and of further columns behind them, in which no event has a value."""
    foreign = row[len(COLUMNS) :]
    if foreign.count(None) < len(foreign):
        raise DamagedEvent("it has a value in a column that the log did not make")
    return judge(row[: len(COLUMNS)])


def from_row(row: tuple[Any, ...]) -> RecordedEvent:
    """The event in the first values of a row, those of COLUMNS.

    A row that `to_row` did not write raises an error that event_or_damaged catches.
    """
    values = {name: value for name, value in zip(COLUMNS, row, strict=False) if value is not None}
    for name in {"data", "resources", "extensions", "producer"} & values.keys():
        if not isinstance(values[name], str):  # msgspec decodes bytes too, but no fold takes them
            raise DamagedEvent(f"{name} is not text")
        values[name] = strict_json.stored(values[name])
    if "producer" in values:
        producer = msgspec.convert(values["producer"], dict[str, Any])
        known = {name: producer.pop(name) for name in _PRODUCER_FIELDS if name in producer}
        values["producer"] = msgspec.convert({**known, "extensions": producer}, Producer)
    return msgspec.convert(
        {"event": values, "recorded_at": values.get("recorded_at"), "digest": values.get("digest")}, RecordedEvent
    )


def to_entries(rows: list[tuple[Any, ...]]) -> list[LogEntry]:
    """The entries in rows of ENTRY_COLUMNS. The entry of a damaged row has what there is of it."""
    try:
        return msgspec.convert(rows, list[LogEntry])
    except msgspec.ValidationError:  # a column may hold anything, but rarely does: all other rows pay nothing
        return [_entry_of(row) for row in rows]


def _entry_of(row: tuple[Any, ...]) -> LogEntry:
    """The entry of one row, whatever the row holds."""
    position, recorded_at, type_, schema_version, data, producer = (to_text(row[0]), *row[1:])
    return LogEntry(
        position=position,
        recorded_at=recorded_at if isinstance(recorded_at, str) else "",
        type=type_ if isinstance(type_, str) else "",
        schema_version=schema_version if isinstance(schema_version, int) else 0,
        data=data if isinstance(data, str) else "",
        producer=producer if isinstance(producer, str) else None,
    )


def to_text(stored: str | bytes) -> str:
    """A key as text. For a key that is not UTF-8, as only an altered log has, SQLite gives bytes."""
    return stored if isinstance(stored, str) else stored.decode(errors="surrogateescape")


def to_bytes(text: str | bytes) -> bytes:
    """The bytes of a key, also of a key that was not UTF-8 before `to_text`."""
    return text if isinstance(text, bytes) else text.encode(errors="surrogateescape")


def _json_text(value: Any) -> str | None:
    return canonical_json(value).decode() if value else None
