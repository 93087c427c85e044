"""Many short texts of bytes in a temporary file, so that what holds them need not fit into memory."""

from __future__ import annotations

from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MEMORY_BYTES = 8 * 2**20
"""Up to this size all is in memory."""
_READ_BYTES = 2**18
_LENGTH_BYTES = 4


class Spool:
    """Gives what was appended, in that order, as often as it is asked. Several readers may be at it at once."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(MEMORY_BYTES)  # noqa: SIM115 - `close` does
        self._end = 0

    def append(self, content: bytes) -> None:
        self._file.seek(self._end)
        self._end += self._file.write(len(content).to_bytes(_LENGTH_BYTES) + content)

    def __iter__(self) -> Iterator[bytes]:
        read_to, rest = 0, b""
        while read_to < self._end:
            self._file.seek(read_to)
            more = self._file.read(_READ_BYTES)
            read_to += len(more)
            rest += more
            start = 0
            while (begin := start + _LENGTH_BYTES) <= len(rest):
                end = begin + int.from_bytes(rest[start:begin])
                if end > len(rest):
                    break
                yield rest[begin:end]
                start = end
            rest = rest[start:]

    def close(self) -> None:
        """Give back the file."""
        self._file.close()
