"""LightGBM: `lgb.train(…, callbacks=[RunCallback(model="digits")])`, `lgb.cv`, and its estimators for scikit-learn."""

from __future__ import annotations

import atexit
import weakref
from typing import TYPE_CHECKING

from training_events.callbacks.callback import never_raises
from training_events.callbacks.recording import RunRecording
from training_events.callbacks.requirement import required

with required("lightgbm", "lightgbm"):
    import lightgbm

if TYPE_CHECKING:
    from typing import Unpack

    from training_events.callbacks.callback import RunArguments
    from training_events.recorder.run import Run


class RunCallback(RunRecording):
    """Records what LightGBM evaluates in each iteration, as `<data>-<metric>`, and the parameters of the training.

        lgb.train(params, train, valid_sets=[test], callbacks=[RunCallback(model="digits"), lgb.early_stopping(10)])

    Takes what `record_run` takes, or an open run. LightGBM first calls it after the first iteration, and tells it neither that
    a training failed nor that early stopping ended one. So a training that stopped early is recorded as completed when nobody
    has the callback any longer: in the line above when `train` returns. `with RunCallback(…) as callback:` around the training
    records its beginning and its end exactly.
    """

    before_iteration = False

    def __init__(self, run: Run | None = None, /, **arguments: Unpack[RunArguments]) -> None:
        super().__init__(run, **arguments)
        self.order = 20  # before early stopping, which has 30, and keeps the round in which it stops from those after it
        _callbacks.add(self)

    @never_raises
    def __call__(self, env: lightgbm.callback.CallbackEnv) -> None:
        results = env.evaluation_result_list or []
        if env.iteration == env.begin_iteration:
            goals = {f"{data}-{name}": more_is_better for data, name, _, more_is_better, *_ in results}
            self._begin(goals={name: "maximize" if more else "minimize" for name, more in goals.items()})
            self._log_hyperparameters(env.params)
            if self._training is not None:
                booster = env.model
                self._training.has_ended_well = lambda: booster.best_iteration > 0  # which early stopping sets
        for data, name, value, _, *deviation in results:
            metric = f"{data}-{name}"
            values = {f"{metric}-mean": value, f"{metric}-stdv": deviation[0]} if deviation else {metric: value}
            self._measure(values, env.iteration)
        if env.iteration == env.end_iteration - 1:
            self._end()

    def finish_if_stopped_early(self) -> None:
        if self._training is not None and self._training.has_ended_well():
            self._end()


_callbacks: weakref.WeakSet[RunCallback] = weakref.WeakSet()


@atexit.register  # after the recorder's own, and so called before it, which would say that the program left the run open
def _finish_what_stopped_early() -> None:
    for callback in list(_callbacks):
        callback.finish_if_stopped_early()
