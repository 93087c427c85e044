"""The addresses that MLflow is given, in both directions."""

import pytest
from training_events.errors import BadLogUrl
from training_events.interchange.mlflow.address import ArtifactAddress, artifact_address, artifacts_of, settings_of


def log_and_bus(address, **environment):
    settings = settings_of(address, environment)
    return settings.optional("log"), settings.optional("bus")


def test_no_log_is_what_the_environment_says():
    environment = {"TRAINING_EVENTS_LOG": "sqlite:///a.db", "TRAINING_EVENTS_BUS": "training"}
    assert log_and_bus("training-events://", **environment) == ("sqlite:///a.db", "training")


def test_a_file_is_written_to_directly():
    assert log_and_bus("training-events:///data/a.db", TRAINING_EVENTS_BUS="training") == ("sqlite:////data/a.db", None)


def test_tables_are_recorded_to_by_the_bus():
    address = "training-events://log?read_models=models"
    assert log_and_bus(address, TRAINING_EVENTS_BUS="training") == ("dynamodb://log?read_models=models", "training")


def test_a_table_may_be_called_like_a_file():
    assert log_and_bus("training-events://a.db?read_models=models") == ("dynamodb://a.db?read_models=models", None)


def test_settings_that_the_address_does_not_name_are_the_environments():
    assert settings_of("training-events:///a.db", {"TRAINING_EVENTS_BUCKET": "files"}).files == "files"


def test_mlflow_leaves_out_the_slashes_before_an_empty_host():
    assert log_and_bus("training-events:/data/a.db") == ("sqlite:////data/a.db", None)
    named = artifact_address("training-events:/data/a.db/runs/r/artifacts/model")
    assert named == ArtifactAddress("training-events:///data/a.db", "runs", "r", "model")


@pytest.mark.parametrize("slashes", ["////", "/////"])
def test_a_path_may_begin_with_more_slashes(slashes):
    assert log_and_bus(f"training-events:{slashes}data/a.db") == ("sqlite:////data/a.db", None)
    named = artifact_address(f"training-events:{slashes}data/a.db/runs/r/artifacts/model")
    assert named == ArtifactAddress("training-events:///data/a.db", "runs", "r", "model")


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("training-events:a.db", "none of these forms"),
        ("sqlite:///a.db", "none of these forms"),
        ("training-events://./a.db", "more in it than three tables"),
        ("training-events://a.db", "three slashes, and it begins at the root"),
        ("training-events://log?table=models", "more in it than three tables"),
        ("training-events:///a.db?read_models=models", "names no file"),
        ("training-events:///a.db#x", "none of these forms"),
    ],
)
def test_any_other_address_is_refused_in_one_line(address, why):
    with pytest.raises(BadLogUrl) as refused:
        settings_of(address, {})
    assert why in str(refused.value)
    assert address in str(refused.value)
    assert "training-events:///<path of a SQLite file from the root>" in str(refused.value)
    assert "\n" not in str(refused.value)


STORES = ["training-events://", "training-events:///data/runs/a.db", "training-events://log?read_models=models"]


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("kind", ["runs", "models"])
@pytest.mark.parametrize("path", ["", "model/MLmodel", "runs/r/artifacts/x"])
def test_an_address_of_artifacts_names_the_log_and_whose_they_are(store, kind, path):
    uri, mark, query = artifacts_of(store, kind, "digits-7").partition("?")
    uri = f"{uri}/{path}".rstrip("/") + mark + query
    assert artifact_address(uri) == ArtifactAddress(store, kind, "digits-7", path)


@pytest.mark.parametrize(
    "uri", ["training-events:///runs/a", "file:///runs/a/artifacts", "training-events:///things/a/artifacts"]
)
def test_what_is_no_address_of_artifacts_is_refused(uri):
    with pytest.raises(BadLogUrl, match="is no address of artifacts"):
        artifact_address(uri)
