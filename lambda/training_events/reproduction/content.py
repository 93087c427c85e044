"""The digest of what a file holds, where its format also records when it was written.

Archives keep the times of their members: a model that is saved twice is two files with the same content. So what counts of a
zip (also `.npz`, `.keras` and what torch saves) and of a tar are the names and contents of its members, and of a gzip its
content. Members that are such files themselves are looked into, one level deep. Of any other file every byte counts; so it does
of an archive that cannot be read, and of one that unpacks to far more than it holds. Nothing is unpickled or executed.
"""

from __future__ import annotations

import gzip
import tarfile
from contextlib import suppress
from hashlib import sha256
from itertools import chain
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, cast
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

from training_events.recorder.storage.files import CHUNK_BYTES, files_in, is_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MAX_MEMBERS = 100_000
"""More are not listed, because a list of them takes memory."""
MAX_READ_BYTES = 8 * 2**20
"""Of a header, or of a zip's directory, which is read as a whole."""
MIN_UNPACKED_BYTES, MAX_EXPANSION = 2**30, 100
"""A file may unpack to the first, or to so many times its size. Beyond it is made to fill disks."""

_ZIP, _GZIP, _TAR = b"PK\x03\x04", b"\x1f\x8b\x08", b"ustar"
_TAR_AT, _HEAD_BYTES = 257, 512
"""Where a tar names its format: https://www.gnu.org/software/tar/manual/html_node/Standard.html"""
_IN_MEMORY_BYTES = 16 * 2**20


class _CannotLookInside(Exception):  # noqa: N818 - never leaves this file
    """The file is none of these formats, or is made to do harm."""


def contents_of(path: Path) -> dict[str, str]:
    """The digest of what a file holds, or of each file in a folder by its name there. Raises NotStored, OSError."""
    files = files_in(path) if is_folder(path) else [("", path)]
    return {name: _content_of(file) for name, file in files}


def _content_of(path: Path) -> str:
    with path.open("rb") as file:
        return _digest(file, _Room(max(MIN_UNPACKED_BYTES, MAX_EXPANSION * path.stat().st_size)), levels=2)


class _Room:
    """How many bytes may still be unpacked."""

    def __init__(self, count: int) -> None:
        self._left = count

    def take(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise _CannotLookInside


def _digest(file: IO[bytes], room: _Room, levels: int) -> str:
    """Of what the file holds, or of its bytes where there are no more levels or it cannot be looked into."""
    if levels:
        with suppress(Exception):  # whatever the bytes of a damaged or hostile archive make its reader raise
            if (inside := _inside(file, room, levels - 1)) is not None:
                return inside
    file.seek(0)
    return _of_bytes(_pieces(file))


def _inside(file: IO[bytes], room: _Room, levels: int) -> str | None:
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    file.seek(0)
    if head.startswith(_ZIP):
        return _of_members("zip", _zipped(file, room, levels))
    if head.startswith(_GZIP):
        with gzip.GzipFile(fileobj=file, mode="rb") as content:
            inside = _of_stream(cast("IO[bytes]", content), _is_tar, room, lambda plain: _of_tar(plain, room, levels))
        return f"gzip {inside}"
    if _is_tar(head):
        return _of_tar(file, room, levels)
    return None


def _of_tar(file: IO[bytes], room: _Room, levels: int) -> str:
    return _of_members("tar", _tarred(file, room, levels))


def _is_tar(head: bytes) -> bool:
    return head[_TAR_AT:].startswith(_TAR)


def _is_any(head: bytes) -> bool:
    return head.startswith((_ZIP, _GZIP)) or _is_tar(head)


def _zipped(file: IO[bytes], room: _Room, levels: int) -> Iterator[tuple[str, str]]:
    with ZipFile(cast("IO[bytes]", _ShortReads(file))) as archive:
        if min((member.header_offset for member in archive.infolist()), default=0):
            raise _CannotLookInside  # something else stands before the zip
        for member in archive.infolist():
            if member.compress_type not in (ZIP_STORED, ZIP_DEFLATED):  # Python unpacks others without a limit
                raise _CannotLookInside
            with archive.open(member) as content:
                yield member.filename, _of_member(content, room, levels)


def _tarred(file: IO[bytes], room: _Room, levels: int) -> Iterator[tuple[str, str]]:
    with tarfile.open(fileobj=cast("IO[bytes]", _ShortReads(file)), mode="r:") as archive:
        for member in archive:
            digest = f"{member.type!r} {member.linkname}"
            if (member.isreg() or member.type not in tarfile.SUPPORTED_TYPES) and (content := archive.extractfile(member)):
                with content:
                    digest += _of_member(content, room, levels)
            yield member.name, digest
        end = archive.offset
    file.seek(end)
    if any(any(piece) for piece in _taken(_pieces(file), room)):
        raise _CannotLookInside  # Python ends at a damaged header as at the end


def _of_member(content: IO[bytes], room: _Room, levels: int) -> str:
    return _of_stream(content, _is_any if levels else lambda _: False, room, lambda plain: _digest(plain, room, levels))


def _of_stream(content: IO[bytes], is_archive: Callable[[bytes], bool], room: _Room, digest: Callable[[IO[bytes]], str]) -> str:
    """Of the bytes that are unpacked here. An archive is written to a file for `digest`, because it is read by place."""
    pieces = _taken(_pieces(content), room)
    first = next(pieces, b"")
    if not is_archive(first):
        return _of_bytes(chain([first], pieces))
    with SpooledTemporaryFile(_IN_MEMORY_BYTES) as plain:
        for piece in chain([first], pieces):
            plain.write(piece)
        plain.seek(0)
        return digest(cast("IO[bytes]", plain))


def _taken(pieces: Iterator[bytes], room: _Room) -> Iterator[bytes]:
    for piece in pieces:
        room.take(len(piece))
        yield piece


class _ShortReads:
    """A file of which nobody reads much at once: a header may claim any length."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, count: int = -1) -> bytes:
        if count > MAX_READ_BYTES:
            raise _CannotLookInside
        return self._file.read(MAX_READ_BYTES if count is None or count < 0 else count)


def _of_members(kind: str, members: Iterator[tuple[str, str]]) -> str:
    """In the order of their names. Of two with the same name, readers disagree on which one counts."""
    found: dict[str, str] = {}
    for name, digest in members:
        if name in found or len(found) == MAX_MEMBERS:
            raise _CannotLookInside
        found[name] = digest
    whole = sha256(kind.encode())
    for text in chain.from_iterable(sorted(found.items())):
        whole.update(sha256(text.encode(errors="surrogateescape")).digest())
    return whole.hexdigest()


def _of_bytes(pieces: Iterator[bytes]) -> str:
    whole = sha256()
    for piece in pieces:
        whole.update(piece)
    return whole.hexdigest()


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(CHUNK_BYTES):
        yield piece
