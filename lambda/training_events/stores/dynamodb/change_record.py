"""One record of the log's change stream, as Lambda hands it over: an appended event, or the trace of an alteration.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_Record.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from training_events import catalogue
from training_events.errors import LogAltered, NewerVersion, NotFoldable, NotUnderstood, UnknownType, Unreadable
from training_events.event import check_stream
from training_events.stores.damage import event_or_damaged
from training_events.stores.dynamodb.item import entry_of, from_item
from training_events.stores.event_log import Damaged

if TYPE_CHECKING:
    from training_events.event import LogEntry


class Arrival(NamedTuple):
    """What a record says: its number in the change stream, the entry that a fold can take, what is wrong with it.

    An entry that is not `understood` is only counted by the folds.
    """

    number: str
    stream: str
    entry: LogEntry | None
    flaw: NotFoldable | None
    record: dict[str, Any]
    understood: bool


def read_arrival(record: dict[str, Any]) -> Arrival:
    """What the record says. Anything but the insert of an event of a stream is a flaw, LogAltered, without an entry."""
    change = record["dynamodb"]
    number, stream = change["SequenceNumber"], change["Keys"]["stream"]["S"]
    try:
        check_stream(stream)
        if record["eventName"] != "INSERT":
            raise LogAltered(_what_was_done(record), "appending alone")
    except NotUnderstood as why:
        altered = why if isinstance(why, LogAltered) else LogAltered(f"an item that is no event: {why}", "events alone")
        return Arrival(number, stream, None, altered, record, understood=False)
    entry = entry_of(change["NewImage"])
    flaw = _flaw(stream, entry, change["NewImage"])
    if isinstance(flaw, UnknownType | NewerVersion):  # no flaws: kept, for code that knows them
        return Arrival(number, stream, entry, None, record, understood=False)
    return Arrival(number, stream, entry, flaw, record, understood=flaw is None)


def _what_was_done(record: dict[str, Any]) -> str:
    change = record["dynamodb"]
    position = change["Keys"]["position"]["S"]
    digest = change.get("OldImage", {}).get("digest", {}).get("S")
    return f"{record['eventName']} at {position!a}, where {digest} was"


def _flaw(stream: str, entry: LogEntry, image: Any) -> NotFoldable | None:
    """Why nothing can be made of the event, or should not have been, if so."""
    read = event_or_damaged(stream, entry.position, image, from_item)
    if isinstance(read, Damaged):
        return Unreadable(f"the item at {read.position!a} is no event: {read.why}", "what the event processor puts")
    if read.digest != read.event.digest:  # taken above in any case
        why = f"put at {entry.position!a} with the digest {read.digest!a:.80}, where the content gives {read.event.digest}"
        return LogAltered(why, "what the event processor puts")
    try:
        catalogue.read(stream, entry.type, entry.schema_version, entry.data)
    except NotFoldable as flaw:
        return flaw
    return None
