import json

import pytest
from training_events.bus.envelope import decode
from training_events.errors import LoneSurrogate, NotRecordable
from training_events.event import Producer

from tests.support.paths import EVENTS


def received(name, **detail):
    event = json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))
    return {**event, "detail": {**event["detail"], **detail}}


def test_the_recorders_form():
    event = decode(received("recorder"))
    assert event.event_id == "0199a1f2-6c1d-7bbb-8ccc-1234567890ab"
    assert event.stream == "run/digits-0199a1f2"
    assert event.type == "MetricsRecorded"
    assert event.occurred_at == "2026-11-22T15:08:39.955123Z"
    assert event.source == "my.sagemaker.training.jobs"
    assert event.producer is not None
    assert event.producer.sequence == 12
    assert [point["name"] for point in event.data["points"]] == ["loss", "accuracy"]
    assert event.extensions == {}


def test_a_replay_of_the_archive_gives_the_same_event():
    assert decode(received("recorder_replayed")).digest == decode(received("recorder")).digest


def test_a_third_partys_plain_form():
    event = decode(received("plain"))
    assert event.event_id == "6a7e8feb-b491-4cf7-a9f1-bf3703467718"
    assert event.occurred_at == "2026-11-22T15:08:40.000000Z"
    assert event.stream == "run/digits-7", "run_id comes before model_name"
    assert event.data == {
        "run_id": "digits-7",
        "model_name": "digits",
        "hyperparameters": {"C": 1.0, "seed": 2**64 - 1},
    }
    assert event.extensions == {}
    assert event.schema_version == 1
    assert decode(received("plain_model")).stream == "model/digits"
    assert decode(received("plain_model")).resources == ("arn:aws:sagemaker:eu-central-1:123456789012:model-package/digits/3",)


def test_fields_that_the_header_does_not_know_are_kept():
    event = decode(received("future_schema_version"))
    assert event.schema_version == 7
    assert event.extensions == {"trace": {"span": "b7ad6b7169203331"}}
    assert isinstance(event.producer, Producer)
    assert event.producer.extensions == {"key_id": "k-1"}
    assert event.to_dict()["producer"]["key_id"] == "k-1"
    assert event.digest != decode(received("recorder", schema_version=7)).digest


def test_an_unknown_type_is_an_event_like_any_other():
    assert decode(received("unknown_type")).type == "SomethingNobodyKnowsYet"


def test_a_field_that_is_null_counts_as_absent():
    plain = decode(received("plain"))
    nulls = {"event_id": None, "stream": None, "occurred_at": None, "producer": None, "data": None, "correlation_id": None}
    assert decode(received("plain", **nulls)).digest == plain.digest


def test_a_detail_may_be_json_text():
    event = received("recorder")
    assert decode({**event, "detail": json.dumps(event["detail"])}).digest == decode(event).digest


@pytest.mark.parametrize("form", ["2026-11-22T16:08:39.955123+01:00", 1795360119955.123, "1795360119955.123"])
def test_all_forms_of_a_time_give_the_same_event(form):
    assert decode(received("recorder", occurred_at=form)).digest == decode(received("recorder")).digest


def plain(**fields):
    return {**received("plain"), **fields}


@pytest.mark.parametrize(
    ("event", "reason", "place"),
    [
        ([], "not_an_object", "$: "),
        ("text", "not_an_object", "$: "),
        ({}, "not_an_object", "$.detail: "),
        (plain(detail=[1]), "not_an_object", "$.detail: "),
        (plain(detail='{"run_id": "a",}'), "malformed_json", "$.detail: "),
        (plain(detail='{"run_id": "a", "run_id": "b"}'), "duplicate_key", "$.detail.run_id: "),
        (plain(detail='{"run_id": "a", "loss": NaN}'), "not_finite_number", "$.detail.loss: "),
        (plain(detail='{"run_id": "a", "loss": 1e999}'), "not_finite_number", "$.detail.loss: "),
        (plain(detail={"run_id": "a", "loss": float("nan")}), "not_finite_number", "$.detail.loss: "),
        (received("recorder", data={"x": [float("inf")]}), "not_finite_number", "$.detail.data.x[0]: "),
        (received("recorder", extra="\ud800"), "lone_surrogate", "$.detail.extra: "),
        (plain(detail={"run_id": "a\ud800"}), "lone_surrogate", "$.detail.run_id: "),
        (plain(**{"detail-type": "T\ud800"}), "lone_surrogate", "$.detail-type: "),
        (plain(id="\udfff"), "lone_surrogate", "$.id: "),
        (received("no_stream"), "no_stream", "$.detail: "),
        (received("sagemaker_training_job_state_change"), "no_stream", "$.detail: "),
        (received("recorder", stream="job/7"), "unknown_stream", "$.detail.stream: "),
        (received("recorder", stream="run"), "unknown_stream", "$.detail.stream: "),
        (received("recorder", stream="run/"), "bad_field", "$.detail.stream: "),
        (received("recorder", stream="run/ a"), "bad_field", "$.detail.stream: "),
        (received("recorder", stream="run/a\x00"), "bad_field", "$.detail.stream: "),
        (received("recorder", stream="run/" + "é" * 1023), "bad_field", "$.detail.stream: "),
        (received("recorder", stream=7), "bad_field", "$.detail.stream: "),
        (received("recorder", event_id="x" * 997), "bad_field", "$.detail.event_id: "),
        (received("recorder", event_id=""), "bad_field", "$.detail.event_id: "),
        (plain(id=None), "bad_field", "$.id: "),
        (plain(id=12), "bad_field", "$.id: "),
        (plain(detail={"run_id": 7}), "bad_field", "$.detail.run_id: "),
        (plain(detail={"run_id": ""}), "bad_field", "$.detail.run_id: "),
        (plain(source=["a", "b"]), "bad_field", "$.source: "),
        ({key: value for key, value in plain().items() if key != "source"}, "bad_field", "$.source: "),
        (plain(source=""), "bad_field", "$.source: "),
        (plain(**{"detail-type": 3}), "bad_field", "$.detail-type: "),
        (plain(resources="arn"), "bad_field", "$.resources: "),
        (plain(resources=[1]), "bad_field", "$.resources"),
        (received("recorder", schema_version="1"), "bad_field", "$.detail.schema_version: "),
        (received("recorder", schema_version=0), "bad_field", "$.detail.schema_version: "),
        (received("recorder", schema_version=10**40), "bad_field", "$.detail.schema_version: "),
        (received("recorder", schema_version=True), "bad_field", "$.detail.schema_version: "),
        (received("recorder", data=[]), "bad_field", "$.detail.data: "),
        (received("recorder", producer="p"), "bad_field", "$.detail.producer: "),
        (received("recorder", producer={"id": "p"}), "bad_field", "$.detail.producer.sequence: "),
        (received("recorder", producer={"id": "p", "sequence": 0}), "bad_field", "$.detail.producer.sequence: "),
        (received("recorder", producer={"id": "p", "sequence": "1"}), "bad_field", "$.detail.producer.sequence: "),
        (received("recorder", producer={"id": "p", "sequence": 2, "previous": 1}), "bad_field", "$.detail.producer.previous: "),
        (received("recorder", occurred_at="yesterday"), "bad_time", "$.detail.occurred_at: "),
        (received("recorder", occurred_at=False), "bad_time", "$.detail.occurred_at: "),
        (plain(time="2026-11-22T15:08:40"), "bad_time", "$.time: "),
        (plain(time=None), "bad_time", "$.time: "),
    ],
)
def test_an_event_that_cannot_be_understood_says_why_and_where(event, reason, place):
    with pytest.raises(NotRecordable) as raised:
        decode(event)
    assert raised.value.reason == reason
    assert str(raised.value).startswith(place)
    assert "; allowed: " in str(raised.value)


def test_nesting_has_a_limit():
    deep: object = 0
    for _ in range(900):
        deep = [deep]
    with pytest.raises(NotRecordable) as raised:
        decode(received("recorder", data={"x": deep}))
    assert raised.value.reason == "too_deep"


def test_every_error_has_a_reason_of_its_own():
    def leaves(kind):
        return [leaf for child in kind.__subclasses__() for leaf in leaves(child)] or [kind]

    reasons = [leaf.reason for leaf in leaves(NotRecordable)]
    assert len(reasons) == len(set(reasons)) == 17
    assert all(leaf.__doc__.count("\n") == 0 for leaf in leaves(NotRecordable))


@pytest.mark.parametrize("received", [{"detail": {"run_id": "a", "\ud800": 1}}, {"\ud800": 1, "detail": {"run_id": "a"}}])
def test_half_a_surrogate_pair_in_a_key_is_refused(received):
    with pytest.raises(LoneSurrogate):
        decode({"source": "s", "detail-type": "T", "id": "1", "time": "2026-01-01T00:00:00Z", **received})
