"""MLflow's own server over a log: unchanged programs and raw requests speak to it, and its page shows what the log has."""

import json
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

import mlflow
import pytest
import training_events as te
from mlflow.exceptions import MlflowException

from tests.support.mlflow_runs import ARTIFACTS, STEPS, make_runs, tracked_at
from tests.support.mlflow_server import running_mlflow

OF_MLFLOW_ITSELF = (
    "users/current",  # it asks who is logged in, also where nobody can
    "https://mlflow.org/",
    "AG Grid:",
    "ResizeObserver loop",
    "WebGL",
)
"""What its page complains of over any store."""
API = "/api/2.0/mlflow"
FILES = "/api/2.0/mlflow-artifacts/artifacts"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mlflow")
    with running_mlflow(f"training-events://{folder}/log.db", folder) as server:
        yield server


@pytest.fixture(scope="module")
def made(server):
    with tracked_at(server.address):
        return make_runs()


@pytest.fixture(scope="module")
def log(server, made):
    """The server's log, as this project's own tools see it."""
    return te.open_log(f"sqlite:///{server.log.parent}/log.db")


@pytest.fixture
def client(server, made):
    with tracked_at(server.address):
        yield mlflow.MlflowClient()


def stored_text(client, run, path):
    return Path(client.download_artifacts(run, path)).read_text(encoding="utf-8")


def test_a_client_reads_over_http_what_it_has_recorded(client, made):
    first = client.get_run(made.runs[0])
    assert (first.info.status, first.data.params, first.data.tags["team"]) == (
        "FINISHED",
        {"C": "1", "solver": "lbfgs"},
        "vision",
    )
    assert [metric.step for metric in client.get_metric_history(made.runs[0], "loss")] == list(range(STEPS))
    found = client.search_runs([made.experiment], "metrics.loss < 0.2 and params.solver = 'lbfgs'", order_by=["metrics.loss"])
    assert [run.info.run_id for run in found] == made.runs[:2]
    assert [dataset.dataset.name for dataset in first.inputs.dataset_inputs] == ["numbers"]
    assert client.get_model_version_by_alias("digits-model", "champion").run_id == made.runs[0]


def test_its_artifacts_go_through_the_server_to_the_log(client, made, log):
    assert {file.path for file in client.list_artifacts(made.runs[1])} == {"conf.json", "notes"}
    assert {path: stored_text(client, made.runs[1], path) for path in ARTIFACTS} == ARTIFACTS
    kept = {artifact.name: artifact.stored.sha256 for artifact in log.run(made.runs[1]).artifacts}
    assert kept == {path: sha256(text.encode()).hexdigest() for path, text in ARTIFACTS.items()}
    assert {file.path for file in client.list_logged_model_artifacts(made.model)} >= {"MLmodel", "requirements.txt"}
    assert mlflow.sklearn.load_model("models:/digits-model@champion").predict([[9.0]]) == [1]


def test_a_run_made_so_verifies_travels_in_time_and_compares_like_any_other(made, log):
    first, second = (log.run(run) for run in made.runs[:2])
    assert log.verify(f"run/{made.runs[0]}").sound
    assert log.run(made.runs[0], as_of=first.started_at).metrics == {}
    assert log.compare(made.runs[:2]).summary == "only hyperparameter C differs"
    assert second.metrics["loss"].last.step == STEPS - 1


def test_raw_requests_are_answered(server, made):
    found = server.post(f"{API}/runs/search", experiment_ids=[made.experiment], max_results=2)
    assert found.status == 200
    assert len(found.body["runs"]) == 2
    again = server.post(
        f"{API}/runs/search", experiment_ids=[made.experiment], page_token=found.body["next_page_token"], max_results=10
    )
    assert {run["info"]["run_name"] for page in (found, again) for run in page.body["runs"]} >= {"try 0", "child", "try 2"}
    missing = server.get(f"{API}/runs/get?run_id=gone")
    assert (missing.status, missing.body["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")


@pytest.mark.parametrize("path", ["../../x", "/etc/passwd", "a\\b", "a\u202eb", "..\\x", "%2e%2e/x"])
def test_a_hostile_path_is_refused_by_the_server_and_nothing_is_kept(server, made, log, path):
    before = log.run(made.runs[2]).artifacts_saved
    put = server.put(f"{FILES}/{made.experiment}/{made.runs[2]}/artifacts/{quote(path, safe='')}", b"x")
    assert put.status == 400
    assert put.body["error_code"] == "INVALID_PARAMETER_VALUE"
    got = server.get(f"/get-artifact?run_id={made.runs[2]}&path={quote(path, safe='')}")
    assert got.status in (400, 404)
    assert log.run(made.runs[2]).artifacts_saved == before


def test_a_file_of_a_run_that_is_not_there_is_refused(server, made):
    put = server.put(f"{FILES}/{made.experiment}/gone/artifacts/a.txt", b"x")
    assert (put.status, put.body["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")


def test_artifacts_are_not_deleted(server, client, made):
    deleted = server.delete(f"{FILES}/{made.experiment}/{made.runs[1]}/artifacts/conf.json")
    assert (deleted.status, deleted.body["error_code"]) == (501, "NOT_IMPLEMENTED")
    assert stored_text(client, made.runs[1], "conf.json") == ARTIFACTS["conf.json"]


def test_traces_are_refused_clearly_and_do_not_disturb_a_training(server, client, made, caplog):
    @mlflow.trace
    def predict(number: int) -> int:
        return number + 1

    with mlflow.start_run(experiment_id=made.experiment, run_name="traced") as run:
        assert predict(1) == 2
        mlflow.log_metric("loss", 1.0)
    mlflow.flush_trace_async_logging()
    assert client.get_run(run.info.run_id).info.status == "FINISHED"
    assert "a trace cannot be kept" in caplog.text
    with pytest.raises(MlflowException, match="a trace cannot be kept: an event log of training-events has experiments"):
        client.set_trace_tag("tr-1", "a", "b")
    assert client.search_traces(locations=[made.experiment]) == []


PAGES = {
    "experiments": ("#/experiments", ["digits", "Default"]),
    "runs": ("#/experiments/{experiment}/runs", ["try 0", "try 1", "try 2"]),
    "chart": ("#/experiments/{experiment}/runs?compareRunsMode=CHART", ["accuracy", "loss"]),
    "run": ("#/experiments/{experiment}/runs/{run}", ["try 1", "solver", "lbfgs", "accuracy", "vision", "numbers"]),
    "run-charts": ("#/experiments/{experiment}/runs/{run}/model-metrics", ["try 1", "accuracy", "loss"]),
    "run-artifact": ("#/experiments/{experiment}/runs/{run}/artifacts/conf.json", ["conf.json", "notes", '"a": 1']),
    "compare": (
        "#/compare-runs?runs={pair}&experiments=[%22{experiment}%22]",
        ["Comparing 2 Runs", "try 1", "try 2", "solver"],
    ),
    "logged-models": ("#/experiments/{experiment}/models", ["model", "try 0", "Ready"]),
    "logged-model": ("#/experiments/{experiment}/models/{model}", ["model", "{model}", "Ready"]),
    "logged-model-files": ("#/experiments/{experiment}/models/{model}/artifacts", ["MLmodel", "requirements.txt"]),
    "registered-models": ("#/models", ["digits-model", "Version 1"]),
    "registered-model": ("#/models/digits-model", ["digits-model", "Version 1", "champion"]),
    "version": ("#/models/digits-model/versions/1", ["digits-model", "Version 1", "champion"]),
    "traces": ("#/experiments/{experiment}/traces", ["Traces"]),
}
"""The pages by their names, with their addresses and what has to stand in them."""


@pytest.mark.parametrize("name", PAGES)
def test_mlflows_page_shows_the_log(server, made, browser, name):
    address, texts = PAGES[name]
    pair = quote(json.dumps(made.runs[1:]))
    given = {"experiment": made.experiment, "run": made.runs[1], "model": made.model, "pair": pair}
    before = len(server.failures())
    browser.open(f"{server.address}/{address.format(**given)}")
    for text in texts:
        browser.until("document.body.innerText.includes(arguments[0])", text.format(**given))
    if "chart" in name:
        browser.until("document.querySelectorAll('.js-plotly-plot .scatterlayer path.js-line').length >= 2")
    browser.screenshot(f"mlflow/{name}")
    assert [line for line in browser.complaints() if not any(known in line for known in OF_MLFLOW_ITSELF)] == []
    assert server.failures()[before:] == []
