"""A file of the spool: a head that says where its events go, and a line for each event. Lines that are sent leave at the front.

The process that writes a file holds its lock; the kernel releases the lock when the process ends. A file that no process holds
is orphaned: the process that takes its lock sends what is in it. Some of that may be sent a second time, which changes nothing.
"""

from __future__ import annotations

import fcntl
import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, Self
from weakref import WeakSet

if TYPE_CHECKING:
    from pathlib import Path

CHUNK = 512 * 1024
_CLOSED = -1


class SpoolFile:
    """Open and locked until it is closed. What the disk does not take is an OSError, and then nothing has changed."""

    def __init__(self, path: Path, flags: int = 0) -> None:
        self.path = path
        self._file = os.open(path, os.O_RDWR | os.O_CLOEXEC | flags, 0o600)
        _all.add(self)
        # places in bytes: where the events begin, where the next one to send is, and where a new one is added
        self._start = self._next = self._end = 0

    @classmethod
    def create(cls, path: Path, head: bytes) -> Self:
        """A new file. It is locked before it gets the name by which others find orphaned files."""
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
        """A file that no process holds. Call `count` before anything else: it finds the events."""
        if not is_regular(path):
            return None
        try:
            file = cls(path)
        except OSError:
            return None
        try:
            file._lock()
            if not file.deleted:  # else another process has sent it meanwhile
                return file
        except OSError:  # its producer lives
            pass
        file.close()
        return None

    @property
    def head(self) -> bytes:
        """The first line, also of a file that has no other."""
        return os.pread(self._file, CHUNK, 0).partition(b"\n")[0]

    def replace_head(self, head: bytes) -> None:
        """Put another head in the place of one that is as long. A file of an older version has a shorter one, and keeps it."""
        if self._start == len(head) + 1:
            with suppress(OSError):
                os.pwrite(self._file, head, 0)

    def count(self) -> int:
        """How many events its producer has left in it."""
        place = lines = 0
        while content := os.pread(self._file, CHUNK, place):
            if not self._start and (end := content.find(b"\n")) >= 0:
                self._start = self._next = place + end + 1
            lines += content.count(b"\n")
            # after the last line end may be a line that the producer was writing when it was killed: that was never recorded
            if (end := content.rfind(b"\n")) >= 0:
                self._end = place + end + 1
            place += len(content)
        return max(lines - 1, 0)

    @property
    def deleted(self) -> bool:
        """Whether it has no name any more, so that nobody can find it."""
        return os.fstat(self._file).st_nlink == 0

    def append(self, line: bytes) -> None:
        self._put(line + b"\n")

    def read(self, max_lines: int) -> list[bytes]:
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
        return content[: content.rfind(b"\n")].split(b"\n")[:max_lines]

    def take_out(self, size: int) -> None:
        """Take out so many bytes of what was read. When all are out, the file is cut, which a full disk allows too."""
        self._next += size
        if self._next == self._end:
            with suppress(OSError):
                os.ftruncate(self._file, self._start)
                self._next = self._end = self._start

    def copy_to(self, other: SpoolFile) -> None:
        """Copy the lines that are not taken out into a new file. If that fails, the new file is removed."""
        try:
            for place in range(self._next, self._end, CHUNK):
                other._put(os.pread(self._file, min(CHUNK, self._end - place), place))
        except OSError:
            other.remove()
            raise

    def remove(self) -> None:
        with suppress(OSError):
            if not self.deleted:  # else another file may have the name
                self.path.unlink()
        self.close()

    def close(self) -> None:
        if self._file != _CLOSED:
            os.close(self._file)
            self._file = _CLOSED

    def _lock(self) -> None:
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _put(self, content: bytes) -> None:
        """Add it at the end, all of it or nothing."""
        try:
            done = 0
            while done < len(content):
                done += os.pwrite(self._file, content[done:], self._end + done)
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._file, self._end)
            raise
        self._end += len(content)


def is_regular(path: Path) -> bool:
    """Whether it is a file, or a link to one. To open a FIFO or a device may take for ever."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:  # it is gone, say, or a link to itself
        return False


_all: WeakSet[SpoolFile] = WeakSet()


def _in_child() -> None:
    """Close the parent's files in a child: a lock is shared by both, so the child would keep the files from all others."""
    for file in _all:
        with suppress(OSError):  # the parent was closing it
            file.close()


os.register_at_fork(after_in_child=_in_child)
