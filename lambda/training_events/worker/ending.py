"""How a task ends: with an end of its run in the log. The program records it; where it did not, that is done here."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, NamedTuple, cast

from training_events.errors import NoSuchLog, NoSuchStream
from training_events.folds.run_state import RunState
from training_events.projection.time_travel import state_now
from training_events.recorder.delivery.destination import configured_destination
from training_events.recorder.delivery.flush import flush_all
from training_events.recorder.delivery.spool import spool_folder
from training_events.recorder.outside_run import publishes_on_bus, record_unnumbered
from training_events.redaction.text import redacted_text
from training_events.settings import Settings
from training_events.worker.task import End

if TYPE_CHECKING:
    from pathlib import Path

    from training_events.reading.opening import Sources
    from training_events.worker.task import Task, TaskFiles

BUS_SECONDS = 60.0
"""How long an event may be on its way over the bus, which usually takes a second. Until then nothing counts as missing."""
MAX_LINES = 20
"""How much of the program's output an end tells: its last lines."""
_MAX_BYTES = 8192
_STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""Somebody has asked the program to stop. Any other signal is a failure."""


class KnownRun(NamedTuple):
    """A run as the log has it. `is_all_sent` tells whether the spool of this machine holds no more events for the log."""

    state: RunState
    is_all_sent: bool


def known_run(sources: Sources, stream: str) -> KnownRun:
    """What the log knows of a run, after what lies in the spool was sent."""
    settings = Settings()
    results = list(flush_all(spool_folder(settings), configured_destination(settings), lambda _: None))
    return KnownRun(recorded_run(sources, stream), not any(result.left for result in results))


def recorded_run(sources: Sources, stream: str) -> RunState:
    """The run as the log has it: `unknown` where it has none."""
    try:
        return cast("RunState", state_now(sources.log, sources.read_models, stream))
    except (NoSuchStream, NoSuchLog):
        return RunState(stream)


def conclude(files: TaskFiles, task: Task, run: KnownRun, *, waited: bool) -> bool:
    """See to it that the log has an end of a run whose program has ended. False where that cannot be known yet.

    Where events go by the bus, an end counts as missing only after the caller has `waited` for BUS_SECONDS. Whoever calls holds
    the lock of the run.
    """
    if not run.state.finished:
        if task.end is None or not run.is_all_sent or (publishes_on_bus() and not waited):
            return False
        record_unnumbered(task.stream, task.end.type, task.end.data)
    files.change(concluded=True)
    return True


def end_of(exit_code: int, output: Path, start: int) -> End:
    """The end of a program with this exit code. What it printed begins at the byte `start` of this file."""
    if exit_code == 0:
        return End("TrainingCompleted")
    if -exit_code in _STOPPING:
        return End("TrainingStopped", {"reason": signal.Signals(-exit_code).name})
    how = f"the program {f'was killed by {_signal(-exit_code)}' if exit_code < 0 else f'ended with exit code {exit_code}'}"
    lines = _last_lines(output, start)
    return failure("\n".join([f"{how}: {lines[-1]}", "its last lines:", *lines] if lines else [how]))


def failure(text: str) -> End:
    return End("TrainingFailed", {"error": redacted_text(text)})


def _last_lines(output: Path, start: int) -> list[str]:
    with output.open("rb") as file:
        file.seek(max(start, file.seek(0, 2) - _MAX_BYTES))
        lines = file.read().decode(errors="replace").splitlines()
    return [line for line in lines if line.strip()][-MAX_LINES:]


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
