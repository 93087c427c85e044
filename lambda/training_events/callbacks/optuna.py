"""Optuna: `study.optimize(objective, callbacks=[RunCallback(model="digits")])`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from training_events.callbacks.callback import Callback, never_raises
from training_events.callbacks.requirement import required
from training_events.recorder.ending import completed, failed, stopped
from training_events.recorder.labels import hyperparameters_of
from training_events.recorder.options import RunOptions
from training_events.recorder.organising import tag
from training_events.recorder.past_run import is_recorded, record_past_run, stream_of_run

with required("optuna", "optuna"):
    import optuna

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from typing import Unpack

    from training_events.callbacks.callback import RunArguments
    from training_events.recorder.ending import LastEvent
    from training_events.recorder.run import Run

_ENDED = (optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.PRUNED, optuna.trial.TrialState.FAIL)


class RunCallback(Callback):
    """Records each trial as a run `<study>-<number>`, in the group `<study>`: its parameters, its values, how it ended.

        study.optimize(objective, n_trials=100, callbacks=[RunCallback(model="digits")])

    Takes what `record_run` takes, for each of the trials; `run_id` is not allowed, and tags are further ones. An open run gets
    the values as points too, the number of a trial as their step. Optuna calls no callback for a trial that failed unless
    `catch` names the exception: `callback.record(study)` records what is missing.
    """

    def __init__(self, run: Run | None = None, /, **arguments: Unpack[RunArguments]) -> None:
        if "run_id" in arguments:
            raise TypeError("run_id is given, and each trial is a run: its name is that of the study, and its number")
        super().__init__(run, **arguments)
        self._recorded: set[tuple[str, int]] = set()
        self._studies: set[str] = set()

    @never_raises
    def __call__(self, study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
        """Called by Optuna after each trial, in the thread that ran it."""
        self._record_once(study, trial)

    @never_raises
    def record(self, study: optuna.Study) -> None:
        """Record the trials of a study that have ended, and that the log does not have."""
        for trial in study.get_trials(deepcopy=False, states=_ENDED):
            if not is_recorded(stream_of_run(self._options_of(study, trial))):
                self._record_once(study, trial)

    def _record_once(self, study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
        """In the thread that comes first: several may record a study."""
        if (study.study_name, trial.number) in self._recorded:
            return
        self._recorded.add((study.study_name, trial.number))
        ended = time.time_ns() if trial.datetime_complete is None else _nanoseconds(trial.datetime_complete)
        began = ended if trial.datetime_start is None else _nanoseconds(trial.datetime_start)
        names = _names(study)
        record_past_run(self._options_of(study, trial), _measured(names, trial), _end(trial), began_ns=began, ended_ns=ended)
        if self._given is not None:
            self._given.metrics(dict(zip(names, trial.values or (), strict=False)), trial.number)
        if study.study_name not in self._studies:
            self._studies.add(study.study_name)
            tag(f"group/{study.study_name}", _about(study), unchecked=True)

    def _options_of(self, study: optuna.Study, trial: optuna.trial.FrozenTrial) -> RunOptions:
        given: dict[str, Any] = {**self._arguments}
        directions = [direction.name.lower() for direction in study.directions]
        goals = dict(zip(_names(study), directions, strict=True))
        if len(directions) == 1:
            goals["intermediate_value"] = directions[0]
        failed_before = trial.system_attrs.get("failed_trial")  # set by Optuna's callbacks that try again
        return RunOptions(
            **{
                **given,
                "run_id": f"{study.study_name}-{trial.number}",
                "hyperparameters": {**hyperparameters_of(given.get("hyperparameters") or {}), **trial.params},
                "goals": {**goals, **(given.get("goals") or {})},
                "tags": {"group": study.study_name, **trial.user_attrs, **(given.get("tags") or {})},
                **({} if failed_before is None else {"resumed_from": f"{study.study_name}-{failed_before}"}),
            }
        )


def _about(study: optuna.Study) -> dict[str, Any]:
    directions = [direction.name.lower() for direction in study.directions]
    return {
        "direction": ", ".join(directions),
        "sampler": type(study.sampler).__name__,
        "pruner": type(study.pruner).__name__,
        **study.user_attrs,
    }


def _names(study: optuna.Study) -> list[str]:
    """What the values of a trial are called: as the study says, or as in Optuna's data frames."""
    if study.metric_names is not None:
        return list(study.metric_names)
    return ["value"] if len(study.directions) == 1 else [f"values_{index}" for index in range(len(study.directions))]


def _measured(names: list[str], trial: optuna.trial.FrozenTrial) -> Iterator[tuple[str, float, int | None]]:
    for step, value in sorted(trial.intermediate_values.items()):
        yield "intermediate_value", value, step
    if trial.state is optuna.trial.TrialState.COMPLETE:
        for name, value in zip(names, trial.values, strict=True):
            yield name, value, None


def _end(trial: optuna.trial.FrozenTrial) -> LastEvent:
    if trial.state is optuna.trial.TrialState.PRUNED:
        return stopped("pruned")
    return completed() if trial.state is optuna.trial.TrialState.COMPLETE else failed("the trial failed")


def _nanoseconds(time_: datetime) -> int:
    """Optuna's times are those of the machine's zone."""
    return int(time_.timestamp() * 1_000_000) * 1000
