"""What the callbacks of all frameworks have in common: a run that begins and ends with the framework's training.

A callback is told when a training begins and what it measures, and by most frameworks when it ends well, but not when it
fails. Whoever uses the callback as a `with` block has the exception recorded at once. Without a block, an exception that ends
the program is recorded by the recorder itself; of one that the program catches, what is known is that the callback hears no
more: nobody has it any longer, or it begins another training.
"""

from __future__ import annotations

import copy
import weakref
from _thread import get_ident, start_new_thread
from typing import TYPE_CHECKING, Any, Literal, Self

from training_events.callbacks.callback import Callback
from training_events.recorder.identity import rank
from training_events.recorder.run import Run, record_run

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping
    from types import TracebackType
    from typing import Unpack

    from training_events.callbacks.callback import RunArguments

UNFINISHED = "the training did not come to its end; a with block around it records the exception"


class Training:
    """A run that a callback has begun, and that ends with the training. Its end is recorded once."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.is_open = True
        self.has_ended_well: Callable[[], bool] = lambda: False
        """For a framework that ends some trainings without telling: whether this one has come to its end."""
        self._thread = get_ident()

    def end(self, error: BaseException | str | None = None) -> None:
        """As a `with` block of the run ends: by nothing, or by this exception. A text says why it failed."""
        if not self.is_open:
            return
        self.is_open = False
        if isinstance(error, str):
            self.run.fail(error)
        elif error is None:
            self.run.finish()
        else:
            self.run.__exit__(type(error), error, error.__traceback__)

    def stop(self, reason: str) -> None:
        """Something outside of the training ended it."""
        if self.is_open:
            self.is_open = False
            self.run.stop(reason)

    def abandon(self) -> None:
        """The callback hears no more."""
        self.end(None if self.has_ended_well() else UNFINISHED)

    def on_callback_gone(self) -> None:
        """The garbage collector calls this in any thread, the recorder's own too, which must not wait for themselves."""
        if get_ident() == self._thread:
            self.abandon()
        else:
            start_new_thread(self.abandon, ())


class RunRecording(Callback):
    """Takes what `record_run` takes, or an open run, which whoever has begun it ends.

    Each training is a run of its own, but for one with a `run_id`: that is a further attempt. A `with` block makes one run of
    all in it, ends it with the block, and says failed if an exception ended the block.
    """

    def __init__(self, run: Run | None = None, /, **arguments: Unpack[RunArguments]) -> None:
        super().__init__(run, **arguments)
        self._run = run
        self._joined: Run | None = None
        self._training: Training | None = None
        self._records, self._is_in_block = False, False

    @property
    def run(self) -> Run:
        """The run, for whatever else there is to measure, tag or keep. After its end, what comes is still recorded in it."""
        if self._run is None:
            self._run = record_run(**self._arguments)
        if self._training is None or self._training.is_open:
            return self._run
        if self._joined is None:
            self._joined = copy.copy(self._run)  # as in a spawned process: it neither begins nor ends the run
        return self._joined

    def __enter__(self) -> Self:
        self._begin()
        self._is_in_block = True
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._is_in_block = False
        self._end(error)

    def _begin(self, *, process: int | None = None, goals: Mapping[str, Literal["minimize", "maximize"]] | None = None) -> None:
        """A training begins.

        `process` is the number that the framework gives to this process; the first one alone records. `goals` hold for metrics
        whose goal the user has not given.
        """
        if process is None:
            process = 0 if (known := rank()) is None else known.rank
        self._records = process == 0
        if self._records and not self._is_in_block:
            if self._training is not None:
                self._training.abandon()
            self._start(goals or {})

    def _start(self, goals: Mapping[str, Literal["minimize", "maximize"]]) -> None:
        if self._given is not None:
            return
        arguments: dict[str, Any] = {**self._arguments}
        if goals:
            arguments["goals"] = {**goals, **(arguments.get("goals") or {})}
        if self._run is not None and self._training is None:
            arguments["run_id"] = self._run.id  # somebody has asked for it already
        self._run = record_run(**arguments)
        self._joined = None
        self._training = Training(self._run.start())
        weakref.finalize(self, self._training.on_callback_gone).atexit = False  # the recorder itself looks after the end

    def _log_hyperparameters(self, hyperparameters: Any) -> None:
        if self._records:
            self.run.log_hyperparameters(hyperparameters)

    def _measure(self, values: Mapping[str, Any], step: float | None = None) -> None:
        if self._records:
            self.run.metrics(values, step)

    def _keep_checkpoint(self, path: str | os.PathLike[str], step: float | None) -> None:
        if self._records:
            self.run.checkpoint(path, step)

    def _end(self, error: BaseException | str | None = None) -> None:
        """The training has ended. In a block that is not the end of the run."""
        if self._training is not None and not self._is_in_block:
            self._training.end(error)
        if self._joined is not None:
            self._joined.finish()  # which sends what it has
            self._joined = None

    def _stop(self, reason: str) -> None:
        """Something outside of the training has ended it."""
        if self._training is not None and not self._is_in_block:
            self._training.stop(reason)
