"""An event: an immutable fact about one stream, kept exactly as its producer recorded it."""

from __future__ import annotations

import re
import unicodedata
from typing import Any, NamedTuple

from msgspec import MsgspecError, Raw, Struct, field, json

from training_events.cached_property import cached_property
from training_events.canonical import canonical_json, digest_of_bytes
from training_events.errors import BadField, NotRecordable, UnknownStream
from training_events.settings import DEFAULT_SOURCE as DEFAULT_SOURCE  # noqa: PLC0414 - part of what an event is made of
from training_events.times import to_utc_text

STREAM_KINDS = ("run", "model", "dataset", "group")
SCHEMA_VERSION = 1
MAX_STREAM_BYTES = 2048
"""DynamoDB: the longest partition key, in bytes of UTF-8."""
MAX_POSITION_BYTES = 1024
"""DynamoDB: the longest sort key, in bytes of UTF-8."""
MAX_INTEGER = 2**53 - 1
"""The largest integer that every JSON reader, and a number of DynamoDB, holds exactly."""
_AS_SEEN = {"Zs": " ", "Zl": "", "Zp": "", "Cf": ""}
"""What is seen of a character of these categories: other blanks, ends of lines and paragraphs, and formats."""
_JOINERS = "\u200c\u200d"
"""Formats that change what is seen: of Persian words, and of emoji."""
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
"""What nobody sees although its category tells nothing of it: Unicode's Default_Ignorable_Code_Point outside of Cf, such as
variation selectors and fillers. https://www.unicode.org/Public/UCD/latest/ucd/DerivedCoreProperties.txt"""
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
"""The control characters. No name has one."""
_ACCOUNT = re.compile("[0-9]{12}")
"""https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-identifiers.html"""


class Numbering(Struct, frozen=True):
    """Which producer made an event, and which of its events it was, counted from 1.

    `rank` is the producer's number among the processes of a distributed training. Anybody's producer may hold anything there.
    """

    id: str
    sequence: int
    rank: Any = None


_numbering = json.Decoder(Numbering).decode


class LogEntry(NamedTuple):
    """An event of the log as folds take it: `data` and `producer` are still the JSON texts that the log holds."""

    position: str
    recorded_at: str
    type: str
    schema_version: int
    data: str
    producer: str | None = None

    @property
    def numbering(self) -> Numbering | None:
        """None if no producer numbered the event, or if what the log holds is not a producer: somebody altered it."""
        if self.producer is None:
            return None
        try:
            return _numbering(self.producer)
        except (MsgspecError, ValueError):
            return None


class Producer(Struct, frozen=True, omit_defaults=True):
    """The program that numbered and chained the event.

    `sequence` counts its events from 1. `previous` is the digest of its event before this one; the first event has none.
    """

    id: str
    sequence: int
    previous: str | None = None
    extensions: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_text(self.id, "producer", "id")
        check_count(self.sequence, "producer", "sequence")
        if self.previous is not None:
            check_text(self.previous, "producer", "previous")

    def to_dict(self) -> dict[str, Any]:
        """The producer's part of `Event.to_dict`."""
        previous = {} if self.previous is None else {"previous": self.previous}
        return {**self.extensions, "id": self.id, "sequence": self.sequence, **previous}


class Event(Struct, frozen=True, dict=True):  # dict=True: room for what cached_property keeps
    """A fact in the past tense. `extensions` keeps the fields of its header that this version does not know.

    Raises UnknownStream, BadField or BadTime where a field is not allowed. `canonical` and `digest` raise a NotRecordable
    where the content is not JSON.
    """

    event_id: str
    stream: str
    type: str
    occurred_at: str
    source: str
    data: dict[str, Any]
    schema_version: int = SCHEMA_VERSION
    producer: Producer | None = None
    correlation_id: str | None = None
    resources: tuple[str, ...] = ()
    extensions: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_stream(self.stream)
        check_text(self.event_id, "event_id")
        check_text(self.type, "type")
        check_text(self.source, "source")
        check_count(self.schema_version, "schema_version")
        if self.correlation_id is not None:
            check_text(self.correlation_id, "correlation_id")
        try:
            if to_utc_text(self.occurred_at) != self.occurred_at:
                raise BadField(f"the time is {self.occurred_at!a:.80}", "what times.to_utc_text returns")
        except NotRecordable as flaw:
            flaw.path = ("occurred_at",)
            raise
        if len(self.position.encode(errors="replace")) > MAX_POSITION_BYTES:
            allowed = f"at most {MAX_POSITION_BYTES - len(self.occurred_at) - 1} bytes (DynamoDB's sort key)"
            raise BadField("the id is too long", allowed, ("event_id",))

    @property
    def position(self) -> str:
        """The event's place in its stream. Positions sort as text."""
        return f"{self.occurred_at}#{self.event_id}"

    def to_dict(self) -> dict[str, Any]:
        """All that the producer recorded, without what is absent. The digest is over the canonical JSON of this."""
        fields: dict[str, Any] = {
            "event_id": self.event_id,
            "stream": self.stream,
            "type": self.type,
            "occurred_at": self.occurred_at,
            "source": self.source,
            "schema_version": self.schema_version,
            "data": self.data,
        }
        if self.producer is not None:
            fields["producer"] = self.producer.to_dict()
        if self.correlation_id is not None:
            fields["correlation_id"] = self.correlation_id
        if self.resources:
            fields["resources"] = self.resources
        if self.extensions:
            fields["extensions"] = self.extensions
        return fields

    @cached_property
    def canonical_data(self) -> bytes:
        try:
            return canonical_json(self.data)
        except NotRecordable as flaw:
            flaw.path = ("data", *flaw.path)
            raise

    @cached_property
    def canonical(self) -> bytes:
        # the data is nearly all of an event, and a log stores it as a text of its own: it is encoded only once
        return canonical_json({**self.to_dict(), "data": Raw(self.canonical_data)})

    @cached_property
    def digest(self) -> str:
        return digest_of_bytes(self.canonical)


class RecordedEvent(Struct, frozen=True):
    """An event as the log holds it: with the time at which the log took it (by the log's clock), and its digest then.

    `account` is the AWS account that sent it over a bus, as EventBridge says; None where nobody did.
    """

    event: Event
    recorded_at: str
    digest: str
    account: str | None = None

    @property
    def entry(self) -> LogEntry:
        """The event as folds take it."""
        event = self.event
        producer = None if event.producer is None else canonical_json(event.producer.to_dict()).decode()
        data = event.canonical_data.decode()
        return LogEntry(event.position, self.recorded_at, event.type, event.schema_version, data, producer)


def check_stream(stream: str) -> str:
    """Returns the name of a stream, `<kind>/<name>`, if it is allowed. Raises UnknownStream or BadField."""
    kind, slash, name = stream.partition("/")
    if not slash or kind not in STREAM_KINDS:
        allowed = ", ".join(f"{kind}/<name>" for kind in STREAM_KINDS)
        raise UnknownStream(f"the stream is {stream!a:.80}", allowed, ("stream",))
    check_text(name, "stream")
    if len(stream.encode(errors="replace")) > MAX_STREAM_BYTES:
        raise BadField("the name is too long", f"at most {MAX_STREAM_BYTES} bytes (DynamoDB's partition key)", ("stream",))
    return stream


def in_one_form(name: str) -> str:
    """The name as a stream has it, so that no two streams print the same: in Unicode's composed form (NFC), with no blank but
    the space, and without characters that nobody sees.

    Whoever names a stream goes through this: macOS gives the names of files decomposed, and web pages bring other blanks along.
    https://unicode.org/reports/tr15/
    """
    if name.isascii():
        return name
    seen = _UNSEEN.sub("", name)
    visible = (_AS_SEEN.get(unicodedata.category(char), char) if char not in _JOINERS else char for char in seen)
    return unicodedata.normalize("NFC", "".join(visible))


def is_account(value: object) -> bool:
    """Whether this is the number of an AWS account, as EventBridge's envelopes have it: a text of twelve digits."""
    return isinstance(value, str) and _ACCOUNT.fullmatch(value) is not None


def check_text(text: str, *path: str) -> None:
    """Raises BadField for what no name may be."""
    # with blanks at its ends or control characters, a name would look like another one
    if not text or text != text.strip() or CONTROL.search(text):
        raise BadField(f"the text is {text!a:.80}", "text, not empty, no blanks at its ends, no control characters", path)


def check_count(count: int, *path: str) -> None:
    """Raises BadField for what no version or sequence number may be."""
    if not 1 <= count <= MAX_INTEGER:
        shown = count if abs(count) < 10**20 else "one of more than 20 digits"
        raise BadField(f"the number is {shown}", f"an integer from 1 to {MAX_INTEGER}", path)
