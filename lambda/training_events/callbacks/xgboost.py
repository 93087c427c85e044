"""XGBoost: `xgb.train(…, callbacks=[RunCallback(model="digits")])`, `xgb.cv`, and its estimators for scikit-learn."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from training_events.callbacks.callback import never_raises
from training_events.callbacks.requirement import required
from training_events.callbacks.saved_files import SavedFilesRecording

with required("xgboost", "xgboost"):
    import numpy as np
    import xgboost

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class RunCallback(SavedFilesRecording, xgboost.callback.TrainingCallback):
    """Records what XGBoost evaluates in each round, as `<data>-<metric>`, and the booster's parameters.

        xgb.train(params, train, 100, evals=[(test, "test")], callbacks=[RunCallback(model="digits")])

    Takes what `record_run` takes, or an open run. `checkpoints` is a pattern of the files that TrainingCheckPoint saves, such
    as `"models/*.ubj"`. Steps go on where the booster that is trained on ended. XGBoost tells no callback that a training
    failed: `with RunCallback(…) as callback:` around it records the exception at once.
    """

    _history: Mapping[str, Mapping[str, list[Any]]] = MappingProxyType({})
    _first_step = _rounds = 0

    def before_training(self, model: Any) -> Any:
        self._on_begin(model)
        return model

    def before_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
        self._keep_saved(self._last_step)  # only now: the other callbacks have had the end of the round before, too
        return False

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
        self._history = evals_log
        self._measure_new_rounds()
        return False

    def after_training(self, model: Any) -> Any:
        self._measure_new_rounds()  # a callback that stopped the training may have kept the last round from this one
        self._keep_saved(self._last_step)
        self._on_end()
        return model

    @never_raises
    def _on_begin(self, model: Any) -> None:
        self._begin(process=xgboost.collective.get_rank() or None)
        self._look_for_saved()
        booster = model.cvfolds[0].bst if hasattr(model, "cvfolds") else model
        self._history, self._rounds = {}, 0
        self._first_step = booster.num_boosted_rounds()
        self._log_hyperparameters(_parameters(json.loads(booster.save_config())["learner"]))

    @never_raises
    def _measure_new_rounds(self) -> None:
        curves = [(f"{data}-{name}", curve) for data, metrics in self._history.items() for name, curve in metrics.items()]
        rounds = max((len(curve) for _, curve in curves), default=0)
        for index in range(self._rounds, rounds):
            values = {name: value for metric, curve in curves for name, value in _readings(metric, curve[index])}
            self._measure(values, self._first_step + index)
        self._rounds = rounds

    @property
    def _last_step(self) -> int | None:
        return self._first_step + self._rounds - 1 if self._rounds else None

    @never_raises
    def _on_end(self) -> None:
        self._end()


def _readings(metric: str, value: Any) -> Iterator[tuple[str, float]]:
    """In cross-validation a value is a pair: the mean over the folds, and the standard deviation."""
    yield from zip((f"{metric}-mean", f"{metric}-std"), value, strict=True) if isinstance(value, tuple) else [(metric, value)]


def _parameters(part: Mapping[str, Any]) -> dict[str, Any]:
    """All that a booster's configuration has in objects called `…_param`, but for those of the model that came of it."""
    found: dict[str, Any] = {}
    for name, value in part.items():
        if isinstance(value, dict) and not name.endswith("_model_param"):
            is_leaf = name.endswith("_param")
            found |= {key: _number(text) for key, text in value.items()} if is_leaf else _parameters(value)
    return found


def _number(text: Any) -> Any:
    """XGBoost writes numbers as texts, and those of 32 bits with more digits than they have."""
    try:
        return int(text)
    except (TypeError, ValueError):
        pass
    try:
        return float(str(np.float32(text)))
    except (TypeError, ValueError):
        return text
