"""`export --to openlineage`: run events that OpenLineage's own client takes."""

import json
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator
from training_events.event import Event
from training_events.interchange.exports.openlineage_events import RunEvents, run_events_in_order
from training_events.openlineage.naming import dataset_name, repository_uri
from training_events.openlineage.training_facet import KEY, SCHEMA_FILE
from training_events.reading.opening import Sources
from training_events.stores.opening import open_event_log

from tests.support.command_line import SCHEMAS, make_event
from tests.support.exported_log import STORED
from tests.support.histories import histories
from tests.support.numbered_log import numbered_log
from tests.support.openlineage import taken_by_client, without_nothing
from tests.support.run_events import lives

NAMESPACE = "my.team"
ENDS = {"COMPLETE", "FAIL", "ABORT"}


def uuid_of(stream: str) -> str:
    return str(uuid5(uuid5(NAMESPACE_URL, NAMESPACE), stream))


def bodies(sources: Sources, stream: str) -> list[dict[str, Any]]:
    return [event.body for event in RunEvents(sources, NAMESPACE).of_run(stream)]


def life_of(sources: Sources, stream: str) -> list[tuple[str, str, str]]:
    """Type, second and run of each event."""
    return [(body["eventType"], body["eventTime"][17:19], body["run"]["runId"]) for body in bodies(sources, stream)]


def all_bodies(sources: Sources) -> list[dict[str, Any]]:
    return [json.loads(line.body) for line in run_events_in_order(sources, NAMESPACE, "", lambda *_: None)]


def test_a_run_starts_and_completes(sources: Sources):
    run = uuid_of("run/digits-0")
    assert life_of(sources, "run/digits-0") == [("START", "10", run), ("COMPLETE", "16", run)]


def test_each_attempt_is_a_run_and_what_another_one_overtook_is_aborted(sources: Sources):
    first, second = uuid_of("run/digits-1"), uuid_of("run/digits-1@2")
    assert life_of(sources, "run/digits-1") == [
        ("START", "20", first),
        ("ABORT", "22", first),
        ("START", "22", second),
        ("FAIL", "24", second),
    ]
    _, aborted, _, failed = bodies(sources, "run/digits-1")
    assert [body["run"]["facets"][KEY]["seeds"] for body in (aborted, failed)] == [1, 2]
    assert [[output["name"] for output in body["outputs"]] for body in (aborted, failed)] == [["first"], ["second"]]
    error = failed["run"]["facets"]["errorMessage"]
    assert (error["message"], error["stackTrace"]) == ("ValueError: boom", "Traceback …")


def test_a_run_that_was_stopped_is_aborted_one_that_runs_has_no_end_and_one_that_never_started_no_event(sources: Sources):
    assert [event for event, *_ in life_of(sources, "run/stopped")] == ["START", "ABORT"]
    assert [event for event, *_ in life_of(sources, "run/inner")] == ["START"]
    assert life_of(sources, "run/asked") == []


def test_a_run_of_which_only_sagemaker_tells_starts_and_ends(sources: Sources):
    assert [event[:2] for event in life_of(sources, "run/job")] == [("START", "40"), ("FAIL", "44")]
    assert bodies(sources, "run/job")[1]["run"]["facets"]["errorMessage"]["message"] == "CapacityError"


def test_inputs_and_outputs_have_openlineages_names_and_versions(sources: Sources):
    start, complete = bodies(sources, "run/digits-0")
    assert [(of["namespace"], of["name"]) for of in start["inputs"]] == [
        ("s3://bucket", "data/digits.npz"),
        ("file", "/data/my digits.npz"),
        ("sklearn", "load_digits"),
        (NAMESPACE, "ef"),
    ]
    assert [of["facets"].get("version", {}).get("datasetVersion") for of in start["inputs"]] == ["v1", "cd", None, "ef"]
    assert start["outputs"] == []
    assert [of["name"] for of in complete["outputs"]] == ["runs/digits-0/model.bin", "new"]
    assert complete["outputs"][0]["facets"]["version"]["datasetVersion"] == STORED["version_id"]
    assert complete["outputs"][0]["outputFacets"]["outputStatistics"]["size"] == STORED["bytes"]


def test_the_facets_say_what_the_run_was_made_from_and_what_came_of_it(sources: Sources):
    start, complete = bodies(sources, "run/digits-0")
    assert (complete["job"]["namespace"], complete["job"]["name"]) == (NAMESPACE, "digits")
    run, job = complete["run"]["facets"], complete["job"]["facets"]
    assert {it["key"]: it["value"] for it in run["executionParameters"]["parameters"]} == {
        "layers": "[1,2]",
        "lr": "0.1",
        "optimizer.name": "adam",
    }
    assert {it["key"]: it["value"] for it in run["tags"]["tags"]} == {"group": "sweep-7", "folds": "5"}
    assert run["processing_engine"]["version"] == "3.13.1"
    assert run["environmentVariables"]["environmentVariables"] == [{"name": "CUDA_VISIBLE_DEVICES", "value": "0"}]
    assert job["sourceCodeLocation"]["version"] == "c0ffee"
    assert job["sourceCodeLocation"]["path"] == "trainings/train.py"
    assert job["jobType"]["jobType"] == "TRAINING"
    own = run[KEY]
    assert own["metrics"] == {"loss": {"last": 0.25, "best": 0.25}, "grad": {"last": "NaN", "best": None}}
    assert [used["role"] for used in own["datasets"]] == ["train", "test", None, None]
    assert start["run"]["facets"][KEY]["metrics"] == {}


def test_a_run_is_in_its_group_and_a_nested_one_in_the_attempt_that_ran(sources: Sources):
    for body in bodies(sources, "run/digits-0"):
        parent = body["run"]["facets"]["parent"]
        assert (parent["run"]["runId"], parent["job"]["name"]) == (uuid_of("group/sweep-7"), "sweep-7")
    [inner] = bodies(sources, "run/inner")
    parent = inner["run"]["facets"]["parent"]
    assert (parent["run"]["runId"], parent["job"]["name"]) == (uuid_of("run/digits-1@2"), "digits")
    assert parent["root"]["run"] == parent["run"]
    assert inner["job"]["name"] == "inner.py"


def test_openlineages_client_takes_each_event_and_gives_it_back(sources: Sources, tmp_path: Path):
    for body in all_bodies(sources):
        assert taken_by_client(body, tmp_path) == without_nothing(body)


@given(lives())
@settings(max_examples=40, deadline=None)
def test_every_attempt_starts_before_it_ends_and_ends_once(tmp_path_factory: pytest.TempPathFactory, events: list[Event]):
    sources = numbered_log(tmp_path_factory.mktemp("log") / "log.db", enumerate(events))
    for stream in {event.stream for event in events if event.stream.startswith("run/")}:
        runs: dict[str, list[str]] = {}
        for body in bodies(sources, stream):
            runs.setdefault(body["run"]["runId"], []).append(body["eventType"])
        for run, types in runs.items():
            assert set(types[::2]) == {"START"}
            assert set(types[1::2]) <= ENDS
            # an end may be recorded before the first start: it is told, and then the start
            assert len(types) <= 2 or (run == uuid_of(stream) and len(types) <= 4)


@given(histories())
@settings(max_examples=25, deadline=None)
def test_openlineages_client_takes_whatever_was_recorded(tmp_path_factory: pytest.TempPathFactory, events: list[Event]):
    folder = tmp_path_factory.mktemp("log")
    for body in all_bodies(numbered_log(folder / "log.db", enumerate(events))):
        assert taken_by_client(body, folder) == without_nothing(body)
        Draft202012Validator(SCHEMAS[SCHEMA_FILE]).validate(body["run"]["facets"][KEY])


def test_they_come_in_the_order_of_recording_and_from_a_time_on(sources: Sources):
    lines = list(run_events_in_order(sources, NAMESPACE, "", lambda *_: None))
    assert [line.index for line in lines] == sorted({line.index for line in lines})
    later = list(run_events_in_order(sources, NAMESPACE, lines[-1].index[:27], lambda *_: None))
    assert later == [line for line in lines if line.index >= lines[-1].index[:27]]


def test_an_event_that_arrives_late_is_behind_what_was_exported_before(tmp_path: Path):
    log = open_event_log(f"sqlite:///{tmp_path}/late.db")
    log.append(make_event("run/a", "TrainingCompleted", 9))
    sources = Sources(log, None, None, None)
    before = list(run_events_in_order(sources, NAMESPACE, "", lambda *_: None))
    log.append(make_event("run/a", "TrainingStarted", 1, model="digits"))
    after = list(run_events_in_order(sources, NAMESPACE, "", lambda *_: None))
    new = [json.loads(line.body)["eventType"] for line in after if line.index > before[-1].index]
    assert new == ["START"]


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("s3://bucket/a/b c.npz", ("s3://bucket", "a/b c.npz")),
        ("gs://bucket/a", ("gs://bucket", "a")),
        ("file:///a/b%20c", ("file", "/a/b c")),
        ("lakefs://repo/main/a", ("lakefs://repo", "main/a")),
        ("https://example.com/a?b=c", ("https://example.com", "a?b=c")),
        ("sklearn:load_digits", ("sklearn", "load_digits")),
        ("digits", (NAMESPACE, "digits")),
        ("s3://bucket", (NAMESPACE, "s3://bucket")),
    ],
)
def test_a_dataset_is_named_as_openlineage_names_it(uri: str, name: tuple[str, str]):
    assert dataset_name(NAMESPACE, uri) == name


@pytest.mark.parametrize(
    ("repository", "uri"),
    [
        ("https://github.com/my-org/my-repo", "https://github.com/my-org/my-repo"),
        ("git@github.com:my-org/my-repo.git", "ssh://git@github.com/my-org/my-repo.git"),
        ("ssh://git@host:22/a b.git", "ssh://git@host:22/a%20b.git"),
        ("/srv/git/my repo", "file:///srv/git/my%20repo"),
    ],
)
def test_a_repository_is_given_as_a_uri_however_git_writes_it(repository: str, uri: str):
    assert repository_uri(repository) == uri
