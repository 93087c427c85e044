"""Trainings of XGBoost with the callback, as its users write them."""

from typing import Any

import numpy as np
import pytest
import training_events as te
import xgboost as xgb
from training_events.callbacks.xgboost import RunCallback

from tests.support.trainings import curves, types

pytestmark = pytest.mark.slow

PARAMETERS = {
    "objective": "binary:logistic",
    "eta": 0.3,
    "max_depth": 2,
    "seed": 7,
    "eval_metric": ["logloss", "auc"],
    "nthread": 1,
}
_x = np.random.default_rng(7).random((60, 3))
_y = (_x[:, 0] + _x[:, 1] > 1).astype(int)
TRAIN, TEST = xgb.DMatrix(_x[:40], _y[:40]), xgb.DMatrix(_x[40:], _y[40:])


def train(callback, rounds=3, **options):
    evaluated: dict[str, Any] = {}
    options = {"evals": [(TEST, "test")], "evals_result": evaluated, "verbose_eval": False, **options}
    booster = xgb.train(PARAMETERS, TRAIN, rounds, callbacks=[callback], **options)
    return booster, evaluated


def bad_objective(*_):
    raise ValueError("no gradient")


def test_every_round_is_recorded_as_xgboost_evaluated_it(log):
    _, evaluated = train(RunCallback(model="digits", run_id="r", tags={"team": "vision"}))
    assert curves(log, "r") == {f"test-{name}": list(enumerate(values)) for name, values in evaluated["test"].items()}
    run = log.run("r")
    assert (run.status, run.model, run.tags) == ("completed", "digits", {"team": "vision"})
    assert run.metrics["test-logloss"].goal == "minimize"


def test_the_parameters_are_those_of_the_booster_as_numbers(log):
    train(RunCallback(run_id="r", hyperparameters={"of": "the user"}))
    recorded = log.run("r").hyperparameters
    expected = {"eta": 0.3, "max_depth": 2, "seed": 7, "objective": "binary:logistic", "tree_method": "auto", "of": "the user"}
    assert expected.items() <= recorded.items()
    assert "num_trees" not in recorded  # which belongs to the model


def test_the_round_in_which_another_callback_stopped_the_training_is_there(log):
    stop = xgb.callback.EarlyStopping(2)
    evaluated: dict[str, Any] = {}
    xgb.train(
        PARAMETERS,
        TRAIN,
        200,
        evals=[(TEST, "test")],
        evals_result=evaluated,
        verbose_eval=False,
        callbacks=[stop, RunCallback(run_id="r")],  # so that after the last round XGBoost calls the first one only
    )
    rounds = len(evaluated["test"]["auc"])
    assert rounds < 200
    assert curves(log, "r")["test-auc"] == list(enumerate(evaluated["test"]["auc"]))
    assert log.run("r").status == "completed"


def test_a_training_that_goes_on_with_a_booster_is_a_further_attempt_with_further_steps(log):
    booster, _ = train(RunCallback(run_id="r"))
    train(RunCallback(run_id="r"), 2, xgb_model=booster)
    assert [step for step, _ in curves(log, "r")["test-auc"]] == [0, 1, 2, 3, 4]
    assert len(log.run("r").attempts) == 2


def test_cross_validation_has_means_and_deviations(log):
    table: Any = xgb.cv(PARAMETERS, TRAIN, 3, nfold=2, callbacks=[RunCallback(run_id="r")], seed=7)
    recorded = curves(log, "r")
    assert set(recorded) == set(table)
    for name, values in recorded.items():
        assert values == list(enumerate(table[name]))


def test_the_files_of_checkpoints_are_kept_with_the_round_after_which_they_were_saved(log, tmp_path):
    (tmp_path / "older_0.ubj").write_bytes(b"of another training")
    callback = RunCallback(run_id="r", checkpoints=tmp_path / "*.ubj")
    saving = xgb.callback.TrainingCheckPoint(tmp_path, interval=1)
    xgb.train(PARAMETERS, TRAIN, 4, evals=[(TEST, "test")], verbose_eval=False, callbacks=[callback, saving])
    kept = log.run("r").checkpoints
    saved = {file.stat().st_size for file in tmp_path.glob("model_*.ubj")}
    assert {checkpoint.stored.bytes for checkpoint in kept} == saved
    assert [checkpoint.step for checkpoint in kept] == [1, 2, 3]


def test_a_failure_is_recorded_with_its_traceback_by_a_block(log):
    with pytest.raises(ValueError, match="no gradient"), RunCallback(run_id="r") as callback:
        train(callback, obj=bad_objective)
    run = log.run("r")
    assert run.status == "failed"
    assert run.error.error == "ValueError: no gradient"
    assert "bad_objective" in run.error.traceback


def test_a_failure_that_the_program_catches_is_one_without_a_block_too(log):
    caught = None
    try:
        train(RunCallback(run_id="r"), obj=bad_objective)
    except ValueError as error:
        caught = str(error)
    assert caught == "no gradient"
    assert log.run("r").status == "failed"


def test_a_callback_that_begins_another_training_has_seen_the_first_one_fail(log):
    callback = RunCallback(model="digits")
    first = callback.run.id
    with pytest.raises(ValueError, match="no gradient"):
        train(callback, obj=bad_objective)
    train(callback)
    second = callback.run.id
    assert first != second
    assert (log.run(first).status, log.run(second).status) == ("failed", "completed")


def test_cross_validation_of_estimators_copies_the_callback_and_each_fit_is_a_run(log):
    from sklearn.model_selection import cross_validate  # noqa: PLC0415

    estimator = xgb.XGBClassifier(n_estimators=2, n_jobs=1, callbacks=[RunCallback(model="digits")])
    cross_validate(estimator, _x, _y, cv=2)
    runs = log.runs("attributes.model = 'digits'")
    assert [run.status for run in runs] == ["completed", "completed"]


def test_an_open_run_stays_open(log):
    with te.record_run(run_id="r") as run:
        train(RunCallback(run))
        run.metric("afterwards", 1)
    assert types(log, "r") == ["TrainingStarted", "HyperparametersRecorded", "TrainingCompleted"]
    assert set(curves(log, "r")) == {"test-auc", "test-logloss", "afterwards"}
