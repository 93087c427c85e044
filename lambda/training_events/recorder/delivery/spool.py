"""Events that wait to be sent: on disk, and in memory while the disk takes nothing.

A file whose producer has ended is left over: the process that takes it over sends what is in it.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections import deque
from contextlib import suppress
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from msgspec import json, to_builtins

from training_events.recorder.delivery.spool_file import SpoolFile
from training_events.recorder.reporting import log

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from training_events.recorder.delivery.destination import Destination, Unsent
    from training_events.settings import Settings


MAX_BATCH_LINES = 10
"""Lines given out at once: as many as one PutEvents request takes."""
MAX_MEMORY_BYTES = 64 * 2**20
"""Bytes of events that are kept in memory while the disk takes none."""


def spool_folder(settings: Settings) -> Path:
    """TRAINING_EVENTS_SPOOL, else where the XDG Base Directory Specification has what a program keeps between its runs."""
    if said := settings.optional("spool"):
        return Path(said).absolute()
    state = settings.environment.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")  # noqa: PTH111 - pathlib's raises
    home = Path(state) if Path(state).is_absolute() else Path(tempfile.gettempdir())
    return home / "training-events" / "spool"


class Spool:
    """One file, written by one thread and sent by another. Made when the first event comes, removed when all are sent."""

    def __init__(self, home: Path, to: Destination, producer: str) -> None:
        self.path = home / to.folder_name / f"{producer}.jsonl"
        self._head = json.encode({"to": to_builtins(to)})
        self._file: SpoolFile | None = None
        self._lock = Lock()
        self._given: list[bytes] = []
        self._given_bytes = 0
        self._memory: deque[bytes] = deque()
        self._memory_bytes = 0
        self.pending = 0
        self.lost = 0
        """Events that neither disk nor memory had room for."""

    def append(self, line: bytes) -> None:
        """Keep an event: in memory, if the disk does not take it."""
        with self._lock:
            self._keep_the_name()
            if not self._given or self._given_bytes:  # nothing of it is being sent
                self._write_memory()
            if self._written(line):
                self.pending += 1
            elif self._memory_bytes + len(line) <= MAX_MEMORY_BYTES:
                self._memory.append(line)
                self._memory_bytes += len(line)
                self.pending += 1
            else:
                self.lost += 1

    def next_batch(self) -> list[bytes]:
        """The oldest events that are not sent yet; the same until `sent` says so. None: what waits cannot be read any more."""
        with self._lock:
            if not self._given:
                self._given = self._read() or list(islice(self._memory, MAX_BATCH_LINES))
            if self.pending and not self._given:
                self.lost += self.pending
                self.pending = 0
                self.release()  # what comes next goes into a file that is whole
            return list(self._given)

    def acknowledge(self, left: list[bytes]) -> None:
        """Of what `next` gave, all but `left` has arrived."""
        with self._lock:
            self.pending -= len(self._given) - len(left)
            if not self._given_bytes:
                for line in set(self._given) - set(left):
                    self._memory.remove(line)
                    self._memory_bytes -= len(line)
                self._given = []
                return
            self._given = left
            if not left:
                if self._file is not None:
                    self._file.take_out(self._given_bytes)
                self._given_bytes = 0

    @property
    def refused_path(self) -> Path:
        """The file for what will never be taken, with the reasons."""
        return self.path.with_suffix(".refused")

    def set_aside(self, refused: list[Unsent]) -> bool:
        """Keep what will never be taken, so that it is in nobody's way; false if the disk does not take it."""
        lines = (json.encode({"why": one.why, "event": one.line.decode(errors="replace")}) + b"\n" for one in refused)
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self.refused_path.open("ab") as file:
                file.writelines(lines)
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Let go of the file; it is removed if all is sent. What was in memory is written if the disk takes it by now."""
        with self._lock:
            self._write_memory()
            self.lost += len(self._memory)
            self._memory.clear()
            if self.pending:
                self._keep_the_name()
            if self._file is not None and not self.pending and not self.lost:
                self._file.remove()
            self.release()

    def release(self) -> None:
        """Let go of the file as it is."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write_memory(self) -> None:
        """What the disk did not take before, as far as it does by now."""
        while self._memory and self._written(self._memory[0]):
            self._memory_bytes -= len(self._memory.popleft())

    def _written(self, line: bytes) -> bool:
        try:
            if self._file is None:
                self._file = self._create()
            self._file.append(line)
        except OSError:  # full, read-only, gone: said when it matters, which is when it could not be sent either
            return False
        return True

    def _create(self) -> SpoolFile:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        while self.path.exists():  # what an earlier one left is no longer held
            self.path = self.path.with_stem(f"{self.path.stem}+")
        return SpoolFile.create(self.path, self._head)

    def _keep_the_name(self) -> None:
        """If somebody has deleted the file: what waits in it goes into a new one, else nobody would ever find it."""
        with suppress(OSError):  # for want of another the old one has to do
            if self._file is not None and self._file.deleted:
                nameless, file = self._file, self._create()
                nameless.copy_to(file)
                self._file = file
                nameless.close()

    def _read(self) -> list[bytes]:
        lines = [] if self._file is None else self._file.read(MAX_BATCH_LINES)
        self._given_bytes = sum(map(len, lines)) + len(lines)
        return lines


_NOT_BEING_MADE_SECONDS = 3600.0


class OrphanedSpool(Spool):
    """A file whose producer has ended."""

    def __init__(self, file: SpoolFile, to: Destination) -> None:
        super().__init__(file.path.parent.parent, to, file.path.stem)
        self.path = file.path
        self._file = file
        self.pending = file.count()


def orphaned_spools(home: Path, to: Destination) -> Iterator[OrphanedSpool]:
    """The files for this destination that nobody holds, one by one, each held until it is closed."""
    for place in (home / key for key in to.folder_names):
        for path in place.glob("*.new"):  # of who was killed before there was an event in it
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > _NOT_BEING_MADE_SECONDS:
                    path.unlink()
        for path in sorted(place.glob("*.jsonl")):
            if (file := SpoolFile.take_over(path)) is None:
                continue
            try:
                found = OrphanedSpool(file, to)
            except OSError as error:  # a flaw of the disk: it is in the way of no other file
                file.close()
                log.warning("%s cannot be read: %s", path, error)
                continue
            yield found


def is_in_use(path: Path) -> bool:
    """Whether a recorder is at work on the file."""
    if (file := SpoolFile.take_over(path)) is None:
        return True
    file.close()
    return False
