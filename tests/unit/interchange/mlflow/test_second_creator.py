"""Two processes create the same before they see each other: nothing of either is lost, and the second is told when it reads."""

import logging

import pytest
from training_events.interchange.mlflow.workspace import Workspace

from tests.support.mlflow_clients import address_in, client_at, recorded_log

pytestmark = pytest.mark.slow  # MLflow takes seconds to import


@pytest.fixture
def address(tmp_path):
    return address_in(tmp_path)


def another_process_records(address, type_, data, at_ms=None):
    theirs = Workspace(address)
    theirs.record("model/digits", type_, data, at_ms=at_ms)
    assert theirs.flush()


def warnings(caplog):
    """What was told of models. Other threads of the process may have warned of something else."""
    told = (record.getMessage() for record in caplog.records if record.name == "training_events")
    return [line for line in told if "digits" in line]


def test_two_versions_with_one_number_are_both_told_of(address, tmp_path, caplog):
    client = client_at(address)
    client.create_registered_model("digits")
    client.create_model_version("digits", "s3://models/own", "own-run")
    theirs = {"version": 1, "run": "run/their-run", "artifact": {"uri": "s3://models/theirs"}, "registered_by": "ada"}
    another_process_records(address, "ModelRegistered", theirs)
    caplog.set_level(logging.WARNING)
    for _ in range(2):
        read = client.get_model_version("digits", "1")
        assert (read.run_id, read.source, read.status) == ("their-run", "s3://models/theirs", "READY")
        assert "version 1 of digits was registered 2 times" in str(read.status_message)
        assert "of run/own-run, by ada at" in str(read.status_message)
    assert warnings(caplog) == [read.status_message]
    registered = [recorded.event.data for recorded in recorded_log(tmp_path).events("model/digits")]
    assert [data["run"] for data in registered if "run" in data] == ["run/own-run", "run/their-run"]
    assert int(client.create_model_version("digits", "s3://models/next").version) == 2


def test_a_version_that_was_registered_again_with_the_same_files_is_no_conflict(address):
    client = client_at(address)
    client.create_registered_model("digits")
    client.create_model_version("digits", "s3://models/own")
    again = {"version": 1, "artifact": {"uri": "s3://models/own"}}
    another_process_records(address, "ModelRegistered", again)
    assert client.get_model_version("digits", "1").status_message is None


def test_whoever_created_a_model_after_another_process_is_told(address, caplog):
    client = client_at(address)
    client.create_registered_model("digits", description="own")
    an_hour_ago = client.get_registered_model("digits").creation_timestamp - 3_600_000
    theirs = {"name": "digits", "description": "theirs"}
    another_process_records(address, "Described", theirs, at_ms=an_hour_ago)
    caplog.set_level(logging.WARNING)
    assert [client.get_registered_model("digits").description for _ in range(2)] == ["own", "own"]
    (line,) = warnings(caplog)
    assert line.startswith("the model digits was created at")
