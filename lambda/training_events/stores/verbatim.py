"""Judges an event as its store holds it, text by text, without a second canonical form.

The digest of an event is over its canonical JSON. A store holds that text in pieces: names, data, producer and so on, each as
it was recorded. Here the pieces are put together again as they stand, so that one altered byte gives another digest, even where
it is the same number (`1.0` for `1`) or the same JSON (another order of keys, an added blank).
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta, Raw, Struct

from training_events import strict_json
from training_events.errors import DamagedEvent
from training_events.event import check_count, check_stream, check_text
from training_events.stores.damage import altered_content
from training_events.stores.event_log import AuditedEvent, ProducerLink
from training_events.times import is_utc_text


class _Pieces(Struct, kw_only=True, omit_defaults=True, gc=False):
    """The pieces in the order of their keys in canonical JSON."""

    correlation_id: str | None = None
    data: Raw
    event_id: str
    extensions: Raw | None = None
    occurred_at: str
    producer: Raw | None = None
    resources: Raw | None = None
    schema_version: int
    source: str
    stream: str
    type: str


_MAX_DIGITS_READ = 4300
"""A shorter text has no integer that is too long for the readers of the log: nothing needs to be made of it to know that."""


class _AnyObject(Struct):
    """Decoding into this checks the JSON of an object, and makes nothing of it."""


_Texts = Annotated[tuple[str, ...], Meta(min_length=1)]
_Extensions = Annotated[dict[str, Any], Meta(min_length=1)]

_put_together = msgspec.json.Encoder().encode
_check_object = msgspec.json.Decoder(_AnyObject).decode
_read_producer = msgspec.json.Decoder(ProducerLink).decode
_read_texts = msgspec.json.Decoder(_Texts).decode
_read_extensions = msgspec.json.Decoder(_Extensions).decode


class StoredTexts(NamedTuple):
    """What a store holds of an event. `producer`, `resources`, `extensions` and `data` are JSON; what is absent is None."""

    stream: str
    position: str
    event_id: str
    occurred_at: str
    recorded_at: str
    type: str
    source: str
    schema_version: int
    digest: str
    producer: str | None
    correlation_id: str | None
    resources: str | None
    extensions: str | None
    data: str


def judge(texts: StoredTexts) -> AuditedEvent:
    """The event, judged. Raises one of the errors that `stores.damage` catches for what the log itself would never write."""
    (
        stream, position, event_id, occurred_at, recorded_at, type_, source, schema_version, digest,
        producer, correlation_id, resources, extensions, data,
    ) = texts  # fmt: skip
    pieces = _Pieces(
        correlation_id=correlation_id,
        data=Raw(data.encode()),
        event_id=event_id,
        occurred_at=occurred_at,
        schema_version=schema_version,
        source=source,
        stream=stream,
        type=type_,
    )
    link = None
    if producer is not None:
        pieces.producer = Raw(producer.encode())
        link = _read_producer(producer)
    if resources is not None:
        pieces.resources = Raw(resources.encode())
        _read_texts(resources)
    if extensions is not None:
        pieces.extensions = Raw(extensions.encode())
        _read_extensions(extensions)
    _check_object(data)
    if len(data) > _MAX_DIGITS_READ:
        strict_json.stored(data)
    _check_header(stream, schema_version, type_, source, correlation_id, link and link.id)
    check_text(event_id, "event_id")
    if position != f"{occurred_at}#{event_id}" or not is_utc_text(occurred_at):
        raise DamagedEvent(f"its time is {occurred_at!a:.80} and its id {event_id!a:.80}")
    if not is_utc_text(recorded_at):
        raise DamagedEvent(f"the time at which the log took it is {recorded_at!a:.80}")
    content = "sha256:" + sha256(_put_together(pieces)).hexdigest()
    alteration = None if content == digest else altered_content(digest, content)
    return AuditedEvent(position, recorded_at, digest, link, alteration, type_, schema_version, data)


@lru_cache(maxsize=1024)
def _check_header(stream: str, schema_version: int, *names: str | None) -> None:
    """Checks what is the same in many events of a stream."""
    check_stream(stream)
    check_count(schema_version, "schema_version")
    for name in names:
        if name is not None:
            check_text(name)
