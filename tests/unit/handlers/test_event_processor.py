"""The event processor's handler, called as Lambda calls it, with DynamoDB, SQS and S3 in this process."""

import importlib
import json
import sys
from io import BytesIO
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError
from msgspec.structs import replace
from training_events import aws
from training_events.bus.envelope import decode
from training_events.catalogue import CATALOGUE
from training_events.errors import Conflict, InTheFuture, Misused
from training_events.event import STREAM_KINDS
from training_events.settings import Settings
from training_events.stores.appending import Processor
from training_events.stores.event_log import Appended

from tests.support.dynamodb import TABLE, aws_in_this_process, create_table
from tests.support.fakes import Stdout, lose_replies, refuse
from tests.support.paths import EVENTS

CONTEXT = SimpleNamespace(function_name="processor", aws_request_id="request-1")
BUCKET = "data-bucket"


def received(name="recorder", **detail):
    event = json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))
    return {**event, "detail": {**event["detail"], **detail}}


TEAMS = {name: {"source": f"my.{name}.training", "accounts": ["111122223333"]} for name in ("a", "b")}


@pytest.fixture
def processor(monkeypatch):
    yield from started(monkeypatch)


@pytest.fixture
def processor_with_teams(monkeypatch):
    yield from started(monkeypatch, TRAINING_EVENTS_TEAMS=json.dumps(TEAMS))


def started(monkeypatch, **more):
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    with aws_in_this_process(POWERTOOLS_SERVICE_NAME="event-processor", POWERTOOLS_METRICS_NAMESPACE="Test", **more):
        create_table()
        aws.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        queue = aws.client("sqs").create_queue(QueueName="undelivered")["QueueUrl"]
        monkeypatch.setenv("TRAINING_EVENTS_LOG", f"dynamodb://{TABLE}?read_models=read-models")
        monkeypatch.setenv("TRAINING_EVENTS_UNDELIVERED", queue)
        monkeypatch.setenv("TRAINING_EVENTS_BUCKET", BUCKET)
        sys.modules.pop("training_events.handlers.event_processor", None)
        module = importlib.import_module("training_events.handlers.event_processor")
        monkeypatch.setattr(module.logger.registered_handler, "stream", Stdout())
        yield module
        sys.modules.pop("training_events.handlers.event_processor", None)


def recorded_ids(stream="run/digits-0199a1f2"):
    items = aws.client("dynamodb").scan(TableName=TABLE)["Items"]
    return [item["event_id"]["S"] for item in items if item["stream"]["S"] == stream]


def undelivered_messages(processor):
    answer = aws.client("sqs").receive_message(
        QueueUrl=processor.settings.undelivered, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
    )
    return answer.get("Messages", [])


def printed_lines(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_an_event_is_recorded_once_and_repeated_after_that(processor, capsys):
    names = {"stream": "run/digits-0199a1f2", "event_id": "0199a1f2-6c1d-7bbb-8ccc-1234567890ab"}
    assert processor.handler(received(), CONTEXT) == {"outcome": "recorded", **names}
    assert processor.handler(received("recorder_replayed"), CONTEXT) == {"outcome": "repeated", **names}
    assert len(recorded_ids()) == 1
    metric, line, other_metric, other_line = printed_lines(capsys)
    assert metric["EventsRecorded"] == [1.0]
    assert metric["_aws"]["CloudWatchMetrics"][0] == {
        "Namespace": "Test",
        "Dimensions": [["service"]],
        "Metrics": [{"Name": "EventsRecorded", "Unit": "Count"}],
    }
    assert line | {"outcome": "recorded", "request_id": "request-1", **names} == line
    assert (other_metric["EventsRepeated"], other_line["outcome"]) == ([1.0], "repeated")


@pytest.mark.parametrize("name", ["unknown_type", "future_schema_version", "plain", "plain_model"])
def test_an_event_of_an_unknown_type_or_version_is_recorded(processor, name):
    assert processor.handler(received(name), CONTEXT)["outcome"] == "recorded"


def test_an_event_of_aws_is_recorded_once_however_often_aws_sends_it(processor):
    sent_again = {"id": "another", "time": "2030-01-01T00:00:00Z"}
    for name, stream in {
        "aws_training_job": "run/89c96cc8-dded-4739-afcc-6f1dc936701d",
        "aws_model_package": "model/versionedmp-p-idy6c3e1fiqj",
        "aws_pipeline_execution": "run/myPipeline-123-p4jn9xou8a8s",
    }.items():
        outcomes = [processor.handler({**received(name), **envelope}, CONTEXT) for envelope in ({}, sent_again)]
        assert [outcome["outcome"] for outcome in outcomes] == ["recorded", "repeated"]
        assert recorded_ids(stream) == [outcomes[0]["event_id"]]


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (received("no_stream"), "no_stream"),
        (received("aws_object_created"), "no_stream"),
        (received("aws_training_job", LastModifiedTime="soon"), "bad_time"),
        (received(stream="job/7"), "unknown_stream"),
        (received(occurred_at="soon"), "bad_time"),
        (received(occurred_at=7), "bad_time"),
        (received(occurred_at="2099-01-01T00:00:00Z"), "in_the_future"),
        (received(occurred_at=4102444799), "in_the_future"),
        (received("aws_training_job", LastModifiedTime="2999-01-01T00:00:00Z"), "in_the_future"),
        (received(producer=[]), "bad_field"),
        (received(data={"loss": float("nan")}), "not_finite_number"),
        (received(data={"text": "\ud800"}), "lone_surrogate"),
        ({**received(), "detail": '{"a":1,"a":2}'}, "duplicate_key"),
        ({**received(), "detail": "{"}, "malformed_json"),
        ({**received(), "detail": "[" * 100 + "]" * 100}, "too_deep"),
        (["not", "an", "event"], "not_an_object"),
        (None, "not_an_object"),
    ],
)
def test_an_event_that_cannot_be_recorded_is_set_aside_at_once_with_its_reason(processor, capsys, event, reason):
    outcome = processor.handler(event, CONTEXT)
    assert (outcome["outcome"], outcome["reason"]) == ("set_aside", reason)
    [message] = undelivered_messages(processor)
    body = json.loads(message["Body"])
    assert json.dumps(body["original"]) == json.dumps(event), "the original is unchanged"
    assert body["reason"] == reason == message["MessageAttributes"]["reason"]["StringValue"]
    assert body["explanation"].startswith("$")
    assert (body["set_aside_by"], body["request_id"]) == ("processor", "request-1")
    metric, line = printed_lines(capsys)
    assert metric["EventsSetAside"] == [1.0]
    assert metric["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["service"], ["reason"]]
    assert line["reason"] == metric["reason"] == reason
    assert line["explanation"] == body["explanation"]


def test_a_conflict_is_set_aside_and_changes_nothing(processor):
    processor.handler(received(), CONTEXT)
    outcome = processor.handler(received(data={"other": 1}), CONTEXT)
    assert outcome["reason"] == "conflict"
    assert outcome["stream"] == "run/digits-0199a1f2"
    [message] = undelivered_messages(processor)
    assert json.loads(message["Body"])["original"]["detail"]["data"] == {"other": 1}
    assert len(recorded_ids()) == 1


@pytest.mark.parametrize("size", [409_600, 900_000])
def test_an_event_that_is_too_large_is_kept_in_the_bucket(processor, size):
    event = received(data={"x": "y" * size})
    assert processor.handler(event, CONTEXT)["reason"] == "too_large"
    [message] = undelivered_messages(processor)
    body = json.loads(message["Body"])
    assert "409600" in body["explanation"]
    key = body["original_at"].removeprefix(f"s3://{BUCKET}/")
    assert key == f"undelivered/{body['original_sha256']}.json"
    stored = aws.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    assert json.loads(stored) == event
    assert len(stored) == body["original_bytes"]
    assert "original" not in body


def test_the_dimensions_of_one_event_do_not_leak_into_the_next(processor, capsys):
    processor.handler(received("no_stream"), CONTEXT)
    processor.handler(received(), CONTEXT)
    assert printed_lines(capsys)[2]["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["service"]]


@pytest.mark.parametrize("code", ["ThrottlingException", "AccessDeniedException", "ResourceNotFoundException"])
def test_an_error_that_may_pass_is_raised_and_the_event_is_not_set_aside(processor, code):
    refuse(processor.log.client, "PutItem", float("inf"), code)
    with pytest.raises(ClientError):
        processor.handler(received(), CONTEXT)
    assert undelivered_messages(processor) == []


def test_a_lost_reply_neither_loses_nor_doubles_an_event(processor):
    lose_replies(processor.log.client, "PutItem", 1)
    assert processor.handler(received(), CONTEXT)["outcome"] == "repeated"
    assert len(recorded_ids()) == 1


def test_failing_to_set_aside_raises_so_that_lambda_keeps_the_event(processor, capsys):
    refuse(processor.undelivered.sqs, "SendMessage", float("inf"), "AccessDenied")
    with pytest.raises(ClientError):
        processor.handler(received("no_stream"), CONTEXT)
    assert printed_lines(capsys) == [], "no line and no metric says that it was set aside"


def test_failing_to_store_a_large_original_raises_before_a_message_is_sent(processor):
    refuse(processor.undelivered.s3, "PutObject", float("inf"), "AccessDenied")
    with pytest.raises(ClientError):
        processor.handler(received(data={"x": "y" * 500_000}), CONTEXT)
    assert undelivered_messages(processor) == []


def request(event=None, *, accept_future=False):
    return {"log": TABLE, "record": received() if event is None else event, "accept_future": accept_future}


def test_a_request_records_the_event_that_is_in_it(processor):
    names = {"stream": "run/digits-0199a1f2", "event_id": "0199a1f2-6c1d-7bbb-8ccc-1234567890ab"}
    assert processor.handler(request(), CONTEXT) == {"outcome": "recorded", **names}
    assert processor.handler(request(), CONTEXT) == {"outcome": "repeated", **names}
    assert processor.handler(received(), CONTEXT) == {"outcome": "repeated", **names}


def recorded_accounts():
    return [item.get("account") for item in aws.client("dynamodb").scan(TableName=TABLE)["Items"]]


@pytest.mark.parametrize("wrapped", [lambda event: event, request], ids=["event", "request"])
@pytest.mark.parametrize(
    ("account", "noted"),
    [("210987654321", {"S": "210987654321"}), (None, None), ("", None), (210987654321, None), ("21098765432\uff11", None)],
)
def test_the_log_notes_the_account_that_sent_the_event(processor, wrapped, account, noted):
    assert processor.handler(wrapped({**received(), "account": account}), CONTEXT)["outcome"] == "recorded"
    assert recorded_accounts() == [noted]
    assert processor.handler(wrapped({**received(), "account": "999999999999"}), CONTEXT)["outcome"] == "repeated"
    assert recorded_accounts() == [noted], "the first time counts"


def test_a_request_of_the_client_keeps_the_account(processor):
    client = Processor(CONTEXT.function_name, TABLE, InvokedDirectly(processor.handler))
    client.append(decode(received()), account="210987654321")
    assert recorded_accounts() == [{"S": "210987654321"}]


def test_a_request_that_is_refused_is_answered_and_not_set_aside(processor, capsys):
    answer = processor.handler(request(received(occurred_at="2099-01-01T00:00:00Z")), CONTEXT)
    assert (answer["outcome"], answer["reason"], answer["refusal"]["path"]) == ("refused", "in_the_future", ["occurred_at"])
    assert undelivered_messages(processor) == []
    [line] = printed_lines(capsys)
    assert line["reason"] == "in_the_future"
    assert processor.handler(request(received("no_stream")), CONTEXT)["outcome"] == "refused"


class InvokedDirectly:
    """Lambda's client, with this function behind it."""

    exceptions = SimpleNamespace(ClientError=ClientError)

    def __init__(self, handler):
        self._handler = handler

    def invoke(self, *, FunctionName, Payload):  # noqa: N803 - botocore's names
        assert FunctionName == CONTEXT.function_name
        return {"Payload": BytesIO(json.dumps(self._handler(json.loads(Payload), CONTEXT)).encode())}


def test_the_client_and_the_function_understand_each_other(processor):
    client = Processor(CONTEXT.function_name, TABLE, InvokedDirectly(processor.handler))
    event = decode(received())
    assert (client.append(event), client.append(event)) == (Appended.RECORDED, Appended.REPEATED)
    with pytest.raises(Conflict) as conflict:
        client.append(replace(event, data={"other": 1}))
    with pytest.raises(Conflict) as of_the_log:
        processor.log.append(replace(event, data={"other": 1}))
    assert str(conflict.value) == str(of_the_log.value)
    far = replace(event, occurred_at="2999-01-01T00:00:00.000000Z")
    with pytest.raises(InTheFuture):
        client.append(far)
    assert client.append(far, accept_future=True) is Appended.RECORDED
    with pytest.raises(Misused, match=f"puts into the table {TABLE}, not into another"):
        Processor(CONTEXT.function_name, "another", InvokedDirectly(processor.handler)).append(event)


def test_a_request_for_another_log_records_nothing(processor):
    assert processor.handler({**request(), "log": "another"}, CONTEXT) == {"outcome": "other_log", "log": TABLE}
    assert recorded_ids() == []
    assert undelivered_messages(processor) == []


def test_a_request_may_record_what_is_not_due(processor):
    far = received(occurred_at="2099-01-01T00:00:00Z")
    assert processor.handler(request(far, accept_future=True), CONTEXT)["outcome"] == "recorded"
    assert processor.handler(received(occurred_at="2099-01-01T00:00:00Z"), CONTEXT)["outcome"] != "recorded"


@pytest.mark.parametrize("extra", [{"record": received()}, {**request(), "source": "acme"}, {"accept_future": True}])
def test_what_is_no_request_is_an_event_of_the_bus(processor, extra):
    """An event of the bus has EventBridge's own keys, whatever its detail has."""
    assert processor.handler(extra, CONTEXT)["outcome"] == "set_aside"
    assert processor.handler({**received(), "detail": {**received()["detail"], **extra}}, CONTEXT)["outcome"] == "recorded"


def test_a_missing_setting_stops_the_function_as_it_starts(processor, monkeypatch):
    monkeypatch.delenv("TRAINING_EVENTS_UNDELIVERED")
    sys.modules.pop("training_events.handlers.event_processor")
    with pytest.raises(Exception, match="TRAINING_EVENTS_UNDELIVERED is not set"):
        importlib.import_module("training_events.handlers.event_processor")


def of_team(team, stream, type_="MetricsRecorded", **envelope):
    event = {**received(stream=stream), "source": f"my.{team}.training", "account": "111122223333", "detail-type": type_}
    return event | envelope


@pytest.mark.parametrize("type_", [*sorted({type_ for types in CATALOGUE.values() for type_ in types}), "SomethingNew"])
def test_no_fact_of_a_team_is_recorded_in_the_stream_of_another(processor_with_teams, type_):
    """Whatever it says: a promotion, a seal's occasion, a tag, a request for a training, that it is hidden."""
    for kind in STREAM_KINDS:
        outcome = processor_with_teams.handler(of_team("a", f"{kind}/b-digits", type_), CONTEXT)
        assert (outcome["outcome"], outcome["reason"]) == ("set_aside", "not_yours")
        assert recorded_ids(f"{kind}/b-digits") == []
        assert processor_with_teams.handler(of_team("b", f"{kind}/b-digits", type_), CONTEXT)["outcome"] == "recorded"


def test_what_is_not_yours_is_set_aside_as_it_came_and_recorded_once_it_is_allowed(processor_with_teams, monkeypatch):
    event = of_team("a", "run/b-digits")
    processor_with_teams.handler(event, CONTEXT)
    [message] = undelivered_messages(processor_with_teams)
    body = json.loads(message["Body"])
    assert (body["reason"], body["original"]) == ("not_yours", event)
    assert "the source my.b.training" in body["explanation"]
    swapped = {"b": {"source": "my.a.training", "accounts": ["111122223333"]}}
    monkeypatch.setattr(processor_with_teams, "teams", Settings({"TRAINING_EVENTS_TEAMS": json.dumps(swapped)}).teams)
    assert processor_with_teams.handler(body["original"], CONTEXT)["outcome"] == "recorded"


@pytest.mark.parametrize(
    ("name", "detail"),
    [
        ("aws_training_job", {"TrainingJobName": "b-digits"}),
        ("aws_model_package", {"ModelPackageGroupName": "b-digits"}),
        ("aws_object_created", {}),
    ],
)
def test_what_aws_reports_of_a_teams_job_or_object_is_recorded(processor_with_teams, name, detail):
    event = received(name, **detail)
    if "object" in event["detail"]:
        event["detail"]["object"]["key"] = "datasets/b-digits/train.csv"
    outcome = processor_with_teams.handler(event, CONTEXT)
    assert (outcome["outcome"], outcome["stream"].partition("/")[2]) == ("recorded", "b-digits")


def test_an_operators_request_is_refused_under_another_source_and_needs_no_account(processor_with_teams):
    event = of_team("b", "run/b-digits")
    del event["account"]
    assert processor_with_teams.handler(event, CONTEXT)["reason"] == "not_yours"
    assert processor_with_teams.handler(request(event), CONTEXT)["outcome"] == "recorded"
    answer = processor_with_teams.handler(request(event | {"source": "my.a.training"}), CONTEXT)
    assert (answer["outcome"], answer["reason"], answer["refusal"]["path"]) == ("refused", "not_yours", ["source"])
