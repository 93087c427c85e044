"""Local files and folders: what to read of them, what to call them, and the digests of what is in them.

A file is read once and never held: the SHA-256 of its content, and the checksum that S3 makes of it.
"""

from __future__ import annotations

import os
import stat
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

from training_events.errors import NotStored
from training_events.recorder.storage.progress import progress

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from training_events.recorder.storage.progress import Advance


_FILE_URI = "file://"


def local_path(named: Any) -> Path:
    """The path in a text, a Path or a `file://` URI. Raises NotStored for what names nothing."""
    try:
        text = os.fsdecode(named)
    except TypeError:
        raise NotStored(f"a value of type {type(named).__name__} names no file") from None
    if text.startswith(_FILE_URI):
        text = unquote(text.removeprefix(_FILE_URI).removeprefix("localhost"), errors="surrogateescape")
    if not text:  # Path("") would be the folder the program runs in
        raise NotStored("an empty text names no file")
    return Path(text)


def is_folder(path: Path) -> bool:
    """Whether it is a folder and not a file. Raises NotStored for what is neither."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as flaw:  # ValueError: a null character in its name
        raise NotStored(f"{printable(path)} cannot be read: {one_line_reason(flaw)}") from None
    if stat.S_ISDIR(mode):
        return True
    if stat.S_ISREG(mode):
        return False
    raise NotStored(f"{printable(path)} is neither a file nor a folder")  # a pipe, say, which one would wait for


def files_in(folder: Path) -> list[tuple[str, Path]]:
    """Every file below, by its name from the folder on; links are followed. Raises NotStored, also if there is none."""
    if files := [(path.relative_to(folder).as_posix(), path) for path in _below(folder)]:
        return files
    raise NotStored(f"the folder {printable(folder)} holds no file")


def _below(folder: Path) -> Iterator[Path]:
    try:
        inside = list(folder.iterdir())
    except OSError as flaw:
        raise NotStored(f"{printable(folder)} cannot be read: {one_line_reason(flaw)}") from None
    for path in inside:
        if is_folder(path):  # not for a link that leads round in a circle: the system says that there are too many of them
            yield from _below(path)
        else:
            yield path


def uri_of(path: Path, *, folder: bool = False) -> str:
    return path.absolute().as_uri() + "/" * folder


def printable(named: Any) -> str:
    """On one line, whatever is in the name."""
    text = str(named)
    return text if text.isprintable() else ascii(text)


def one_line_reason(error: Exception) -> str:
    """An error's own words, on one line."""
    said = (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__
    return " ".join(said.split())


CHUNK_BYTES = 2**20


class ContentDigest(NamedTuple):
    """A content's digest in hex, its size in bytes, and the digests of its parts if they were asked for."""

    sha256: str
    size: int
    parts: Sequence[bytes] = ()

    @property
    def checksum(self) -> str:
        """What S3 says of it: of an upload in parts, the digest over their digests, and how many they are.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
        """
        if not self.parts:
            return b64encode(bytes.fromhex(self.sha256)).decode()
        return f"{b64encode(sha256(b''.join(self.parts)).digest()).decode()}-{len(self.parts)}"


def digest_of(path: Path) -> ContentDigest:
    """Of a file, or of a folder: what `digest_of_files` says of the files in it. Raises NotStored."""
    if not is_folder(path):
        return digest_of_file(path)
    files = files_in(path)
    total = sum(size_of(file) for _, file in files)
    with progress(f"reading {printable(path.name)}", total) as advance:
        found = [(name, _read(file, None, advance)) for name, file in files]
    return ContentDigest(digest_of_files((name, one.sha256) for name, one in found), sum(one.size for _, one in found))


def digest_of_file(path: Path, part_bytes: int | None = None) -> ContentDigest:
    """The digests of a file, also of its parts of this size. Raises NotStored."""
    with progress(f"reading {printable(path.name)}", size_of(path)) as advance:
        return _read(path, part_bytes, advance)


def digest_of_files(digests: Iterable[tuple[str, str]]) -> str:
    r"""The SHA-256, in hex, over the files' names and digests as `sha256sum` prints them, sorted by name.

    So anyone can make it, in the folder, if no name has a backslash or a line break in it:
    `find -L . -type f -printf '%P\0' | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum`
    """
    lines = sorted((os.fsencode(name), digest) for name, digest in digests)
    return sha256(b"".join(b"%s  %s\n" % (digest.encode(), name) for name, digest in lines)).hexdigest()


def size_of(path: Path) -> int:
    """Raises NotStored."""
    try:
        return path.stat().st_size
    except OSError as flaw:
        raise NotStored(f"{printable(path)} cannot be read: {one_line_reason(flaw)}") from None


def _read(path: Path, part_bytes: int | None, advance: Advance) -> ContentDigest:
    whole, part, size = sha256(), sha256(), 0
    parts: list[bytes] = []
    room = part_bytes or CHUNK_BYTES
    buffer = memoryview(bytearray(CHUNK_BYTES))
    try:
        with path.open("rb", buffering=0) as file:
            before = os.fstat(file.fileno())
            while count := file.readinto(buffer[: min(CHUNK_BYTES, room - size % room)]):
                whole.update(buffer[:count])
                size += count
                advance(count)
                if part_bytes:
                    part.update(buffer[:count])
                    if size % part_bytes == 0:
                        parts.append(part.digest())
                        part = sha256()
            after = os.fstat(file.fileno())
    except OSError as flaw:
        raise NotStored(f"{printable(path)} cannot be read: {one_line_reason(flaw)}") from None
    if part_bytes and size % part_bytes:
        parts.append(part.digest())
    if size != before.st_size or before.st_mtime_ns != after.st_mtime_ns:
        raise NotStored(f"{printable(path)} changed while it was read")
    return ContentDigest(whole.hexdigest(), size, parts)
