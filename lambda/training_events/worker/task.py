"""What a worker keeps of a run until its end is recorded: the task, a lock, the program's output, the data of its channels.

All of it is in files, because the process that runs a task outlives the worker that started it, and a later worker continues.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import msgspec
from msgspec import Struct, structs

from training_events.catalogue.run import UsedDataset
from training_events.recorder.delivery.destination import configured_destination
from training_events.recorder.delivery.spool import spool_folder
from training_events.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

MAX_STARTS = 3
"""So often a task is started whose process dies without an end: it may be what kills the machine."""
_TASK = ".task"
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]+")


class End(Struct, frozen=True):
    """The event that ends the run, unless its program has recorded one."""

    type: str
    data: dict[str, Any] = {}


class Task(Struct, frozen=True):
    """A program to run for one TrainingRequested, as the recipe and the event had it when it was decided.

    `starts` counts the processes that began with it, and `process` is the number of the last one. What has an `end` is not
    started again. `concluded` tells that the log has an end of the run.
    """

    stream: str
    recipe: str
    command: list[str]
    folder: str
    hyperparameters: dict[str, Any] = {}
    datasets: list[UsedDataset] = []
    environment: dict[str, str] = {}
    reproduces: str | None = None
    starts: int = 0
    process: int | None = None
    end: End | None = None
    concluded: bool = False


class TaskFiles:
    """The files of one task. The name says which run it is to a person, and the digest to a worker."""

    def __init__(self, base: Path) -> None:
        self._base = base

    @classmethod
    def of(cls, stream: str, folder: Path) -> Self:
        readable = _NOT_IN_NAMES.sub("-", stream.partition("/")[2])[:60]
        return cls(folder / f"{readable}-{sha256(stream.encode()).hexdigest()[:12]}")

    @classmethod
    def at(cls, task_file: Path) -> Self:
        return cls(task_file.with_name(task_file.name.removesuffix(_TASK)))

    @property
    def task_file(self) -> Path:
        return self._with(_TASK)

    @property
    def output(self) -> Path:
        """All that the program prints, in all of its attempts. It stays when the task is done."""
        return self._with(".log")

    @property
    def data(self) -> Path:
        """The folder with what was fetched for the program, channel by channel."""
        return self._with(".data")

    @property
    def origins(self) -> Path:
        """Which versions these are copies of."""
        return self.data / "origins.json"

    def _with(self, suffix: str) -> Path:
        return self._base.with_name(f"{self._base.name}{suffix}")

    def read(self) -> Task | None:
        """None where there is no task (any more), or none that can be read: then the log says what is to be done."""
        try:
            return msgspec.json.decode(self.task_file.read_bytes(), type=Task)
        except (FileNotFoundError, msgspec.MsgspecError):
            return None

    def write(self, task: Task) -> Task:
        """Keep the task: whole, or as it was before."""
        new = self._with(".new")
        with open(new, "wb", opener=open_privately) as file:
            file.write(msgspec.json.encode(task))
            file.flush()
            os.fsync(file.fileno())
        new.replace(self.task_file)
        return task

    def change(self, **fields: Any) -> Task:
        """Keep the task with other values in these fields. Whoever holds the lock may do it."""
        task = self.read()
        if task is None:
            raise FileNotFoundError(self.task_file)
        return self.write(structs.replace(task, **fields))

    def locked(self) -> AbstractContextManager[int | None]:
        """The lock of the run, or None while a process holds it."""
        return locked(self._with(".lock"))

    def remove(self) -> None:
        """Forget the task, which is done: all but its output."""
        shutil.rmtree(self.data, ignore_errors=True)
        for path in (self._with(".new"), self.task_file, self._with(".lock")):
            path.unlink(missing_ok=True)


@contextmanager
def locked(path: Path, *, wait: bool = False) -> Iterator[int | None]:
    """The descriptor of a lock; None while another process holds it, unless this one waits for it.

    It is let go of here at the end. A process that has inherited it goes on holding it: the kernel frees a lock when the last
    one that holds it ends.
    """
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            os.close(descriptor)
            yield None
            return
        if os.fstat(descriptor).st_nlink:
            break
        os.close(descriptor)  # whoever held it has removed the file meanwhile: a lock that nobody else would find
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def worker_folder(settings: Settings, url: str) -> Path:
    """Where the workers of this machine keep the tasks of a log: beside the usual place of the spool."""
    environment = {name: value for name, value in settings.environment.items() if name != "TRAINING_EVENTS_BUS"}
    log = configured_destination(Settings({**environment, "TRAINING_EVENTS_LOG": url}))
    usual = Settings({name: value for name, value in environment.items() if name != "TRAINING_EVENTS_SPOOL"})
    folder = spool_folder(usual).parent / "worker" / log.folder_name
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def task_files(folder: Path) -> Iterator[TaskFiles]:
    """Those of all tasks that are not done, in the order of their names."""
    return (TaskFiles.at(path) for path in sorted(folder.glob(f"*{_TASK}")))


def open_privately(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)  # a recipe's variables are nobody else's business
