"""Datasets and models registered from a script: the object first, then the event; a wrong argument raises at once."""

import getpass
import threading
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from training_events import aws, catalogue, record_run
from training_events.catalogue.stored import Stored
from training_events.errors import Misused
from training_events.event import Event
from training_events.folds.dataset import DatasetState
from training_events.projection.time_travel import state_at
from training_events.recorder import outside_run, registering
from training_events.recorder.delivery.destination import Destination
from training_events.recorder.participant import Participant
from training_events.recorder.registering import promote_model, register_dataset, register_model
from training_events.recorder.storage.objects import pin
from training_events.stores.opening import open_event_log

from tests.support.patience import PATIENCE_SECONDS
from tests.support.s3 import BUCKET, data_bucket


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A working folder with a file, and settings that lead to a bucket and a log."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(getpass, "getuser", lambda: "ada")
    Path("digits.csv").write_bytes(b"1,2\n")
    spool = str(tmp_path / "spool")
    log = f"sqlite:///{tmp_path}/log.db"
    with data_bucket(TRAINING_EVENTS_BUCKET=BUCKET, TRAINING_EVENTS_LOG=log, TRAINING_EVENTS_SPOOL=spool) as s3:
        yield SimpleNamespace(s3=s3, log=log, monkeypatch=monkeypatch)


def recorded(place: Any, stream: str) -> list[tuple[str, dict[str, Any]]]:
    """The events of a stream by type and data, all of which fit the catalogue."""
    events = [record.event for record in open_event_log(place.log).read(stream)]
    for event in events:
        catalogue.read(stream, event.type, event.schema_version, event.canonical_data.decode())
    return [(event.type, event.data) for event in events]


def test_a_local_dataset_is_stored_and_then_recorded(place):
    stored = register_dataset("digits.csv", rows=2)
    assert stored is not None
    assert stored.uri == f"s3://{BUCKET}/datasets/digits/digits.csv"
    assert pin(str(stored.uri)) == stored
    ((type_, data),) = recorded(place, "dataset/digits")
    assert type_ == "DatasetRegistered"
    assert data == {
        "uri": stored.uri,
        "version_id": stored.version_id,
        "sha256": stored.sha256,
        "bytes": 4,
        "rows": 2,
        "registered_by": "ada",
    }


def test_an_object_in_s3_is_recorded_where_it_is(place):
    place.s3.put_object(Bucket=BUCKET, Key="elsewhere/iris 1.parquet", Body=b"x", ChecksumAlgorithm="SHA256")
    stored = register_dataset(f"s3://{BUCKET}/elsewhere/iris 1.parquet", registered_by="bob")
    assert stored is not None
    register_dataset(f"{stored.uri}?versionId={stored.version_id}", registered_by="bob")
    data = {"uri": stored.uri, "version_id": stored.version_id, "sha256": stored.sha256, "bytes": 1, "registered_by": "bob"}
    assert recorded(place, "dataset/iris 1") == [("DatasetRegistered", data)] * 2
    assert register_dataset("sklearn:load_digits", name="toy") == Stored(uri="sklearn:load_digits")


def test_a_folder_is_a_dataset_too(place):
    Path("images").mkdir()
    Path("digits.csv").rename("images/1.csv")
    stored = register_dataset("images/", name="pictures of things")
    assert stored is not None
    assert stored.uri == f"s3://{BUCKET}/datasets/pictures of things/images/"
    assert recorded(place, "dataset/pictures of things")[0][1]["sha256"] == stored.sha256


def test_a_dataset_in_place_is_recorded_where_it_is_and_says_so(place):
    place.monkeypatch.setenv("TRAINING_EVENTS_BUCKET", "none")
    stored = register_dataset(Path("digits.csv"))
    assert stored == pin("digits.csv")
    [(_, data)] = recorded(place, "dataset/digits")
    assert (data["uri"], data["in_place"]) == (Path("digits.csv").absolute().as_uri(), True)


@pytest.mark.parametrize("folder", [None, "elsewhere größe"])
def test_without_a_bucket_a_dataset_is_kept_by_its_content(place, tmp_path, folder):
    """Beside the log, or in the folder that TRAINING_EVENTS_BUCKET names."""
    if folder is None:
        place.monkeypatch.delenv("TRAINING_EVENTS_BUCKET")
    else:
        place.monkeypatch.setenv("TRAINING_EVENTS_BUCKET", (tmp_path / folder).as_uri())
    stored = [register_dataset("digits.csv")]
    Path("digits.csv").write_bytes(b"3,4\n")
    stored.append(register_dataset("digits.csv"))
    home = tmp_path / (folder or "log.db-files")
    digests = [str(each and each.sha256) for each in stored]
    kept = [home / digest[:2] / digest for digest in digests]
    assert [path.read_bytes() for path in kept] == [b"1,2\n", b"3,4\n"]
    data = [data for _, data in recorded(place, "dataset/digits")]
    assert [(each["uri"], each["sha256"]) for each in data] == [(path.as_uri(), path.name) for path in kept]
    assert not [each for each in data if "in_place" in each]


def test_a_dataset_that_has_an_older_content_again_is_a_new_version(place):
    """Its address follows from its content, so it is the older address again."""
    place.monkeypatch.delenv("TRAINING_EVENTS_BUCKET")
    for content in (b"a", b"b", b"a", b"a"):
        Path("digits.csv").write_bytes(content)
        register_dataset("digits.csv")
    state = state_at(open_event_log(place.log), "dataset/digits")
    assert isinstance(state, DatasetState)
    first, second, third = (version.stored for version in state.versions)
    assert first == third != second


@pytest.mark.parametrize("path", ["no such file.csv", f"s3://{BUCKET}/no such object"])
def test_what_cannot_be_stored_is_not_recorded_and_becomes_one_warning(place, caplog, path):
    assert register_dataset(path, name="d") is None
    register_model("m", version=1, artifact=path)
    assert not Path("log.db").exists()
    assert len(caplog.messages) == 2
    for message, stream in zip(caplog.messages, ("dataset/d", "model/m"), strict=True):
        assert f"nothing was recorded of {stream}: " in message
        assert path in message


def test_what_is_not_stored_is_told_without_its_password(place, caplog):
    assert register_dataset("s3://u:pw12345x@b/k", name="d") is None
    with record_run(model="m") as run:
        assert run.artifact("https://u:pw12345x@h/x") is None
        assert run.checkpoint("s3://u:pw12345x@b/k") is None
    assert sum("without a user or password" in message for message in caplog.messages) == 1
    assert sum("is no file of this machine; allowed: a path" in message for message in caplog.messages) == 2
    assert "pw12345x" not in caplog.text


def test_a_model_is_registered_with_its_run_and_artifact_and_then_promoted(place):
    Path("model.joblib").write_bytes(b"model")
    register_model("org/digits", version=3, run=SimpleNamespace(stream="run/r 7"), artifact="model.joblib")
    promote_model("org/digits", version=3, stage="production", promoted_by="bob")
    stored = pin(f"s3://{BUCKET}/models/org/digits/3/model.joblib")
    artifact = {"uri": stored.uri, "version_id": stored.version_id, "sha256": stored.sha256, "bytes": 5}
    assert recorded(place, "model/org/digits") == [
        ("ModelRegistered", {"version": 3, "run": "run/r 7", "artifact": artifact, "registered_by": "ada"}),
        ("ModelPromoted", {"version": 3, "stage": "production", "promoted_by": "bob"}),
    ]


@pytest.mark.parametrize("run", ["run/r", "r"])
def test_the_artifact_of_a_model_may_be_stored_already(place, run):
    stored = Stored("s3://b/k", "v", "0" * 64, 1)
    started = Event("e", "run/r", "TrainingStarted", "2026-11-22T15:08:39.955123Z", "tests", {})
    open_event_log(place.log).append(started)
    register_model("m", version="1.0", run=run, artifact=stored)
    artifact = {"uri": "s3://b/k", "version_id": "v", "sha256": "0" * 64, "bytes": 1}
    head = {"events": 1, "position": started.position, "digest": started.digest}
    data = {"version": "1.0", "run": "run/r", "artifact": artifact, "registered_by": "ada", "run_head": head}
    assert recorded(place, "model/m") == [("ModelRegistered", data)]


def test_the_person_is_absent_where_nobody_is_logged_in(place):
    place.monkeypatch.setenv("TRAINING_JOB_NAME", "job-7")
    promote_model("m", version=1, stage="production", unchecked=True)
    assert recorded(place, "model/m") == [("ModelPromoted", {"version": 1, "stage": "production"})]


@pytest.mark.parametrize("version", [99, "99", "1.", "v1", "one"])
def test_a_version_that_was_never_registered_is_not_promoted(place, version):
    for known in (1, 2):
        register_model("m", version=known)
    with pytest.raises(Misused, match=r"model/m has no version .* that is registered, but .*'1'.*; unchecked=True records"):
        promote_model("m", version=version, stage="production")
    assert [type_ for type_, _ in recorded(place, "model/m")] == ["ModelRegistered"] * 2
    promote_model("m", version=version, stage="production", unchecked=True)
    assert recorded(place, "model/m")[-1][1]["version"] == version


def test_a_model_that_was_never_registered_is_not_promoted(place):
    with pytest.raises(Misused, match="model/m has no version that is registered"):
        promote_model("m", version=1, stage="production")
    assert not Path("log.db").exists()


def test_a_process_that_reproduces_a_run_makes_no_new_version_and_says_so_once(place, caplog):
    place.monkeypatch.setenv("TRAINING_EVENTS_REPRODUCES", "run/digits-7")
    for version in (1, 2):
        register_model("m", version=version, run="run/never-existed", artifact="not-there.joblib")
        promote_model("m", version=version, stage="production")
    assert caplog.text.count("this process reproduces run/digits-7, so no model is registered or promoted") == 1
    assert not Path("log.db").exists()
    with pytest.raises(Misused, match="version is empty"):
        register_model("m", version="")
    place.monkeypatch.delenv("TRAINING_EVENTS_REPRODUCES")
    register_model("m", version=1)
    assert [type_ for type_, _ in recorded(place, "model/m")] == ["ModelRegistered"]


@pytest.mark.parametrize(
    ("variables", "run"),
    [
        ({}, None),
        ({"TRAINING_EVENTS_RUN": "clean-3", "TRAINING_JOB_NAME": "job-7"}, "run/clean-3"),
        ({"TRAINING_EVENTS_RUN": " ", "TRAINING_JOB_NAME": "job-7"}, "run/job-7"),
    ],
)
def test_a_dataset_has_the_run_that_the_environment_names(place, variables, run):
    for name, value in variables.items():
        place.monkeypatch.setenv(name, value)
    register_dataset("digits.csv")
    assert [data.get("run") for _, data in recorded(place, "dataset/digits")] == [run]


def test_a_dataset_has_the_run_that_is_open(place):
    place.monkeypatch.setenv("TRAINING_EVENTS_RUN", "another")
    with record_run(run_id="outer"), record_run(run_id="inner"):
        register_dataset("digits.csv", name="a")
    with record_run(run_id="outer"):
        register_dataset("digits.csv", name="b")
    register_dataset("digits.csv", name="c")
    assert [recorded(place, f"dataset/{name}")[0][1]["run"] for name in "abc"] == ["run/inner", "run/outer", "run/another"]


def test_a_dataset_is_of_no_run_whose_end_has_failed(place):
    close = Participant.close

    def close_and_fail(participant):
        close(participant)
        raise OSError

    with record_run(run_id="broken"), record_run(run_id="another"):
        place.monkeypatch.setattr(Participant, "close", close_and_fail)
    register_dataset("digits.csv")
    assert "run" not in recorded(place, "dataset/digits")[0][1]


@pytest.mark.parametrize("stage", ["Production", "PRODUCTION", "production ", "pro-duction"])
def test_a_stage_has_one_spelling(place, stage):
    register_model("m", version=1)
    promote_model("m", version=1, stage="production")
    promote_model("m", version=1, stage="staging")
    with pytest.raises(Misused, match=r"model/m has the stage 'production', not .*; unchecked=True"):
        promote_model("m", version=1, stage=stage)
    promote_model("m", version=1, stage="production")


@pytest.mark.parametrize("run", ["run/never-existed", "never-existed"])
def test_a_run_that_the_log_does_not_have_made_no_model(place, run):
    with pytest.raises(Misused, match="the log has no event of 'run/never-existed'; unchecked=True"):
        register_model("m", version=1, run=run)
    register_model("m", version=1, run=run, unchecked=True)
    assert recorded(place, "model/m")[0][1]["run"] == "run/never-existed"


def test_versions_and_stages_have_one_form_as_names_have(place):
    register_model("m", version="cafe\u0301-1")
    promote_model("m", version="caf\u00e9-1\u200b", stage="produc\u0327a\u0303o")
    promote_model("m", version="caf\u00e9\ufe0f-1", stage="produ\u00e7\u00e3o")
    facts = [data for _, data in recorded(place, "model/m")]
    assert {data["version"] for data in facts} == {"caf\u00e9-1"}
    assert [data["stage"] for data in facts[1:]] == ["produ\u00e7\u00e3o"] * 2
    with pytest.raises(Misused, match="stage is empty"):
        promote_model("m", version=1, stage="\u3164", unchecked=True)


def test_a_near_run_is_named_although_no_command_has_looked_at_the_log(place):
    for name in ("digits-7", "iris"):
        with record_run(run_id=name):
            pass
    register_model("digits", version=1, run="digits-7")
    with pytest.raises(Misused, match="the log has no event of 'run/digits-8', but of 'run/digits-7'; unchecked=True"):
        register_model("digits", version=2, run="digits-8")
    with pytest.raises(Misused, match="model/digit has no version that is registered, but of 'model/digits'"):
        promote_model("digit", version=1, stage="production")


def test_a_run_of_this_program_is_known_although_its_events_are_on_their_way(place):
    place.monkeypatch.setattr("training_events.recorder.delivery.sender.Sender.start", lambda _: None)
    run = record_run(run_id="of-this-program").start()
    register_model("m", version=1, run="of-this-program")
    run.finish()
    assert [type_ for type_, _ in recorded(place, "model/m")] == ["ModelRegistered"]


@pytest.mark.parametrize("source", ["acme.training", " acme.training "])
def test_events_are_published_under_the_source_that_the_environment_names(place, source):
    place.monkeypatch.setenv("TRAINING_EVENTS_SOURCE", source)
    register_model("m", version=1)
    with record_run(run_id="r"):
        pass
    log = open_event_log(place.log)
    sources = {recorded.event.source for stream in ("model/m", "run/r") for recorded in log.read(stream)}
    assert sources == {"acme.training"}


@pytest.mark.parametrize("source", ["aws.s3", "two words", "s" * 257, "a\n"])
def test_a_source_that_no_event_can_have_is_a_warning_and_the_events_are_recorded(place, caplog, source):
    place.monkeypatch.setenv("TRAINING_EVENTS_SOURCE", source + ".")
    with record_run(run_id="r"):
        pass
    assert {recorded.event.source for recorded in open_event_log(place.log).read("run/r")} == {"my.sagemaker.training.jobs"}
    [warning] = caplog.messages
    assert warning.startswith("TRAINING_EVENTS_SOURCE is ")
    assert warning.endswith("; events are published as my.sagemaker.training.jobs")


def test_where_the_log_cannot_be_read_the_event_is_recorded_and_a_warning_says_so(place, caplog):
    """A training job knows only the bus."""
    place.monkeypatch.delenv("TRAINING_EVENTS_LOG")
    place.monkeypatch.setenv("TRAINING_EVENTS_BUS", "training")
    aws.client("events").create_event_bus(Name="training")
    register_model("of-a-job", version=1, run="run/elsewhere")
    promote_model("of-a-job", version=7, stage="production")
    assert [message.split(": ")[0] for message in caplog.messages] == [
        "the names in ModelRegistered of model/of-a-job could not be checked",
        "the names in ModelPromoted of model/of-a-job could not be checked",
    ]


def test_an_answer_without_an_end_holds_nothing_up_and_the_event_waits(place, caplog):
    answered = threading.Event()

    class Endless:
        def send(self, _):
            assert answered.wait(PATIENCE_SECONDS)
            return []

    place.monkeypatch.setattr(Destination, "sink", lambda *_: Endless())
    place.monkeypatch.setattr(outside_run, "MAX_SECONDS", 0.01)
    register_dataset("digits.csv")
    answered.set()
    assert "cannot be sent to the log" in caplog.text
    assert "its answer did not end within 0 s; it waits in" in caplog.text


WRONG: list[Any] = [
    lambda: register_dataset("digits.csv", name=""),
    lambda: register_dataset("digits.csv", name=" d"),
    lambda: register_dataset("digits.csv", name="a/b"),
    lambda: register_dataset("digits.csv", name=".."),
    lambda: register_dataset("digits.csv", name="d\n"),
    lambda: register_dataset("digits.csv", name="d" * 3000),
    lambda: register_dataset("digits.csv", name=7),  # type: ignore[arg-type]
    lambda: register_dataset("digits.csv", rows=2.5),  # type: ignore[arg-type]
    lambda: register_dataset("digits.csv", registered_by=""),
    lambda: register_dataset(""),
    lambda: register_dataset(None),  # type: ignore[arg-type]
    lambda: register_dataset("s3://"),
    lambda: register_model("", version=1),
    lambda: register_model("m", version=""),
    lambda: register_model("m", version=1.5),  # type: ignore[arg-type]
    lambda: register_model("m", version=True),
    lambda: register_model("m", version=1, run=7),  # type: ignore[arg-type]
    lambda: register_model("m", version=1, run=""),
    lambda: register_model("m", version=1, artifact=7),  # type: ignore[arg-type]
    lambda: promote_model("m", version=1, stage=" "),
    lambda: promote_model("m", version=date(2026, 1, 1), stage="s"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize("call", WRONG)
def test_a_wrong_argument_raises_one_line_at_once(place, call):
    place.monkeypatch.setattr(registering, "record_fact", lambda *_: pytest.fail("it was recorded"))
    with pytest.raises((Misused, TypeError)) as error:
        call()
    assert str(error.value)
    assert "\n" not in str(error.value)
    assert "Contents" not in place.s3.list_objects_v2(Bucket=BUCKET)
