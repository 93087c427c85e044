"""Judges an event as its store holds it, text by text, without a second canonical form.

The digest of an event is over its canonical JSON. A store holds that text in pieces: names, data, producer and so on, each as
it was recorded. Here the pieces are put together again as they stand, so that one altered byte gives another digest, even where
it is the same number (`1.0` for `1`) or the same JSON (another order of keys, an added blank).
"""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import sha256
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta, Struct

from training_events import strict_json
from training_events.errors import DamagedEvent
from training_events.event import check_count, check_stream, check_text, is_account
from training_events.stores.damage import altered_content
from training_events.stores.event_log import AuditedEvent, ProducerLink
from training_events.times import UTC_TEXT, is_second, is_utc_text

_POSITION = re.compile(rf"{UTC_TEXT}#(?!\s)[^\x00-\x1f\x7f-\x9f]+(?<!\s)")
"""A time and an id as `check_text` allows it, in one step: every event of the log passes here."""
_MAX_DIGITS_READ = 4300
"""A shorter text has no integer that is too long for the readers of the log: nothing needs to be made of it to know that."""


class _AnyObject(Struct):
    """Decoding into this checks the JSON of an object, and makes nothing of it."""


_Texts = Annotated[tuple[str, ...], Meta(min_length=1)]
_Extensions = Annotated[dict[str, Any], Meta(min_length=1)]

_encode = msgspec.json.Encoder().encode
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
    data: str
    digest: str
    producer: str | None
    correlation_id: str | None
    resources: str | None
    extensions: str | None


def judge(texts: StoredTexts, account: str | None = None) -> AuditedEvent:
    """The event, judged, with the account that sent it where the store has one.

    Raises one of the errors that `stores.damage` catches for what the log itself would never write.
    """
    (
        stream, position, event_id, occurred_at, recorded_at, type_, source, schema_version, data,
        digest, producer, correlation_id, resources, extensions,
    ) = texts  # fmt: skip
    if not _POSITION.fullmatch(position) or not is_second(occurred_at[:19]) or position != f"{occurred_at}#{event_id}":
        raise DamagedEvent(f"its time is {occurred_at!a:.80} and its id {event_id!a:.80}")
    if not is_utc_text(recorded_at):
        raise DamagedEvent(f"the time at which the log took it is {recorded_at!a:.80}")
    if account is not None and not is_account(account):
        raise DamagedEvent(f"the account that sent it is {account!a:.80}")
    _check_object(data)
    if len(data) > _MAX_DIGITS_READ:
        strict_json.stored(data)
    before, behind = _same_in_many(stream, type_, source, schema_version, correlation_id)
    link, after_id, after_time = None, "", ""
    if extensions is not None:
        _read_extensions(extensions)
        after_id = f',"extensions":{extensions}'
    if producer is not None:
        link = _read_producer(producer)
        _check_producer(link.id)
        after_time = f',"producer":{producer}'
    if resources is not None:
        _read_texts(resources)
        after_time += f',"resources":{resources}'
    canonical = (
        f'{before}"data":{data},"event_id":{_quoted(event_id)}{after_id},"occurred_at":"{occurred_at}"{after_time}{behind}'
    )
    content = "sha256:" + sha256(canonical.encode()).hexdigest()
    alteration = None if content == digest else altered_content(digest, content)
    return AuditedEvent(position, recorded_at, digest, link, alteration, type_, schema_version, data, source, account)


@lru_cache(maxsize=1024, typed=True)
def _same_in_many(stream: str, type_: str, source: str, schema_version: int, correlation_id: str | None) -> tuple[str, str]:
    """The beginning and the end of the canonical JSON, which many events of a stream have alike. They are checked here."""
    check_stream(stream)
    check_text(type_, "type")
    check_text(source, "source")
    check_count(schema_version, "schema_version")
    before = "{"
    if correlation_id is not None:
        check_text(correlation_id, "correlation_id")
        before += f'"correlation_id":{_quoted(correlation_id)},'
    names = f'"source":{_quoted(source)},"stream":{_quoted(stream)},"type":{_quoted(type_)}'
    return before, f',"schema_version":{schema_version},{names}}}'


@lru_cache(maxsize=1024)
def _check_producer(name: str) -> None:
    check_text(name, "producer", "id")


def _quoted(text: str) -> str:
    return _encode(text).decode()
