"""Local files and folders: which files there are, their names, and the digests of their contents.

A file is read once, piece by piece. That gives the SHA-256 of its content and the checksum that S3 makes of it.
"""

from __future__ import annotations

import os
import re
import stat
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

from training_events.catalogue.stored import digest_of_files
from training_events.errors import NotStored
from training_events.recorder.storage.progress import progress
from training_events.redaction.text import redacted_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from training_events.recorder.storage.progress import Advance


_FILE_URI = "file://"
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]+://")


def local_path(named: Any) -> Path:
    """The path in a text, a Path or a `file://` URI. Raises NotStored for what names nothing."""
    try:
        text = os.fsdecode(named)
    except TypeError:
        raise NotStored(f"a value of type {type(named).__name__} names no file") from None
    if text.startswith(_FILE_URI):
        text = unquote(text.removeprefix(_FILE_URI).removeprefix("localhost"), errors="surrogateescape")
    if not text:  # Path("") would be the working folder
        raise NotStored("an empty text names no file")
    if _ADDRESS.match(text) and not os.path.lexists(text):  # as a path it would lose a slash, and show its password
        raise NotStored(
            f"{printable(redacted_text(text))} is no file of this machine; allowed: a path, or file:///<absolute path>"
        )
    return Path(text)


def is_folder(path: Path) -> bool:
    """Whether it is a folder and not a file. Raises NotStored for what is neither."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as flaw:  # ValueError: the name has a null character
        raise NotStored(f"{printable(path)} cannot be read: {one_line_reason(flaw)}") from None
    if stat.S_ISDIR(mode):
        return True
    if stat.S_ISREG(mode):
        return False
    raise NotStored(f"{printable(path)} is neither a file nor a folder")  # such as a pipe, where reading never ends


def files_in(folder: Path) -> list[tuple[str, Path]]:
    """Every file below, with its path inside the folder. Links are followed. Raises NotStored, also if there is no file."""
    if files := [(path.relative_to(folder).as_posix(), path) for path in files_below(folder)]:
        return files
    raise NotStored(f"the folder {printable(folder)} holds no file")


def files_below(folder: Path) -> Iterator[Path]:
    """Every file below, if there is any. Links are followed. Raises NotStored."""
    try:
        entries = list(folder.iterdir())
    except OSError as flaw:
        raise NotStored(f"{printable(folder)} cannot be read: {one_line_reason(flaw)}") from None
    for path in entries:
        if is_folder(path):  # raises for links that lead in a circle: to the system they are too many links
            yield from files_below(path)
        else:
            yield path


def uri_of(path: Path, *, folder: bool = False) -> str:
    uri = path.absolute().as_uri()
    return f"{uri}/" if folder else uri


def printable(named: Any) -> str:
    """A name on one line, whatever characters it has."""
    text = str(named)
    return text if text.isprintable() else ascii(text)


def one_line_reason(error: Exception) -> str:
    """The text of an error, on one line."""
    text = (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__
    return " ".join(text.split())


CHUNK_BYTES = 2**20


class ContentDigest(NamedTuple):
    """A content's digest in hex, its size in bytes, and the digests of its parts if it was read for an upload in parts."""

    sha256: str
    size: int
    parts: Sequence[bytes] = ()

    @property
    def checksum(self) -> str:
        """The checksum that S3 returns. Of an upload in parts it is the digest of the parts' digests, with their number.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
        """
        if not self.parts:
            return b64encode(bytes.fromhex(self.sha256)).decode()
        return f"{b64encode(sha256(b''.join(self.parts)).digest()).decode()}-{len(self.parts)}"


def digest_of(path: Path) -> ContentDigest:
    """The digest of a file, or of a folder: then it is `digest_of_files`. Raises NotStored."""
    with progress(f"reading {printable(path.name)}", total_size(path)) as advance:
        return digest_with_progress(path, advance)


def digest_with_progress(path: Path, advance: Advance) -> ContentDigest:
    """The same, for a caller that shows the progress itself: `advance` gets each further number of bytes."""
    if not is_folder(path):
        return read_file(path, advance)
    digests = [(name, read_file(file, advance)) for name, file in files_in(path)]
    sha256_of_all = digest_of_files((name, digest.sha256) for name, digest in digests)
    return ContentDigest(sha256_of_all, sum(digest.size for _, digest in digests))


def total_size(path: Path, enough: float = float("inf")) -> int:
    """The bytes of a file, or of all files in a folder: no more of them are looked at than `enough`. Raises NotStored."""
    if not is_folder(path):
        return size_of(path)
    size = 0
    for file in files_below(path):
        size += size_of(file)
        if size > enough:
            break
    return size


def digest_of_file(path: Path, part_bytes: int | None = None) -> ContentDigest:
    """The digest of a file, and of its parts of this size. Raises NotStored."""
    with progress(f"reading {printable(path.name)}", size_of(path)) as advance:
        return read_file(path, advance, part_bytes)


def size_of(path: Path) -> int:
    """Raises NotStored."""
    try:
        return path.stat().st_size
    except OSError as flaw:
        raise NotStored(f"{printable(path)} cannot be read: {one_line_reason(flaw)}") from None


def read_file(
    path: Path, advance: Advance, part_bytes: int | None = None, write: Callable[[memoryview], object] = lambda _: None
) -> ContentDigest:
    """The digest of a file, read once. `write` gets the content piece by piece. Raises NotStored, and what `write` raises."""
    whole, part, size = sha256(), sha256(), 0
    parts: list[bytes] = []
    for piece in _pieces(path, part_bytes or CHUNK_BYTES):
        whole.update(piece)
        write(piece)
        size += len(piece)
        advance(len(piece))
        if part_bytes:
            part.update(piece)
            if size % part_bytes == 0:
                parts.append(part.digest())
                part = sha256()
    if part_bytes and size % part_bytes:
        parts.append(part.digest())
    return ContentDigest(whole.hexdigest(), size, parts)


def _pieces(path: Path, part_bytes: int) -> Iterator[memoryview]:
    """The content of a file, no piece in two parts, each valid until the next. Raises NotStored, also if the file changes.

    Of a file that has more to read than its size says, such as one in `/proc` or a log that grows, the rest is not read.
    """
    buffer = memoryview(bytearray(CHUNK_BYTES))
    size = 0
    try:
        with open(path, "rb", buffering=0, opener=_open_at_once) as file:  # pathlib's takes no opener
            before = os.fstat(file.fileno())
            if not stat.S_ISREG(before.st_mode):  # since it was looked at
                raise NotStored(f"{printable(path)} is no file")
            while size <= before.st_size and (
                count := file.readinto(buffer[: min(CHUNK_BYTES, part_bytes - size % part_bytes)])
            ):
                size += count
                yield buffer[:count]
            after = os.fstat(file.fileno())
    except OSError as flaw:
        raise NotStored(f"{printable(path)} cannot be read: {one_line_reason(flaw)}") from None
    if size != before.st_size or before.st_mtime_ns != after.st_mtime_ns:
        raise NotStored(f"{printable(path)} changed while it was read")


def _open_at_once(path: str, flags: int) -> int:
    """To open a FIFO, or to read some of the kernel's own files, may wait for ever: here neither does."""
    return os.open(path, flags | os.O_NONBLOCK)
