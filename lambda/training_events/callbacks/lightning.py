"""Lightning: `Trainer(logger=RunLogger(model="digits"))`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from training_events.callbacks.callback import never_raises
from training_events.callbacks.recording import RunRecording
from training_events.callbacks.requirement import required

with required("lightning", "lightning"):
    from lightning.pytorch.loggers import Logger
    from lightning.pytorch.loggers.logger import rank_zero_experiment
    from lightning.pytorch.utilities.rank_zero import rank_zero_only

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping
    from typing import Unpack

    from training_events.callbacks.callback import RunArguments
    from training_events.recorder.run import Run


class RunLogger(RunRecording, Logger):
    """Records what a module logs, at the trainer's step, its hyperparameters, and the checkpoints of ModelCheckpoint.

        trainer = Trainer(max_epochs=5, logger=RunLogger(model="digits"))

    Takes what `record_run` takes, or an open run. `checkpoints=False` keeps none. The run is completed, failed or stopped as
    the trainer says; what `trainer.test` measures afterwards is recorded in it too. `logger.experiment` is the run.
    """

    def __init__(self, run: Run | None = None, /, *, checkpoints: bool = True, **arguments: Unpack[RunArguments]) -> None:
        super().__init__(run, **arguments)
        self._keeps_checkpoints = checkpoints

    @property
    def name(self) -> str:
        """The model's name. The trainer makes a folder of this name for its checkpoints."""
        return self._arguments.get("model") or "runs"

    @property
    def version(self) -> str:
        """The run's id."""
        return self.run.id

    @property
    @rank_zero_experiment
    def experiment(self) -> Run:
        """The run. The trainer asks for it when a training begins."""
        self._begin_once()
        return self.run

    @rank_zero_only
    @never_raises
    def log_hyperparams(self, params: Mapping[str, Any] | Namespace, *args: Any, **kwargs: Any) -> None:
        self._begin_once()
        self._log_hyperparameters(params)

    @rank_zero_only
    @never_raises
    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        self._begin_once()
        self._measure(metrics, step)

    @rank_zero_only
    @never_raises
    def after_save_checkpoint(self, checkpoint_callback: Any) -> None:
        path = getattr(checkpoint_callback, "_last_checkpoint_saved", "") or checkpoint_callback.last_model_path
        if self._keeps_checkpoints and path:
            self._keep_checkpoint(path, getattr(checkpoint_callback, "_last_global_step_saved", None))

    @rank_zero_only
    @never_raises
    def finalize(self, status: str) -> None:
        """Called by the trainer: `success`, `failed` while it handles the exception, `finished` before Slurm requeues it."""
        if status == "failed":
            self._end(sys.exception() or "the trainer says that it failed")
        elif status == "finished":
            self._stop("Slurm requeues the job")
        else:
            self._end()

    @never_raises
    def _begin_once(self) -> None:
        """After the end of a run, what the trainer tests or validates is recorded in it: it is no further attempt."""
        if not self._records:
            self._begin()

    def _options(self) -> dict[str, Any]:
        return {"checkpoints": self._keeps_checkpoints}
