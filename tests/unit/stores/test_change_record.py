"""Records of the log's change stream: which are appends and which are alterations, and which can be folded."""

import copy
import json

import pytest
from msgspec.structs import replace
from training_events.event import Numbering
from training_events.stores.dynamodb.change_record import read_arrival
from training_events.stores.dynamodb.item import entry_of, from_item, to_item

from tests.support.paths import EVENTS
from tests.support.stream_delivery import change

[INSERT, MODIFY, REMOVE] = json.loads((EVENTS / "change_stream.json").read_text("utf-8"))["Records"]
RECORDED = from_item(INSERT["dynamodb"]["NewImage"])


def arrival_of(**changed):
    """The arrival of the event with these changes, as the event processor would append it."""
    return read_arrival(change("INSERT", to_item(replace(RECORDED.event, **changed), RECORDED.recorded_at), 1))


def image_with(**changed):
    image = {**INSERT["dynamodb"]["NewImage"], **changed}
    return {name: value for name, value in image.items() if value is not None}


def test_an_append_gives_the_same_entry_as_the_log():
    arrival = read_arrival(INSERT)
    event = RECORDED.event
    assert arrival.entry is not None
    assert arrival.entry[:5] == RECORDED.entry[:5]
    assert arrival.entry.numbering == (event.producer and Numbering(event.producer.id, event.producer.sequence))
    assert (arrival.number, arrival.stream) == ("800000000003126276363", "run/digits-0199a1f2")
    assert (arrival.flaw, arrival.understood) == (None, True)


def reason_of(arrival):
    return arrival.flaw and arrival.flaw.reason


@pytest.mark.parametrize(("record", "what"), [(MODIFY, "MODIFY"), (REMOVE, "REMOVE")])
def test_any_other_change_than_an_append_is_an_alteration(record, what):
    arrival = read_arrival(record)
    assert (arrival.entry, reason_of(arrival)) == (None, "log_altered")
    assert f"{what} at '{RECORDED.event.position}', where sha256:" in str(arrival.flaw)


@pytest.mark.parametrize("name", ["junk", "job/7", "run/", "#rebuild"])
def test_an_item_whose_key_is_no_stream_is_an_alteration(name):
    record = copy.deepcopy(INSERT)
    record["dynamodb"]["Keys"]["stream"]["S"] = name
    arrival = read_arrival(record)
    assert (arrival.stream, arrival.entry, reason_of(arrival)) == (name, None, "log_altered")


@pytest.mark.parametrize("changed", [{"type": "Happened"}, {"schema_version": 99}])
def test_a_type_or_version_that_newer_code_may_know_is_no_flaw(changed):
    arrival = arrival_of(**changed)
    assert (arrival.flaw, arrival.understood) == (None, False)
    assert arrival.entry is not None


def test_data_that_does_not_fit_its_type_is_a_flaw_and_still_counts():
    arrival = arrival_of(data={"points": "many"})
    assert reason_of(arrival) == "does_not_fit"
    assert "points" in str(arrival.flaw)
    assert arrival.entry.type == "MetricsRecorded"


@pytest.mark.parametrize(
    "changed",
    [
        {"data": None},
        {"data": {"S": "{"}},
        {"data": {"S": "[]"}},
        {"data": {"N": "1"}},
        {"data": {"S": "{" * 2000}},
        {"type": None},
        {"schema_version": {"N": "1.5"}},
        {"schema_version": {"S": "1"}},
        {"occurred_at": {"S": "soon"}},
        {"occurred_at": {"S": "2026-11-22T15:08:39.955124Z"}},
        {"event_id": {"S": "another"}},
        {"stream": {"S": "run/another"}},
        {"digest": None},
        {"producer": {"M": {}}},
        {"resources": {"L": [{"N": "1"}]}},
        {"recorded_at": {"NULL": True}},
        {"extensions": {"S": "1"}},
    ],
)
def test_an_item_that_is_no_event_is_a_flaw_and_has_the_same_entry_as_in_the_log(changed):
    record = change("INSERT", INSERT["dynamodb"]["NewImage"], 1)
    record["dynamodb"]["NewImage"] = image_with(**changed)
    arrival = read_arrival(record)
    assert reason_of(arrival) == "unreadable"
    assert arrival.entry == entry_of(image_with(**changed))


def test_content_with_the_digest_of_other_content_is_an_alteration():
    """The event processor puts the digest of the content, so somebody else has put this."""
    forged = image_with(data={"S": '{"points":[]}'})
    arrival = read_arrival(change("INSERT", forged, 1))
    assert reason_of(arrival) == "log_altered"
    assert RECORDED.digest in str(arrival.flaw)
    assert arrival.entry == entry_of(forged), "it is in the log, and so it is in the state"


@pytest.mark.parametrize("record", [INSERT, MODIFY, REMOVE])
def test_the_records_of_the_simulator_have_the_form_of_those_of_aws(record):
    ours = change(record["eventName"], INSERT["dynamodb"]["NewImage"], 1)
    assert ours.keys() == record.keys()
    assert ours["dynamodb"].keys() == record["dynamodb"].keys()
