"""Trainings of LightGBM with the callback, which is never told that early stopping ended one."""

from itertools import count
from typing import Any

import lightgbm as lgb
import numpy as np
import pytest
from training_events.callbacks.lightgbm import RunCallback

from tests.support.trainings import curves, types

pytestmark = pytest.mark.slow

PARAMETERS = {
    "objective": "binary",
    "metric": ["binary_logloss", "auc"],
    "num_threads": 1,
    "verbose": -1,
    "seed": 7,
    "min_data_in_leaf": 5,
}
_x = np.random.default_rng(7).random((80, 3))
_y = (_x[:, 0] + _x[:, 1] > 1).astype(int)


@pytest.fixture
def data():
    train = lgb.Dataset(_x[:60], _y[:60], free_raw_data=False)
    return train, lgb.Dataset(_x[60:], _y[60:], reference=train, free_raw_data=False)


def train(data, *callbacks, rounds=3, **options):
    evaluated: dict[str, Any] = {}
    booster = lgb.train(
        PARAMETERS, data[0], rounds, valid_sets=[data[1]], callbacks=[*callbacks, lgb.record_evaluation(evaluated)], **options
    )
    return booster, evaluated


def test_every_iteration_is_recorded_with_what_more_of_it_means(log, data):
    _, evaluated = train(data, RunCallback(model="digits", run_id="r"))
    assert curves(log, "r") == {f"valid_0-{name}": list(enumerate(values)) for name, values in evaluated["valid_0"].items()}
    run = log.run("r")
    assert (run.status, run.model) == ("completed", "digits")
    assert run.goals == {"valid_0-binary_logloss": "minimize", "valid_0-auc": "maximize"}
    assert {"objective": "binary", "seed": 7, "num_iterations": 3}.items() <= run.hyperparameters.items()


def test_a_training_that_stopped_early_is_completed_with_its_last_iteration(log, data):
    booster, evaluated = train(data, RunCallback(run_id="r"), lgb.early_stopping(2, verbose=False), rounds=300)
    assert 0 < booster.best_iteration < len(evaluated["valid_0"]["auc"]) < 300
    run = log.run("r")
    assert run.status == "completed"
    assert run.metrics["valid_0-auc"].points == len(evaluated["valid_0"]["auc"])


def test_a_block_ends_with_the_training(log, data):
    with RunCallback(run_id="r") as callback:
        train(data, callback, lgb.early_stopping(2, verbose=False), rounds=300)
        callback.run.metric("afterwards", 1)
        assert types(log, "r")[-1:] != ["TrainingCompleted"]
    assert types(log, "r") == ["TrainingStarted", "HyperparametersRecorded", "TrainingCompleted"]


def test_cross_validation_has_means_and_deviations(log, data):
    found: Any = lgb.cv(PARAMETERS, data[0], 3, nfold=2, callbacks=[RunCallback(run_id="r")])
    recorded = curves(log, "r")
    assert {name.replace("-auc", " auc").replace("-binary", " binary") for name in recorded} == set(found)
    assert recorded["valid-auc-mean"] == list(enumerate(found["valid auc-mean"]))
    assert recorded["valid-auc-stdv"] == list(enumerate(found["valid auc-stdv"]))


def test_a_failure_that_the_program_catches_is_one(log, data):
    calls = count()

    def broken(predicted, of):
        if next(calls) == 2:
            raise ValueError("no metric")
        return "own", 1.0, True

    caught = None
    try:
        train(data, RunCallback(run_id="r"), feval=broken)
    except ValueError as error:
        caught = str(error)
    assert caught == "no metric"
    run = log.run("r")
    assert (run.status, run.metrics["valid_0-own"].points) == ("failed", 2)


def test_a_training_that_goes_on_with_a_model_has_further_steps(log, data):
    booster, _ = train(data, RunCallback(run_id="r"))
    train(data, RunCallback(run_id="r"), rounds=2, init_model=booster)
    assert [step for step, _ in curves(log, "r")["valid_0-auc"]] == [0, 1, 2, 3, 4]
    assert len(log.run("r").attempts) == 2
