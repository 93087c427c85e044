"""MLflow's registry and logged models where events reach the log by a bus, a moment after they were recorded."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from mlflow import MlflowClient
from mlflow.entities import LoggedModelOutput, LoggedModelParameter, LoggedModelStatus, Metric
from training_events.interchange.mlflow.registry import RegistryStore
from training_events.interchange.mlflow.store import Store
from training_events.interchange.mlflow.workspace import workspace
from training_events.reading.opening import open_sources
from training_events.recorder.delivery.destination import Destination

from tests.support.dynamodb import READ_MODELS, TABLE, aws_in_this_process, create_read_models_table, create_table
from tests.support.mlflow_clients import client_at, refusal
from tests.support.patience import PATIENCE_SECONDS
from tests.unit.interchange.mlflow.conftest import SlowBus

pytestmark = pytest.mark.slow  # MLflow takes seconds to import


class World(NamedTuple):
    """A log behind a bus, and processes that record to it. Each has a spool, and so a workspace, of its own."""

    address: str
    log_url: str
    bus: SlowBus
    folder: Path
    monkeypatch: pytest.MonkeyPatch

    def process(self, name: str) -> MlflowClient:
        """From now on this process is at work."""
        self.monkeypatch.setenv("TRAINING_EVENTS_SPOOL", str(self.folder / name))
        return client_at(self.address)

    def deliver(self) -> None:
        """Let the log, and what is folded from it, have all that the processes have recorded."""
        for name in ("ours", "theirs"):
            self.process(name)
            assert workspace(self.address).flush(PATIENCE_SECONDS)
        self.bus.deliver()
        sources = open_sources(self.log_url)
        assert sources.projector is not None
        for stream in sources.log.streams():
            sources.projector.refold(stream)


@pytest.fixture(params=["sqlite", "dynamodb"])
def world(request, tmp_path, monkeypatch) -> Iterator[World]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/log.db"
        monkeypatch.setenv("TRAINING_EVENTS_LOG", url)
        monkeypatch.setenv("TRAINING_EVENTS_BUS", "training")
        yield _world("training-events://", url, tmp_path, monkeypatch)
        return
    with aws_in_this_process(TRAINING_EVENTS_BUS="training"):
        create_table()
        create_read_models_table()
        tables = f"{TABLE}?read_models={READ_MODELS}"
        yield _world(f"training-events://{tables}", f"dynamodb://{tables}", tmp_path, monkeypatch)


def _world(address: str, url: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    bus = SlowBus(url)
    monkeypatch.setattr(Destination, "sink", lambda *_: bus)
    return World(address, url, bus, folder, monkeypatch)


def test_a_process_sees_what_it_has_registered_and_others_once_it_is_recorded(world):
    ours = world.process("ours")
    ours.create_registered_model("digits", tags={"team": "vision"}, description="reads digits")
    ours.create_model_version("digits", "s3://models/1", "run-1", tags={"k": "v"}, description="first")
    ours.set_registered_model_alias("digits", "champion", "1")
    ours.transition_model_version_stage("digits", "1", "Production")
    ours.rename_registered_model("digits", "numbers")

    def seen(client):
        (model,) = client.search_registered_models("tags.team = 'vision'")
        (version,) = client.search_model_versions("run_id = 'run-1'")
        assert client.get_model_version_by_alias("numbers", "champion").version == version.version
        return model.name, model.description, model.aliases, version.current_stage, version.tags, version.description

    expected = ("numbers", "reads digits", {"champion": 1}, "Production", {"k": "v"}, "first")
    assert seen(ours) == expected
    assert list(world.process("theirs").search_registered_models()) == []
    world.deliver()
    assert seen(world.process("theirs")) == seen(world.process("ours")) == expected


def test_what_was_deleted_is_gone_for_others_once_that_is_recorded(world):
    ours = world.process("ours")
    ours.create_registered_model("digits")
    for number in (1, 2):
        ours.create_model_version("digits", f"s3://models/{number}")
    world.deliver()
    ours = world.process("ours")
    ours.delete_model_version("digits", "2")
    assert [version.version for version in ours.search_model_versions()] == [1]
    ours.delete_registered_model("digits")
    assert refusal(ours.get_registered_model, "digits")[0] == "RESOURCE_DOES_NOT_EXIST"
    assert int(world.process("theirs").get_model_version("digits", "2").version) == 2
    world.deliver()
    assert refusal(world.process("theirs").get_registered_model, "digits")[0] == "RESOURCE_DOES_NOT_EXIST"


def test_two_processes_create_one_model_and_one_number_and_the_second_is_told_of_both(world, caplog):
    world.process("ours").create_registered_model("digits", description="ours")
    world.process("ours").create_model_version("digits", "s3://models/ours", "our-run")
    world.process("theirs").create_registered_model("digits", description="theirs")
    world.process("theirs").create_model_version("digits", "s3://models/theirs", "their-run")
    world.deliver()
    caplog.set_level(logging.WARNING, "training_events")
    theirs = world.process("theirs")
    assert theirs.get_registered_model("digits").description == "theirs"
    version = theirs.get_model_version("digits", "1")
    assert version.run_id == "their-run"
    assert "was registered 2 times" in str(version.status_message)
    told = "\n".join(record.getMessage() for record in caplog.records)
    assert "the model digits was created at" in told
    assert "version 1 of digits was registered 2 times" in told
    assert int(theirs.create_model_version("digits", "s3://models/next").version) == 2


def test_a_logged_model_is_read_before_and_after_it_is_recorded(world):
    world.process("ours")
    runs, models = Store(world.address), RegistryStore(world.address)  # MLflow keeps the stores of an address for ever
    experiment = runs.create_experiment("digits")
    run = runs.create_run(experiment, "ada", None, [], None).info.run_id
    model = runs.create_logged_model(experiment, "classifier", run, params=[LoggedModelParameter("C", "1")]).model_id
    runs.log_batch(run, [Metric("accuracy", 0.9, 1_790_000_000_000, 1, model, "train", "abc", run)])
    runs.finalize_logged_model(model, LoggedModelStatus.READY)
    runs.log_outputs(run, [LoggedModelOutput(model, 1)])
    models.create_registered_model("digits")
    assert models.create_model_version("digits", f"models:/{model}").run_id == run
    for _ in range(2):
        (found,) = runs.search_logged_models([experiment], "metrics.accuracy > 0.8 and params.C = '1'")
        assert (found.model_id, found.source_run_id, str(found.status)) == (model, run, "READY")
        outputs = runs.get_run(run).outputs
        assert outputs is not None
        assert [output.model_id for output in outputs.model_outputs] == [model]
        world.deliver()
        world.process("ours")
