"""A record of the log's change stream, as Lambda delivers it: an event that was appended, or the trace of an alteration.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_Record.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from training_events import catalogue
from training_events.errors import LogAltered, NewerVersion, NotFoldable, NotUnderstood, UnknownType, Unreadable
from training_events.event import check_stream
from training_events.stores.damage import audited_or_damaged
from training_events.stores.dynamodb.item import audit_item, entry_of, from_item
from training_events.stores.event_log import Damaged

if TYPE_CHECKING:
    from training_events.event import LogEntry
    from training_events.stores.event_log import AuditedEvent


class Arrival(NamedTuple):
    """A record that was read: its number in the change stream, the entry for the folds, and what is wrong with it.

    The folds only count an entry that is not `understood`.
    """

    number: str
    stream: str
    entry: LogEntry | None
    flaw: NotFoldable | None
    record: dict[str, Any]
    understood: bool


def read_arrival(record: dict[str, Any]) -> Arrival:
    """Read a record. Anything but the insert of an event into a stream has no entry; its flaw is LogAltered."""
    change = record["dynamodb"]
    number, stream = change["SequenceNumber"], change["Keys"]["stream"]["S"]
    try:
        _, audited = read_insert(record)
    except LogAltered as altered:
        return Arrival(number, stream, None, altered, record, understood=False)
    entry = entry_of(change["NewImage"])
    flaw = _flaw(stream, entry, audited)
    if isinstance(flaw, UnknownType | NewerVersion):  # not flaws: newer code knows them
        return Arrival(number, stream, entry, None, record, understood=False)
    return Arrival(number, stream, entry, flaw, record, understood=flaw is None)


def read_insert(record: dict[str, Any]) -> tuple[str, AuditedEvent | Damaged]:
    """The stream, and what was put into it. Raises LogAltered for anything but the insert of an item into a stream."""
    change = record["dynamodb"]
    stream, position = change["Keys"]["stream"]["S"], change["Keys"]["position"]["S"]
    try:
        check_stream(stream)
    except NotUnderstood as error:
        raise LogAltered(f"an item that is no event: {error}", "events alone") from None
    if record["eventName"] != "INSERT":
        raise LogAltered(_what_was_done(record), "appending alone")
    return stream, audited_or_damaged(stream, position, change["NewImage"], audit_item, from_item)


def _what_was_done(record: dict[str, Any]) -> str:
    change = record["dynamodb"]
    position = change["Keys"]["position"]["S"]
    digest = change.get("OldImage", {}).get("digest", {}).get("S")
    return f"{record['eventName']} at {position!a}, where {digest} was"


def _flaw(stream: str, entry: LogEntry, audited: AuditedEvent | Damaged) -> NotFoldable | None:
    """Why no state can be made from the event, or why the log should not hold it; None if it is in order."""
    if isinstance(audited, Damaged):
        return Unreadable(f"the item at {audited.position!a} is no event: {audited.why}", "what the event processor puts")
    if audited.alteration is not None:
        return LogAltered(f"put at {entry.position!a}: {audited.alteration}", "what the event processor puts")
    try:
        catalogue.read(stream, entry.type, entry.schema_version, entry.data)
    except NotFoldable as flaw:
        return flaw
    return None
