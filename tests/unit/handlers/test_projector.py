"""The projector's handler, called as Lambda calls it, with DynamoDB, SQS and S3 in this process."""

import importlib
import json
import sys
from collections import Counter
from types import SimpleNamespace

import pytest
from msgspec.structs import replace
from training_events import aws, folds
from training_events.event import Event
from training_events.projection.projector import Projector
from training_events.projection.sealer import QUIET_SECONDS, Sealer
from training_events.proof.verification import verify
from training_events.stores.dynamodb.item import to_item
from training_events.times import later, now

from tests.support.dynamodb import READ_MODELS, TABLE, aws_in_this_process, create_read_models_table, create_table
from tests.support.fakes import Stdout, lose_replies, refuse
from tests.support.stream_delivery import change

CONTEXT = SimpleNamespace(function_name="projector", aws_request_id="request-1")
BUCKET = "data-bucket"
NAME = "training_events.handlers.projector"


@pytest.fixture
def projector(monkeypatch):
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    with aws_in_this_process(POWERTOOLS_SERVICE_NAME="projector", POWERTOOLS_METRICS_NAMESPACE="Test"):
        create_table()
        create_read_models_table()
        aws.client("s3").create_bucket(
            Bucket=BUCKET,
            CreateBucketConfiguration={"LocationConstraint": "eu-central-1"},
            ObjectLockEnabledForBucket=True,
        )
        queue = aws.client("sqs").create_queue(QueueName="undelivered")["QueueUrl"]
        monkeypatch.setenv("TRAINING_EVENTS_LOG", f"dynamodb://{TABLE}?read_models={READ_MODELS}")
        monkeypatch.setenv("TRAINING_EVENTS_UNDELIVERED", queue)
        monkeypatch.setenv("TRAINING_EVENTS_BUCKET", BUCKET)
        monkeypatch.setenv("TRAINING_EVENTS_SEAL_MODE", "GOVERNANCE")
        monkeypatch.setenv("TRAINING_EVENTS_SEAL_DAYS", "7")
        sys.modules.pop(NAME, None)
        module = importlib.import_module(NAME)
        monkeypatch.setattr(module.logger.registered_handler, "stream", Stdout())
        projector = Projector(module.store.log, module.store.read_models, sleep=lambda _: None)
        monkeypatch.setattr(module, "projector", projector)
        yield module
        sys.modules.pop(NAME, None)


@pytest.fixture
def publishing(projector, monkeypatch):
    """The projector as it starts with a bus for run events."""
    bus = aws.client("events").create_event_bus(Name="training")["EventBusArn"]
    monkeypatch.setenv("TRAINING_EVENTS_OPENLINEAGE_BUS", bus)
    monkeypatch.setenv("TRAINING_EVENTS_SOURCE", "my.team")
    sys.modules.pop(NAME)
    module = importlib.import_module(NAME)
    monkeypatch.setattr(module.logger.registered_handler, "stream", Stdout())
    return module


class RunEvents:
    """The run events that reach the bus: a queue is the target of a rule there."""

    def __init__(self):
        sqs, events = aws.client("sqs"), aws.client("events")
        self._url = sqs.create_queue(QueueName="run-events")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        pattern = json.dumps({"source": ["training-events.openlineage"]})
        events.put_rule(Name="openlineage", EventBusName="training", EventPattern=pattern)
        events.put_targets(Rule="openlineage", EventBusName="training", Targets=[{"Id": "1", "Arn": arn}])

    def received(self):
        answer = aws.client("sqs").receive_message(QueueUrl=self._url, MaxNumberOfMessages=10)
        return [json.loads(message["Body"])["detail"] for message in answer.get("Messages", [])]


def event(stream, number, type_="MetricsRecorded", **data):
    data = data or {"points": [{"name": "loss", "value": 1 / number, "step": number}]}
    return Event(f"e-{number}", stream, type_, f"2026-11-22T15:00:00.{number:06d}Z", "tests", data)


class LogTable:
    """Writes to the log's table. Each method returns the change records of what it wrote."""

    def __init__(self, projector):
        self._projector, self._records = projector, 0

    def append(self, *events):
        for event in events:
            self._projector.store.log.append(event)
        return [change("INSERT", self._item(event), self._number()) for event in events]

    def _item(self, event):
        key = {"stream": {"S": event.stream}, "position": {"S": event.position}}
        return aws.client("dynamodb").get_item(TableName=TABLE, Key=key)["Item"]

    def put(self, event, **changed):
        """Put an item without the processor."""
        item = to_item(event, "2026-11-22T16:00:00.000000Z") | changed
        aws.client("dynamodb").put_item(TableName=TABLE, Item=item)
        return change("INSERT", item, self._number())

    def alter(self, operation, event):
        """Alter the table: MODIFY replaces the event's item, REMOVE deletes it."""
        item = to_item(event, "2026-11-22T16:00:00.000000Z")
        if operation == "REMOVE":
            key = {"stream": item["stream"], "position": item["position"]}
            aws.client("dynamodb").delete_item(TableName=TABLE, Key=key)
        else:
            aws.client("dynamodb").put_item(TableName=TABLE, Item=item)
        return change(operation, item, self._number())

    def _number(self):
        self._records += 1
        return self._records


@pytest.fixture
def table(projector):
    return LogTable(projector)


def handle(projector, records):
    """Call the handler. Returns the numbers of the records that failed."""
    answer = projector.handler({"Records": records}, CONTEXT)
    assert answer.keys() == {"batchItemFailures"}
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def numbers(records):
    return [record["dynamodb"]["SequenceNumber"] for record in records]


def is_up_to_date(projector, stream):
    """Whether the read model of the stream is the fold of the log."""
    model = projector.store.read_models.get(stream)
    fold = folds.encode(folds.fold(folds.empty(stream), projector.store.log.entries(stream)))
    return model is not None and model.state == fold


def undelivered(projector):
    """The messages in the queue, each with its reason."""
    answer = aws.client("sqs").receive_message(
        QueueUrl=projector.settings.undelivered, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
    )
    return [
        (message["MessageAttributes"]["reason"]["StringValue"], json.loads(message["Body"]))
        for message in answer.get("Messages", [])
    ]


def metric_sums(capsys):
    """The sum of each metric over all printed lines."""
    sums: Counter[str] = Counter()
    for line in map(json.loads, capsys.readouterr().out.splitlines()):
        for metric in line.get("_aws", {"CloudWatchMetrics": [{"Metrics": []}]})["CloudWatchMetrics"][0]["Metrics"]:
            sums[metric["Name"]] += sum(line[metric["Name"]])
    return sums


def test_a_batch_updates_the_read_model_of_each_of_its_streams(projector, table, capsys):
    records = table.append(
        event("run/a", 1),
        event("model/m", 1, "ModelRegistered", version=1),
        event("run/a", 2),
        event("dataset/d", 1, "Happened"),
    )
    assert handle(projector, records) == []
    assert all(is_up_to_date(projector, stream) for stream in ("run/a", "model/m", "dataset/d"))
    assert projector.store.read_models.get("run/a").revision == 1, "a stream's part of the batch is one write"
    assert undelivered(projector) == []
    metric, line = map(json.loads, capsys.readouterr().out.splitlines())
    assert (metric["StatesRefolded"], metric["EventsNotFolded"], metric["service"]) == ([3.0], [1.0], "projector")
    assert metric["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Test"
    assert line | {"message": "projected", "request_id": "request-1", "StatesRefolded": 3, "failed": 0} == line


def test_a_newer_event_is_applied_a_late_one_refolds_and_a_repeated_one_changes_nothing(projector, table, capsys):
    first, late, newest = event("run/a", 1), event("run/a", 2), event("run/a", 3)
    records = table.append(first)
    handle(projector, records)
    newest_record = table.append(newest)
    handle(projector, newest_record)
    assert is_up_to_date(projector, "run/a")
    late_record = table.append(late)
    handle(projector, late_record)
    assert is_up_to_date(projector, "run/a")
    revision = projector.store.read_models.get("run/a").revision
    assert handle(projector, records + late_record + newest_record) == []
    assert projector.store.read_models.get("run/a").revision == revision
    assert metric_sums(capsys) == {"StatesRefolded": 2, "StatesProjected": 1, "StatesUnchanged": 1}


@pytest.mark.parametrize("operation", ["MODIFY", "REMOVE"])
def test_an_alteration_raises_the_alarm_and_leaves_the_evidence(projector, table, capsys, operation):
    first, second = event("run/a", 1), event("run/a", 2)
    handle(projector, table.append(first, second))
    before = projector.store.read_models.get("run/a")
    record = table.alter(operation, replace(first, data={"points": []}))
    assert handle(projector, [record]) == []
    assert projector.store.read_models.get("run/a") == before
    [(reason, body)] = undelivered(projector)
    assert reason == "log_altered"
    assert body["original"] == record
    assert (body["set_aside_by"], body["request_id"]) == ("projector", "request-1")
    assert metric_sums(capsys) == {"StatesRefolded": 1, "LogAltered": 1}


def test_a_record_that_cannot_be_read_is_set_aside_and_the_rest_is_projected(projector, table, capsys):
    damaged = table.put(event("run/a", 2), data={"S": "{"})
    misfit = table.put(event("run/a", 3, points="many"))
    forged = table.put(event("run/a", 4), digest={"S": "sha256:00"})
    junk = table.put(event("run/a", 5), stream={"S": "junk"})
    sound = table.append(event("run/a", 1), event("run/a", 6), event("run/b", 1))
    newer = table.append(event("run/a", 7, "Happened"), replace(event("run/a", 8), schema_version=9))
    records = [sound[0], damaged, misfit, sound[1], forged, junk, *newer, sound[2]]
    assert handle(projector, records) == []
    assert is_up_to_date(projector, "run/a")
    assert is_up_to_date(projector, "run/b")
    expected = {"unreadable": damaged, "does_not_fit": misfit, "log_altered": forged}
    messages = undelivered(projector)
    assert len(messages) == 4
    assert {reason: body["original"] for reason, body in messages if body["original"] != junk} == expected
    assert [reason for reason, body in messages if body["original"] == junk] == ["log_altered"]
    sums = metric_sums(capsys)
    assert (sums["RecordsSetAside"], sums["LogAltered"], sums["EventsNotFolded"]) == (2, 2, 5)


@pytest.mark.parametrize("operation", ["GetItem", "PutItem"])
@pytest.mark.parametrize("code", ["ProvisionedThroughputExceededException", "AccessDeniedException"])
def test_a_stream_whose_read_model_is_refused_for_a_while_fails_alone(projector, table, capsys, operation, code):
    records = table.append(event("run/a", 1), event("run/b", 1), event("run/a", 2))
    refuse(projector.store.read_models.client, operation, 3 if code.startswith("Prov") else 1, code)
    assert handle(projector, records) == numbers([records[0], records[2]]), (
        "the records of the first stream: it alone was refused"
    )
    assert is_up_to_date(projector, "run/b")
    assert undelivered(projector) == []
    assert handle(projector, records) == []
    assert is_up_to_date(projector, "run/a")
    assert metric_sums(capsys) == {"StreamsFailed": 1, "StatesRefolded": 2, "StatesUnchanged": 1}


def test_a_log_that_cannot_be_read_fails_the_stream(projector, table):
    records = table.append(event("run/a", 1), event("run/b", 1))
    refuse(projector.store.log.client, "Query", 3, "ThrottlingException")
    assert handle(projector, records) == numbers(records[:1])
    assert handle(projector, records) == []
    assert is_up_to_date(projector, "run/a")


def test_a_lost_reply_neither_loses_nor_doubles_an_event(projector, table):
    records = table.append(event("run/a", 1))
    lose_replies(projector.store.read_models.client, "PutItem", 1)
    assert handle(projector, records) == []
    assert is_up_to_date(projector, "run/a")
    assert projector.store.read_models.get("run/a").revision == 1


def test_a_queue_that_refuses_loses_nothing_and_the_alarm_is_raised(projector, table, capsys):
    misfit, sound = table.put(event("run/a", 1, points="many")), table.append(event("run/b", 1))
    altered = table.alter("MODIFY", event("run/c", 1))
    refuse(projector.undelivered.sqs, "SendMessage", 2, "AccessDenied")
    assert handle(projector, [misfit, *sound, altered]) == numbers([misfit, altered])
    assert is_up_to_date(projector, "run/b")
    assert metric_sums(capsys) == {"StreamsFailed": 2, "StatesRefolded": 1, "LogAltered": 1}
    assert handle(projector, [misfit, *sound, altered]) == []
    assert {reason for reason, _ in undelivered(projector)} == {"does_not_fit", "log_altered"}


def test_a_record_is_set_aside_once_although_another_stream_keeps_failing(projector, table, capsys):
    """Lambda delivers all records after the first failure again, as long as it fails."""
    failing, misfit = table.append(event("run/a", 1)), table.put(event("run/b", 1, points="many"))
    requests = refuse(projector.store.read_models.client, "PutItem", float("inf"), "AccessDeniedException")
    for _ in range(3):
        assert handle(projector, [*failing, misfit]) == numbers([*failing, misfit])
    assert len(undelivered(projector)) == 1
    assert len(requests) == 6
    assert metric_sums(capsys) == {"StreamsFailed": 6, "RecordsSetAside": 1}


def with_long_names(stream):
    """The producer chooses the names of metrics. A summary shows eight of them."""
    return [
        event(stream, number, points=[{"name": f"{number}" + "x" * 60_000, "value": 1.0, "step": 1}]) for number in range(1, 9)
    ]


def test_long_names_keep_no_state_from_being_stored(projector, table):
    assert handle(projector, table.append(*with_long_names("run/a"))) == []
    assert is_up_to_date(projector, "run/a")
    assert undelivered(projector) == []


def test_events_whose_state_can_never_be_stored_are_set_aside_at_once(projector, table, capsys, monkeypatch):
    """No event is known that makes such a state in the 400 KB of DynamoDB."""
    monkeypatch.setattr("training_events.stores.dynamodb.read_models.MAX_ITEM_BYTES", 5_000)
    records = table.append(*with_long_names("run/a"), event("run/b", 1))
    assert handle(projector, records) == []
    assert is_up_to_date(projector, "run/b")
    assert [reason for reason, _ in undelivered(projector)] == ["too_large"] * 8
    assert metric_sums(capsys) == {"RecordsSetAside": 8, "StatesRefolded": 1}


def test_a_record_that_is_too_large_for_a_message_is_kept_in_the_bucket(projector, table):
    record = table.put(event("run/a", 1, points="x" * 300_000))
    handle(projector, [record])
    [(_, body)] = undelivered(projector)
    stored = aws.client("s3").get_object(Bucket=BUCKET, Key=body["original_at"].removeprefix(f"s3://{BUCKET}/"))["Body"].read()
    assert json.loads(stored) == record


def test_a_finished_run_is_sealed_once_under_a_lock(projector, table, capsys):
    records = table.append(
        event("run/a", 1, "TrainingStarted", model="m"), event("run/a", 2, "TrainingCompleted", artifact=None)
    )
    assert handle(projector, records) == []
    assert handle(projector, records) == []
    [version] = aws.client("s3").list_object_versions(Bucket=BUCKET)["Versions"]
    assert version["Key"] == "seals/run/a/000001.jsonl"
    assert aws.client("s3").head_object(Bucket=BUCKET, Key=version["Key"])["ObjectLockMode"] == "GOVERNANCE"
    verification = verify(projector.store.log, projector.seals, "run/a")
    assert (verification.sound, verification.seals.covered) == (True, 2)
    assert metric_sums(capsys) == {"StatesRefolded": 1, "SealsWritten": 1, "StatesUnchanged": 1, "SealsUnchanged": 1}


def test_a_model_is_sealed_at_each_change(projector, table, capsys):
    for number in range(1, 4):
        handle(projector, table.append(event("model/m", number, "ModelRegistered", version=number)))
        assert [seal.number for seal in projector.seals.of("model/m")] == list(range(1, number + 1))
    verification = verify(projector.store.log, projector.seals, "model/m", read_models=projector.store.read_models)
    assert (verification.findings, verification.seals.covered, verification.seals.locks) == ([], 3, "checked")
    assert metric_sums(capsys)["SealsWritten"] == 3


def scheduled_call(milliseconds_left=900_000):
    received = {
        "version": "0",
        "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "123456789012",
        "time": "2026-11-22T16:53:06Z",
        "region": "eu-central-1",
        "resources": ["arn:aws:events:eu-central-1:123456789012:rule/training-dev-seal-due"],
        "detail": {},
    }
    context = SimpleNamespace(**vars(CONTEXT), get_remaining_time_in_millis=lambda: milliseconds_left)
    return received, context


@pytest.fixture
def quiet_runs(projector, table, monkeypatch):
    """Two runs that have not ended, an hour later."""
    handle(projector, table.append(event("run/a", 1), event("run/b", 1)))
    assert projector.seals.of("run/a") == []
    in_two_hours = Sealer(
        projector.store.log, projector.store.read_models, projector.seals, lambda: later(now(), 2 * QUIET_SECONDS)
    )
    monkeypatch.setattr(projector, "sealer", lambda: in_two_hours)


def test_a_schedule_has_the_streams_sealed_that_are_due(projector, quiet_runs, capsys):
    for _ in range(2):
        assert projector.handler(*scheduled_call()) == {"batchItemFailures": []}
    for stream in ("run/a", "run/b"):
        verification = verify(projector.store.log, projector.seals, stream)
        assert (verification.findings, verification.seals.count, verification.seals.not_covered) == ([], 1, 0)
    assert metric_sums(capsys)["SealsWritten"] == 2


def test_a_stream_that_is_due_and_cannot_be_sealed_is_tried_at_the_next_call(projector, quiet_runs, capsys):
    refuse(projector.seals.client, "PutObject", 1, "AccessDenied")
    projector.handler(*scheduled_call())
    assert sorted(len(projector.seals.of(stream)) for stream in ("run/a", "run/b")) == [0, 1]
    assert metric_sums(capsys)["SealsFailed"] == 1
    projector.handler(*scheduled_call())
    assert [len(projector.seals.of(stream)) for stream in ("run/a", "run/b")] == [1, 1]


def test_a_scheduled_call_begins_nothing_that_it_may_not_finish(projector, quiet_runs):
    projector.handler(*scheduled_call(milliseconds_left=1_000))
    assert [len(projector.seals.of(stream)) for stream in ("run/a", "run/b")] == [0, 0]
    projector.handler(*scheduled_call())
    assert [len(projector.seals.of(stream)) for stream in ("run/a", "run/b")] == [1, 1]


def test_a_stream_whose_seal_cannot_be_written_fails_after_its_state_was_stored(projector, table):
    records = table.append(event("run/a", 1, "TrainingCompleted", artifact=None), event("run/b", 1))
    refuse(projector.seals.client, "PutObject", 1, "AccessDenied")
    assert handle(projector, records) == numbers(records[:1])
    assert is_up_to_date(projector, "run/a")
    assert handle(projector, records) == []
    assert len(projector.seals.of("run/a")) == 1


def test_an_altered_log_is_not_sealed_and_not_tried_again(projector, table, capsys):
    records = table.append(event("run/a", 1), event("run/a", 2, "TrainingCompleted", artifact=None))
    table.alter("MODIFY", replace(event("run/a", 1), data={"points": []}))
    item = to_item(event("run/a", 1), "2026-11-22T16:00:00.000000Z") | {"data": {"S": '{"points":[]}'}}
    aws.client("dynamodb").put_item(TableName=TABLE, Item=item)
    assert handle(projector, records) == []
    assert projector.seals.of("run/a") == []
    out = capsys.readouterr().out
    assert "'2026-11-22T15:00:00.000001Z#e-1'" in out, "the function's log names the position"
    assert '"LogAltered":[1.0]' in out.replace(" ", "")


def test_a_batch_does_not_count_what_the_batch_before_it_did(projector, table, capsys):
    handle(projector, [table.alter("REMOVE", event("run/a", 1))])
    assert metric_sums(capsys) == {"LogAltered": 1}
    handle(projector, table.append(event("run/b", 1)))
    assert metric_sums(capsys) == {"StatesRefolded": 1}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("TRAINING_EVENTS_UNDELIVERED", "", "TRAINING_EVENTS_UNDELIVERED is not set"),
        ("TRAINING_EVENTS_SEAL_DAYS", "a week", "has to be a number of days"),
        ("TRAINING_EVENTS_LOG", f"dynamodb://{TABLE}", "names no read models"),
    ],
)
def test_a_wrong_setting_stops_the_function_as_it_starts(projector, monkeypatch, name, value, message):
    del projector
    monkeypatch.setenv(name, value)
    sys.modules.pop(NAME)
    with pytest.raises(Exception, match=message):
        importlib.import_module(NAME)


IN_TIME = SimpleNamespace(**vars(CONTEXT), get_remaining_time_in_millis=lambda: 900_000)
LATE = SimpleNamespace(**vars(CONTEXT), get_remaining_time_in_millis=lambda: 1_000)


def test_run_events_of_a_batch_reach_the_bus(publishing, table, capsys):
    bus = RunEvents()
    records = table.append(event("run/a", 1, "TrainingStarted", model="digits"), event("run/a", 2), event("dataset/d", 3))
    assert publishing.handler({"Records": records}, IN_TIME) == {"batchItemFailures": []}
    [start] = bus.received()
    assert (start["eventType"], start["job"]["namespace"], start["job"]["name"]) == ("START", "my.team", "digits")
    assert metric_sums(capsys)["RunEventsPublished"] == 1


@pytest.mark.parametrize("context", [IN_TIME, LATE])
def test_run_events_that_cannot_be_published_are_counted_and_the_batch_is_done(publishing, table, context, capsys):
    if context is IN_TIME:
        aws.client("events").delete_event_bus(Name="training")
    records = table.append(event("run/a", 1, "TrainingStarted"), event("run/b", 2, "TrainingStarted"))
    assert publishing.handler({"Records": records}, context) == {"batchItemFailures": []}
    assert is_up_to_date(publishing, "run/a")
    assert is_up_to_date(publishing, "run/b")
    assert metric_sums(capsys)["RunEventsFailed"] == 2


def test_a_call_of_the_schedule_publishes_no_run_events(publishing):
    bus = RunEvents()
    publishing.handler({"source": "aws.events"}, IN_TIME)
    assert bus.received() == []
