"""An event as an item of the DynamoDB table, and back. What is absent is no attribute.

`data` and `extensions` are canonical JSON text: a DynamoDB number has 38 decimal digits and no exponent beyond ±128, and would
not give back every number as it was said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from training_events.canonical import canonical_json
from training_events.event import Event, Producer, RecordedEvent

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

    Item = dict[str, AttributeValueTypeDef]


def to_item(event: Event, recorded_at: str) -> Item:
    """The item in DynamoDB's low-level form."""
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
    return item


def from_item(item: Item) -> RecordedEvent:
    """The event an item holds, as `to_item` wrote it."""
    producer = item.get("producer")
    event = Event(
        event_id=item["event_id"]["S"],
        stream=item["stream"]["S"],
        type=item["type"]["S"],
        occurred_at=item["occurred_at"]["S"],
        source=item["source"]["S"],
        data=_value(item["data"]),
        schema_version=int(item["schema_version"]["N"]),
        producer=None if producer is None else _producer(producer["M"]),
        correlation_id=item["correlation_id"]["S"] if "correlation_id" in item else None,
        resources=tuple(resource["S"] for resource in item["resources"]["L"]) if "resources" in item else (),
        extensions=_value(item["extensions"]) if "extensions" in item else {},
    )
    return RecordedEvent(event, item["recorded_at"]["S"], item["digest"]["S"])


def item_bytes(item: Item) -> int:
    """The size DynamoDB counts (Developer Guide, "DynamoDB item sizes and formats"): names and values in UTF-8."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def _value_bytes(value: Any) -> int:
    [(kind, content)] = value.items()
    if kind == "S":
        return len(content.encode())
    if kind == "N":  # one byte for two digits and one more; the guide says "approximately", so rounded up
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


def _producer(item: Any) -> Producer:
    return Producer(
        id=item["id"]["S"],
        sequence=int(item["sequence"]["N"]),
        previous=item["previous"]["S"] if "previous" in item else None,
        extensions=_value(item["extensions"]) if "extensions" in item else {},
    )


def _text(value: Any) -> str:
    return canonical_json(value).decode()


def _value(attribute: Any) -> Any:
    return msgspec.json.decode(attribute["S"])
