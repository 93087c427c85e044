"""The leaf of an event as the log holds it, or as its change stream delivers it. What is no event of a producer gets none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from training_events.errors import LogAltered
from training_events.proof.tree.leaf import Leaf
from training_events.stores.dynamodb.change_record import read_insert
from training_events.stores.event_log import Damaged

if TYPE_CHECKING:
    from training_events.stores.event_log import AuditedEvent


def recorded_leaf(stream: str, record: AuditedEvent | Damaged) -> Leaf:
    """The leaf of a record of the log. Raises LogAltered for one that the event processor did not put like this."""
    if isinstance(record, Damaged):
        raise LogAltered(f"the item at {record.position!a} of {stream!a} is no event: {record.why}", "what the processor puts")
    if record.alteration is not None:
        raise LogAltered(f"the item at {record.position!a} of {stream!a}: {record.alteration}", "what the processor puts")
    return Leaf(stream, record.position, record.digest, record.recorded_at, record.account, record.source)


def delivered_leaf(record: dict[str, Any]) -> Leaf:
    """The leaf of a record of the change stream. Raises LogAltered for anything but the insert of an event."""
    return recorded_leaf(*read_insert(record))
