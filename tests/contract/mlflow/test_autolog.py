"""Frameworks that MLflow logs by itself: one line above a training, and its run is a run like any other."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import mlflow
import numpy as np
import pytest
from training_events.times import later

from tests.support.command_line import run_cli
from tests.support.mlflow_runs import tracked_at
from tests.support.pages import text_of

os.environ.setdefault("KERAS_BACKEND", "jax")
pytestmark = pytest.mark.slow

FEATURES = np.linspace(0.0, 1.0, 60).reshape(30, 2)
CLASSES = (FEATURES[:, 0] > 0.5).astype(int)


def scikit_learn(rate: float) -> None:
    from sklearn.linear_model import SGDClassifier  # noqa: PLC0415 - each takes seconds to import

    mlflow.sklearn.autolog(silent=True)
    SGDClassifier(alpha=rate, random_state=0).fit(FEATURES, CLASSES)


def xgboost(rate: float) -> None:
    import xgboost  # noqa: PLC0415

    mlflow.xgboost.autolog(silent=True)
    data = xgboost.DMatrix(FEATURES, CLASSES)
    xgboost.train({"eta": rate, "objective": "binary:logistic"}, data, 3, evals=[(data, "train")], verbose_eval=False)


def lightgbm(rate: float) -> None:
    import lightgbm  # noqa: PLC0415

    mlflow.lightgbm.autolog(silent=True)
    data = lightgbm.Dataset(FEATURES, CLASSES)
    options = {"learning_rate": rate, "objective": "binary", "verbose": -1, "min_data_in_leaf": 1, "num_threads": 1}
    lightgbm.train(options, data, 3, valid_sets=[data], valid_names=["train"])


def keras(rate: float) -> None:
    import keras  # noqa: PLC0415

    mlflow.keras.autolog(silent=True)
    model = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile(keras.optimizers.SGD(rate), loss="binary_crossentropy")
    model.fit(FEATURES, CLASSES, epochs=3, batch_size=10, verbose=0)


TRAININGS: dict[Callable[[float], None], tuple[str, str | None]] = {
    scikit_learn: ("alpha", None),
    xgboost: ("eta", "train-logloss"),
    lightgbm: ("learning_rate", "train-binary_logloss"),
    keras: ("optimizer_learning_rate", "loss"),
}
"""Each with the name that MLflow gives its rate, and with the metric of which it records three steps, if it records any."""


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The log's address for the commands; MLflow records to it."""
    for name in ("BUS", "LOG", "BUCKET", "RUN"):
        monkeypatch.delenv(f"TRAINING_EVENTS_{name}", raising=False)
    monkeypatch.setenv("TRAINING_EVENTS_SPOOL", str(tmp_path / "spool"))
    monkeypatch.setenv("MLFLOW_REQUIREMENTS_INFERENCE_TIMEOUT", "1")  # it would start a program for each model
    monkeypatch.chdir(tmp_path)
    with tracked_at(f"training-events://{tmp_path}/log.db"):
        yield f"sqlite:///{tmp_path}/log.db"


def trained(train: Callable[[float], None], rate: float) -> str:
    train(rate)
    run = mlflow.last_active_run()
    assert run is not None
    return str(run.info.run_id)


@pytest.mark.parametrize("train", TRAININGS, ids=lambda train: train.__name__)
def test_what_autolog_records_verifies_compares_and_reports(
    log: str, train: Callable[[float], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rate, metric = TRAININGS[train]
    try:
        one, other = trained(train, 0.1), trained(train, 0.2)
    finally:
        getattr(mlflow, "sklearn" if train is scikit_learn else train.__name__).autolog(disable=True)
    client = mlflow.MlflowClient()
    run = client.get_run(one)
    assert run.info.status == "FINISHED"
    assert float(run.data.params[rate]) == pytest.approx(0.1)
    if metric is not None:
        assert len(client.get_metric_history(one, metric)) == 3
    [model] = [found for found in client.search_logged_models(["0"]) if found.source_run_id == one]
    assert "MLmodel" in {file.path for file in client.list_logged_model_artifacts(model.model_id)}

    streams = [f"run/{one}", f"run/{other}", f"model/{model.model_id}"]
    code, out, _ = run_cli(capsys, "verify", *streams, "--files", "--log", log, "--json")
    assert (code, [it["findings"] for it in json.loads(out)["streams"]]) == (0, [[], [], []])

    code, out, _ = run_cli(capsys, "show", streams[0], "--log", log, "--json")
    now = json.loads(out)
    assert (code, now["status"]) == (0, "completed")
    _, out, _ = run_cli(capsys, "show", streams[0], "--as-of", later(now["started_at"], 0.001), "--log", log, "--json")
    assert (json.loads(out)["status"], json.loads(out)["metrics"]) == ("running", {})

    code, out, _ = run_cli(capsys, "compare", one, other, "--log", log, "--json")
    assert code == 0
    assert any(rate in json.dumps(differing) for differing in json.loads(out)["inputs"])

    page = tmp_path / "report.html"
    code, _, _ = run_cli(capsys, "report", *streams[:2], "--log", log, "-o", str(page))
    assert code == 0
    assert rate in text_of(page.read_text(encoding="utf-8"))
