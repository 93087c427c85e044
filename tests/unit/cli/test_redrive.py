"""`training-events redrive`: what is sent again, what stays, and what is known of both when it is interrupted."""

import json

from botocore.exceptions import ClientError
from training_events import aws, cli
from training_events.errors import BadField
from training_events.event import Event
from training_events.recovery.undelivered import UndeliveredQueue
from training_events.stores.dynamodb.event_log import DynamoDbLog
from training_events.stores.dynamodb.read_models import DynamoDbReadModels

from tests.support.command_line import interrupt_at, let_commands_use, parse_document, run_cli
from tests.support.dynamodb import READ_MODELS, TABLE
from tests.support.fakes import refuse
from tests.support.queues import BUCKET, count_messages, put, sqs_message


def history():
    """The events of the stream that most of the messages are about."""
    return list(DynamoDbLog(TABLE, aws.client("dynamodb", validate=False)).read("run/digits-0199a1f2"))


def test_without_a_bus_events_go_straight_to_the_log(account, capsys, monkeypatch):
    monkeypatch.delenv("TRAINING_EVENTS_BUS")
    letter, aside = put(account, "dead_letter", "set_aside")
    code, out, err = run_cli(capsys, "redrive", "--json")
    document = parse_document("redrive", out)
    assert code == 1
    assert "1 message(s) stay in the queue" in err
    event_id = "0199a1f2-6c1d-7bbb-8ccc-1234567890ab"
    assert document["sent"] == [{"message_id": letter, "streams": ["run/digits-0199a1f2"], "event_id": event_id}]
    assert [left["message_id"] for left in document["left"]] == [aside]
    assert document["left"][0]["why"].startswith("no_stream: ")
    assert [recorded.event.event_id for recorded in history()] == [event_id]
    assert count_messages(account) == (1, 0)


def test_with_a_bus_events_go_over_it(account, capsys):
    events = aws.client("events")
    arrived = aws.client("sqs").create_queue(QueueName="arrived")["QueueUrl"]
    arn = "arn:aws:sqs:eu-central-1:123456789012:arrived"
    events.put_rule(Name="all", EventBusName="training", EventPattern='{"source": ["my.sagemaker.training.jobs"]}')
    events.put_targets(Rule="all", EventBusName="training", Targets=[{"Id": "1", "Arn": arn}])
    put(account, "dead_letter")
    code, out, _ = run_cli(capsys, "redrive", "--json")
    assert (code, parse_document("redrive", out)["left"]) == (0, [])
    [message] = aws.client("sqs").receive_message(QueueUrl=arrived)["Messages"]
    original = json.loads(sqs_message("dead_letter")["Body"])["detail"]
    assert json.loads(message["Body"])["detail"] == original
    assert history() == []
    assert count_messages(account) == (0, 0)


def test_an_event_that_the_log_has_is_folded_again(account, capsys):
    event = Event("e-1", "run/digits-7", "Happened", "2026-11-22T15:08:39.955123Z", "tests", {})
    DynamoDbLog(TABLE, aws.client("dynamodb")).append(event)
    record = json.loads(sqs_message("set_aside_record")["Body"])["original"]
    record["dynamodb"]["NewImage"] = aws.client("dynamodb").scan(TableName=TABLE)["Items"][0]
    put(account, "set_aside_record", original=record)
    code, out, _ = run_cli(capsys, "redrive", "--json")
    assert (code, parse_document("redrive", out)["sent"][0]["streams"]) == (0, ["run/digits-7"])
    assert DynamoDbReadModels(READ_MODELS, aws.client("dynamodb")).get("run/digits-7") is not None
    assert count_messages(account) == (0, 0)


def test_an_original_is_read_from_the_bucket(account, capsys, monkeypatch):
    monkeypatch.delenv("TRAINING_EVENTS_BUS")
    monkeypatch.setattr("training_events.recovery.undelivered.MAX_MESSAGE_BYTES", 1000)
    original = json.loads(sqs_message("dead_letter")["Body"])
    UndeliveredQueue(account, BUCKET).set_aside(original, BadField("odd", "even"), by="me", request_id="1")
    assert run_cli(capsys, "redrive")[0] == 0
    assert len(history()) == 1


def test_in_the_table_each_message_has_its_line(account, capsys):
    letter, text = put(account, "dead_letter", "unknown_text")
    code, out, _ = run_cli(capsys, "redrive")
    assert code == 1
    assert [line.split()[:3] for line in out.splitlines()[1:]] == [
        [letter, "sent", "run/digits-0199a1f2"],
        [text, "left", "it"],
    ]


def test_options_select_the_messages(account, capsys):
    ids = put(account, "dead_letter", "dead_letter_retried", "failed_function", "set_aside")

    def selected(*options):
        document = parse_document("redrive", run_cli(capsys, "redrive", "--dry-run", "--json", *options)[1])
        assert document["dry_run"]
        return [message["message_id"] for message in document["sent"] + document["left"]]

    assert selected() == ids
    assert selected("--reason", "THROTTLING") == [ids[1]]
    assert selected("--reason", "THROTTLING", "--reason", "no_stream") == [ids[1], ids[3]]
    assert selected("--message-id", ids[2]) == [ids[2]]
    assert selected("--limit", "2") == ids[:2]
    assert count_messages(account) == (4, 0)
    assert history() == []


def test_what_is_not_due_stays_unless_a_person_accepts_it(account, capsys, monkeypatch):
    monkeypatch.delenv("TRAINING_EVENTS_BUS")
    original = json.loads(sqs_message("dead_letter")["Body"])
    original["detail"]["occurred_at"] = "2999-01-01T00:00:00Z"
    put(account, "set_aside", reason="in_the_future", original=original)
    code, out, _ = run_cli(capsys, "redrive", "--json")
    assert (code, history()) == (1, [])
    assert parse_document("redrive", out)["left"][0]["why"].startswith("in_the_future: $.occurred_at: it happened at 2999")
    assert run_cli(capsys, "redrive", "--accept-future", "--json")[0] == 0
    assert [recorded.event.occurred_at for recorded in history()] == ["2999-01-01T00:00:00.000000Z"]
    assert count_messages(account) == (0, 0)


def test_whoever_may_not_put_into_the_log_is_told_the_way(account, capsys, monkeypatch):
    monkeypatch.delenv("TRAINING_EVENTS_BUS")
    put(account, "dead_letter")
    make = aws.client

    def denied(service, **more):
        client = make(service, **more)
        if service == "dynamodb":
            refuse(client, "PutItem", float("inf"), "AccessDeniedException")
        return client

    monkeypatch.setattr(aws, "client", denied)
    code, out, _ = run_cli(capsys, "redrive", "--json")
    [left] = parse_document("redrive", out)["left"]
    assert code == 1
    assert "only the event processor may: set TRAINING_EVENTS_PROCESSOR" in left["why"]
    assert count_messages(account) == (1, 0)


def test_a_laptops_log_is_not_a_default(account, capsys, monkeypatch):
    monkeypatch.delenv("TRAINING_EVENTS_BUS")
    monkeypatch.delenv("TRAINING_EVENTS_LOG")
    put(account, "dead_letter")
    code, out, err = run_cli(capsys, "redrive")
    assert (code, out) == (2, "")
    assert "TRAINING_EVENTS_LOG is not set" in err
    assert count_messages(account) == (1, 0)


def test_after_ctrl_c_the_rest_is_given_back_and_the_document_has_what_was_sent(account, capsys, monkeypatch):
    put(account, *["failed_function"], "dead_letter_retried", "set_aside")
    interrupt_at(monkeypatch, aws.client("events"), "PutEvents", after=1)
    code = cli.run(["redrive", "--json"])
    assert code == 130
    assert len(parse_document("redrive", capsys.readouterr().out)["sent"]) == 1
    assert count_messages(account) == (2, 0)


def test_when_credentials_expire_on_the_way_the_document_has_what_was_sent(account, capsys, monkeypatch):
    put(account, *["dead_letter"] * 12)
    sqs = aws.client("sqs")

    calls = []

    def expire(**_):
        calls.append(1)
        if len(calls) > 1:
            raise ClientError({"Error": {"Code": "ExpiredToken", "Message": "it has expired"}}, "ReceiveMessage")

    sqs.meta.events.register("before-call.sqs.ReceiveMessage", expire)
    let_commands_use(monkeypatch, sqs)
    code, out, err = run_cli(capsys, "redrive", "--json")
    document = parse_document("redrive", out)
    assert code == 1
    assert "ExpiredToken" in err
    assert (len(document["sent"]), len(document["left"])) == (1, 9), "the same event is sent once"
