"""What is to be recorded, and the event that it becomes: the same statement is the same event, whenever it is imported."""

from __future__ import annotations

from typing import Any, NamedTuple

from training_events.canonical import canonical_json
from training_events.event import Event
from training_events.interchange.mlflow.importing.known import IMPORTED
from training_events.recorder.delivery.sha256 import sha256_hex

_ID_DIGITS = 32


class Statement(NamedTuple):
    """An event's type and data, and when it happened."""

    at: str
    type: str
    data: dict[str, Any]


def event_of(stream: str, statement: Statement, source: str) -> Event:
    """Raises a NotRecordable for what no log takes."""
    at, type_, data = statement
    id_ = IMPORTED + sha256_hex(canonical_json([stream, type_, data]))[:_ID_DIGITS]
    return Event(id_, stream, type_, at, source, data, correlation_id=stream.partition("/")[2])
