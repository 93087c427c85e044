"""The handler as Lambda calls it, with DynamoDB, SQS and S3 inside this process."""

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
from training_events.proof.verification import verify
from training_events.stores.dynamodb.item import to_item

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


def event(stream, number, type_="MetricsRecorded", **data):
    data = data or {"points": [{"name": "loss", "value": 1 / number, "step": number}]}
    return Event(f"e-{number}", stream, type_, f"2026-11-22T15:00:00.{number:06d}Z", "tests", data)


class Given:
    """What is appended to the log, and the records that its change stream gives of that."""

    def __init__(self, projector):
        self._projector, self._records = projector, 0

    def appended(self, *events):
        for one in events:
            self._projector.store.log.append(one)
        return [change("INSERT", self._item(one), self._number()) for one in events]

    def _item(self, one):
        key = {"stream": {"S": one.stream}, "position": {"S": one.position}}
        return aws.client("dynamodb").get_item(TableName=TABLE, Key=key)["Item"]

    def put(self, one, **changed):
        """An item put past the processor, and its record."""
        item = to_item(one, "2026-11-22T16:00:00.000000Z") | changed
        aws.client("dynamodb").put_item(TableName=TABLE, Item=item)
        return change("INSERT", item, self._number())

    def altered(self, name, one):
        """The record of an alteration: the table has done it."""
        item = to_item(one, "2026-11-22T16:00:00.000000Z")
        if name == "REMOVE":
            key = {"stream": item["stream"], "position": item["position"]}
            aws.client("dynamodb").delete_item(TableName=TABLE, Key=key)
        else:
            aws.client("dynamodb").put_item(TableName=TABLE, Item=item)
        return change(name, item, self._number())

    def _number(self):
        self._records += 1
        return self._records


@pytest.fixture
def given(projector):
    return Given(projector)


def handled(projector, records):
    """The numbers of the records that the handler says have failed."""
    answer = projector.handler({"Records": records}, CONTEXT)
    assert answer.keys() == {"batchItemFailures"}
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def numbers(records):
    return [record["dynamodb"]["SequenceNumber"] for record in records]


def agrees(projector, stream):
    """Whether the read model of the stream is the fold of the log."""
    model = projector.store.read_models.get(stream)
    fold = folds.encode(folds.fold(folds.empty(stream), projector.store.log.entries(stream)))
    return model is not None and model.state == fold


def waiting(projector):
    """The messages in the queue, each with its reason."""
    answer = aws.client("sqs").receive_message(
        QueueUrl=projector.settings.undelivered, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
    )
    return [
        (message["MessageAttributes"]["reason"]["StringValue"], json.loads(message["Body"]))
        for message in answer.get("Messages", [])
    ]


def counted(capsys):
    """All metrics that were printed, summed."""
    sums: Counter[str] = Counter()
    for line in map(json.loads, capsys.readouterr().out.splitlines()):
        for metric in line.get("_aws", {"CloudWatchMetrics": [{"Metrics": []}]})["CloudWatchMetrics"][0]["Metrics"]:
            sums[metric["Name"]] += sum(line[metric["Name"]])
    return sums


def test_a_batch_of_several_streams_becomes_their_read_models(projector, given, capsys):
    records = given.appended(
        event("run/a", 1),
        event("model/m", 1, "ModelRegistered", version=1),
        event("run/a", 2),
        event("dataset/d", 1, "Happened"),
    )
    assert handled(projector, records) == []
    assert all(agrees(projector, stream) for stream in ("run/a", "model/m", "dataset/d"))
    assert projector.store.read_models.get("run/a").revision == 1, "one write for a stream's part of the batch"
    assert waiting(projector) == []
    metric, line = map(json.loads, capsys.readouterr().out.splitlines())
    assert (metric["StatesRefolded"], metric["EventsNotFolded"], metric["service"]) == ([3.0], [1.0], "projector")
    assert metric["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Test"
    assert line | {"message": "projected", "request_id": "request-1", "StatesRefolded": 3, "failed": 0} == line


def test_the_newest_is_applied_the_late_is_folded_in_its_place_the_repeated_changes_nothing(projector, given, capsys):
    first, late, newest = event("run/a", 1), event("run/a", 2), event("run/a", 3)
    records = given.appended(first)
    handled(projector, records)
    newest_record = given.appended(newest)
    handled(projector, newest_record)
    assert agrees(projector, "run/a")
    late_record = given.appended(late)
    handled(projector, late_record)
    assert agrees(projector, "run/a")
    revision = projector.store.read_models.get("run/a").revision
    assert handled(projector, records + late_record + newest_record) == []
    assert projector.store.read_models.get("run/a").revision == revision
    assert counted(capsys) == {"StatesRefolded": 2, "StatesProjected": 1, "StatesUnchanged": 1}


@pytest.mark.parametrize("how", ["MODIFY", "REMOVE"])
def test_an_alteration_raises_the_alarm_and_leaves_the_evidence(projector, given, capsys, how):
    one, other = event("run/a", 1), event("run/a", 2)
    handled(projector, given.appended(one, other))
    before = projector.store.read_models.get("run/a")
    record = given.altered(how, replace(one, data={"points": []}))
    assert handled(projector, [record]) == []
    assert projector.store.read_models.get("run/a") == before
    [(reason, body)] = waiting(projector)
    assert reason == "log_altered"
    assert body["original"] == record
    assert (body["set_aside_by"], body["request_id"]) == ("projector", "request-1")
    assert counted(capsys) == {"StatesRefolded": 1, "LogAltered": 1}


def test_what_cannot_be_read_waits_with_its_reason_and_the_rest_is_done(projector, given, capsys):
    damaged = given.put(event("run/a", 2), data={"S": "{"})
    misfit = given.put(event("run/a", 3, points="many"))
    forged = given.put(event("run/a", 4), digest={"S": "sha256:00"})
    junk = given.put(event("run/a", 5), stream={"S": "junk"})
    sound = given.appended(event("run/a", 1), event("run/a", 6), event("run/b", 1))
    newer = given.appended(event("run/a", 7, "Happened"), replace(event("run/a", 8), schema_version=9))
    records = [sound[0], damaged, misfit, sound[1], forged, junk, *newer, sound[2]]
    assert handled(projector, records) == []
    assert agrees(projector, "run/a")
    assert agrees(projector, "run/b")
    expected = {"unreadable": damaged, "does_not_fit": misfit, "log_altered": forged}
    messages = waiting(projector)
    assert len(messages) == 4
    assert {reason: body["original"] for reason, body in messages if body["original"] != junk} == expected
    assert [reason for reason, body in messages if body["original"] == junk] == ["log_altered"]
    sums = counted(capsys)
    assert (sums["RecordsSetAside"], sums["LogAltered"], sums["EventsNotFolded"]) == (2, 2, 5)


@pytest.mark.parametrize("operation", ["GetItem", "PutItem"])
@pytest.mark.parametrize("code", ["ProvisionedThroughputExceededException", "AccessDeniedException"])
def test_a_stream_that_may_succeed_later_fails_alone(projector, given, capsys, operation, code):
    records = given.appended(event("run/a", 1), event("run/b", 1), event("run/a", 2))
    refuse(projector.store.read_models.client, operation, 3 if code.startswith("Prov") else 1, code)
    assert handled(projector, records) == numbers([records[0], records[2]]), "of the first stream; it alone was refused"
    assert agrees(projector, "run/b")
    assert waiting(projector) == []
    assert handled(projector, records) == []
    assert agrees(projector, "run/a")
    assert counted(capsys) == {"StreamsFailed": 1, "StatesRefolded": 2, "StatesUnchanged": 1}


def test_a_log_that_cannot_be_read_fails_the_stream(projector, given):
    records = given.appended(event("run/a", 1), event("run/b", 1))
    refuse(projector.store.log.client, "Query", 3, "ThrottlingException")
    assert handled(projector, records) == numbers(records[:1])
    assert handled(projector, records) == []
    assert agrees(projector, "run/a")


def test_a_lost_reply_is_no_loss_and_no_double(projector, given):
    records = given.appended(event("run/a", 1))
    lose_replies(projector.store.read_models.client, "PutItem", 1)
    assert handled(projector, records) == []
    assert agrees(projector, "run/a")
    assert projector.store.read_models.get("run/a").revision == 1


def test_without_the_queue_nothing_is_lost_and_the_alarm_is_raised_all_the_same(projector, given, capsys):
    misfit, sound = given.put(event("run/a", 1, points="many")), given.appended(event("run/b", 1))
    altered = given.altered("MODIFY", event("run/c", 1))
    refuse(projector.undelivered.sqs, "SendMessage", 2, "AccessDenied")
    assert handled(projector, [misfit, *sound, altered]) == numbers([misfit, altered])
    assert agrees(projector, "run/b")
    assert counted(capsys) == {"StreamsFailed": 2, "StatesRefolded": 1, "LogAltered": 1}
    assert handled(projector, [misfit, *sound, altered]) == []
    assert {reason for reason, _ in waiting(projector)} == {"does_not_fit", "log_altered"}


def test_what_was_set_aside_does_not_go_to_the_queue_again_while_another_stream_fails(projector, given, capsys):
    """Lambda delivers all behind the first failure again, as often as it fails."""
    failing, misfit = given.appended(event("run/a", 1)), given.put(event("run/b", 1, points="many"))
    seen = refuse(projector.store.read_models.client, "PutItem", float("inf"), "AccessDeniedException")
    for _ in range(3):
        assert handled(projector, [*failing, misfit]) == numbers([*failing, misfit])
    assert len(waiting(projector)) == 1
    assert len(seen) == 6
    assert counted(capsys) == {"StreamsFailed": 6, "RecordsSetAside": 1}


def test_a_state_that_can_never_be_stored_is_set_aside_and_not_tried_for_hours(projector, given, capsys):
    """Names of metrics are the producer's: the summary shows eight, here of 60 KB each."""
    many = [
        event("run/a", number, points=[{"name": f"{number}" + "x" * 60_000, "value": 1.0, "step": 1}]) for number in range(1, 9)
    ]
    records = given.appended(*many, event("run/b", 1))
    assert handled(projector, records) == []
    assert agrees(projector, "run/b")
    assert [reason for reason, _ in waiting(projector)] == ["too_large"] * 8
    assert counted(capsys) == {"RecordsSetAside": 8, "StatesRefolded": 1}


def test_what_is_larger_than_a_message_waits_in_the_bucket(projector, given):
    record = given.put(event("run/a", 1, points="x" * 300_000))
    handled(projector, [record])
    [(_, body)] = waiting(projector)
    stored = aws.client("s3").get_object(Bucket=BUCKET, Key=body["original_at"].removeprefix(f"s3://{BUCKET}/"))["Body"].read()
    assert json.loads(stored) == record


def test_a_finished_run_is_sealed_once_under_a_lock(projector, given, capsys):
    records = given.appended(
        event("run/a", 1, "TrainingStarted", model="m"), event("run/a", 2, "TrainingCompleted", artifact=None)
    )
    assert handled(projector, records) == []
    assert handled(projector, records) == []
    [version] = aws.client("s3").list_object_versions(Bucket=BUCKET)["Versions"]
    assert version["Key"] == "seals/run/a/000001.jsonl"
    assert aws.client("s3").head_object(Bucket=BUCKET, Key=version["Key"])["ObjectLockMode"] == "GOVERNANCE"
    verification = verify(projector.store.log, projector.seals, "run/a")
    assert (verification.sound, verification.seals.covered) == (True, 2)
    assert counted(capsys) == {"StatesRefolded": 1, "SealsWritten": 1, "StatesUnchanged": 1, "SealsUnchanged": 1}


def test_a_seal_that_cannot_be_written_yet_fails_the_stream_whose_state_is_there(projector, given):
    records = given.appended(event("run/a", 1, "TrainingCompleted", artifact=None), event("run/b", 1))
    refuse(projector.seals.client, "PutObject", 1, "AccessDenied")
    assert handled(projector, records) == numbers(records[:1])
    assert agrees(projector, "run/a")
    assert handled(projector, records) == []
    assert len(projector.seals.of("run/a")) == 1


def test_an_altered_log_is_not_sealed_and_not_tried_again(projector, given, capsys):
    records = given.appended(event("run/a", 1), event("run/a", 2, "TrainingCompleted", artifact=None))
    given.altered("MODIFY", replace(event("run/a", 1), data={"points": []}))
    item = to_item(event("run/a", 1), "2026-11-22T16:00:00.000000Z") | {"data": {"S": '{"points":[]}'}}
    aws.client("dynamodb").put_item(TableName=TABLE, Item=item)
    assert handled(projector, records) == []
    assert projector.seals.of("run/a") == []
    out = capsys.readouterr().out
    assert "'2026-11-22T15:00:00.000001Z#e-1'" in out, "the function's log says where"
    assert '"LogAltered":[1.0]' in out.replace(" ", "")


def test_a_batch_does_not_count_what_the_one_before_it_did(projector, given, capsys):
    handled(projector, [given.altered("REMOVE", event("run/a", 1))])
    assert counted(capsys) == {"LogAltered": 1}
    handled(projector, given.appended(event("run/b", 1)))
    assert counted(capsys) == {"StatesRefolded": 1}


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
