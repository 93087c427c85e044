"""Fits data into an event: its largest fields are stored elsewhere, and the event holds a reference to each."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from training_events.canonical import canonical_json
from training_events.catalogue import CATALOGUE, fits
from training_events.catalogue.run import UsedDataset
from training_events.errors import NotStored
from training_events.recorder.reporting import log

if TYPE_CHECKING:
    from collections.abc import Callable

    from training_events.catalogue.stored import Stored

MIN_MOVED_BYTES = 1024
"""A smaller field stays: a reference is hardly smaller."""
MAX_CUT_TEXT_LENGTH = 4_000
"""Characters that stay of a text that could not be stored: of a traceback its beginning and its end."""
MAX_FIELD_NAME_LENGTH = 100
"""Characters of a field's name in the name of its file, which has at most 255 bytes."""

_REFERENCE = {"uri": "", "version_id": "", "sha256": "", "bytes": 0}


def fit_to_size(stream: str, data: dict[str, Any], max_bytes: int, keep: Callable[[bytes, str], Stored]) -> dict[str, Any]:
    """The data with at most so many bytes of canonical JSON, or with as few as possible.

    `keep(content, name)` stores a field's canonical JSON, and what it returns takes the field's place. A field that it cannot
    store (NotStored, OSError) is cut, visibly and with its digest: the rest of the event is worth recording. A field for
    which the catalogue allows no reference stays as it is; if it is a text, it is cut.
    """
    size = len(canonical_json(data))
    if size <= max_bytes:
        return data
    contents = {name: canonical_json(value) for name, value in data.items()}
    movable = _movable(stream, data)
    data = dict(data)
    for name, content in sorted(contents.items(), key=lambda field: (-len(field[1]), field[0])):
        if size <= max_bytes or len(content) < MIN_MOVED_BYTES:
            break
        smaller = _moved(stream, name, content, keep) if name in movable else None
        if smaller is None and isinstance(data[name], dict) and name not in movable:
            smaller = _with_details_moved(stream, name, data[name], keep)
        if smaller is None:
            smaller = _cut(data[name], content, movable=name in movable)
        saved = len(content) - len(canonical_json(smaller))
        if saved > 0:
            data[name] = smaller
            size -= saved
    return data


def _moved(stream: str, name: str, content: bytes, keep: Callable[[bytes, str], Stored]) -> Any:
    try:
        return msgspec.to_builtins(keep(content, quote(name, safe="")[:MAX_FIELD_NAME_LENGTH]))
    except (NotStored, OSError) as error:
        log.warning("%s: %s is too large for an event (%d bytes) and is cut: %s", stream, name, len(content), error)
        return None


def _with_details_moved(stream: str, name: str, dataset: dict[str, Any], keep: Callable[[bytes, str], Stored]) -> Any:
    """A dataset that says the same of its content. What else was said of it is stored elsewhere, or left out."""
    content = canonical_json(dataset.get("details"))
    if len(content) < MIN_MOVED_BYTES:
        return None
    return {**dataset, "details": _moved(stream, f"{name}.details", content, keep)}


def _cut(value: Any, content: bytes, *, movable: bool) -> Any:
    digest = sha256(content).hexdigest()
    if isinstance(value, str):
        return _both_ends(value, digest)
    return {"sha256": digest, "bytes": len(content)} if movable else value


def _movable(stream: str, data: dict[str, Any]) -> set[str]:
    """The fields that may be a reference in every event type of the stream's kind whose data this could be.

    Of a field that came later any value may be there: no reader takes offence. A reference in place of a dataset would be taken
    for that dataset.
    """
    movable = set(data)
    for type_ in CATALOGUE[stream.partition("/")[0]].values():
        if fits(data, type_.fact):
            fields = [field for field in msgspec.structs.fields(type_.fact) if field.name not in type_.added_later]
            movable -= {field.encode_name for field in fields if not _may_be_reference(field.type)}
    return movable


def _may_be_reference(type_: Any) -> bool:
    return fits(_REFERENCE, type_) and not isinstance(msgspec.convert(_REFERENCE, type_), UsedDataset)


def _both_ends(text: str, digest: str) -> str:
    cut = len(text) - MAX_CUT_TEXT_LENGTH
    if cut <= 0:
        return text
    half = MAX_CUT_TEXT_LENGTH // 2
    return (
        f"{text[:half]}\n[... {cut} characters are cut out here; as JSON the whole had the sha256 {digest} ...]\n{text[-half:]}"
    )
