"""How a run of MLflow's ended, with what the interpreter knows of it beside the status that MLflow gives."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from training_events.mlflow_ids import run_name
from training_events.recorder.ending import Ending, LastEvent, failed
from training_events.recorder.termination import exception_that_ended_the_program

if TYPE_CHECKING:
    from collections.abc import Iterator

ENDS = frozenset({"TrainingCompleted", "TrainingFailed", "TrainingStopped"})


def with_cause(type_: str, data: dict[str, Any]) -> LastEvent:
    """The end of a run, with the error that led to it.

    At the end of a program MLflow calls each run finished that was left open, also one that an exception has ended. A run that
    leaves its block by an exception is failed to MLflow, which does not say why.
    """
    if type_ == "TrainingCompleted" and (uncaught := exception_that_ended_the_program()) is not None:
        return Ending().of_exception(uncaught)
    if type_ == "TrainingFailed" and not data and (caught := sys.exc_info()[1]) is not None:
        return failed(caught)
    return LastEvent(type_, data)


def active_streams() -> Iterator[str]:
    """The runs that MLflow's fluent API has open in this process, in any thread."""
    fluent = sys.modules.get("mlflow.tracking.fluent")
    stacks = getattr(fluent, "_active_run_stack", None)  # there is no public way to those of other threads
    if stacks is None:
        return
    for stack in stacks.get_all_thread_values().values():
        for run in stack:
            if (name := run_name(run.info.run_id, tuple)) is not None:
                yield f"run/{name}"
