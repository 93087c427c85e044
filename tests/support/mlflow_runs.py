"""What a training program records that knows MLflow alone: the runs, models and artifacts that a server's page then shows."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import mlflow
import numpy as np
import pytest
from mlflow.data.numpy_dataset import from_numpy
from sklearn.linear_model import LogisticRegression

STEPS = 20
ARTIFACTS = {"conf.json": '{"a": 1}', "notes/été.md": "hello"}


class MadeRuns(NamedTuple):
    """Their ids, by MLflow."""

    experiment: str
    runs: list[str]
    model: str


@contextmanager
def tracked_at(address: str) -> Iterator[None]:
    """MLflow's calls go to this address, as with MLFLOW_TRACKING_URI in the environment."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
        patched.setenv("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
        mlflow.set_tracking_uri(address)
        try:
            yield
        finally:
            mlflow.set_tracking_uri("")
            mlflow.set_registry_uri("")


def make_runs() -> MadeRuns:
    """Three runs with curves, a child of the first, artifacts, and a model of the first with a version that has an alias."""
    experiment = mlflow.create_experiment("digits")
    runs = [_make_run(experiment, number) for number in range(3)]
    client = mlflow.MlflowClient()
    client.set_registered_model_alias("digits-model", "champion", "1")
    (model,) = client.search_logged_models([experiment])
    return MadeRuns(experiment, runs, model.model_id)


def _make_run(experiment: str, number: int) -> str:
    with mlflow.start_run(experiment_id=experiment, run_name=f"try {number}", tags={"team": "vision"}) as run:
        mlflow.log_params({"C": 10**-number, "solver": "lbfgs"})
        for step in range(STEPS):
            mlflow.log_metrics({"loss": 1 / (step + 1) + number / 10, "accuracy": 1 - 1 / (step + 1)}, step=step)
        for path, text in ARTIFACTS.items():
            mlflow.log_text(text, path)
        mlflow.log_input(from_numpy(np.arange(10.0), name="numbers"), context="training")
        if number == 0:
            with mlflow.start_run(experiment_id=experiment, run_name="child", nested=True):
                mlflow.log_metric("loss", float("nan"))
            _log_model()
    return str(run.info.run_id)


def _log_model() -> None:
    fitted = LogisticRegression().fit(np.arange(10.0).reshape(-1, 1), [0] * 5 + [1] * 5)
    with warnings.catch_warnings(action="ignore"):
        mlflow.sklearn.log_model(
            fitted,
            name="model",
            registered_model_name="digits-model",
            # told, and not found out: MLflow would start a program for that, which takes many seconds
            pip_requirements=["scikit-learn"],
        )
