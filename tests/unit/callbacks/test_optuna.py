"""Studies of Optuna with the callback: a study is a group, a trial a run."""

from datetime import datetime, timedelta

import optuna
import pytest
import training_events as te
from training_events.callbacks.optuna import RunCallback

from tests.support.trainings import curves

pytestmark = pytest.mark.slow


@pytest.fixture
def study():
    return optuna.create_study(study_name="sweep", sampler=optuna.samplers.RandomSampler(seed=7))


def objective(trial):
    x = trial.suggest_float("x", -1, 1)
    kind = trial.suggest_categorical("kind", ["a", "b"])
    trial.set_user_attr("machine", "m1")
    for step in range(3):
        trial.report(x * x + step, step)
    if trial.number == 1:
        raise optuna.TrialPruned
    if trial.number == 2:
        raise ValueError(f"{kind} does not work")
    return x * x


def test_each_trial_is_a_run_with_its_parameters_its_values_and_how_it_ended(log, study):
    callback = RunCallback(model="digits", tags={"team": "vision"}, hyperparameters={"epochs": 3})
    study.optimize(objective, n_trials=4, callbacks=[callback], catch=ValueError)
    assert {run.stream: run.status for run in log.runs("tags.group = 'sweep'")} == {
        "run/sweep-0": "completed",
        "run/sweep-1": "stopped",
        "run/sweep-2": "failed",
        "run/sweep-3": "completed",
    }
    for trial in study.trials:
        run = log.run(f"sweep-{trial.number}")
        assert run.hyperparameters == {"epochs": 3, **trial.params}
        assert run.tags == {"group": "sweep", "team": "vision", "machine": "m1"}
        assert run.model == "digits"
        recorded = curves(log, f"sweep-{trial.number}")
        assert recorded["intermediate_value"] == list(trial.intermediate_values.items())
        assert recorded.get("value", []) == ([] if trial.value is None else [(None, trial.value)])[: run.status == "completed"]
    assert log.run("sweep-1").stop_reason == "pruned"


def test_a_trial_has_its_own_times(log, study):
    study.optimize(objective, n_trials=1, callbacks=[RunCallback()])
    [trial] = study.trials
    run = log.run("sweep-0")
    assert datetime.fromisoformat(run.started_at) == trial.datetime_start.astimezone()
    later = datetime.fromisoformat(run.finished_at) - trial.datetime_complete.astimezone()
    assert timedelta() <= later < timedelta(milliseconds=1)  # a producer's events are at least a microsecond apart


def test_what_more_of_a_value_means_is_the_direction_of_the_study(log):
    study = optuna.create_study(study_name="two", directions=["maximize", "minimize"])
    study.set_metric_names(["gain", "bleu"])
    study.optimize(lambda trial: (trial.suggest_float("x", 0, 1), 1.0), n_trials=1, callbacks=[RunCallback()])
    assert log.run("two-0").goals == {"gain": "maximize", "bleu": "minimize"}


def test_a_trial_that_ended_the_study_by_an_exception_is_recorded_when_asked(log, study):
    callback = RunCallback()
    with pytest.raises(ValueError, match="does not work"):
        study.optimize(objective, n_trials=4, callbacks=[callback])
    callback.record(study)
    RunCallback().record(study)  # as another process would, which knows of nothing that was recorded
    assert [len(log.run(f"sweep-{number}").attempts) for number in range(3)] == [1, 1, 1]
    assert log.run("sweep-2").status == "failed"


def test_trials_of_several_threads_are_all_there(log, study):
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=6, n_jobs=3, callbacks=[RunCallback()])
    assert {run.stream for run in log.runs("tags.group = 'sweep'")} == {f"run/sweep-{number}" for number in range(6)}


def test_a_study_is_a_group_that_says_how_it_was_searched(log, study):
    study.set_user_attr("why", "the paper")
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=3, callbacks=[RunCallback()])
    [said] = [record.event for record in log.events("group/sweep")]
    tags = {"direction": "minimize", "sampler": "RandomSampler", "pruner": "MedianPruner", "why": "the paper"}
    assert (said.type, said.data["tags"]) == ("Tagged", tags)


def test_an_open_run_gets_the_value_of_each_trial(log, study):
    with te.record_run(run_id="parent") as run:
        study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2, callbacks=[RunCallback(run)])
    assert curves(log, "parent") == {"value": [(trial.number, trial.value) for trial in study.trials]}


def test_a_run_id_is_refused():
    with pytest.raises(TypeError, match="each trial is a run"):
        RunCallback(run_id="r")
