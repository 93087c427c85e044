"""The documented JSON Schemas: in step with the code, and right for what is recorded and printed."""

import json
import sqlite3
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator
from training_events import folds
from training_events.bus.received import event_of
from training_events.catalogue import CATALOGUE
from training_events.catalogue.run import UsedDataset
from training_events.cli.commands import COMMANDS
from training_events.cli.output import with_all_keys
from training_events.errors import NotRecordable
from training_events.stores.opening import open_event_log

from tests.support import histories
from tests.support.command_line import SCHEMAS, empty_store, make_event, parse_document, read_models, record_events, run_cli
from tests.support.fakes import InMemoryLog
from tests.support.paths import ROOT
from tests.support.seals import Recorder
from tools import schemas

REFERENCE = ROOT / "docs" / "reference"
STORED = {"uri": "s3://b/k", "version_id": "v1", "sha256": "ab", "bytes": 7}


def test_the_documented_schemas_are_those_of_the_code():
    documented = {
        f"{folder}/{file.name}" for folder in ("cli", "events", "openlineage") for file in (REFERENCE / folder).glob("*.json")
    }
    assert documented == SCHEMAS.keys()
    for path, schema in SCHEMAS.items():
        assert json.loads((REFERENCE / path).read_text(encoding="utf-8")) == schema, "run `make schemas`"


def test_the_program_writes_them(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["schemas", str(tmp_path)])
    assert schemas.main() == 0
    assert {str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*.json")} == SCHEMAS.keys()
    monkeypatch.setattr("sys.argv", ["schemas"])
    with pytest.raises(SystemExit) as ended:
        schemas.main()
    assert ended.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_each_command_and_each_event_type_has_a_schema():
    assert COMMANDS.keys() == schemas.DOCUMENTS.keys()
    types = {name for of_kind in CATALOGUE.values() for name in of_kind}
    assert sorted(types) == sorted(file.stem for file in map(Path, SCHEMAS) if file.parts[0] == "events")


@pytest.mark.parametrize("path", SCHEMAS)
def test_each_is_a_valid_schema(path):
    Draft202012Validator.check_schema(SCHEMAS[path])


@pytest.mark.parametrize("path", SCHEMAS)
def test_no_schema_names_a_module_of_the_code(path):
    assert not [name for name in SCHEMAS[path]["$defs"] if not name.isidentifier()]
    assert "training_events." not in json.dumps(SCHEMAS[path])


@pytest.mark.parametrize("path", [path for path in SCHEMAS if path.startswith("cli/")])
def test_a_commands_document_has_every_documented_key_and_no_other(path):
    for part in SCHEMAS[path]["$defs"].values():
        if "properties" in part:
            assert part["required"] == list(part["properties"])
            assert part["additionalProperties"] is False


def fits(event):
    Draft202012Validator(SCHEMAS[f"events/{event.type}.json"]).validate(event.data)


def test_the_example_events_fit_their_schemas():
    known = 0
    for file in (ROOT / "tests" / "events").glob("*.json"):
        try:
            event = event_of(json.loads(file.read_text(encoding="utf-8")))
        except NotRecordable:
            continue
        if event.type in CATALOGUE[event.stream.partition("/")[0]] and event.schema_version == 1:
            fits(event)
            known += 1
    assert known >= 8


def test_what_the_example_training_records_fits_its_schemas(monkeypatch, tmp_path):
    for name in ("TRAINING_EVENTS_BUS", "TRAINING_EVENTS_BUCKET"):
        monkeypatch.delenv(name, raising=False)
    log = f"sqlite:///{tmp_path}/log.db"
    monkeypatch.setenv("TRAINING_EVENTS_LOG", log)
    monkeypatch.setenv("TRAINING_EVENTS_SPOOL", str(tmp_path))
    from examples import train_digits  # noqa: PLC0415 - scikit-learn takes seconds, also where tests are only collected

    train_digits.record_training(2, 1e-4, 7)
    recorded = open_event_log(log)
    events = [record.event for stream in recorded.streams() for record in recorded.read(stream)]
    for event in events:
        fits(event)
    run = ["TrainingStarted", "MetricsRecorded", "CheckpointSaved", "TrainingCompleted"]
    assert sorted(event.type for event in events) == sorted([*run, "ModelRegistered", "ModelPromoted"])


@given(histories.event_of("run/a", 1))
def test_a_state_is_made_from_exactly_the_events_that_fit_but_for_fields_that_came_later(event):
    """Of these, an older log may hold anything."""
    if event.type not in CATALOGUE["run"] or event.schema_version != 1:
        return
    log = InMemoryLog()
    log.append(event)
    state = folds.fold(folds.empty("run/a"), log.entries("run/a"))
    validator = Draft202012Validator(SCHEMAS[f"events/{event.type}.json"])
    later = CATALOGUE["run"][event.type].added_later
    flaws = list(validator.iter_errors(json.loads(event.canonical_data)))
    assert all(is_of_later_field(flaw, later) for flaw in flaws) == (state.counts.unreadable == 0)


def is_of_later_field(flaw, later):
    """Whether a flaw is in a field that came later: of the event, or of a dataset in it. Of several forms, one may fit so."""
    path = list(flaw.absolute_path)
    if path and (path[0] in later or (len(path) > 1 and path[-1] in UsedDataset.ADDED_LATER)):
        return True
    forms = defaultdict[str, list[bool]](list)
    for inner in flaw.context:
        forms[inner.schema_path[0]].append(is_of_later_field(inner, later))
    return any(map(all, forms.values()))


@given(histories.histories())
def test_the_state_of_any_history_fits_its_schema(history):
    log = InMemoryLog()
    for event in history:
        log.append(event)
    for stream in log.streams():
        state = with_all_keys(folds.fold(folds.empty(stream), log.entries(stream)))
        beside = {"as_of": None, "known_at": None, "clock_ahead": None}
        of_a_run = {"silent_seconds": None, "metrics_from_log": False} if stream.startswith("run/") else {}
        of_a_model: dict[str, object] = {"runs_since": {}} if stream.startswith("model/") else {}
        parse_document("show", json.dumps(state | beside | of_a_run | of_a_model))


# ---- what the commands print in real calls


def events_of_every_kind():
    recorder = Recorder("p-1", stream="run/chained")
    yield from (recorder.event(f"e-{second}", f"2026-11-22T15:08:{second:02d}.000000Z", loss=second) for second in range(3))
    yield make_event("run/full", "TrainingRequested", 1, model="digits", requested_by="ada")
    yield make_event(
        "run/full", "TrainingStarted", 2, model="digits", datasets=[STORED, "s3://b/other"], goals={"f1": "maximize"}
    )
    points = [{"name": "loss", "value": "NaN"}, {"name": "loss", "value": 0.5, "step": 1}, {"name": "f1", "value": "Infinity"}]
    yield make_event("run/full", "MetricsRecorded", 3, points=points)
    yield make_event("run/full", "CheckpointSaved", 4, step=1, uri="s3://b/c")
    yield make_event("run/full", "ArtifactSaved", 5, name="model")
    yield make_event("run/full", "TrainingJobStateChanged", 6, status="InProgress")
    yield make_event("run/full", "TrainingCompleted", 7, artifact={"uri": "s3://b/m"})
    yield make_event("run/failed", "TrainingFailed", 1, error={"type": "MemoryError"}, traceback="Traceback …")
    yield make_event("run/stopped", "TrainingStopped", 1, reason="spot")
    yield make_event("run/odd", "Happened", 1, text="\x9b\u2028\x00é😀")
    yield make_event("model/digits", "ModelRegistered", 1, version=3, run="run/full", artifact=STORED)
    yield make_event("model/digits", "ModelPackageStateChanged", 2, version=3, approval_status="Approved")
    yield make_event("model/digits", "ModelPromoted", 3, version=3, stage="production")
    yield make_event("model/gone", "ModelRetired", 1)
    yield make_event("dataset/digits", "DatasetRegistered", 1, rows=5, uri="s3://b/d")
    yield make_event("dataset/gone", "DatasetRetired", 1)


STREAMS = sorted({event.stream for event in events_of_every_kind()})


@pytest.fixture(scope="module", params=["sqlite", "dynamodb"])
def url(request, tmp_path_factory):
    with empty_store(request.param, tmp_path_factory.mktemp("store")) as url:
        record_events(url, events_of_every_kind())
        yield url


def printed(capsys, url, command, *arguments, code=0):
    exit_code, out, _ = run_cli(capsys, command, *arguments, "--json", "--log", url)
    assert exit_code == code
    return parse_document(command, out)


@pytest.mark.parametrize("stream", STREAMS)
def test_show_and_history(url, capsys, stream):
    state = printed(capsys, url, "show", stream)
    past = printed(capsys, url, "show", stream, "--as-of", "2026-11-22T15:08:59", "--known-at", "now")
    history = printed(capsys, url, "history", stream)
    assert (past["as_of"], past["known_at"] is None) == ("2026-11-22T15:08:59.000000Z", False)
    assert {**past, "as_of": None, "known_at": None, "clock_ahead": None} == state
    assert state["counts"]["events"] == len(history["events"])
    assert (state["stream"], history["stream"]) == (stream, stream)


@pytest.mark.parametrize("stream", STREAMS)
def test_lineage(url, capsys, stream):
    lineage = printed(capsys, url, "lineage", stream)
    nodes = {node["id"] for node in lineage["nodes"]}
    assert {lineage["subject"]} | nodes >= {stream}
    assert nodes.issuperset(lineage["starts"])
    past = printed(capsys, url, "lineage", stream, "--as-of", "2026-11-22T15:08:59", "--known-at", "now")
    assert (past["nodes"], past["edges"]) == (lineage["nodes"], lineage["edges"])


def test_runs(url, capsys):
    runs = printed(capsys, url, "runs")["runs"]
    assert [run["stream"] for run in runs] == sorted((s for s in STREAMS if s.startswith("run/")), key=first_at, reverse=True)
    assert printed(capsys, url, "runs", "--model", "nobody's")["runs"] == []


@pytest.mark.parametrize("kind", ["model", "dataset"])
def test_models_and_datasets(url, capsys, kind):
    listed = printed(capsys, url, f"{kind}s")[f"{kind}s"]
    assert [item["stream"] for item in listed] == sorted((s for s in STREAMS if s.startswith(kind)), key=first_at, reverse=True)


def test_serving(url, capsys):
    [served] = printed(capsys, url, "serving")["serving"]
    assert (served["model"], served["stage"], served["version"], served["run"]) == ("digits", "production", "3", "run/full")
    past = printed(capsys, url, "serving", "--stage", "production", "--as-of", "2026-11-22T15:08:02")
    assert (past["stage"], past["as_of"], past["serving"]) == ("production", "2026-11-22T15:08:02.000000Z", [])


def first_at(stream):
    return min(event.occurred_at for event in events_of_every_kind() if event.stream == stream), stream


def test_compare(url, capsys):
    full = printed(capsys, url, "compare", "run/full", "run/chained", "run/failed", "--all-inputs", "--as-of", "now")
    assert (full["summary"], len(full["runs"])) == ("the model and two datasets differ", 3)
    assert [metric["name"] for metric in full["metrics"]] == ["loss", "f1"]


def test_verify(url, capsys):
    verified = printed(capsys, url, "verify", "--all")
    assert sorted(stream["stream"] for stream in verified["streams"]) == STREAMS
    assert (verified["sound"], verified["complete"]) == (True, True)
    [chained] = printed(capsys, url, "verify", "run/chained")["streams"]
    assert [producer["complete_up_to"] for producer in chained["producers"]] == [3]


def test_checkpoint(tmp_path, capsys):
    with empty_store("sqlite", tmp_path) as url:
        record_events(url, [Recorder(None, stream="run/a").event("e-1", "2026-11-22T15:08:01.000000Z")])
        assert printed(capsys, url, "checkpoint")["size"] == 1
        assert printed(capsys, url, "verify", "--all")["tree"]["covered"] == 1


def test_rebuild(url, capsys):
    assert printed(capsys, url, "rebuild")["changes"] == []
    models = read_models(url)
    odd, failed = models.get("run/odd"), models.get("run/failed")
    assert odd is not None
    assert failed is not None
    models.put("run/odd", b"{}", summary=b"{}", first_at="", replaces=odd.revision)
    models.remove("run/failed", replaces=failed.revision)
    models.put("run/never", b"{}", summary=b"{}", first_at="", replaces=None)
    rehearsed = printed(capsys, url, "rebuild", "--dry-run")
    done = printed(capsys, url, "rebuild")
    assert [(change["stream"], change["what"]) for change in done["changes"]] == [
        ("run/failed", "new"),
        ("run/never", "removed"),
        ("run/odd", "changed"),
    ]
    assert {**rehearsed, "dry_run": False, "begun_at": done["begun_at"]} == done


def test_record(url, capsys):
    same = ("run/recorded", "Happened", "--event-id", "e", "--occurred-at", "2026-11-22")
    assert printed(capsys, url, "record", *same)["outcome"] == "recorded"
    again = printed(capsys, url, "record", *same)
    assert (again["outcome"], again["known"]) == ("repeated", False)
    [event] = printed(capsys, url, "history", "run/recorded")["events"]
    assert (event["digest"], event["producer"], event["correlation_id"]) == (again["digest"], None, None)
    assert printed(capsys, url, "record", "run/recorded", "TrainingStopped")["known"]


@pytest.mark.parametrize("call", [("tag", "a=1"), ("describe", "text"), ("hide", "--reason", "why"), ("restore",)])
def test_what_is_said_of_a_stream(url, capsys, call):
    command, *rest = call
    [event] = printed(capsys, url, command, "run/full", *rest)["events"]
    assert (event["stream"], event["outcome"]) == ("run/full", "recorded")
    assert printed(capsys, url, "history", "run/full")["events"][-1]["digest"] == event["digest"]


def test_verify_finds_what_was_altered_and_what_is_missing(tmp_path, capsys):
    with empty_store("sqlite", tmp_path) as url:
        recorder = Recorder("p", stream="run/a")
        first, _, third = (recorder.event(f"e-{n}", f"2026-11-22T15:08:0{n}.000000Z") for n in range(3))
        record_events(url, [first, third])
        verified = printed(capsys, url, "verify", "--all", code=1)
        assert (verified["sound"], verified["complete"]) == (True, False)
        with sqlite3.connect(tmp_path / "events.db") as connection:
            connection.execute("UPDATE events SET data = '{}' WHERE event_id = 'e-0'")
            connection.execute("UPDATE events SET data = '{\"a\":' WHERE event_id = 'e-2'")
            connection.execute(
                "INSERT INTO events SELECT CAST(x'72756e2f80' AS TEXT), position, event_id, occurred_at, recorded_at, type,"
                " source, schema_version, data, digest, producer, correlation_id, resources, extensions FROM events LIMIT 1"
            )
        verified = printed(capsys, url, "verify", "--all", code=1)
        assert not verified["sound"]
        assert run_cli(capsys, "verify", "--all", "--log", url)[0] == 1, "with a name that is not UTF-8"
