"""Lines of JSON for a file or for standard output: those that an earlier export with the same cursor did not write."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from uuid import uuid4

from msgspec import Struct

from training_events.errors import Misused

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from typing import BinaryIO

    from training_events.interchange.exports.cursor import Cursor


class Line(Struct, frozen=True):
    """What is exported of an event of the log, as JSON, and the index of that event."""

    index: str
    body: bytes


def check_file(file: Path, *, replace: bool) -> None:
    """Before the work is done. Raises Misused for a path that can be no file, or one that must not be replaced."""
    shown = os.fspath(file)
    if file.is_dir():
        raise Misused(f"{shown!a} is a folder: name a file in it")
    if not file.absolute().parent.is_dir():
        raise Misused(f"{shown!a} cannot be written: there is no folder {os.fspath(file.parent)!a}")
    if file.is_file() and not replace:
        raise Misused(f"{shown!a} is there: with --cursor a file gets only what is new, so name another one for that")


def write_file(file: Path, lines: Iterable[Line], cursor: Cursor) -> int:
    """Write the lines into a file that is there only once all of them are written. Returns how many. Raises OSError."""
    file = file.resolve()  # where a link leads
    if file.exists() and not file.is_file():  # a pipe
        with file.open("wb") as stream:
            return write_stream(stream, lines, cursor)
    unfinished = file.with_name(f".{file.name}.{uuid4().hex}.unfinished")
    try:
        with unfinished.open("xb") as stream:
            count = _write(stream, lines, cursor)
        unfinished.replace(file)
    except OSError as error:
        raise OSError(error.errno, error.strerror, os.fspath(file)) from None  # nobody knows the unfinished file
    finally:
        unfinished.unlink(missing_ok=True)
    cursor.save()
    return count


def write_stream(stream: BinaryIO, lines: Iterable[Line], cursor: Cursor) -> int:
    """Write the lines as they come. Returns how many."""
    count = _write(stream, lines, cursor)
    stream.flush()
    cursor.save()
    return count


def _write(stream: BinaryIO, lines: Iterable[Line], cursor: Cursor) -> int:
    count = 0
    for line in lines:
        if not cursor.has(line.index):
            stream.write(line.body + b"\n")
            cursor.note(line.index)
            count += 1
    return count
