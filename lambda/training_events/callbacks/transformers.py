"""Hugging Face transformers: `Trainer(…, callbacks=[RunCallback(model="digits")])`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from training_events.callbacks.callback import never_raises
from training_events.callbacks.recording import RunRecording
from training_events.callbacks.requirement import required

with required("transformers", "transformers"):
    import transformers

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Unpack

    from training_events.callbacks.callback import RunArguments
    from training_events.recorder.run import Run


class RunCallback(RunRecording, transformers.TrainerCallback):
    """Records what the Trainer logs, at its global step, its arguments, the model's configuration, and its checkpoints.

        trainer = Trainer(model, arguments, train_dataset=data, callbacks=[RunCallback(model="digits")])

    Takes what `record_run` takes, or an open run. `checkpoints=False` keeps none. What is evaluated or predicted after the
    training is recorded in the same run. The Trainer tells no callback that a training failed: `with RunCallback(…) as
    callback:` around it records the exception at once.
    """

    def __init__(self, run: Run | None = None, /, *, checkpoints: bool = True, **arguments: Unpack[RunArguments]) -> None:
        super().__init__(run, **arguments)
        self._keeps_checkpoints = checkpoints

    @never_raises
    def on_train_begin(self, args: Any, state: Any, control: Any, *, model: Any = None, **others: Any) -> None:
        self._begin(process=None if state.is_world_process_zero else 1)
        configuration = getattr(model, "config", None)
        self._log_hyperparameters(
            {
                **args.to_dict(),
                **({} if configuration is None else {"model_config": configuration.to_dict()}),
                **(state.trial_params or {}),
            }
        )

    @never_raises
    def on_log(self, args: Any, state: Any, control: Any, *, logs: Mapping[str, Any] | None = None, **others: Any) -> None:
        self._measure(logs or {}, state.global_step)

    @never_raises
    def on_predict(self, args: Any, state: Any, control: Any, metrics: Mapping[str, Any], **others: Any) -> None:
        self._measure(metrics, state.global_step)  # which the Trainer does not log

    @never_raises
    def on_save(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        folder = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        if self._keeps_checkpoints and folder.is_dir():
            self._keep_checkpoint(folder, state.global_step)

    @never_raises
    def on_train_end(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        self._end()

    def _options(self) -> dict[str, Any]:
        return {"checkpoints": self._keeps_checkpoints}
