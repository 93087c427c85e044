"""Events until they are sent: on disk, and in memory while the disk takes none.

A file whose producer has ended is orphaned. The process that takes it over sends what is in it.
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

from msgspec import MsgspecError, Struct, json, to_builtins

from training_events.recorder.delivery.spool_file import SpoolFile
from training_events.recorder.reporting import log

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from training_events.recorder.delivery.destination import Destination, Unsent
    from training_events.settings import Settings


MAX_BATCH_LINES = 10
"""In one batch: as many as one PutEvents request takes."""
MAX_MEMORY_BYTES = 64 * 2**20
"""Of events that are kept in memory while the disk takes none."""


def spool_folder(settings: Settings) -> Path:
    """TRAINING_EVENTS_SPOOL, else where the XDG Base Directory Specification has what a program keeps between its runs."""
    if folder := settings.optional("spool"):
        return Path(folder).absolute()
    state = settings.environment.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")  # noqa: PTH111 - pathlib's raises
    home = Path(state) if Path(state).is_absolute() else Path(tempfile.gettempdir())
    return home / "training-events" / "spool"


class Spool:
    """One file, written by one thread and sent by another. It is created with the first event and removed when all are sent."""

    def __init__(self, home: Path, to: Destination, producer: str) -> None:
        self.path = home / to.folder_name / f"{producer}.jsonl"
        self._to = to_builtins(to)
        self.begun_in: str | None = None
        """The identity of the laptop's log that has the first events of this file. What follows them goes into no other one."""
        self._file: SpoolFile | None = None
        self._lock = Lock()
        # A batch comes from the file or, while its bytes in the file are 0, from memory.
        self._batch: list[bytes] = []
        self._batch_file_bytes = 0
        self._memory: deque[bytes] = deque()
        self._memory_bytes = 0
        self.pending = 0
        """Events that are not sent yet."""
        self.lost = 0
        """Events for which neither disk nor memory had room."""

    def append(self, line: bytes) -> None:
        """Keep an event: in memory, if the disk does not take it."""
        with self._lock:
            self._replace_deleted_file()
            is_memory_being_sent = bool(self._batch) and not self._batch_file_bytes
            if not is_memory_being_sent:
                self._write_memory()
            if self._write(line):
                self.pending += 1
            elif self._memory_bytes + len(line) <= MAX_MEMORY_BYTES:
                self._memory.append(line)
                self._memory_bytes += len(line)
                self.pending += 1
            else:
                self.lost += 1

    def next_batch(self) -> list[bytes]:
        """The oldest events that are not sent yet; the same ones until `acknowledge`. Empty if they can no longer be read."""
        with self._lock:
            if not self._batch:
                self._batch = self._read_file() or list(islice(self._memory, MAX_BATCH_LINES))
            if self.pending and not self._batch:
                self.lost += self.pending
                self.pending = 0
                self.release()  # what comes next goes into a whole file
            return list(self._batch)

    def begin_in(self, log: str) -> None:
        """Events of this file are in that log now. It is on disk for whoever sends the rest."""
        with self._lock:
            if self.begun_in is None:
                self.begun_in = log
                if self._file is not None:
                    self._file.replace_head(self._head)

    def acknowledge(self, unsent: list[bytes]) -> None:
        """All of the batch has arrived but these lines."""
        with self._lock:
            self.pending -= len(self._batch) - len(unsent)
            if not self._batch_file_bytes:
                for line in set(self._batch) - set(unsent):
                    self._memory.remove(line)
                    self._memory_bytes -= len(line)
                self._batch = []
                return
            self._batch = unsent
            if not unsent:
                if self._file is not None:
                    self._file.take_out(self._batch_file_bytes)
                self._batch_file_bytes = 0

    @property
    def refused_path(self) -> Path:
        """The file for events that the destination will never take, with the reasons."""
        return self.path.with_suffix(".refused")

    def set_aside(self, refused: list[Unsent]) -> bool:
        """Keep events that will never be taken, so that they hold up no others. False if the disk does not take them."""
        lines = (json.encode({"why": event.why, "event": event.line.decode(errors="replace")}) + b"\n" for event in refused)
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with open(self.refused_path, "ab", opener=_open_at_once) as file:  # pathlib's takes no opener
                file.writelines(lines)
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Release the file, and remove it if all is sent. What is in memory is written first, if the disk takes it by now."""
        with self._lock:
            self._write_memory()
            self.lost += len(self._memory)
            self._memory.clear()
            if self.pending:
                self._replace_deleted_file()
            if self._file is not None and not self.pending and not self.lost:
                self._file.remove()
            self.release()

    def release(self) -> None:
        """Release the file as it is."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write_memory(self) -> None:
        """Write what the disk did not take before, as far as it does by now."""
        while self._memory and self._write(self._memory[0]):
            self._memory_bytes -= len(self._memory.popleft())

    def _write(self, line: bytes) -> bool:
        """Whether the disk has taken it."""
        try:
            if self._file is None:
                self._file = self._create()
            self._file.append(line)
        except OSError:  # full, read-only or gone: reported once it matters, which is when the event cannot be sent either
            return False
        return True

    @property
    def _head(self) -> bytes:
        """As long with the log as without it."""
        length = len(json.encode({"to": self._to, "log": "0" * 32}))
        return json.encode({"to": self._to} | ({"log": self.begun_in} if self.begun_in else {})).ljust(length)

    def _create(self) -> SpoolFile:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        while self.path.exists():  # this spool has released the file before, and no longer holds it
            self.path = self.path.with_stem(f"{self.path.stem}+")
        return SpoolFile.create(self.path, self._head)

    def _replace_deleted_file(self) -> None:
        """If somebody has deleted the file, copy its events into a new one: without a name nobody would ever find them."""
        with suppress(OSError):  # where no new one can be made, the old one has to do
            if self._file is not None and self._file.deleted:
                nameless, file = self._file, self._create()
                nameless.copy_to(file)
                self._file = file
                nameless.close()

    def _read_file(self) -> list[bytes]:
        lines = [] if self._file is None else self._file.read(MAX_BATCH_LINES)
        self._batch_file_bytes = sum(map(len, lines)) + len(lines)
        return lines


def _open_at_once(path: str, flags: int) -> int:
    """Open a file that only its user can read. If it is a FIFO that nobody reads, that is an OSError, and no wait."""
    return os.open(path, flags | os.O_NONBLOCK, 0o600)


_STALE_SECONDS = 3600.0
"""A file without a head that is older than this is no longer being made."""


class _Head(Struct):
    log: str | None = None


class OrphanedSpool(Spool):
    """A file whose producer has ended."""

    def __init__(self, file: SpoolFile, to: Destination) -> None:
        super().__init__(file.path.parent.parent, to, file.path.stem)
        self.path = file.path
        self._file = file
        self.pending = file.count()
        with suppress(MsgspecError):  # something else has written it
            self.begun_in = json.decode(file.head, type=_Head).log


def orphaned_spools(home: Path, to: Destination) -> Generator[OrphanedSpool]:
    """The files for this destination that no process holds, one by one, in any order. Each is held until it is closed.

    Nothing is read ahead: there may be thousands.
    """
    for path in (path for name in to.folder_names for path in _files_in(home / name)):
        if path.suffix == ".new":
            _remove_if_stale(path)
        elif path.suffix == ".jsonl" and (file := SpoolFile.take_over(path)) is not None:
            try:
                spool = OrphanedSpool(file, to)
            except OSError as error:  # a fault of the disk must not hold up the other files
                file.close()
                log.warning("%s cannot be read: %s", path, error)
                continue
            yield spool


def _files_in(folder: Path) -> Iterator[Path]:
    with suppress(OSError), os.scandir(folder) as entries:  # suppress: there is no such folder, say
        for entry in entries:
            yield folder / entry.name


def _remove_if_stale(path: Path) -> None:
    """Remove a file whose producer was killed before it held an event."""
    with suppress(OSError):
        if time.time() - path.stat().st_mtime > _STALE_SECONDS:
            path.unlink()


def is_in_use(path: Path) -> bool:
    """Whether a process holds the file."""
    if (file := SpoolFile.take_over(path)) is None:
        return True
    file.close()
    return False
