"""Keras: `model.fit(…, callbacks=[RunCallback(model="digits")])`, with any backend."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from training_events.callbacks.callback import never_raises
from training_events.callbacks.requirement import required
from training_events.callbacks.saved_files import SavedFilesRecording

with required("keras", "keras"):
    import keras

if TYPE_CHECKING:
    from collections.abc import Mapping


class RunCallback(SavedFilesRecording, keras.callbacks.Callback):
    """Records what Keras measures in each epoch, and the optimizer with what it is set to.

        model.fit(x, y, epochs=5, callbacks=[RunCallback(model="digits")])

    Takes what `record_run` takes, or an open run. `checkpoints` is a pattern of the files that ModelCheckpoint saves, such as
    `"models/*.keras"`: those that are new or changed after an epoch are recorded. Keras tells no callback that a training
    failed: `with RunCallback(…) as callback:` around it records the exception at once.
    """

    _epoch: int | None = None

    @never_raises
    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        self._begin(process=_process())
        self._look_for_saved()
        self._log_hyperparameters(self._hyperparameters())

    @never_raises
    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        self._keep_saved(self._epoch)  # only now: the other callbacks have had the end of the epoch before, too
        self._epoch = epoch

    @never_raises
    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        self._measure(logs or {}, epoch)

    @never_raises
    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        self._keep_saved(self._epoch)
        self._end()

    def _hyperparameters(self) -> dict[str, Any]:
        optimizer = getattr(self.model, "optimizer", None)
        return {
            "epochs": self.params.get("epochs"),
            "steps": self.params.get("steps"),
            "loss": _name(getattr(self.model, "loss", None)),
            **({} if optimizer is None else {"optimizer": optimizer.get_config()}),
        }


def _name(loss: Any) -> Any:
    """A loss may be a text, a function, an object, or several of them."""
    if isinstance(loss, (list, tuple)):
        return [_name(one) for one in loss]
    if isinstance(loss, dict):
        return {key: _name(one) for key, one in loss.items()}
    return (
        loss if loss is None or isinstance(loss, str) else getattr(loss, "name", None) or getattr(loss, "__name__", str(loss))
    )


def _process() -> int | None:
    """The number of this process where JAX is distributed; elsewhere the launcher knows it."""
    jax = sys.modules.get("jax")
    if keras.backend.backend() != "jax" or jax is None or jax.process_count() == 1:
        return None
    return int(jax.process_index())
