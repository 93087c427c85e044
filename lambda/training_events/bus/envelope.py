"""An event in EventBridge's envelope, in both directions: as it is received, and as it is published.

Two forms are received: the recorder's own, and a third party's plain event. The recorder names everything in `detail`. In a
plain event the envelope's `id` and `time` are used, `run_id`, `model_name` or `dataset_name` names the stream, and without
`data` all of `detail` that is not header is the data. A field that is null counts as absent. The header has the same form in
every schema version; an event of a version newer than this code is recorded as it is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Raw, Struct, ValidationError, convert, field

from training_events import strict_json
from training_events.canonical import MAX_DEPTH, canonical_json
from training_events.errors import BadField, JsonPath, NoStream, NotAnObject, NotRecordable
from training_events.event import SCHEMA_VERSION, Event, Producer, in_one_form, is_account
from training_events.times import to_utc_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef as PutEventsEntry

_T = TypeVar("_T")

NAMES_OF_STREAMS = {"run_id": "run", "model_name": "model", "dataset_name": "dataset"}
"""The keys in a plain event's detail that name its stream, with the kind of stream. The first key that is there counts."""


class _Envelope(Struct, frozen=True):
    """The fields of EventBridge's envelope that belong to the fact. Account, region, version and replay-name do not.

    The log notes the account beside the event: see `account_of`.
    """

    source: str
    type: str = field(name="detail-type")
    id: str | None = None
    time: Any = None
    resources: tuple[str, ...] | None = None


class _ProducerHeader(Struct, frozen=True):
    id: str
    sequence: int
    previous: str | None = None


class _Header(Struct, frozen=True):
    event_id: str | None = None
    stream: str | None = None
    occurred_at: Any = None
    schema_version: int | None = None
    producer: _ProducerHeader | None = None
    correlation_id: str | None = None
    data: dict[str, Any] | None = None
    run_id: str | None = None
    model_name: str | None = None
    dataset_name: str | None = None


HEADER_FIELDS = frozenset(_Header.__struct_fields__) - NAMES_OF_STREAMS.keys()
"""The keys of a detail that are never part of the data."""
_PRODUCER_FIELDS = frozenset(_ProducerHeader.__struct_fields__)


def decode(received: Any) -> Event:
    """The event in an EventBridge envelope, as Lambda hands it over: decoded, though `detail` may still be JSON text.

    Any JSON value either gives an Event or raises a NotRecordable, whose path leads to the flaw in the envelope.
    """
    detail = detail_of(received)
    envelope = _converted(received, _Envelope, ())
    header = _converted(detail, _Header, ("detail",))
    try:
        event = _event(envelope, header, detail)
        event.digest  # noqa: B018 - asked for now, so that every Event returned has a canonical form
    except NotRecordable as flaw:
        flaw.path = _path_in_envelope(flaw.path, header)
        raise
    return event


def account_of(received: Any) -> str | None:
    """The AWS account that sent what EventBridge delivered; None where the envelope names none.

    EventBridge writes it, not the sender: PutEvents takes no account.
    https://docs.aws.amazon.com/eventbridge/latest/ref/events-structure.html
    """
    account = received.get("account") if isinstance(received, dict) else None
    return account if is_account(account) else None


def detail_of(received: Any) -> dict[str, Any]:
    """The `detail` of an envelope. Raises NotAnObject, or what strict_json raises where the detail is JSON text."""
    if not isinstance(received, dict):
        raise NotAnObject(f"the event is of type {type(received).__name__}", "an object")
    detail = received.get("detail")
    if isinstance(detail, (str, bytes)):
        detail = at_path(("detail",), lambda text: strict_json.loads(text, MAX_DEPTH + 1), detail)  # the data is inside it
    if not isinstance(detail, dict):
        raise NotAnObject(f"the detail is of type {type(detail).__name__}", "an object", ("detail",))
    return detail


def _event(envelope: _Envelope, header: _Header, detail: dict[str, Any]) -> Event:
    event_id = envelope.id if header.event_id is None else header.event_id
    if event_id is None:
        raise BadField("it is missing", "an id here or in detail.event_id", ("event_id",))
    rest = {key: value for key, value in detail.items() if key not in HEADER_FIELDS}
    return Event(
        event_id=event_id,
        stream=_stream(header),
        type=envelope.type,
        occurred_at=at_path(("occurred_at",), to_utc_text, envelope.time if header.occurred_at is None else header.occurred_at),
        source=envelope.source,
        data=rest if header.data is None else header.data,
        schema_version=SCHEMA_VERSION if header.schema_version is None else header.schema_version,
        producer=None if header.producer is None else _producer(header.producer, detail["producer"]),
        correlation_id=header.correlation_id,
        resources=envelope.resources or (),
        extensions={} if header.data is None else rest,
    )


def _stream(header: _Header) -> str:
    if header.stream is not None:
        return header.stream
    for name, kind in NAMES_OF_STREAMS.items():
        if (value := getattr(header, name)) is not None:
            return f"{kind}/{in_one_form(value)}"
    raise NoStream("nothing names the stream", "one of stream, " + ", ".join(NAMES_OF_STREAMS))


def _producer(header: _ProducerHeader, received: dict[str, Any]) -> Producer:
    extensions = {key: value for key, value in received.items() if key not in _PRODUCER_FIELDS}
    return Producer(header.id, header.sequence, header.previous, extensions)


def _path_in_envelope(path: JsonPath, header: _Header) -> JsonPath:  # noqa: PLR0911 - a table
    """Where the envelope has what the Event has at this path."""
    match path:
        case ("type", *below):
            return ("detail-type", *below)
        case ("source" | "resources", *_):
            return path
        case ("event_id", *_) if header.event_id is None:
            return ("id",)
        case ("occurred_at", *_) if header.occurred_at is None:
            return ("time",)
        case ("stream", *_) if header.stream is None:
            return ("detail", next(name for name in NAMES_OF_STREAMS if getattr(header, name) is not None))
        case ("extensions", *below):
            return ("detail", *below)
        case ("data", *below) if header.data is None:
            return ("detail", *below)
        case _:
            return ("detail", *path)


def _converted(value: dict[str, Any], to: type[_T], at: JsonPath) -> _T:
    try:
        return convert(value, to)
    except ValidationError as flaw:
        raise _bad_field(str(flaw), at) from None
    except UnicodeEncodeError:  # msgspec looks keys up by their UTF-8 form, which one with half a surrogate pair has not
        at_path(at, canonical_json, value)  # raises LoneSurrogate with the path
        raise


def _bad_field(complaint: str, at: JsonPath) -> BadField:
    """The error for a complaint of msgspec's, such as "Expected `str`, got `int` - at `$.producer.id`"."""
    message, _, where = complaint.partition(" - at `$")
    path = (*at, *re.findall(r"\w[\w-]*", where))
    if missing := re.search("missing required field `(.+)`", message):
        return BadField("it is missing", "see the event on the bus", (*path, missing[1]))
    if wrong := re.fullmatch("Expected `(.+)`, got `(.+)`", message):
        return BadField(f"it is of type {wrong[2]}", wrong[1], path)
    return BadField(message, "see the event on the bus", path)


def at_path(at: JsonPath, read: Callable[[Any], _T], value: Any) -> _T:
    """Returns `read(value)`. The paths of the errors that it raises begin with `at`."""
    try:
        return read(value)
    except NotRecordable as flaw:
        flaw.path = (*at, *flaw.path)
        raise


def to_put_events_entry(bus: str, event: Event) -> PutEventsEntry:
    return put_events_entry(bus, event.source, event.type, to_detail(event).decode(), event.resources)


def put_events_entry(bus: str, source: str, type_: str, detail_json: str, resources: Iterable[str]) -> PutEventsEntry:
    """An entry of PutEvents. It has no Time, so the envelope gets the time of publishing, as in a replay of the archive."""
    return {"EventBusName": bus, "Source": source, "DetailType": type_, "Detail": detail_json, "Resources": list(resources)}


def to_detail(event: Event) -> bytes:
    """The event's `detail` as canonical JSON. The envelope has the other fields; extensions of the header stand beside it."""
    header = {key: value for key, value in event.to_dict().items() if key not in ("type", "source", "resources", "extensions")}
    return canonical_json({**event.extensions, **header, "data": Raw(event.canonical_data)})


def to_envelope(event: Event, account: str | None = None) -> bytes:
    """The event in an envelope as EventBridge delivers it, on one line. `decode` and `account_of` read it."""
    head: dict[str, Any] = {"source": event.source, "detail-type": event.type, "resources": list(event.resources)}
    if account is not None:
        head["account"] = account
    return b'%s,"detail":%s}' % (canonical_json(head)[:-1], to_detail(event))
