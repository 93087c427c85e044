"""What `tag`, `describe`, `hide` and `restore` share: each says the same of one stream or of several."""

from __future__ import annotations

import sys
import uuid
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from training_events import times
from training_events.canonical import canonical_json
from training_events.cli.output import print_document
from training_events.cli.recording import Sent, send, why_not_checked
from training_events.errors import Misused
from training_events.event import STREAM_KINDS, Event, check_stream, in_one_form
from training_events.reading.wording.text import printable
from training_events.recordable import check_recordable
from training_events.redaction.values import redacted
from training_events.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class SentEvent(Struct):
    """Where the event went: `published` to the bus, or `recorded` in the log, which may have had it already (`repeated`)."""

    stream: str
    type: str
    event_id: str
    occurred_at: str
    digest: str
    outcome: Sent


class SentDocument(Struct):
    """`not_checked` says why the log could not be asked whether it has the streams; null where it was."""

    events: list[SentEvent]
    not_checked: str | None


def record_facts(streams: Sequence[str], facts: Iterable[Struct], *, log: str, as_json: bool) -> None:
    """Record these facts of each stream, and print where they went. Either all streams are known, or nothing is recorded."""
    names = list(dict.fromkeys(in_one_form(check_stream(stream)) for stream in streams))
    data = [(fact, _without_credentials(fact)) for fact in facts]
    source, now = Settings().source, times.now()
    events = [
        Event(uuid.uuid4().hex, stream, type(fact).__name__, now, source, fields) for stream in names for fact, fields in data
    ]
    for event in events:
        check_recordable(event)
    reasons = [why_not_checked(stream, data[0][0], log) for stream in names]
    not_checked = next(filter(None, reasons), None)
    sent = [
        SentEvent(event.stream, event.type, event.event_id, event.occurred_at, event.digest, outcome)
        for event, outcome in zip(events, send(events, log), strict=True)
    ]
    if as_json:
        print_document(SentDocument(sent, not_checked))
        return
    note = "" if not_checked is None else f"; that there is such a stream was not checked: {not_checked}"
    for one in sent:
        print(printable(f"{one.stream}: {one.type} {one.outcome}{note}"))


def _without_credentials(fact: Struct) -> dict[str, object]:
    data, hidden = redacted(msgspec.to_builtins(fact))
    if hidden:
        print(printable(f"{', '.join(hidden)} held what looks like a credential, which is not recorded"), file=sys.stderr)
    return dict(data)


def split_tags(arguments: Sequence[str]) -> tuple[list[str], dict[str, str | int | float | bool]]:
    """The streams, which come first, and the tags behind them. Raises Misused."""
    count = next((place for place, it in enumerate(arguments) if not it.startswith(_PREFIXES)), len(arguments))
    tags = {}
    for argument in arguments[count:]:
        key, equals, value = argument.partition("=")
        if not key or not equals:
            raise Misused(f"{argument!a:.80} is neither a stream nor a tag; allowed: run/<id>…, and then <key>=<value>…")
        tags[key] = _value(value)
    if not count:
        raise Misused("there is no stream: name one before the tags, as in run/digits-7 team=vision")
    return list(arguments[:count]), tags


_PREFIXES = tuple(f"{kind}/" for kind in STREAM_KINDS)
_decode = msgspec.json.Decoder(bool | int | float).decode


def _value(text: str) -> str | int | float | bool:
    """A number, true or false, if it is written exactly as JSON writes it: `1.10` is a version, and stays a text."""
    try:
        value = _decode(text)
    except msgspec.MsgspecError:
        return text
    is_short = value.bit_length() < 64 if isinstance(value, int) else True
    return value if is_short and canonical_json(value).decode() == text else text
