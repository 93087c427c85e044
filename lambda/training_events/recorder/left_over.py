"""Files of the spool whose producer has ended: whoever holds one sends what is in it."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from training_events.recorder.delivery.spool import Spool
from training_events.recorder.delivery.spool_file import SpoolFile
from training_events.recorder.reporting import log

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from training_events.recorder.delivery.destination import Destination

_NOT_BEING_MADE_SECONDS = 3600.0


class LeftOver(Spool):
    """A file whose producer has ended."""

    def __init__(self, file: SpoolFile, to: Destination) -> None:
        super().__init__(file.path.parent.parent, to, file.path.stem)
        self.path = file.path
        self._file = file
        self.waiting = file.count()


def left_over(home: Path, to: Destination) -> Iterator[LeftOver]:
    """The files for this destination that nobody holds, one by one, each held until it is closed."""
    for place in (home / key for key in to.keys):
        for path in place.glob("*.new"):  # of who was killed before there was an event in it
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > _NOT_BEING_MADE_SECONDS:
                    path.unlink()
        for path in sorted(place.glob("*.jsonl")):
            if (file := SpoolFile.take_over(path)) is None:
                continue
            try:
                found = LeftOver(file, to)
            except OSError as error:  # a flaw of the disk: it is in the way of no other file
                file.close()
                log.warning("%s cannot be read: %s", path, error)
                continue
            yield found


def is_held(path: Path) -> bool:
    """Whether a recorder is at work on the file."""
    if (file := SpoolFile.take_over(path)) is None:
        return True
    file.close()
    return False
