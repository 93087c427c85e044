"""MLflow's artifacts in a log: kept by content with their digests, listed and fetched as from any folder, and never deleted."""

import json
import os
from hashlib import sha256

import pytest
from mlflow.exceptions import MlflowException
from training_events import record_run
from training_events.interchange.mlflow.address import artifacts_of
from training_events.interchange.mlflow.artifacts import ArtifactRepository
from training_events.interchange.mlflow.workspace import workspace
from training_events.proof.verification import verify
from training_events.recorder.storage.comparing import FileComparer
from training_events.recorder.storage.files import local_path

from tests.support.dynamodb import READ_MODELS, TABLE, create_read_models_table, create_table
from tests.support.patience import PATIENCE_SECONDS
from tests.support.s3 import BUCKET, data_bucket

pytestmark = pytest.mark.slow  # `import mlflow` takes seconds


@pytest.fixture(params=["sqlite", "dynamodb"])
def log(request, tmp_path, monkeypatch):
    """The address of a log that has the runs `digits-7` and `a run/é`, and the logged model m-1."""
    for name in ("BUS", "LOG", "BUCKET", "RUN"):
        monkeypatch.delenv(f"TRAINING_EVENTS_{name}", raising=False)
    spool = str(tmp_path / "spool")
    if request.param == "sqlite":
        monkeypatch.setenv("TRAINING_EVENTS_SPOOL", spool)
        yield a_log(f"training-events://{tmp_path}/log.db")
        return
    with data_bucket(TRAINING_EVENTS_SPOOL=spool, TRAINING_EVENTS_BUCKET=BUCKET):
        create_table()
        create_read_models_table()
        yield (address := a_log(f"training-events://{TABLE}?read_models={READ_MODELS}"))
        # what is still on its way would come into the table of the next test, which has the same name
        assert workspace(address).flush(PATIENCE_SECONDS)


def a_log(address):
    for name in ("digits-7", "a run/é"):
        workspace(address).record(f"run/{name}", "TrainingStarted", {})
    workspace(address).record("model/m-1", "ModelLogged", {"name": "model", "run": "digits-7"})
    return address


@pytest.fixture
def files(tmp_path):
    """A folder with a model in it."""
    folder = tmp_path / "files"
    for name, text in {"MLmodel": "flavors: {}", "data/weights.bin": "weights", "data/été.txt": "é"}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def of_run(log, run="digits-7"):
    return ArtifactRepository(artifacts_of(log, "runs", run))


def listed(repository, path=None):
    return [(file.path, file.is_dir, file.file_size) for file in repository.list_artifacts(path)]


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def facts(log, stream):
    return [(entry.type, json.loads(entry.data)) for entry in workspace(log).entries(stream)]


def one_line(error):
    assert error.value.message.isprintable()
    return f"{error.value.error_code}: {error.value.message}"


def test_a_file_is_kept_with_its_digest(log, files):
    of_run(log).log_artifact(files / "MLmodel", "model")
    (_, saved) = facts(log, "run/digits-7")[-1]
    assert (saved["name"], saved["bytes"]) == ("model/MLmodel", 11)
    assert saved["sha256"] == sha256(b"flavors: {}").hexdigest()
    sources = workspace(log).sources
    verification = verify(sources.log, None, "run/digits-7", FileComparer())
    assert (verification.findings, verification.files.kept) == ([], 1)


def test_a_folder_is_listed_and_fetched_as_it_was(log, files, tmp_path):
    repository = of_run(log)
    repository.log_artifacts(files, "model")
    assert listed(repository) == [("model", True, None)]
    assert listed(repository, "model") == [("model/MLmodel", False, 11), ("model/data", True, None)]
    assert listed(repository, "model/data") == [("model/data/weights.bin", False, 7), ("model/data/été.txt", False, 2)]
    assert listed(repository, "model/MLmodel") == listed(repository, "gone") == []
    (tmp_path / "to").mkdir()
    assert repository.download_artifacts("model", tmp_path / "to") == str(tmp_path / "to/model")
    assert contents(tmp_path / "to/model") == contents(files)
    assert contents(tmp_path / "to") == {f"model/{name}": text for name, text in contents(files).items()}


def test_all_artifacts_are_fetched_to_a_new_folder(log, files):
    of_run(log).log_artifacts(files)
    folder = of_run(log).download_artifacts("")
    assert contents(local_path(folder)) == contents(files)


def test_the_newer_of_two_files_at_a_path_is_there_and_the_log_has_both(log, tmp_path):
    for text in ("first", "second"):
        (tmp_path / "notes.txt").write_text(text)
        of_run(log).log_artifact(tmp_path / "notes.txt")
    assert listed(of_run(log)) == [("notes.txt", False, 6)]
    assert local_path(of_run(log).download_artifacts("notes.txt")).read_text() == "second"
    assert [type_ for type_, _ in facts(log, "run/digits-7")] == ["TrainingStarted", "ArtifactSaved", "ArtifactSaved"]


def test_a_folder_takes_the_place_of_a_file_and_the_other_way_round(log, files, tmp_path):
    (tmp_path / "data").write_text("a file")
    of_run(log).log_artifact(tmp_path / "data")
    of_run(log).log_artifacts(files / "data", "data")
    assert listed(of_run(log)) == [("data", True, None)]
    assert set(contents(local_path(of_run(log).download_artifacts("")))) == {"data/weights.bin", "data/été.txt"}
    of_run(log).log_artifact(tmp_path / "data")
    assert listed(of_run(log)) == [("data", False, 6)]


def test_the_same_content_at_two_paths_is_fetched_to_both(log, tmp_path):
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("same")
        of_run(log).log_artifact(tmp_path / name)
    assert contents(local_path(of_run(log).download_artifacts(""))) == {"a.txt": "same", "b.txt": "same"}


def test_a_run_with_any_name_has_artifacts(log, files):
    repository = of_run(log, "x--a_20run_2F_C3_A9")
    repository.log_artifact(files / "MLmodel")
    assert facts(log, "run/a run/é")[-1][1]["name"] == "MLmodel"
    assert listed(repository) == [("MLmodel", False, 11)]


def test_a_logged_model_has_artifacts_of_its_own(log, files):
    model = ArtifactRepository(artifacts_of(log, "models", "m-1"))
    model.log_artifacts(files)
    assert listed(model) == [("MLmodel", False, 11), ("data", True, None)]
    assert listed(of_run(log)) == []
    assert {data["name"] for type_, data in facts(log, "model/m-1") if type_ == "ArtifactSaved"} == set(contents(files))


def test_a_servers_destination_has_the_artifacts_of_all(log, files):
    server = ArtifactRepository(log)
    server.log_artifacts(files, "17/digits-7/artifacts/model")
    server.log_artifact(files / "MLmodel", "17/models/m-1/artifacts")
    assert listed(server, "17/digits-7/artifacts") == [("17/digits-7/artifacts/model", True, None)]
    assert listed(server, "17/digits-7/artifacts/model/data")[0] == (
        "17/digits-7/artifacts/model/data/weights.bin",
        False,
        7,
    )
    assert listed(server, "models/m-1/artifacts") == [("models/m-1/artifacts/MLmodel", False, 11)]
    assert listed(of_run(log)) == [("model", True, None)]
    fetched = local_path(server.download_artifacts("17/digits-7/artifacts/model/MLmodel"))
    assert fetched.read_text() == "flavors: {}"
    assert fetched.as_posix().endswith("/17/digits-7/artifacts/model/MLmodel")


def test_an_address_of_one_artifact_leads_to_it(log, files):
    of_run(log).log_artifacts(files, "model")
    address = artifacts_of(log, "runs", "digits-7")
    inside = ArtifactRepository(address.replace("/artifacts", "/artifacts/model"))
    assert listed(inside) == [("MLmodel", False, 11), ("data", True, None)]
    assert local_path(inside.download_artifacts("data/weights.bin")).read_text() == "weights"
    above = ArtifactRepository(address.replace("/artifacts", ""))  # as MLflow takes it apart
    assert contents(local_path(above.download_artifacts("artifacts/model"))) == contents(files)


def test_more_files_than_a_state_keeps_are_all_there(log, tmp_path):
    for number in range(101):
        workspace(log).record(
            "run/digits-7", "ArtifactSaved", {"name": f"many/{number:03}", "uri": "https://example.com/x", "bytes": number}
        )
    assert listed(of_run(log), "many") == [(f"many/{number:03}", False, number) for number in range(101)]


def test_what_a_recorded_run_has_kept_is_there_too(log, files, monkeypatch):
    settings = workspace(log).settings
    monkeypatch.setenv("TRAINING_EVENTS_LOG", settings.log)
    with record_run(run_id="native") as run:
        run.artifact(files / "MLmodel")
        run.artifact(files, name="whole")
        run.artifact(files / "MLmodel", name="../../escaped")
        checkpoint = run.checkpoint(files / "data" / "weights.bin", step=5)
        (files / "data" / "weights.bin").write_text("others")
        run.checkpoint(files / "data" / "weights.bin", step=5)
    native = of_run(log, "native")
    assert [(path, is_folder) for path, is_folder, _ in listed(native)] == [
        ("MLmodel", False),
        ("checkpoints", True),
        ("escaped-" + sha256(b"../../escaped").hexdigest()[:8], False),
        ("whole", True),
    ]
    assert [path for path, *_ in listed(native, "whole")] == ["whole/MLmodel", "whole/data"]
    assert [path for path, *_ in listed(native, "whole/data")] == ["whole/data/weights.bin", "whole/data/été.txt"]
    assert local_path(native.download_artifacts("whole/data/weights.bin")).read_text() == "weights"
    assert contents(local_path(native.download_artifacts("whole")))["data/weights.bin"] == "weights"
    kept = [path for path, *_ in listed(native, "checkpoints/5")]
    assert "others" in {local_path(native.download_artifacts(path)).read_text() for path in kept}
    assert checkpoint is not None


def test_what_changed_since_it_was_recorded_is_not_handed_on(log, files):
    uri = (files / "MLmodel").as_uri()
    workspace(log).record("run/digits-7", "ArtifactSaved", {"name": "a", "uri": uri, "sha256": "0" * 64, "bytes": 11})
    with pytest.raises(MlflowException) as refused:
        of_run(log).download_artifacts("a")
    assert "RESOURCE_DOES_NOT_EXIST" in one_line(refused)
    assert "is not what was recorded" in one_line(refused)


def test_what_is_not_there_is_named_with_what_is_near(log, files):
    of_run(log).log_artifacts(files, "model")
    with pytest.raises(MlflowException) as refused:
        of_run(log).download_artifacts("model/MLmodle")
    assert one_line(refused) == (
        "RESOURCE_DOES_NOT_EXIST: run/digits-7 has no artifact model/MLmodle; did you mean `model/MLmodel`?"
    )


@pytest.mark.parametrize("call", ["list_artifacts", "download_artifacts"])
def test_a_run_that_is_not_there_has_no_artifacts(log, call):
    with pytest.raises(MlflowException) as refused:
        getattr(of_run(log, "digits-8"), call)("")
    assert "RESOURCE_DOES_NOT_EXIST" in one_line(refused)
    assert "the log has no event of run/digits-8" in one_line(refused)


def test_a_file_makes_no_run(log, files):
    with pytest.raises(MlflowException, match="the log has no event of run/other"):
        of_run(log, "other").log_artifact(files / "MLmodel")
    assert facts(log, "run/other") == []


@pytest.mark.parametrize("path", ["../x", "/etc", "a\\b", "a\u202eb", "a//b"])
@pytest.mark.parametrize("call", ["log_artifact", "log_artifacts", "list_artifacts", "download_artifacts"])
def test_a_hostile_path_is_refused_in_one_line_and_nothing_is_kept(log, files, call, path):
    given = {"log_artifact": (files / "MLmodel", path), "log_artifacts": (files, path)}.get(call, (path,))
    with pytest.raises(MlflowException) as refused:
        getattr(of_run(log), call)(*given)
    assert one_line(refused).startswith("INVALID_PARAMETER_VALUE: the artifact path ")
    assert listed(of_run(log)) == []


def test_no_file_of_a_folder_is_kept_if_one_has_a_hostile_name(log, files):
    (files / "data" / "a\\b").write_text("x")
    with pytest.raises(MlflowException, match="it has a backslash"):
        of_run(log).log_artifacts(files)
    assert listed(of_run(log)) == []


def test_nothing_is_deleted(log, files):
    of_run(log).log_artifact(files / "MLmodel")
    with pytest.raises(MlflowException) as refused:
        of_run(log).delete_artifacts("MLmodel")
    assert "NOT_IMPLEMENTED: the artifact 'MLmodel' cannot be deleted" in one_line(refused)
    assert listed(of_run(log)) == [("MLmodel", False, 11)]


def test_what_no_file_is_is_refused(log, files, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for call, given in [
        ("log_artifact", files),
        ("log_artifact", tmp_path / "gone"),
        ("log_artifact", tmp_path / "pipe"),
        ("log_artifacts", files / "MLmodel"),
    ]:
        with pytest.raises(MlflowException) as refused:
            getattr(of_run(log), call)(given)
        assert "INVALID_PARAMETER_VALUE" in one_line(refused)


def test_an_empty_folder_leaves_nothing_to_keep(log, tmp_path):
    (tmp_path / "empty").mkdir()
    of_run(log).log_artifacts(tmp_path / "empty")
    assert listed(of_run(log)) == []


def test_what_no_place_keeps_is_refused(tmp_path, files, monkeypatch):
    monkeypatch.setenv("TRAINING_EVENTS_BUCKET", "none")
    monkeypatch.setenv("TRAINING_EVENTS_SPOOL", str(tmp_path / "spool"))
    log = a_log(f"training-events://{tmp_path}/none.db")
    with pytest.raises(MlflowException) as refused:
        of_run(log).log_artifact(files / "MLmodel")
    assert "MLmodel is not kept" in one_line(refused)
    assert "TRAINING_EVENTS_BUCKET as the name of a bucket" in one_line(refused)
    assert listed(of_run(log)) == []
