"""What a store of MLflow has is in the log afterwards: once, with its own times, however often the import is begun."""

from collections import Counter
from contextlib import suppress
from functools import partial
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from training_events.interchange.mlflow.entities import milliseconds

from tests.support import mlflow_stores
from tests.support.fakes import InMemoryLog
from tests.support.importing import digests, imported, points, state, uri_of

pytestmark = pytest.mark.slow  # importing MLflow takes seconds


class KilledError(Exception):
    """What ends an import in the middle."""


class Mortal:
    """A log that takes so many events, and is then gone."""

    def __init__(self, log, events):
        self._log, self.left = log, events

    def append(self, event, **options):
        if self.left == 0:
            raise KilledError
        self.left -= 1
        return self._log.append(event, **options)

    def entries(self, stream, **range_):
        return self._log.entries(stream, **range_)


@pytest.fixture(scope="module")
def client(made_store):
    return mlflow_stores.client_of(uri_of(made_store))


@pytest.fixture(scope="module")
def runs(client):
    return mlflow_stores.runs_of(client)


@pytest.fixture(scope="module")
def log_and_report(made_store):
    log = InMemoryLog()
    return log, imported(uri_of(made_store), log)


@pytest.fixture(scope="module")
def log(log_and_report):
    return log_and_report[0]


STATUSES = {"FINISHED": "completed", "FAILED": "failed", "KILLED": "stopped", "RUNNING": "running", "SCHEDULED": "requested"}


def test_every_run_is_there_as_it_is_in_the_store(log, runs):
    assert {stream for stream in log.streams() if stream.startswith("run/")} == {f"run/{run.info.run_id}" for run, _ in runs}
    for run, experiment in runs:
        there, tags = state(log, f"run/{run.info.run_id}"), dict(run.data.tags)
        assert there.name == tags.pop("mlflow.runName")
        expected = {"mlflow.tags.group" if key == "group" else key: value for key, value in tags.items()}
        expected |= {"group": experiment, "mlflow.artifactUri": run.info.artifact_uri}
        expected |= {f"mlflow.modelOutput.{made.model_id}": str(made.step) for made in run.outputs.model_outputs}
        assert there.tags == expected | ({"api_key": "***"} if "api_key" in tags else {})
        assert there.hyperparameters == run.data.params
        assert there.status == STATUSES[run.info.status]
        assert (there.hidden is not None) == (run.info.lifecycle_stage == "deleted")
        assert there.order_unknown == {}


def test_every_point_is_there_once_with_its_own_time(log, runs, client):
    for run, _ in runs:
        in_store = {
            (point.key, repr(point.value), point.step, point.timestamp)
            for name in run.data.metrics
            for point in client.get_metric_history(run.info.run_id, name)
        }
        assert points(log, f"run/{run.info.run_id}") == Counter(in_store)


def test_a_run_has_its_own_times_and_the_log_knows_when_it_was_imported(log, runs):
    for run, _ in runs:
        there = state(log, f"run/{run.info.run_id}")
        assert milliseconds(there.first_at) == run.info.start_time
        if run.info.status in ("FINISHED", "FAILED", "KILLED"):
            assert milliseconds(there.finished_at) == run.info.end_time
    assert min(entry.recorded_at for stream in log.streams() for entry in log.entries(stream)) > "2026"


def test_experiments_are_groups(log, client):
    for experiment in mlflow_stores.experiments_of(client):
        if experiment.name != "Default":
            there = state(log, f"group/{experiment.name}")
            assert (there.name, there.tags) == (experiment.name, experiment.tags)
            assert (there.hidden is not None) == (experiment.lifecycle_stage == "deleted")


def test_inputs_artifacts_and_logged_models_are_there(log, client):
    [run] = client.search_runs([client.get_experiment_by_name("digits").experiment_id], "attributes.run_name = 'child'")
    there = state(log, f"run/{run.info.run_id}")
    [dataset] = there.lineage.datasets
    assert (dataset.name, dataset.digest, dataset.role, dataset.uri) == (
        "digits",
        "mlflow:8f2c41d9",
        "train",
        "s3://b/digits.npz",
    )
    [artifact] = there.artifacts
    assert (artifact.name, artifact.stored.bytes, artifact.stored.in_place) == ("model/weights.txt", 7, True)
    assert artifact.stored.sha256 == sha256(b"weights").hexdigest()
    [model] = client.search_logged_models([run.info.experiment_id])
    logged = state(log, f"model/{model.model_id}").logged
    assert (logged.name, logged.run, logged.group, logged.status) == ("net", f"run/{run.info.run_id}", "digits", "ready")
    assert (logged.model_type, logged.params) == ("sklearn", {"depth": "3"})
    [measured] = logged.metrics
    assert (measured.name, measured.reading.value, measured.dataset_name) == ("acc", 0.75, "digits")


def test_registered_models_are_there_with_versions_aliases_and_stages(log, client):
    there = state(log, "model/net")
    assert (there.description, there.tags) == ("reads digits", {"owner": "ada"})
    assert there.stages == {"champion": "2", "Production": "3"}
    assert there.versions["1"].retired_at is not None
    for version in client.search_model_versions("name = 'net'"):
        same = there.versions[str(version.version)]
        assert (same.description, same.run) == (version.description, f"run/{version.run_id}")
        assert same.tags["number"] == str(version.version)
        assert milliseconds(same.registered_at) == version.creation_timestamp
    assert state(log, "model/empty").versions == {}


def test_credentials_are_not_recorded_and_the_report_names_them(log_and_report, runs):
    log, report = log_and_report
    [run] = [run for run, _ in runs if "api_key" in run.data.tags]
    assert report.redacted == [f"run/{run.info.run_id}: tags.api_key"]
    assert not [event for event in log.events() if b"hunter2" in event.canonical]
    assert report.left == []


def test_a_second_import_records_nothing(log, made_store):
    before = digests(log)
    assert imported(uri_of(made_store), log).recorded == 0
    assert digests(log) == before


@settings(max_examples=4, deadline=None)
@given(share=st.floats(0.01, 0.99), again=st.floats(0.01, 0.99))
def test_an_import_that_was_killed_goes_on_where_it_was(log, made_store, share, again):
    """Killed twice, in the middle of anything: the same events as of one that was not."""
    whole, interrupted = digests(log), InMemoryLog()
    for part in (share, again):
        with suppress(KilledError):
            imported(uri_of(made_store), Mortal(interrupted, int(part * len(whole))))
    imported(uri_of(made_store), interrupted)
    assert digests(interrupted) == whole


def test_a_folder_is_imported_as_a_database_is(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    mlflow_stores.fill(str(tmp_path / "mlruns"), tmp_path)
    log = InMemoryLog()
    report = imported(tmp_path / "mlruns", log)
    assert (report.experiments, report.runs, report.logged_models, report.registered_models) == (3, 3, 1, 2)
    [child] = [there for there in map(partial(state, log), log.streams()) if there.name == "child"]
    assert (
        points(log, child.stream)["loss", "nan", 5, mlflow_stores.STARTED_MS + 50] == 1
    )  # recorded twice, and MLflow counts it once
    assert imported(tmp_path / "mlruns", log).recorded == 0
    next((tmp_path / "mlruns").glob("[1-9]*/meta.yaml")).unlink()
    [skipped] = imported(tmp_path / "mlruns", log).left
    assert skipped.what == "not read by MLflow"
    assert "Malformed experiment" in skipped.why
