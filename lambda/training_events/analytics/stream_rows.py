"""What the job sends from where it reads to where a stream is checked: rows, each behind the name of its stream."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import msgspec

from training_events.catalogue.model import RunHead
from training_events.proof.run_head import RunSince, pinned_run
from training_events.proof.sealing import NOTE_PREFIX
from training_events.stores.dynamodb.item import entry_of
from training_events.stores.dynamodb.read_models import note_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training_events.analytics.dynamodb_export import ExportedItem


class What(IntEnum):
    """What a row holds. The rows of a stream come in the order of these numbers: its events are the last."""

    NAMED = 0
    """Something besides the exports knows the stream: it has seals."""
    READ_MODEL = 1
    """An image of its read model."""
    NOTE = 2
    """An image of what the sealer notes of it."""
    PIN = 3
    """The registration of a model pinned this head of the run."""
    SINCE = 4
    """What became of a run since this model pinned it."""
    LEAF = 5
    """A leaf of the notary's tree."""
    EVENT = 6
    """An image of an event."""
    REACHED = 7
    """Of no stream: the leaves of a part of the tree up to here, and the latest time at which one was recorded."""
    UNREADABLE = 8
    """Of no stream: from this leaf on a part of the tree could not be read, and why."""


class Row(NamedTuple):
    """The rows of a stream are sorted by these fields. `written_at` is empty where a full export holds the image."""

    what: What
    position: str
    written_at: str
    content: bytes


class Pin(msgspec.Struct, frozen=True, array_like=True):
    """The stream of the model, and what it pinned."""

    model: str
    head: RunHead


class Since(msgspec.Struct, frozen=True, array_like=True):
    """What became of `run` since a registration pinned this head of it."""

    run: str
    head: RunHead
    since: RunSince


class _OfStream(msgspec.Struct):
    """What a note says, of which only the stream is asked."""

    stream: str


StreamRow: TypeAlias = tuple[str, Row]
"""A row behind the name of its stream."""

encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.decode
_decode_note = msgspec.json.Decoder(_OfStream).decode


def rows_of_log(item: ExportedItem) -> Iterator[StreamRow]:
    """The rows that an item of the event log makes."""
    key = item.keys or item.new_image or {}
    stream, position = key["stream"]["S"], key["position"]["S"]
    yield stream, Row(What.EVENT, position, item.written_at or "", encode((item.new_image, item.old_image)))
    if stream.startswith("model/") and item.new_image is not None:
        entry = entry_of(item.new_image)
        if (pinned := pinned_run(entry.type, entry.schema_version, entry.data)) is not None:
            run, head = pinned
            yield run, Row(What.PIN, position, "", encode(Pin(stream, head)))


def rows_of_read_models(item: ExportedItem) -> Iterator[StreamRow]:
    """The row that an item of the read models' table makes; none for a note that is about no stream."""
    image = item.new_image or item.old_image or item.keys or {}
    name, content = image["stream"]["S"], encode((item.new_image, None))
    if not name.startswith("#"):
        yield name, Row(What.READ_MODEL, "", item.written_at or "", content)
    elif (note := note_in(image)) is not None and (stream := _noted_stream(*note)) is not None:
        yield stream, Row(What.NOTE, "", item.written_at or "", content)


def _noted_stream(name: str, value: bytes) -> str | None:
    """The stream that a sealer's note is about. Only the note has a name that is too long for its key."""
    if not name.startswith(NOTE_PREFIX):
        return None
    stream = name.removeprefix(NOTE_PREFIX)
    if not stream.startswith("sha256="):
        return stream
    try:
        return _decode_note(value).stream
    except msgspec.MsgspecError:
        return None
