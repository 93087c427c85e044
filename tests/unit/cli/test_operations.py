"""What the on-call does, as people and pipes meet it: undelivered, redrive, replay."""

import json
import signal
import subprocess
import sys

import msgspec
import pytest
from botocore.exceptions import ClientError, NoCredentialsError
from training_events import aws, cli
from training_events.errors import BadField
from training_events.event import Event
from training_events.recovery import queue_reader as waiting
from training_events.recovery import replay as archive
from training_events.recovery.undelivered import UndeliveredQueue
from training_events.stores.dynamodb.event_log import DynamoDbLog
from training_events.stores.dynamodb.read_models import DynamoDbReadModels

from tests.support.command_line import parse_document, run_cli
from tests.support.dynamodb import READ_MODELS, TABLE, aws_in_this_process, create_read_models_table, create_table
from tests.support.fakes import refuse
from tests.support.patience import PATIENCE_SECONDS
from tests.support.queues import NAMES, sqs_message

BUCKET = "data-bucket"
DAY = ("--from", "2026-11-21", "--to", "2026-11-22")


@pytest.fixture
def account(monkeypatch):
    """An AWS account with everything that the three commands touch, and the environment that names it."""
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    monkeypatch.setattr(waiting, "_WAIT_SECONDS", 0)
    with aws_in_this_process():
        create_table()
        create_read_models_table()
        aws.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        queue = aws.client("sqs").create_queue(QueueName="undelivered")["QueueUrl"]
        bus = aws.client("events").create_event_bus(Name="training")["EventBusArn"]
        aws.client("events").create_archive(ArchiveName="everything", EventSourceArn=bus)
        monkeypatch.setenv("TRAINING_EVENTS_LOG", f"dynamodb://{TABLE}?read_models={READ_MODELS}")
        monkeypatch.setenv("TRAINING_EVENTS_UNDELIVERED", queue)
        monkeypatch.setenv("TRAINING_EVENTS_BUS", "training")
        yield queue


def put(queue, *names, **changed):
    """These messages into the queue; their ids there, in the same order."""
    sqs = aws.client("sqs")
    ids = []
    for name in names:
        message = sqs_message(name, **changed)
        attributes = message.get("MessageAttributes", {})
        sent = sqs.send_message(QueueUrl=queue, MessageBody=message["Body"], MessageAttributes=attributes)
        ids.append(sent["MessageId"])
    return ids


def there(queue):
    """How many messages can be received, and how many are hidden."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = aws.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
    return tuple(int(found[name]) for name in names)


def history():
    return list(DynamoDbLog(TABLE, aws.client("dynamodb", validate=False)).read("run/digits-0199a1f2"))


# ---- undelivered


def test_the_list_for_programs(account, capsys):
    ids = dict(zip(put(account, *NAMES), NAMES, strict=True))
    code, out, _ = run_cli(capsys, "undelivered", "--json")
    assert code == 0
    found = parse_document("undelivered", out)
    messages = {ids[message["message_id"]]: message for message in found["messages"]}
    assert found["queue"] == account
    assert sorted(messages) == NAMES
    assert messages["dead_letter"]["original"] == json.loads(sqs_message("dead_letter")["Body"])
    assert messages["dead_letter"]["stream"] == "run/digits-0199a1f2"
    assert messages["set_aside"]["reason"] == "no_stream"
    assert messages["set_aside_stored"]["original"] is None
    assert messages["set_aside_stored"]["original_at"].startswith("s3://data-bucket/undelivered/")
    assert messages["failed_batch"]["original"] is None
    assert messages["unknown_text"]["body"] == sqs_message("unknown_text")["Body"]
    assert {name for name in NAMES if messages[name]["body"] is not None} == {"unknown_text"}
    assert there(account) == (len(NAMES), 0)


def test_the_list_for_people(account, capsys):
    put(account, "dead_letter", "unknown_text")
    code, out, _ = run_cli(capsys, "undelivered")
    titles, letter, text = out.splitlines()
    assert code == 0
    assert titles.split() == ["set", "aside", "at", "shape", "reason", "stream", "type", "explanation"]
    assert letter.split()[1:5] == ["dead_letter", "NO_PERMISSIONS", "run/digits-0199a1f2", "MetricsRecorded"]
    assert text.split()[1:5] == ["unknown", "-", "-", "-"]
    assert there(account) == (2, 0)


def test_what_json_has_no_form_for_is_shown_as_it_waits(account, capsys, monkeypatch):
    for original in ({"detail": {"loss": float("nan")}}, "\ud800", 2**80):
        UndeliveredQueue(account, BUCKET).set_aside(original, BadField("odd \ud800", "even"), by="me", request_id="1")
    _, out, _ = run_cli(capsys, "undelivered", "--json")
    nan, surrogate, long = parse_document("undelivered", out)["messages"]
    assert "NaN" in nan["body"]
    assert "\\ud800" in surrogate["body"]
    assert (nan["original"], surrogate["original"]) == (None, None)
    assert (long["original"], long["body"]) == (2**80, None)
    assert run_cli(capsys, "undelivered")[0] == 0


def test_nothing_that_a_terminal_would_obey_is_printed(account, capsys):
    put(account, "set_aside", explanation="a\x1b[2Jb\nc\x07", reason="\x1b]0;title\x07")
    _, out, _ = run_cli(capsys, "undelivered")
    assert "\x1b" not in out
    assert "\x07" not in out
    assert len(out.splitlines()) == 2


def test_an_empty_queue(account, capsys):
    assert parse_document("undelivered", run_cli(capsys, "undelivered", "--json")[1])["messages"] == []


def test_the_limit(account, capsys):
    put(account, *["dead_letter"] * 12)
    assert len(parse_document("undelivered", run_cli(capsys, "undelivered", "--json", "--limit", "3")[1])["messages"]) == 3
    assert there(account) == (12, 0)


# ---- redrive


def test_sending_again_straight_to_the_log(account, capsys, monkeypatch):
    monkeypatch.delenv("TRAINING_EVENTS_BUS")
    letter, aside = put(account, "dead_letter", "set_aside")
    code, out, err = run_cli(capsys, "redrive", "--json")
    found = parse_document("redrive", out)
    assert code == 1
    assert "1 message(s) stay in the queue" in err
    event_id = "0199a1f2-6c1d-7bbb-8ccc-1234567890ab"
    assert found["sent"] == [{"message_id": letter, "streams": ["run/digits-0199a1f2"], "event_id": event_id}]
    assert [left["message_id"] for left in found["left"]] == [aside]
    assert found["left"][0]["why"].startswith("no_stream: ")
    assert [recorded.event.event_id for recorded in history()] == [event_id]
    assert there(account) == (1, 0)


def test_sending_again_over_the_bus(account, capsys):
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
    assert there(account) == (0, 0)


def test_folding_again(account, capsys):
    event = Event("e-1", "run/digits-7", "Happened", "2026-11-22T15:08:39.955123Z", "tests", {})
    DynamoDbLog(TABLE, aws.client("dynamodb")).append(event)
    record = json.loads(sqs_message("set_aside_record")["Body"])["original"]
    record["dynamodb"]["NewImage"] = aws.client("dynamodb").scan(TableName=TABLE)["Items"][0]
    put(account, "set_aside_record", original=record)
    code, out, _ = run_cli(capsys, "redrive", "--json")
    assert (code, parse_document("redrive", out)["sent"][0]["streams"]) == (0, ["run/digits-7"])
    assert DynamoDbReadModels(READ_MODELS, aws.client("dynamodb")).get("run/digits-7") is not None
    assert there(account) == (0, 0)


def test_an_original_in_the_bucket(account, capsys, monkeypatch):
    monkeypatch.delenv("TRAINING_EVENTS_BUS")
    monkeypatch.setattr("training_events.recovery.undelivered.MAX_MESSAGE_BYTES", 1000)
    original = json.loads(sqs_message("dead_letter")["Body"])
    UndeliveredQueue(account, BUCKET).set_aside(original, BadField("odd", "even"), by="me", request_id="1")
    assert run_cli(capsys, "redrive")[0] == 0
    assert len(history()) == 1


def test_for_people_each_message_has_its_line(account, capsys):
    letter, text = put(account, "dead_letter", "unknown_text")
    code, out, _ = run_cli(capsys, "redrive")
    assert code == 1
    assert [line.split()[:3] for line in out.splitlines()[1:]] == [
        [letter, "sent", "run/digits-0199a1f2"],
        [text, "left", "it"],
    ]


def test_only_what_was_asked_for(account, capsys):
    ids = put(account, "dead_letter", "dead_letter_retried", "failed_function", "set_aside")

    def looked_at(*options):
        found = parse_document("redrive", run_cli(capsys, "redrive", "--dry-run", "--json", *options)[1])
        assert found["dry_run"]
        return [message["message_id"] for message in found["sent"] + found["left"]]

    assert looked_at() == ids
    assert looked_at("--reason", "THROTTLING") == [ids[1]]
    assert looked_at("--reason", "THROTTLING", "--reason", "no_stream") == [ids[1], ids[3]]
    assert looked_at("--message-id", ids[2]) == [ids[2]]
    assert looked_at("--limit", "2") == ids[:2]
    assert there(account) == (4, 0)
    assert history() == []


def test_a_laptops_log_is_never_taken_because_nothing_names_another(account, capsys, monkeypatch):
    monkeypatch.delenv("TRAINING_EVENTS_BUS")
    monkeypatch.delenv("TRAINING_EVENTS_LOG")
    put(account, "dead_letter")
    code, out, err = run_cli(capsys, "redrive")
    assert (code, out) == (2, "")
    assert "TRAINING_EVENTS_LOG is not set" in err
    assert there(account) == (1, 0)


def interrupt(monkeypatch, client, operation, after):
    """Ctrl-C at the call of this operation after so many."""
    calls = []

    def press(**_):
        calls.append(operation)
        if len(calls) > after:
            raise KeyboardInterrupt

    client.meta.events.register(f"before-call.*.{operation}", press)
    make = aws.client
    monkeypatch.setattr(
        aws, "client", lambda name, **more: client if name == client.meta.service_model.service_name else make(name, **more)
    )


def test_ctrl_c_while_sending_gives_the_rest_back_and_says_what_was_sent(account, capsys, monkeypatch):
    put(account, *["failed_function"], "dead_letter_retried", "set_aside")
    interrupt(monkeypatch, aws.client("events"), "PutEvents", after=1)
    code = cli.run(["redrive", "--json"])
    assert code == 130
    assert len(parse_document("redrive", capsys.readouterr().out)["sent"]) == 1
    assert there(account) == (2, 0)


def test_credentials_that_expire_on_the_way_leave_a_record_of_what_was_sent(account, capsys, monkeypatch):
    put(account, *["dead_letter"] * 12)
    sqs = aws.client("sqs")

    calls = []

    def expire(**_):
        calls.append(1)
        if len(calls) > 1:
            raise ClientError({"Error": {"Code": "ExpiredToken", "Message": "it has expired"}}, "ReceiveMessage")

    sqs.meta.events.register("before-call.sqs.ReceiveMessage", expire)
    make = aws.client
    monkeypatch.setattr(aws, "client", lambda name, **more: sqs if name == "sqs" else make(name, **more))
    code, out, err = run_cli(capsys, "redrive", "--json")
    found = parse_document("redrive", out)
    assert code == 1
    assert "ExpiredToken" in err
    assert (len(found["sent"]), len(found["left"])) == (1, 9), "the same event is sent once"


# ---- replay


def test_a_replay_for_programs(account, capsys):
    code, out, _ = run_cli(capsys, "replay", *DAY, "--json")
    found = parse_document("replay", out)
    assert code == 0
    assert found["replay"].startswith("training-replay-20")
    assert found["archive"].endswith(":archive/everything")
    assert (
        found
        | {
            "state": "COMPLETED",
            "from": "2026-11-21T00:00:00.000000Z",
            "to": "2026-11-22T00:00:00.000000Z",
        }
        == found
    )
    assert found.keys() == {"replay", "archive", "state", "from", "to", "last_replayed"}


def test_a_replay_for_people(account, capsys):
    code, out, _ = run_cli(capsys, "replay", *DAY)
    assert code == 0
    assert out.startswith("training-replay-")
    assert out.endswith(": replayed 2026-11-21T00:00:00.000000Z to 2026-11-22T00:00:00.000000Z\n")


@pytest.mark.parametrize("state", ["FAILED", "CANCELLED"])
def test_a_replay_that_does_not_end_well(account, capsys, monkeypatch, state):
    follow = archive.Archive.follow

    def other_end(self, replay):
        for seen in follow(self, replay):
            yield msgspec.structs.replace(seen, state=state, why="as the test wants it")

    monkeypatch.setattr(archive.Archive, "follow", other_end)
    code, out, err = run_cli(capsys, "replay", *DAY, "--json")
    assert (code, parse_document("replay", out)["state"]) == (1, state)
    assert f"is {state}: as the test wants it" in err
    assert run_cli(capsys, "replay", *DAY)[:2] == (1, "")


def test_ctrl_c_stops_following_and_says_that_the_replay_goes_on(account, capsys, monkeypatch):
    interrupt(monkeypatch, aws.client("events"), "DescribeReplay", after=0)
    code, out, err = run_cli(capsys, "replay", *DAY)
    [replay] = aws.client("events").list_replays()["Replays"]
    assert (code, out) == (130, "")
    assert err.endswith(f"which goes on: aws events describe-replay --replay-name {replay['ReplayName']}\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--from", "2026-11-21", "--to", "9999-01-01"], "lies in the future"),
        (["--from", "2026-11-21", "--to", "2026-11-20"], "is not before the end"),
        (["--from", "2026-11-21", "--to", "soon"], "'soon' is no time; allowed: 2026-11-22"),
        (["--from", "2026"], "'2026' is no time"),
        (["--from", "2026-11-21"], "--to"),
    ],
)
def test_times_that_cannot_be_are_2(account, capsys, arguments, message):
    code, out, err = run_cli(capsys, "replay", *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert aws.client("events").list_replays()["Replays"] == []


def test_without_an_archive_there_is_one_line(account, capsys):
    aws.client("events").delete_archive(ArchiveName="everything")
    code, _, err = run_cli(capsys, "replay", *DAY)
    assert code == 2
    assert "has no archive" in err


# ---- all three

COMMANDS = [["undelivered"], ["redrive"], ["replay", *DAY]]


@pytest.mark.parametrize(
    ("arguments", "variable"),
    [(["undelivered"], "UNDELIVERED"), (["redrive"], "UNDELIVERED"), (["replay", *DAY], "BUS")],
)
def test_a_missing_setting_is_2(account, capsys, monkeypatch, arguments, variable):
    monkeypatch.delenv(f"TRAINING_EVENTS_{variable}")
    code, out, err = run_cli(capsys, *arguments)
    assert (code, out) == (2, "")
    assert f"TRAINING_EVENTS_{variable} is not set" in err


@pytest.mark.parametrize("queue", ["nonsense", "https://sqs.eu-central-1.amazonaws.com/123456789012/other"])
@pytest.mark.parametrize("arguments", [["undelivered"], ["undelivered", "--json"], ["redrive"], ["redrive", "--json"]])
def test_a_wrong_queue_is_1(account, capsys, arguments, queue):
    code, out, err = run_cli(capsys, *arguments, "--queue", queue)
    assert (code, out) == (1, "")
    assert "queue does not exist" in err


def test_a_wrong_bus_is_1(account, capsys, monkeypatch):
    monkeypatch.setenv("TRAINING_EVENTS_BUS", "other")
    code, out, err = run_cli(capsys, "replay", *DAY)
    assert (code, out) == (1, "")
    assert "ResourceNotFoundException" in err


@pytest.mark.parametrize("arguments", COMMANDS)
def test_no_credentials_is_1(account, capsys, monkeypatch, arguments):
    def nobody(*_, **__):
        raise NoCredentialsError

    monkeypatch.setattr(aws, "client", nobody)
    code, out, err = run_cli(capsys, *arguments, "--json")
    assert (code, out) == (1, "")
    assert "credentials" in err


@pytest.mark.parametrize(
    ("arguments", "operation"),
    [(["undelivered"], "ReceiveMessage"), (["redrive"], "ReceiveMessage"), (["replay", *DAY], "DescribeEventBus")],
)
def test_expired_credentials_are_1(account, capsys, monkeypatch, arguments, operation):
    make = aws.client

    def expired(service, **more):
        client = make(service, **more)
        refuse(client, operation, float("inf"), "ExpiredToken")
        return client

    monkeypatch.setattr(aws, "client", expired)
    code, out, err = run_cli(capsys, *arguments, "--json")
    assert (code, out) == (1, "")
    assert "ExpiredToken" in err


ENDLESS = """
import itertools, json, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # tests started in a shell's background inherit that it is ignored
from training_events import aws, cli
class Queue:
    numbers = itertools.count()
    def receive_message(self, **_):
        return {"Messages": [{"MessageId": str(number), "ReceiptHandle": "h", "Attributes": {"SentTimestamp": "1795360121512"},
                              "Body": "x" * 100} for number in itertools.islice(self.numbers, 10)]}
    def change_message_visibility_batch(self, Entries, **_):
        if self.given_back is False:
            self.given_back = True
            print("given back", file=sys.stderr)
    given_back = False
queue = Queue()
aws.client = lambda service, **_: queue
sys.argv = ["training-events", *sys.argv[1:], "--queue", "https://queue"]
cli.main()
"""


@pytest.mark.parametrize("arguments", [["undelivered"], ["undelivered", "--json"], ["redrive", "--log", "sqlite:///unused.db"]])
@pytest.mark.parametrize(("end", "code"), [("closed pipe", 141), ("Ctrl-C", 130)])
def test_a_list_without_end_is_ended_quietly_and_given_back(arguments, end, code):
    command = [sys.executable, "-c", ENDLESS, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            for _ in range(2):  # now it is printing
                process.stdout.readline()
            if end == "Ctrl-C":
                process.send_signal(signal.SIGINT)
                errors = process.communicate(timeout=PATIENCE_SECONDS)[1]
            else:
                process.stdout.close()
                errors = process.stderr.read()
                process.wait(PATIENCE_SECONDS)
        finally:
            process.kill()
    assert (process.returncode, errors) == (code, b"given back\n")
