"""A zip file whose bytes follow from what is put into it, in this order: no clock, no user, no machine is in it."""

from __future__ import annotations

from contextlib import contextmanager
from hashlib import sha256
from typing import IO, TYPE_CHECKING
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

_EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The first time that a zip file can have."""
_READABLE = 0o644 << 16
_UNIX = 3
"""The system on which it seems to be made (section 4.4.2 of https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT)."""


class Archive:
    """Files are written one after the other. `digests` has the SHA-256 of each in hex, by its name."""

    def __init__(self, file: IO[bytes]) -> None:
        self._zip = ZipFile(file, "w")
        self.digests: dict[str, str] = {}

    @contextmanager
    def writing(self, name: str, *, packed: bool = True) -> Iterator[ArchivedFile]:
        """The file to write to. Without `packed` it is kept as it is: weights hardly become smaller."""
        entry = ZipInfo(name, _EARLIEST)
        entry.external_attr = _READABLE
        entry.create_system = _UNIX
        entry.compress_type = ZIP_DEFLATED if packed else ZIP_STORED
        with self._zip.open(entry, "w", force_zip64=True) as file:
            archived = ArchivedFile(file)
            yield archived
        self.digests[name] = archived.sha256

    def add(self, name: str, content: bytes) -> None:
        with self.writing(name) as file:
            file.write(content)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()


class ArchivedFile:
    """A file of the archive while it is written."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._content = file, sha256()

    def write(self, more: bytes) -> None:
        self._content.update(more)
        self._file.write(more)

    @property
    def sha256(self) -> str:
        """Of what was written so far, in hex."""
        return self._content.hexdigest()
