"""Fits of scikit-learn: by its own callbacks, and around estimators that have none."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from training_events.callbacks.sklearn import RunCallback

from tests.support.trainings import curves, types

pytestmark = pytest.mark.slow

X = np.random.default_rng(7).random((60, 3))
Y = (X[:, 0] > 0.5).astype(int)


class Broken(BaseEstimator):
    def fit(self, X, y=None):  # noqa: ARG002, N803 - as scikit-learn has it
        raise ValueError("boom")


def test_a_fit_is_a_run_with_the_parameters_of_the_estimator(log):
    fitted = LogisticRegression(C=2.0).set_callbacks(RunCallback(model="digits", run_id="r")).fit(X, Y)
    run = log.run("r")
    assert (run.status, run.model, run.tags) == ("completed", "digits", {"estimator": "sklearn.LogisticRegression"})
    assert (run.hyperparameters["C"], run.hyperparameters["solver"]) == (2, "lbfgs")
    assert curves(log, "r") == {"n_iter": [(None, fitted.n_iter_[0])]}


def test_a_search_has_the_score_of_each_candidate_and_the_best_ones_parameters(log):
    search = GridSearchCV(LogisticRegression(), {"C": [0.01, 1, 100]}, cv=2)
    search.set_callbacks(RunCallback(run_id="r")).fit(X, Y)
    assert curves(log, "r") == {
        "mean_test_score": list(enumerate(search.cv_results_["mean_test_score"])),
        "best_score": [(None, search.best_score_)],
    }
    assert log.run("r").hyperparameters["best_params"] == search.best_params_


def test_around_an_estimator_without_callbacks_fit_and_score_are_recorded(log):
    with RunCallback(run_id="r") as callback:
        fitted = callback.fit(GradientBoostingClassifier(n_estimators=4), X, Y)
        score = callback.score(fitted, X, Y, name="accuracy")
    assert curves(log, "r") == {"train_score": list(enumerate(fitted.train_score_)), "accuracy": [(None, score)]}
    assert log.run("r").status == "completed"


def test_without_a_block_a_fit_ends_its_run_and_its_score_is_still_in_it(log):
    callback = RunCallback(run_id="r")
    score = callback.score(callback.fit(GradientBoostingClassifier(n_estimators=2), X, Y), X, Y)
    assert callback.run.flush()
    assert curves(log, "r")["score"] == [(None, score)]
    assert types(log, "r")[-1] == "TrainingCompleted"


def test_what_a_fit_raises_is_recorded_by_scikit_learns_callbacks(log):
    with pytest.raises(ValueError, match="boom"):
        make_pipeline("passthrough", Broken()).set_callbacks(RunCallback(run_id="r")).fit(X, Y)
    run = log.run("r")
    assert (run.status, run.error.error) == ("failed", "ValueError: boom")
    assert "Broken" in run.error.traceback or "in fit" in run.error.traceback


def test_what_a_fit_raises_is_recorded_around_an_estimator(log):
    with pytest.raises(ValueError, match="boom"):
        RunCallback(run_id="r").fit(Broken(), X, Y)
    assert log.run("r").status == "failed"


def test_a_fit_that_ends_well_while_another_exception_is_handled_is_completed(log):
    try:
        int("something else")
    except ValueError:
        LogisticRegression().set_callbacks(RunCallback(run_id="r")).fit(X, Y)
    assert log.run("r").status == "completed"
