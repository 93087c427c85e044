"""What is recorded can be read: every log refuses the same events, and whatever is recorded is read, folded and verified."""

import json
from typing import Any

import pytest
from msgspec.structs import replace
from training_events import folds
from training_events.errors import NotReadBack, NotRecordable
from training_events.event import Event, Producer, RecordedEvent
from training_events.projection.projector import Projector
from training_events.projection.rebuild import Change, Rebuild
from training_events.projection.time_travel import state_now
from training_events.proof.findings import Kind
from training_events.proof.verification import verify
from training_events.recordable import MAX_DIGITS
from training_events.recorder.delivery.journal import Journal
from training_events.stores.damage import as_audited, check_read_back
from training_events.stores.dynamodb.event_log import DynamoDbLog
from training_events.stores.dynamodb.item import to_item
from training_events.stores.event_log import Appended, AuditedEvent, EventLog
from training_events.stores.read_models import ReadModel, ReadModels
from training_events.stores.sqlite.event_log import SqliteLog
from training_events.stores.sqlite.row import COLUMNS, to_row
from training_events.times import now

from tests.support.dynamodb import TABLE
from tests.support.fakes import InMemoryLog, InMemoryReadModels
from tests.support.nesting import nested

STARTED = Event("e-1", "run/a", "TrainingStarted", "2026-11-22T15:08:39.955123Z", "tests", {"model": "digits"})
BEYOND: dict[str, dict[str, Any]] = {
    "309 digits": {"data": {"n": 10**MAX_DIGITS}},
    "4,300 digits": {"data": {"n": 10**4299}},
    "4,300 digits and a sign": {"data": {"n": -(10**4299)}},
    "a long number among the extensions": {"extensions": {"n": 10**MAX_DIGITS}},
    "a long number of the producer": {"producer": Producer("p", 1, None, {"rank": 10**MAX_DIGITS})},
    "a type of 129 characters": {"type": "x" * 129},
    "a source of 257 characters": {"source": "x" * 257},
    "65 levels": {"data": nested(65)},
    "a key twice on the bus": {"extensions": {"stream": "run/b"}},
}
"""Version 0.1.0 recorded all of these but the one that is too deep."""
RECORDED_BEFORE = {name: changed for name, changed in BEYOND.items() if name not in ("65 levels", "a key twice on the bus")}


@pytest.mark.parametrize("changed", BEYOND.values(), ids=BEYOND)
def test_every_log_refuses_the_same(log: EventLog, changed):
    with pytest.raises(NotRecordable, match=r"^\$\.\S+: .*; allowed: ") as raised:
        log.append(replace(STARTED, **changed))
    assert raised.value.reason in {"integer_too_long", "bad_field", "too_deep"}
    assert list(log.audit("run/a")) == []
    assert log.append(STARTED) is Appended.RECORDED


@pytest.mark.parametrize("type_", ["x" * 129, "é" * 129])
def test_a_recorder_refuses_the_type_that_the_bus_would_drop(type_):
    with pytest.raises(NotRecordable, match=r"^\$\.type: the text has 129 characters"):
        Journal("run/a").next_event(type_, {})


@pytest.mark.parametrize("changed", RECORDED_BEFORE.values(), ids=RECORDED_BEFORE)
def test_what_an_older_version_recorded_is_read_verified_and_folded(log: EventLog, changed):
    older = replace(STARTED, **changed)
    put_as_before(log, older)
    [recorded] = log.read("run/a")
    assert recorded.event.digest == recorded.digest == older.digest
    assert log.append(older) is Appended.REPEATED
    verification = verify(log, None, "run/a")
    assert verification.sound, verification.findings
    state = folds.fold(folds.empty("run/a"), log.entries("run/a"))
    assert state.counts.unreadable == 0
    assert folds.encode(folds.decode("run/a", folds.encode(state))) == folds.encode(state)
    told: list[Change] = []
    read_models = InMemoryReadModels()
    projector = Projector(log, read_models)
    projector.refold("run/a")
    read_models.models["run/a"] = ReadModel("run/a", 1, folds.encode(replace(state, starts=7)))
    Rebuild(log, read_models, projector, begun_at=now(), on_change=told.append).run()
    assert [(change.stream, change.fields) for change in told] == [("run/a", ["starts"])]
    other = replace(older, correlation_id="c")
    with pytest.raises(NotRecordable):
        log.append(other)
    assert [finding.kind for finding in verify(log, None, "run/a").findings if finding.kind is not Kind.GAP] == []


def put_as_before(log: EventLog, event: Event) -> None:
    """As version 0.1.0 appended, which did not ask what may be recorded."""
    if isinstance(log, DynamoDbLog):
        log.client.put_item(TableName=TABLE, Item=to_item(event, now()))
    elif isinstance(log, SqliteLog):
        with log.database.transaction() as connection:
            marks = ", ".join("?" * len(COLUMNS))
            connection.execute(f"INSERT INTO events ({', '.join(COLUMNS)}) VALUES ({marks})", to_row(event, now()))  # noqa: S608
    else:
        log.records[event.stream, event.position] = RecordedEvent(event, now(), event.digest)  # type: ignore[attr-defined]


def lying(_: str) -> RecordedEvent:
    return RecordedEvent(replace(STARTED, data={"model": "digit"}), now(), STARTED.digest)


def failing(_: str) -> RecordedEvent:
    raise ValueError("Integer value out of range")


@pytest.mark.parametrize(
    ("read", "why"), [(lying, "reads as another event"), (failing, "cannot be read: Integer value out of range")]
)
def test_an_event_that_does_not_survive_being_stored_is_refused(read, why):
    with pytest.raises(NotReadBack, match=why) as raised:
        check_read_back(STARTED, "stored", read, lambda _: as_audited(RecordedEvent(STARTED, now(), STARTED.digest)))
    assert raised.value.reason == "not_read_back"


def test_an_event_that_would_be_found_altered_is_refused():
    recorded = RecordedEvent(STARTED, now(), STARTED.digest)
    with pytest.raises(NotReadBack, match="would be found altered: by a slip of ours"):
        check_read_back(STARTED, "stored", lambda _: recorded, lambda _: as_audited(recorded, "by a slip of ours"))


@pytest.mark.parametrize("key", ["extensions", "host", "producer", "stream"])
def test_whatever_else_a_producer_says_of_itself_its_event_is_sound(log: EventLog, key: str):
    event = replace(STARTED, producer=Producer("p", 1, None, {key: "k"}))
    assert log.append(event) is Appended.RECORDED
    [audited] = log.audit("run/a")
    assert isinstance(audited, AuditedEvent)
    assert audited.alteration is None
    assert [recorded.event for recorded in log.read("run/a")] == [event]


def test_a_tuple_survives_as_a_list(log: EventLog):
    assert log.append(replace(STARTED, data={"shape": (1, 2)})) is Appended.RECORDED


@pytest.mark.parametrize("levels", [1, 63, 64])
def test_a_state_can_be_stored_whatever_its_events_hold(log: EventLog, levels):
    for number, stream in enumerate(["run/a", "model/a", "dataset/a"]):
        for type_ in ("TrainingStarted", "TrainingFailed", "ModelRegistered", "DatasetRegistered", "TrainingJobStateChanged"):
            for data in (
                nested(levels),
                {"version": 10**MAX_DIGITS - 1, "status": "Failed"},
                {"error": nested(levels - 1 or 1)},
            ):
                moment = f"2026-11-22T15:08:39.{number:06d}Z"
                log.append(Event(f"{type_}-{len(str(data))}-{'error' in data}", stream, type_, moment, "tests", data))
        state = folds.fold(folds.empty(stream), log.entries(stream))
        assert folds.encode(folds.decode(stream, folds.encode(state))) == folds.encode(state)


NAMES = [f"{number}" + "\U0001f600" * 15_000 for number in range(50)]
"""Texts of 60 KB each: an event may have six of them."""
HUGE: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "run/a": [("MetricsRecorded", {"points": [{"name": name, "value": 1}]}) for name in NAMES]
    + [("TrainingStarted", {"model": NAMES[0]})],
    "run/b": [
        ("TrainingStarted", {"hyperparameters": {f"h{number}": number for number in range(10_000)}}),
        ("MetricsRecorded", {"points": [{"name": f"m{number}", "value": number / 3} for number in range(1_400)]}),
        *(("Tagged", {"tags": {f"t{number}": "x" * 100_000}}) for number in range(4)),
        *(("DatasetUsed", {"dataset": {"uri": name, "sha256": name}}) for name in NAMES[:3]),
        ("Described", {"name": NAMES[0], "description": NAMES[1]}),
    ],
    "model/a": [("ModelPromoted", {"version": name, "stage": name}) for name in NAMES],
    "dataset/a": [("DatasetRegistered", {"uri": name, "sha256": name}) for name in NAMES],
}


@pytest.mark.parametrize("stream", HUGE)
def test_a_stream_has_a_read_model_and_is_listed_whatever_its_events_hold(read_models: ReadModels, stream: str):
    log = InMemoryLog()
    for number, (type_, data) in enumerate(HUGE[stream]):
        log.append(Event(f"e-{number}", stream, type_, f"2026-11-22T15:08:39.{number:06d}Z", "tests", data))
    Projector(log, read_models).project(stream, log.entries(stream))
    [summary] = read_models.summaries(stream.partition("/")[0])
    listed = json.loads(summary)
    assert (listed["stream"], listed["events"]) == (stream, len(HUGE[stream]))
    assert state_now(log, read_models, stream).counts.unreadable == 0
