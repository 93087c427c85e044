"""What MLflow has registered is a model like any other: what serves, who promoted it, and where it came from."""

import getpass

import pytest
from mlflow.entities import Dataset, DatasetInput, InputTag

from tests.support.mlflow_clients import client_of, recorded_log

pytestmark = pytest.mark.slow  # MLflow takes seconds to import


@pytest.fixture
def log(tmp_path):
    client = client_of(tmp_path)
    run = client.create_run(client.create_experiment("digits"), run_name="first").info.run_id
    data = Dataset("digits", "8f2c41d9", "local", '{"uri": "s3://data/digits.npz"}')
    client.log_inputs(run, [DatasetInput(data, [InputTag("mlflow.data.context", "training")])])
    model = client.create_logged_model("0", "classifier", run).model_id
    client.log_artifact(run, __file__, "model")
    client.create_registered_model("digits")
    client.create_model_version("digits", f"models:/{model}")
    client.create_model_version("digits", f"{client.get_run(run).info.artifact_uri}/model", run)
    client.set_terminated(run)
    client.set_registered_model_alias("digits", "champion", "1")
    client.transition_model_version_stage("digits", "2", "Production")
    return recorded_log(tmp_path), run, model


def test_what_serves_is_known_by_its_alias_and_by_its_stage(log):
    log, run, _ = log
    by_alias, by_stage = (log.model("digits").serving(word) for word in ("champion", "Production"))
    assert (by_alias.version, by_alias.run, by_alias.promoted_by) == ("1", f"run/{run}", getpass.getuser())
    assert (by_stage.version, by_stage.run) == ("2", f"run/{run}")
    assert sorted((served.stage, served.version) for served in log.serving()) == [("Production", "2"), ("champion", "1")]


def test_a_version_has_the_digest_of_its_files_and_how_much_of_its_run_the_log_had(log):
    log, run, model = log
    versions = log.model("digits").versions
    logged, kept = versions["1"].artifact, versions["2"].artifact
    assert (logged.uri, logged.sha256) == (f"training-events:///models/{model}/artifacts", None)
    assert kept.uri == f"training-events:///runs/{run}/artifacts/model"
    assert len(kept.sha256) == 64
    assert versions["1"].run_head.events > 0


def test_lineage_leads_from_the_data_to_the_stages(log):
    log, run, _ = log
    edges = {(edge.source, edge.target, edge.role) for edge in log.lineage("model/digits").edges}
    (data,) = {source for source, target, _ in edges if target == f"run/{run}"}
    assert "8f2c41d9" in data
    assert edges == {
        (data, f"run/{run}", "training"),
        (f"run/{run}", "model/digits@1", None),
        (f"run/{run}", "model/digits@2", None),
        ("model/digits@1", "model/digits#champion", None),
        ("model/digits@2", "model/digits#Production", None),
    }
