"""A file of the spool: a head that says where its events go, and one line an event, taken from its front as they are sent.

Who writes a file holds its lock, which the kernel frees when he ends, however that is. A file without a holder is left over:
whoever takes its lock sends what is in it. What had been sent already is then sent again, which changes nothing.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Self
from weakref import WeakSet

if TYPE_CHECKING:
    from pathlib import Path

CHUNK = 512 * 1024
_CLOSED = -1


class SpoolFile:
    """Open and held until it is closed. What the disk does not take is an OSError, and then nothing has changed."""

    def __init__(self, path: Path, flags: int = 0) -> None:
        self.path = path
        self._file = os.open(path, os.O_RDWR | os.O_CLOEXEC | flags, 0o600)
        _all.add(self)
        self._start = self._next = self._end = 0  # where events begin, where the next one to send is, where a new one comes

    @classmethod
    def create(cls, path: Path, head: bytes) -> Self:
        """A new one, locked before it has the name by which others look for files that are left over."""
        file = cls(path.with_suffix(".new"), os.O_CREAT)
        try:
            file._lock()
            os.ftruncate(file._file, 0)
            file.append(head)
            file._start = file._next = file._end
            file.path = file.path.rename(path)
        except OSError:
            file.remove()
            raise
        return file

    @classmethod
    def take_over(cls, path: Path) -> Self | None:
        """One that nobody holds; its events are known when they are counted."""
        try:
            file = cls(path)
        except OSError:
            return None
        try:
            file._lock()
            if not file.deleted:  # else another has sent it meanwhile
                return file
        except OSError:  # its producer lives
            pass
        file.close()
        return None

    def count(self) -> int:
        """How many events another has left in it."""
        place = lines = 0
        while content := os.pread(self._file, CHUNK, place):
            if not self._start and (end := content.find(b"\n")) >= 0:
                self._start = self._next = place + end + 1
            lines += content.count(b"\n")
            # behind the last line's end may be what its producer was writing when he was killed: it was never said
            if (end := content.rfind(b"\n")) >= 0:
                self._end = place + end + 1
            place += len(content)
        return max(lines - 1, 0)

    @property
    def deleted(self) -> bool:
        """Whether it has no name any more, so that nobody will ever find it."""
        return os.fstat(self._file).st_nlink == 0

    def append(self, line: bytes) -> None:
        self._put(line + b"\n")

    def read(self, most: int) -> list[bytes]:
        """The oldest lines that are not taken out; none if they cannot be read."""
        content = b""
        try:
            while b"\n" not in content:
                place = self._next + len(content)
                if not (more := os.pread(self._file, min(CHUNK, self._end - place), place)):
                    return []
                content += more
        except OSError:
            return []
        return content[: content.rfind(b"\n")].split(b"\n")[:most]

    def take_out(self, size: int) -> None:
        """So many bytes of what was read. When all are out, the room is given back: a disk that is full takes this as well."""
        self._next += size
        if self._next == self._end:
            with suppress(OSError):
                os.ftruncate(self._file, self._start)
                self._next = self._end = self._start

    def copy_to(self, other: SpoolFile) -> None:
        """Put what waits in it into a new one, which is removed if that does not go."""
        try:
            for place in range(self._next, self._end, CHUNK):
                other._put(os.pread(self._file, min(CHUNK, self._end - place), place))
        except OSError:
            other.remove()
            raise

    def remove(self) -> None:
        with suppress(OSError):
            if not self.deleted:  # else the name may be another's
                self.path.unlink()
        self.close()

    def close(self) -> None:
        if self._file != _CLOSED:
            os.close(self._file)
            self._file = _CLOSED

    def _lock(self) -> None:
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _put(self, content: bytes) -> None:
        """At the end, all of it or nothing."""
        try:
            done = 0
            while done < len(content):
                done += os.pwrite(self._file, content[done:], self._end + done)
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._file, self._end)
            raise
        self._end += len(content)


_all: WeakSet[SpoolFile] = WeakSet()


def _in_child() -> None:
    """A child that held its parent's files, and those that he had taken over, would keep them from everyone else."""
    for file in _all:
        with suppress(OSError):  # it was being closed
            file.close()


os.register_at_fork(after_in_child=_in_child)
