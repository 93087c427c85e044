"""An event as an item of the DynamoDB table, and back. What is absent has no attribute.

`data` and `extensions` are canonical JSON text. A number of DynamoDB has 38 decimal digits and no exponent beyond ±128, so it
could not give back every number as it was recorded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import structs

from training_events import strict_json
from training_events.canonical import canonical_json
from training_events.errors import DamagedEvent, NotRecordable, TooLarge
from training_events.event import Event, LogEntry, Numbering, Producer, RecordedEvent
from training_events.stores.verbatim import StoredTexts, judge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

    from training_events.stores.event_log import AuditedEvent

    Item = dict[str, AttributeValueTypeDef]

MAX_ITEM_BYTES = 400 * 1024
"""DynamoDB: the largest item, counting the names and the values."""

ENTRY_ATTRIBUTES = ("position", "recorded_at", "type", "schema_version", "data", "producer")
_ATTRIBUTES = frozenset(Event.__struct_fields__) | {"position", "recorded_at", "digest", "account"}
_PRODUCER_ATTRIBUTES = frozenset(Producer.__struct_fields__)
_PRODUCER_FIELDS = _PRODUCER_ATTRIBUTES - {"extensions"}
"""What no key of its extensions is called: in the canonical JSON these stand beside each other."""


def to_item(event: Event, recorded_at: str, account: str | None = None) -> Item:
    """The item in DynamoDB's low-level form. Raises TooLarge if DynamoDB would refuse it."""
    item: Item = {
        "stream": {"S": event.stream},
        "position": {"S": event.position},
        "event_id": {"S": event.event_id},
        "occurred_at": {"S": event.occurred_at},
        "recorded_at": {"S": recorded_at},
        "type": {"S": event.type},
        "source": {"S": event.source},
        "schema_version": {"N": str(event.schema_version)},
        "data": {"S": event.canonical_data.decode()},
        "digest": {"S": event.digest},
    }
    if event.producer is not None:
        item["producer"] = {"M": _producer_item(event.producer)}
    if event.correlation_id is not None:
        item["correlation_id"] = {"S": event.correlation_id}
    if event.resources:
        item["resources"] = {"L": [{"S": resource} for resource in event.resources]}
    if event.extensions:
        item["extensions"] = {"S": _text(event.extensions)}
    if account is not None:
        item["account"] = {"S": account}
    if (size := item_bytes(item)) > MAX_ITEM_BYTES:
        raise TooLarge(f"the event makes an item of {size} bytes", f"at most {MAX_ITEM_BYTES} bytes (DynamoDB)")
    return item


def audit_item(item: Item) -> AuditedEvent:
    """Judges an item. One with anything that `to_item` did not write raises an error that audited_or_damaged catches."""
    _refuse_foreign(item, _ATTRIBUTES)
    resources = _texts(item, "resources") if "resources" in item else None
    return judge(
        StoredTexts(
            stream=_get(item, "stream", "S"),
            position=_get(item, "position", "S"),
            event_id=_get(item, "event_id", "S"),
            occurred_at=_get(item, "occurred_at", "S"),
            recorded_at=_get(item, "recorded_at", "S"),
            type=_get(item, "type", "S"),
            source=_get(item, "source", "S"),
            schema_version=_whole_number(item, "schema_version"),
            digest=_get(item, "digest", "S"),
            producer=_whole_producer_text(_get(item, "producer", "M")) if "producer" in item else None,
            correlation_id=_get(item, "correlation_id", "S") if "correlation_id" in item else None,
            resources=None if resources is None else _text(resources),
            extensions=_get(item, "extensions", "S") if "extensions" in item else None,
            data=_get(item, "data", "S"),
        ),
        _get(item, "account", "S") if "account" in item else None,
    )


def from_item(item: Item) -> RecordedEvent:
    """The event in an item. An item that `to_item` did not write raises one of the errors that event_or_damaged catches."""
    event = Event(
        event_id=_get(item, "event_id", "S"),
        stream=_get(item, "stream", "S"),
        type=_get(item, "type", "S"),
        occurred_at=_get(item, "occurred_at", "S"),
        source=_get(item, "source", "S"),
        data=_object(item, "data"),
        schema_version=int(_get(item, "schema_version", "N")),
        producer=_producer(_get(item, "producer", "M")) if "producer" in item else None,
        correlation_id=_get(item, "correlation_id", "S") if "correlation_id" in item else None,
        resources=_texts(item, "resources") if "resources" in item else (),
        extensions=_object(item, "extensions") if "extensions" in item else {},
    )
    account = _get(item, "account", "S") if "account" in item else None
    return RecordedEvent(event, _get(item, "recorded_at", "S"), _get(item, "digest", "S"), account)


def to_entries(items: Sequence[Item]) -> list[LogEntry]:
    """The items' entries. The entry of a damaged item has what there is of it."""
    try:
        return [
            LogEntry(
                item["position"]["S"],
                item["recorded_at"]["S"],
                item["type"]["S"],
                int(item["schema_version"]["N"]),
                item["data"]["S"],
                _producer_text(item),
            )
            for item in items
        ]
    except (KeyError, ValueError):  # a damaged item is rare: all others pay nothing for looking
        return [entry_of(item) for item in items]


def entry_of(item: Any) -> LogEntry:
    """The entry of one item, whatever the item lacks."""
    position, recorded_at, type_, data = (
        item.get(name, {}).get("S", "") for name in ("position", "recorded_at", "type", "data")
    )
    version = item.get("schema_version", {}).get("N", "")
    return LogEntry(position, recorded_at, type_, int(version) if version.isdecimal() else 0, data, _producer_text(item))


def _producer_text(item: Any) -> str | None:
    """The producer as an entry holds it; None where the item names none, or something else in its place."""
    try:
        producer = item["producer"]["M"]
        numbering = Numbering(producer["id"]["S"], int(producer["sequence"]["N"]))
        if "extensions" in producer:
            numbering = structs.replace(numbering, rank=_object(producer, "extensions").get("rank"))
        return _text(msgspec.to_builtins(numbering))
    except (KeyError, TypeError, ValueError, DamagedEvent, NotRecordable):
        return None


def item_bytes(item: Item) -> int:
    """The size that DynamoDB counts (Developer Guide, "DynamoDB item sizes and formats"): names and values in UTF-8."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def _value_bytes(value: Any) -> int:
    [(kind, content)] = value.items()
    if kind == "S":
        return len(content.encode())
    if kind == "B":
        return len(content)
    if kind == "N":  # a byte for two digits, and one more; rounded up, because the guide says "approximately"
        return (len(content) + 1) // 2 + 1
    nested = item_bytes(content) if kind == "M" else sum(_value_bytes(element) for element in content)
    return 3 + len(content) + nested  # 3 for the map or list, and 1 for each element


def _producer_item(producer: Producer) -> Item:
    item: Item = {"id": {"S": producer.id}, "sequence": {"N": str(producer.sequence)}}
    if producer.previous is not None:
        item["previous"] = {"S": producer.previous}
    if producer.extensions:
        item["extensions"] = {"S": _text(producer.extensions)}
    return item


def _producer(item: Item) -> Producer:
    return Producer(
        id=_get(item, "id", "S"),
        sequence=int(_get(item, "sequence", "N")),
        previous=_get(item, "previous", "S") if "previous" in item else None,
        extensions=_object(item, "extensions") if "extensions" in item else {},
    )


def _whole_producer_text(item: Item) -> str:
    """The canonical JSON of a producer, from texts as they are stored."""
    _refuse_foreign(item, _PRODUCER_ATTRIBUTES)
    fields: dict[str, Any] = {"id": _get(item, "id", "S"), "sequence": _whole_number(item, "sequence")}
    if "previous" in item:
        fields["previous"] = _get(item, "previous", "S")
    if "extensions" in item:
        extensions, stored = _object(item, "extensions"), _get(item, "extensions", "S")
        # in the canonical JSON its keys stand between the others: the text itself cannot be put there as it is
        if not extensions or _text(extensions) != stored or not _PRODUCER_FIELDS.isdisjoint(extensions):
            raise DamagedEvent("the extensions of its producer are not as the log stores them")
        fields |= extensions
    return _text(fields)


def _refuse_foreign(item: Item, known: frozenset[str]) -> None:
    if foreign := sorted(item.keys() - known):
        raise DamagedEvent(f"it has an attribute {foreign[0]!a:.80}, which no event has")


def _whole_number(item: Item, name: str) -> int:
    text = _get(item, name, "N")
    if text != str(number := int(text)):
        raise DamagedEvent(f"the attribute {name} is {text!a:.80}")
    return number


def _get(item: Item, name: str, kind: str) -> Any:
    try:
        [(kind_there, content)] = item[name].items()
    except KeyError:
        raise DamagedEvent(f"the attribute {name} is missing") from None
    if kind_there != kind:
        raise DamagedEvent(f"the attribute {name} is not of type {kind}")
    return content


def _object(item: Item, name: str) -> dict[str, Any]:
    value = strict_json.stored(_get(item, name, "S"))
    if not isinstance(value, dict):
        raise DamagedEvent(f"the attribute {name} is no JSON object")
    return value


def _texts(item: Item, name: str) -> tuple[str, ...]:
    return tuple(_get({name: element}, name, "S") for element in _get(item, name, "L"))


def _text(value: Any) -> str:
    return canonical_json(value).decode()
