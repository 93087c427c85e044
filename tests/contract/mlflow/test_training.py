"""Trainings that call MLflow, unchanged: what they record is read by MLflow, and by everything else of this package."""

import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient
from mlflow.data.numpy_dataset import from_numpy
from training_events.interchange.mlflow.workspace import workspace
from training_events.projection.projector import Projector
from training_events.times import later

from tests.support.bus_server import BusServer
from tests.support.command_line import run_cli
from tests.support.dynamodb import READ_MODELS, TABLE, aws_in_this_process, create_read_models_table, create_table
from tests.support.pages import text_of
from tests.support.patience import PATIENCE_SECONDS

pytestmark = pytest.mark.slow


class Recorded(NamedTuple):
    """A log at MLflow's address and at that of the commands, and how what is on the bus gets into it."""

    address: str
    url: str
    deliver: Callable[[], None]


@pytest.fixture(params=["sqlite", "dynamodb"])
def recorded(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorded]:
    for name in ("BUS", "LOG", "BUCKET", "RUN"):
        monkeypatch.delenv(f"TRAINING_EVENTS_{name}", raising=False)
    monkeypatch.setenv("TRAINING_EVENTS_SPOOL", str(tmp_path / "spool"))
    monkeypatch.chdir(tmp_path)
    with (a_file if request.param == "sqlite" else a_bus_and_tables)(tmp_path) as log:
        mlflow.set_tracking_uri(log.address)
        yield log
    mlflow.set_tracking_uri(None)  # type: ignore[arg-type]  # as before


@contextmanager
def a_file(folder: Path) -> Iterator[Recorded]:
    yield Recorded(f"training-events://{folder}/log.db", f"sqlite:///{folder}/log.db", lambda: None)


@contextmanager
def a_bus_and_tables(folder: Path) -> Iterator[Recorded]:
    tables = f"{TABLE}?read_models={READ_MODELS}"
    environment = {"TRAINING_EVENTS_SPOOL": str(folder / "spool"), "TRAINING_EVENTS_BUCKET": "none"}
    with BusServer() as bus, aws_in_this_process(**bus.environment, **environment):
        create_table()
        create_read_models_table()
        ours = workspace(f"training-events://{tables}")

        def deliver() -> None:
            assert ours.flush(PATIENCE_SECONDS)
            bus.hand_over(ours.sources.log)
            projector = ours.sources.projector
            assert isinstance(projector, Projector)
            for stream in {json.loads(envelope["detail"])["stream"] for envelope in bus.envelopes}:
                projector.refold(stream)

        yield Recorded(ours.address, f"dynamodb://{tables}", deliver)


def train(experiment_id: str, alpha: float, *, fails: bool = False) -> str:
    """A training as people write them. Returns the id of its run."""
    with mlflow.start_run(experiment_id=experiment_id, run_name=f"alpha {alpha}", tags={"team": "vision"}) as run:
        mlflow.log_input(from_numpy(np.zeros((3, 2)), name="zeros"), context="train")
        mlflow.log_params({"alpha": alpha, "depth": 3})
        for step in range(20):
            mlflow.log_metric("loss", alpha / (step + 1), step=step)
        mlflow.log_metrics({"accuracy": 0.5 + alpha, "odd": math.nan}, step=19)
        with mlflow.start_run(experiment_id=experiment_id, nested=True, run_name="fold"):
            mlflow.log_metric("loss", alpha)
        if fails:
            raise ValueError("no data for fold 2")
    return str(run.info.run_id)


def test_what_mlflow_records_is_read_by_all(recorded: Recorded, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    experiment_id = mlflow.create_experiment("digits")
    one, other = train(experiment_id, 0.1), train(experiment_id, 0.2)
    with pytest.raises(ValueError, match="fold 2"):
        train(experiment_id, 0.3, fails=True)
    check_what_mlflow_reads(experiment_id, one)  # over a bus nothing is delivered yet
    recorded.deliver()
    check_what_mlflow_reads(experiment_id, one)
    streams = [f"run/{one}", f"run/{other}", "group/digits"]

    code, out, _ = run_cli(capsys, "verify", *streams, "--log", recorded.url, "--json")
    assert (code, [it["findings"] for it in json.loads(out)["streams"]]) == (0, [[], [], []])

    code, out, _ = run_cli(capsys, "show", streams[0], "--log", recorded.url, "--json")
    now = json.loads(out)
    assert (now["status"], now["hyperparameters"], now["tags"]["group"]) == (
        "completed",
        {"alpha": "0.1", "depth": "3"},
        "digits",
    )
    assert now["spec"]["packages"]["mlflow"] == mlflow.__version__
    just_after = later(now["started_at"], 0.001)
    code, out, _ = run_cli(capsys, "show", streams[0], "--as-of", just_after, "--log", recorded.url, "--json")
    then = json.loads(out)
    assert (then["status"], then["metrics"], then["started_at"]) == ("running", {}, now["started_at"])

    code, out, _ = run_cli(capsys, "compare", one, other, "--log", recorded.url)
    assert code == 0
    assert "hyperparameter alpha" in out

    page = tmp_path / "report.html"
    code, _, _ = run_cli(capsys, "report", *streams[:2], "--log", recorded.url, "-o", str(page))
    assert code == 0
    assert "alpha 0.1" in text_of(page.read_text(encoding="utf-8"))


def check_what_mlflow_reads(experiment_id: str, one: str) -> None:
    client = MlflowClient()
    run = client.get_run(one)
    assert (run.info.status, run.info.run_name) == ("FINISHED", "alpha 0.1")
    assert run.data.params == {"alpha": "0.1", "depth": "3"}
    assert math.isnan(run.data.metrics.pop("odd"))
    assert run.data.metrics == {"loss": 0.1 / 20, "accuracy": 0.6}
    assert [it.step for it in client.get_metric_history(one, "loss")] == list(range(20))
    assert run.inputs is not None
    [given] = run.inputs.dataset_inputs
    assert (given.dataset.name, given.tags[0].value) == ("zeros", "train")

    found = mlflow.search_runs([experiment_id], "metrics.loss < 0.02 and params.depth = '3'", order_by=["metrics.loss DESC"])
    assert list(found["tags.mlflow.runName"]) == ["alpha 0.3", "alpha 0.2", "alpha 0.1"]
    assert list(found["status"]) == ["FAILED", "FINISHED", "FINISHED"]
    children = mlflow.search_runs([experiment_id], f"tags.`mlflow.parentRunId` = '{one}'")
    assert list(children["metrics.loss"]) == [0.1]
    assert len(mlflow.search_runs(experiment_names=["digits"])) == 6
    experiment = mlflow.get_experiment_by_name("digits")
    assert experiment is not None
    assert experiment.experiment_id == experiment_id
