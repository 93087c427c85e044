"""Files of the spool whose producer has ended: whoever holds one sends what is in it."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from training_events.recorder.spool import CHUNK, Spool

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from training_events.recorder.destination import Destination

_NOT_BEING_MADE_SECONDS = 3600.0


class LeftOver(Spool):
    """A file whose producer has ended."""

    def __init__(self, path: Path, to: Destination, file: int) -> None:
        super().__init__(path.parent.parent, to, path.stem)
        self.path = path
        self._file = file
        size = os.fstat(file).st_size
        place, last = 0, 0
        while place < size:
            content = os.pread(file, CHUNK, place)
            if not self._start and (end := content.find(b"\n")) >= 0:
                self._start = self._next = end + 1
            self.waiting += content.count(b"\n")
            if (end := content.rfind(b"\n")) >= 0:
                last = place + end + 1
            place += len(content)
        self.waiting = max(self.waiting - 1, 0)
        # behind the last line's end may be what its producer was writing when he was killed: it was never said
        self._end = max(last, self._start)


def left_over(home: Path, to: Destination) -> Iterator[LeftOver]:
    """The files for this destination that nobody holds, one by one, each held until it is closed."""
    for place in (home / key for key in to.keys):
        for path in place.glob("*.new"):  # of who was killed before there was an event in it
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > _NOT_BEING_MADE_SECONDS:
                    path.unlink()
        for path in sorted(place.glob("*.jsonl")):
            if (file := _hold(path)) is not None:
                yield LeftOver(path, to, file)


def is_held(path: Path) -> bool:
    """Whether a recorder is at work on the file."""
    if (file := _hold(path)) is None:
        return True
    os.close(file)
    return False


def _hold(path: Path) -> int | None:
    try:
        file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(file).st_nlink:  # else another has sent it meanwhile
            return file
    except OSError:  # its producer lives
        pass
    os.close(file)
    return None
