"""The process of one task, in a session of its own: `python -m training_events.worker.process TASK-FILE LOCK`.

It outlives the worker that starts it. It has inherited the lock of the run, and its program inherits it too: as long as one of
them lives, no worker starts the task again. It records the end of the run where the program did not.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from training_events.errors import Misused, TrainingEventsError
from training_events.reading.opening import open_sources
from training_events.recorder.pinning.fetched import write_origins
from training_events.recorder.storage.fetching import fetched
from training_events.worker.ending import BUS_SECONDS, conclude, end_of, failure, known_run
from training_events.worker.program import command_of, environment_of
from training_events.worker.task import End, TaskFiles

if TYPE_CHECKING:
    from types import FrameType

    from training_events.catalogue.run import UsedDataset
    from training_events.worker.task import Task

PAUSE_SECONDS = 1.0
_CHANNEL = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_Channel.html, without the dot: `..` would lead elsewhere."""
_PASSED_ON = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class _AskedToStopError(Exception):
    """A signal came before the program was started."""


class TaskProcess:
    """Starts the program of a task, waits for it, and passes on the signals that ask it to stop."""

    def __init__(self, files: TaskFiles, lock: int) -> None:
        self._files, self._lock = files, lock
        self._program: subprocess.Popen[bytes] | None = None
        task = files.read()
        if task is None:
            raise FileNotFoundError(files.task_file)
        self._task = files.change(starts=task.starts + 1, process=os.getpid())

    def run(self) -> None:
        for signum in _PASSED_ON:
            signal.signal(signum, self._on_signal)
        task = self._files.change(end=self._end())
        sources = open_sources("")
        # a program that never ran has recorded nothing that could be on its way
        since, waited = time.monotonic(), self._program is None
        # after that a worker goes on: the bus may be away for long
        while not conclude(self._files, task, known_run(sources, task.stream), waited=waited) and not waited:
            time.sleep(PAUSE_SECONDS)
            waited = time.monotonic() - since >= BUS_SECONDS

    def _end(self) -> End:
        task, printed = self._task, self._files.output.stat().st_size
        try:
            channels = self._channels(task)
            self._program = subprocess.Popen(
                command_of(task),
                cwd=task.folder,
                env=environment_of(task, channels, self._files.origins),
                stdin=subprocess.DEVNULL,
                pass_fds=[self._lock],
            )
        except _AskedToStopError as signal_name:
            return End("TrainingStopped", {"reason": str(signal_name)})
        except TrainingEventsError as flaw:
            return failure(str(flaw))
        except (OSError, ValueError) as flaw:  # ValueError: no argument or path of a process may have a null character
            why = getattr(flaw, "strerror", None) or flaw
            return failure(f"{task.command[0]} cannot be started in {task.folder}: {why}")
        return end_of(self._program.wait(), self._files.output, printed)

    def _channels(self, task: Task) -> dict[str, Path]:
        """The folder of each channel, with the data in it that the event pins."""
        shutil.rmtree(self._files.data, ignore_errors=True)
        channels: dict[str, Path] = {}
        copies: dict[Path, UsedDataset] = {}
        for dataset in task.datasets:
            name = dataset.role or "train"
            if not _CHANNEL.fullmatch(name):
                raise Misused(f"the channel {name!a:.80} has a name that no folder gets; allowed: letters, digits and _-")
            channels[name] = self._files.data / name
            copies[fetched(dataset, channels[name])] = dataset
        if copies:
            write_origins(self._files.origins, copies)
        return channels

    def _on_signal(self, signum: int, _: FrameType | None) -> None:
        if self._program is None:
            raise _AskedToStopError(signal.Signals(signum).name)
        if self._program.poll() is None:
            self._program.send_signal(signum)


if __name__ == "__main__":
    TaskProcess(TaskFiles.at(Path(sys.argv[1])), int(sys.argv[2])).run()
