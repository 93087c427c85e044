"""Reads a message of the undelivered queue into a typed value, whoever sent it.

| shape | who sent it | what it holds |
|---|---|---|
| `dead_letter` | EventBridge, which could not deliver the event to the rule's target | the event |
| `failed_function` | Lambda, because a function failed at every attempt | the event, and the last error |
| `set_aside` | the processor, the projector, or the rule for what no other takes | the event, or the log's change record |
| `failed_batch` | Lambda, because the projector failed at records of the change stream | where they are, not what they hold |
| `unknown` | anyone else | a text |

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from msgspec import Struct

from training_events.bus.envelope import NAMES_OF_STREAMS
from training_events.times import to_utc_text

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef

NO_RULE = "no_rule"
"""The reason with which a rule of `stacks/unmatched_events.py` puts events here that no other rule of the bus takes."""
_MAX_SEQUENCE_NUMBER = 40
"""https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_StreamRecord.html"""

Shape: TypeAlias = Literal["dead_letter", "failed_function", "set_aside", "failed_batch", "unknown"]


class StoredOriginal(Struct, frozen=True):
    """Where an original is kept that was too large for a message."""

    uri: str
    sha256: str
    bytes: int | None


class Batch(Struct, frozen=True):
    """A range of records of a DynamoDB stream; the last one is included."""

    stream_arn: str
    shard: str
    first: str
    last: str


class Names(NamedTuple):
    """What an original says about itself. It may be broken, so any field may be missing."""

    stream: str | None = None
    type: str | None = None
    event_id: str | None = None


class Message(Struct, frozen=True):
    """A message of the queue. `original` is what the function received; None if the message does not hold it."""

    message_id: str
    sent_at: str
    """When it was sent to the queue."""
    shape: Shape
    body: str
    reason: str | None = None
    explanation: str | None = None
    original: Any = None
    stored: StoredOriginal | None = None
    batch: Batch | None = None
    function: str | None = None
    """The ARN of the function that did not get the event, or failed at it, where the message says so."""

    @property
    def names(self) -> Names:
        return _names(self.original)


def stream_of_record(original: Any) -> str | None:
    """The log's stream that a record of the change stream belongs to; None if it is no such record."""
    return _text_at(original, "dynamodb", "Keys", "stream", "S")


def read(received: MessageTypeDef) -> Message:
    """Read a message as SQS returned it, with all its attributes. Never raises: what is not understood is `unknown`."""
    text = received.get("Body", "")
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        body = None
    attributes = {name: value.get("StringValue") for name, value in received.get("MessageAttributes", {}).items()}
    message_id, sent_at = received["MessageId"], to_utc_text(received["Attributes"]["SentTimestamp"])
    for fields_of_shape in (_dead_letter, _set_aside, _failed_batch, _failed_function):
        if fields := fields_of_shape(body, attributes):
            return Message(message_id, sent_at, body=text, **fields)
    return Message(message_id, sent_at, "unknown", text, explanation="not put there by any part of this system")


def _dead_letter(body: Any, attributes: dict[str, Any]) -> dict[str, Any] | None:
    # an event without the attributes was moved by hand; it counts just the same
    if "RULE_ARN" not in attributes and not (_text_at(body, "detail-type") and _text_at(body, "source")):
        return None
    condition, retries = _text_at(attributes, "EXHAUSTED_RETRY_CONDITION"), _text_at(attributes, "RETRY_ATTEMPTS")
    return {
        "shape": "dead_letter",
        "reason": _text_at(attributes, "ERROR_CODE"),
        "explanation": _joined(_text_at(attributes, "ERROR_MESSAGE"), condition, retries and f"{retries} retries"),
        "original": body,
        "function": _text_at(attributes, "TARGET_ARN"),
    }


def _set_aside(body: Any, _: dict[str, Any]) -> dict[str, Any] | None:
    reason, uri, digest = _text_at(body, "reason"), _text_at(body, "original_at"), _text_at(body, "original_sha256")
    if not (reason and _text_at(body, "set_aside_by") and ("original" in body or (uri and digest))):
        return None
    size = body.get("original_bytes")
    return {
        "shape": "set_aside",
        "reason": reason,
        "explanation": _text_at(body, "explanation"),
        "original": body.get("original"),
        "stored": StoredOriginal(uri, digest, size if type(size) is int else None) if uri and digest else None,
    }


def _failed_batch(body: Any, _: dict[str, Any]) -> dict[str, Any] | None:
    info = _value_at(body, "DDBStreamBatchInfo")
    arn, shard, size = _text_at(info, "streamArn"), _text_at(info, "shardId"), _value_at(info, "batchSize")
    first, last = _sequence_number(info, "startSequenceNumber"), _sequence_number(info, "endSequenceNumber")
    if not (arn and shard and first and last):
        return None
    return {
        "shape": "failed_batch",
        "reason": _text_at(body, "requestContext", "condition"),
        "explanation": _joined(
            f"{size} records of the log's change stream" if type(size) is int else "records of the log's change stream",
            _text_at(body, "responseContext", "functionError"),
        ),
        "batch": Batch(arn, shard, first, last),
    }


def _failed_function(body: Any, _: dict[str, Any]) -> dict[str, Any] | None:
    if not isinstance(body, dict) or "requestPayload" not in body or not isinstance(body.get("requestContext"), dict):
        return None
    attempts = _value_at(body, "requestContext", "approximateInvokeCount")
    return {
        "shape": "failed_function",
        "reason": _text_at(body, "requestContext", "condition"),
        "explanation": _joined(
            _text_at(body, "responsePayload", "errorType"),
            _text_at(body, "responsePayload", "errorMessage"),
            f"{attempts} attempts" if type(attempts) is int else None,
        ),
        "original": body["requestPayload"],
        "function": _text_at(body, "requestContext", "functionArn"),
    }


def _names(original: Any) -> Names:
    if stream := stream_of_record(original):
        image = _value_at(original, "dynamodb", "NewImage")
        return Names(stream, _text_at(image, "type", "S"), _text_at(image, "event_id", "S"))
    detail = _value_at(original, "detail")
    named = (f"{kind}/{name}" for key, kind in NAMES_OF_STREAMS.items() if (name := _text_at(detail, key)))
    stream = _text_at(detail, "stream") or next(named, None)
    return Names(stream, _text_at(original, "detail-type"), _text_at(detail, "event_id") or _text_at(original, "id"))


def _value_at(value: Any, *path: str) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _text_at(value: Any, *path: str) -> str | None:
    """The text at this path. Half surrogate pairs are escaped, as no output accepts them."""
    text = _value_at(value, *path)
    return text.encode(errors="backslashreplace").decode() if isinstance(text, str) else None


def _sequence_number(info: Any, key: str) -> str | None:
    text = _text_at(info, key) or ""
    return text if text.isascii() and text.isdecimal() and len(text) <= _MAX_SEQUENCE_NUMBER else None


def _joined(*parts: str | None) -> str | None:
    return ", ".join(filter(None, parts)) or None
