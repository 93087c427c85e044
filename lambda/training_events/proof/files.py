"""The files that events name, compared with the digests that the events have of them.

A file is named wherever an event's data has an object with a `uri` and a `sha256`: a checkpoint, an artifact, a dataset, or a
field that was too large for the event. What compares them is given by the caller: it needs a disk or S3.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from msgspec import Struct

from training_events import strict_json
from training_events.catalogue.stored import Stored
from training_events.proof.findings import Finding, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from training_events.stores.event_log import AuditedEvent

    CompareFile: TypeAlias = Callable[[Stored], "Compared"]

_SHA256 = re.compile(r"[0-9a-f]{64}")


class FileState(Enum):
    """What became of a file since it was recorded."""

    SAME = auto()
    ALTERED = auto()
    MISSING = auto()
    UNREADABLE = auto()
    ELSEWHERE = auto()
    """It is neither a file of this machine nor an object in S3: nothing compares it."""


class Compared(NamedTuple):
    state: FileState
    why: str = ""


class FilesVerified(Struct):
    """How many names of files the stream's events hold, and what comparing those files with their digests showed.

    A file that many events name counts each time. A kept file that differs makes the stream unsound. Of one that was not
    kept, such as a dataset that was recorded in place, the finding says only that it is another one by now.
    """

    checked: bool = False
    """False if no file was looked at: `--files` was not given."""
    kept: int = 0
    not_kept: int = 0
    elsewhere: int = 0
    """Neither on this machine nor in S3, and so not compared."""
    differing: int = 0


_BROKEN = {
    FileState.ALTERED: (Kind.FILE_ALTERED, "is not what was recorded"),
    FileState.MISSING: (Kind.FILE_MISSING, "is gone"),
    FileState.UNREADABLE: (Kind.FILE_UNREADABLE, "cannot be compared"),
}


def compare_files(recorded: AuditedEvent, compare: CompareFile, counts: FilesVerified) -> Iterator[Finding]:
    """The findings about the files that the event names. Raises what `compare` raises."""
    for stored in stored_files(strict_json.stored(recorded.data)):
        result = compare(stored)
        if result.state is FileState.ELSEWHERE:
            counts.elsewhere += 1
            continue
        kept = is_kept(stored)
        if kept:
            counts.kept += 1
        else:
            counts.not_kept += 1
        if result.state is FileState.SAME:
            continue
        counts.differing += 1
        kind, what = _BROKEN[result.state]
        explanation = f"{stored.uri} {what}: {result.why}"
        if not kept:
            kind, explanation = Kind.FILE_CHANGED, f"{explanation} ({_why_not_kept(stored)})"
        yield Finding(kind=kind, position=recorded.position, explanation=explanation)


def is_kept(stored: Stored) -> bool:
    """Whether nothing else can take its place: it has a version in S3, or an address that follows from its content.

    Version 0.1.0 did not say `in_place`. Without a bucket it recorded files by the addresses that they had.
    """
    return not stored.in_place and (stored.version_id is not None or stored.is_content_addressed)


def _why_not_kept(stored: Stored) -> str:
    if (stored.uri or "").startswith("s3://"):
        return "S3 has no version of it that the event names: something else may have been stored there since"
    return "it was recorded where it was, and not kept"


def stored_files(data: Any) -> Iterator[Stored]:
    """Every file that is named in an event's data with its digest, however deep."""
    if isinstance(data, dict):
        uri, sha256 = data.get("uri"), data.get("sha256")
        if isinstance(uri, str) and isinstance(sha256, str) and _SHA256.fullmatch(sha256):
            version, size = data.get("version_id"), data.get("bytes")
            yield Stored(
                uri,
                version if isinstance(version, str) else None,
                sha256,
                size if type(size) is int else None,
                data.get("in_place") is True,
            )
        for value in data.values():
            yield from stored_files(value)
    elif isinstance(data, list):
        for value in data:
            yield from stored_files(value)
