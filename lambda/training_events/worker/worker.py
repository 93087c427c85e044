"""A worker: it starts what the log asks for, and waits for what runs on this machine, whoever started it.

Whether a run is started is decided while its lock is held. The process of the run inherits the lock, so there is no moment at
which two workers of this machine could start it. A lock that is free, and no end in the log: the process has died, and is
started again.
"""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING, TypeVar

from training_events.errors import DamagedEvent, Misused, TrainingEventsError, is_from_aws
from training_events.reading.opening import bring_up_to_date
from training_events.reading.wording.run import error_of
from training_events.recorder.outside_run import publishes_on_bus
from training_events.stores.sqlite.event_log import SqliteLog
from training_events.worker.ending import BUS_SECONDS, conclude, failure, known_run, recorded_run
from training_events.worker.note import Note
from training_events.worker.requests import Requests
from training_events.worker.task import MAX_STARTS, TaskFiles, locked, open_privately, task_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from training_events.reading.opening import Sources
    from training_events.worker.task import Task

_T = TypeVar("_T")

BUSY_PAUSE_SECONDS = 0.5
SQLITE_PAUSE_SECONDS = 1.0
DYNAMODB_PAUSE_SECONDS = 5.0
"""Between two looks at a log that has nothing to do. A look at a file asks for one number, one at DynamoDB queries a page."""


class Worker:
    """`decide` makes a task of the request in a stream, or None where nothing is to be started.

    `ask` requests what new versions of datasets start, and returns the streams. `tell` gets what becomes of each run, `warn` a
    line on what keeps the worker from its work.
    """

    def __init__(
        self,
        sources: Sources,
        folder: Path,
        *,
        decide: Callable[[str, Iterable[Task]], Task | None],
        ask: Callable[[], Iterable[str]],
        tell: Callable[[Note], object],
        warn: Callable[[str], object],
    ) -> None:
        self._sources, self._folder, self._decide, self._ask, self._tell, self._warn = sources, folder, decide, ask, tell, warn
        self._requests = Requests(sources)
        self._processes: list[subprocess.Popen[bytes]] = []
        self._free_since: dict[str, float] = {}
        self._answered: set[str] = set()
        self._damage: set[str] = set()
        self._on_their_way: dict[str, float] = {}
        self.running: dict[str, Task] = {}
        """What is not over yet of what this machine runs, by the stream."""

    def work(self, *, once: bool) -> None:
        """Until nothing is left to do, or for ever. Then it survives that the log or the bus is away for a while."""
        trouble = ""
        while True:
            try:
                busy, trouble = self.look(), ""
            except Exception as error:
                is_outside = isinstance(error, (TrainingEventsError, OSError)) or is_from_aws(error)
                if once or not is_outside or isinstance(error, Misused):
                    raise
                if str(error) != trouble:
                    self._warn(f"it is tried again: {error}")
                busy, trouble = True, str(error)
                self._requests = Requests(self._sources)
            if once and not busy:
                return
            time.sleep(self._pause_seconds())

    def look(self) -> bool:
        """Do what can be done at this moment. Returns whether something runs, or is about to."""
        self._processes = [process for process in self._processes if process.poll() is None]
        for files in task_files(self._folder):
            self._past_damage(self._continue, files)
        if self._requests.has_news() or self._on_their_way:
            bring_up_to_date(self._sources)
            until = time.monotonic() + BUS_SECONDS
            self._on_their_way |= dict.fromkeys(self._ask(), until)
            for stream in dict.fromkeys([*self._arrived(), *self._requests.open_runs()]):
                if stream not in self.running and stream not in self._answered:
                    self._past_damage(self._consider, stream)
        return bool(self.running or self._on_their_way)

    def _past_damage(self, do: Callable[[_T], None], about: _T) -> None:
        """An event that cannot be read holds up the runs that need it, and no others."""
        try:
            do(about)
        except DamagedEvent as flaw:  # `verify` tells of it too
            if str(flaw) not in self._damage:
                self._damage.add(str(flaw))
                self._warn(f"what needs this event is left alone: {flaw}")

    def _arrived(self) -> list[str]:
        """What this worker has asked for and the log has by now. An old version of a dataset makes a request of an old time."""
        unknown = {it for it in self._on_their_way if recorded_run(self._sources, it).status == "unknown"}
        arrived = [stream for stream in self._on_their_way if stream not in unknown]
        self._on_their_way = {
            it: until for it, until in self._on_their_way.items() if it in unknown and until > time.monotonic()
        }
        return arrived

    def _consider(self, stream: str) -> None:
        files = TaskFiles.of(stream, self._folder)
        # one decision at a time: the next one counts what this one has started
        with locked(self._folder / "deciding.lock", wait=True), files.locked() as lock:
            if lock is None or files.read() is not None:
                return  # another worker of this machine is at it
            run = recorded_run(self._sources, stream)
            if run.status == "requested" and (task := self._decide(stream, self._tasks_of(run.recipe))) is not None:
                self._start(files, files.write(task), lock)
            else:
                self._answered.add(stream)
                files.remove()

    def _tasks_of(self, recipe: str | None) -> list[Task]:
        tasks = (files.read() for files in task_files(self._folder))
        return [task for task in tasks if task is not None and task.recipe == recipe]

    def _continue(self, files: TaskFiles) -> None:
        with files.locked() as lock:
            task = files.read()
            if task is None:
                return
            if task.concluded or (lock is not None and self._is_over(files, task, lock)):
                self._tell_end(task)
                files.remove()
                for of_run in (self.running, self._free_since):
                    of_run.pop(task.stream, None)
            elif task.stream not in self.running:
                self.running[task.stream] = task
                self._tell(Note(task.stream, "found", f"process {task.process}, its output is in {files.output}"))

    def _is_over(self, files: TaskFiles, task: Task, lock: int) -> bool:
        """Whether the run of a task whose process has ended is over. If not, it is started again, or its end is on its way."""
        run, free_since = known_run(self._sources, task.stream), self._free_since.setdefault(task.stream, time.monotonic())
        waited = time.monotonic() - free_since >= BUS_SECONDS
        if conclude(files, task, run, waited=waited):
            return True
        if task.end is not None or (task.starts and (not run.is_all_sent or (publishes_on_bus() and not waited))):
            return False
        del self._free_since[task.stream]
        if task.starts >= MAX_STARTS:
            end = failure(f"its process has died {task.starts} times without an end")
            return conclude(files, files.change(end=end), run, waited=True)
        self._start(files, task, lock)
        return False

    def _start(self, files: TaskFiles, task: Task, lock: int) -> None:
        command = [sys.executable, "-P", "-m", "training_events.worker.process", str(files.task_file), str(lock)]
        self.running[task.stream] = task
        try:
            with open(files.output, "ab", opener=open_privately) as output:
                process = subprocess.Popen(
                    command,
                    cwd=task.folder,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    pass_fds=[lock],
                    start_new_session=True,  # neither Ctrl-C nor the end of a terminal reaches it
                )
        except (FileNotFoundError, NotADirectoryError, PermissionError) as flaw:  # its folder may be gone meanwhile
            files.change(end=failure(f"its process cannot be started: {flaw.filename}: {flaw.strerror}"))
            return  # the next look records the end; other runs are not held up
        self._processes.append(process)
        where = f"recipe {task.recipe}, process {process.pid}, its output is in {files.output}"
        self._tell(Note(task.stream, "started_again" if task.starts else "started", where))

    def _tell_end(self, task: Task) -> None:
        run = recorded_run(self._sources, task.stream)
        if run.status == "completed":
            self._tell(Note(task.stream, "completed"))
        else:
            reason = run.stop_reason if run.status == "stopped" else error_of(run)
            self._tell(Note(task.stream, "stopped" if run.status == "stopped" else "failed", reason))

    def _pause_seconds(self) -> float:
        if self.running:
            return BUSY_PAUSE_SECONDS
        return SQLITE_PAUSE_SECONDS if isinstance(self._sources.log, SqliteLog) else DYNAMODB_PAUSE_SECONDS
