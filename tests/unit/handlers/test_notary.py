"""The notary's handler, called as Lambda calls it, with DynamoDB, S3 and KMS in this process."""

import importlib
import json
import sys
from collections import Counter
from types import SimpleNamespace

import pytest
from msgspec.structs import replace
from training_events import aws
from training_events.errors import BadSignature
from training_events.event import Event
from training_events.proof.notary import ledger
from training_events.proof.tree.s3_tiles import S3Tiles
from training_events.reading.opening import open_sources
from training_events.stores.dynamodb.item import to_item
from training_events.times import later, now

from tests.support.dynamodb import TABLE, aws_in_this_process, create_table
from tests.support.fakes import Stdout, lose_replies
from tests.support.notary import create_notary_table
from tests.support.signing import checked_by_securesystemslib
from tests.support.stream_delivery import change

BUCKET, OWN = "data", "notary"
NAME = "training_events.handlers.notary"
URL = f"dynamodb://{TABLE}?notary={OWN}"
SCHEDULED = {"source": "aws.events", "detail-type": "Scheduled Event"}
ACCOUNT = "111122223333"


class Context(SimpleNamespace):
    function_name = "notary"
    aws_request_id = "request-1"
    invoked_function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:notary"
    left_milliseconds = 120_000

    def get_remaining_time_in_millis(self):
        return self.left_milliseconds


def new_key():
    return aws.client("kms").create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]


def load(monkeypatch, keys):
    monkeypatch.setenv("TRAINING_EVENTS_CHECKPOINT_KEYS", keys)
    sys.modules.pop(NAME, None)
    module = importlib.import_module(NAME)
    monkeypatch.setattr(module.logger.registered_handler, "stream", Stdout())
    return module


@pytest.fixture
def notary(monkeypatch):
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    with aws_in_this_process(POWERTOOLS_SERVICE_NAME="notary", POWERTOOLS_METRICS_NAMESPACE="Test"):
        create_table()
        create_notary_table(OWN)
        aws.client("s3").create_bucket(
            Bucket=BUCKET,
            CreateBucketConfiguration={"LocationConstraint": "eu-central-1"},
            ObjectLockEnabledForBucket=True,
        )
        monkeypatch.setenv("TRAINING_EVENTS_LOG", URL)
        monkeypatch.setenv("TRAINING_EVENTS_NOTARY_BUCKET", BUCKET)
        monkeypatch.setenv("TRAINING_EVENTS_SEAL_MODE", "GOVERNANCE")
        monkeypatch.setenv("TRAINING_EVENTS_SEAL_DAYS", "7")
        yield load(monkeypatch, new_key())
        sys.modules.pop(NAME, None)


def event(number, stream="run/a", **data):
    points = {"points": [{"name": "loss", "value": 1 / number, "step": number}]}
    return Event(f"e-{number}", stream, "MetricsRecorded", f"2026-11-22T15:00:00.{number:06d}Z", "tests", data or points)


def append(notary, *events, hours_ago=0):
    """Record events. Returns their change records."""
    records = []
    for place, recorded in enumerate(events):
        notary.log.append(recorded, account=ACCOUNT)
        key = {"stream": {"S": recorded.stream}, "position": {"S": recorded.position}}
        item = aws.client("dynamodb").get_item(TableName=TABLE, Key=key)["Item"]
        records.append(change("INSERT", item, place, hours_ago=hours_ago))
    return records


def handle(notary, records):
    """Call the handler. Returns the numbers of the records that failed."""
    return [failure["itemIdentifier"] for failure in notary.handler({"Records": records}, Context())["batchItemFailures"]]


def wake(notary, **context):
    assert notary.handler(SCHEDULED, Context(**context)) == {"batchItemFailures": []}


def numbers(records):
    return [record["dynamodb"]["SequenceNumber"] for record in records]


def reader():
    tree = open_sources(URL).tree
    assert tree is not None
    return tree


def tree():
    """The newest checkpoint, and the places in the log that its leaves are of."""
    tree = reader()
    newest = tree.newest()
    return newest, [] if newest is None else [(leaf.stream, leaf.position) for leaf in tree.leaves(0, newest.size)]


def metric_sums(capsys):
    """The sum of each metric over all printed lines."""
    sums: Counter[str] = Counter()
    for line in map(json.loads, capsys.readouterr().out.splitlines()):
        for metric in line.get("_aws", {"CloudWatchMetrics": [{"Metrics": []}]})["CloudWatchMetrics"][0]["Metrics"]:
            sums[metric["Name"]] += sum(line[metric["Name"]])
    return sums


def places(*events):
    return [(recorded.stream, recorded.position) for recorded in events]


def test_a_recorded_event_gets_its_leaf_and_the_schedule_publishes_a_signed_checkpoint(notary, capsys):
    events = [event(1), event(2, "model/m"), event(3)]
    assert handle(notary, append(notary, *events)) == []
    wake(notary)
    newest, leaves = tree()
    assert newest.origin == f"training-events/123456789012/eu-central-1/{TABLE}"
    assert leaves == places(*events)
    [(_, leaf)] = reader().places("model/m")
    assert (leaf.account, leaf.source, leaf.digest) == (ACCOUNT, "tests", events[1].digest)
    assert metric_sums(capsys) == {"LeavesTaken": 3, "CheckpointsPublished": 1}
    wake(notary)
    assert metric_sums(capsys) == {}


def test_what_comes_again_gets_no_second_leaf(notary, capsys):
    records = append(notary, event(1), event(2))
    handle(notary, records)
    assert handle(notary, [*records, *append(notary, event(3))]) == []
    wake(notary)
    assert tree()[1] == places(event(1), event(2), event(3))
    assert metric_sums(capsys) == {"LeavesTaken": 3, "LeavesRepeated": 2, "CheckpointsPublished": 1}


@pytest.mark.parametrize("operation", ["MODIFY", "REMOVE"])
def test_a_record_other_than_an_insert_raises_the_alarm_and_gets_no_leaf(notary, capsys, operation):
    altered = change(operation, to_item(event(2), now()), 9)
    assert handle(notary, [*append(notary, event(1)), altered]) == []
    assert metric_sums(capsys) == {"LeavesTaken": 1, "LogAltered": 1}


def test_an_item_that_the_processor_did_not_put_raises_the_alarm_and_gets_no_leaf(notary, capsys):
    item = to_item(event(2), now())
    forged = [change("INSERT", item | {"data": {"S": "{}"}}, 1), change("INSERT", item | {"more": {"S": "x"}}, 2)]
    foreign = change("INSERT", {"stream": {"S": "nothing"}, "position": {"S": "p"}}, 3)
    assert handle(notary, [*forged, foreign, *append(notary, event(1))]) == []
    assert metric_sums(capsys) == {"LeavesTaken": 1, "LogAltered": 3}


def test_an_event_that_was_removed_and_put_again_raises_the_alarm(notary, capsys):
    handle(notary, append(notary, event(1)))
    again = change("INSERT", to_item(event(1), later(now(), 60), ACCOUNT), 2)
    assert handle(notary, [again]) == []
    assert metric_sums(capsys) == {"LeavesTaken": 1, "LogAltered": 1}


def test_what_could_not_be_taken_is_delivered_again_and_what_was_taken_is_not(notary, capsys, monkeypatch):
    monkeypatch.setattr(ledger, "MAX_EVENTS", 2)
    events = [event(number) for number in range(1, 6)]
    records = append(notary, *events)
    calls = []

    def second_fails(**_):
        calls.append(1)
        if len(calls) == 2:
            raise ConnectionError("as the test wants it")

    notary.dynamodb.meta.events.register("before-call.dynamodb.TransactWriteItems", second_fails)
    failed = handle(notary, records)
    assert failed == numbers(records)[2:]
    assert handle(notary, [record for record in records if record["dynamodb"]["SequenceNumber"] in failed]) == []
    wake(notary)
    assert tree()[1] == places(*events)
    assert metric_sums(capsys) == {"LeavesTaken": 5, "NotaryFailed": 1, "CheckpointsPublished": 1}


def test_a_transaction_whose_answer_was_lost_is_no_second_leaf(notary):
    records = append(notary, event(1), event(2))
    lose_replies(notary.dynamodb, "TransactWriteItems", 1)
    assert handle(notary, records) == []
    handle(notary, records)
    wake(notary)
    assert tree()[1] == places(event(1), event(2))


def test_what_was_recorded_before_the_notary_was_there_is_caught_up_and_the_checkpoint_says_so(notary):
    append(notary, event(1), event(2))
    handle(notary, append(notary, event(3)))
    wake(notary)
    newest, leaves = tree()
    assert sorted(leaves) == sorted(places(event(1), event(2), event(3)))
    assert newest.caught_up == (1, 3)


def test_a_notary_that_was_down_for_longer_than_the_stream_keeps_catches_up(notary, monkeypatch):
    handle(notary, append(notary, event(1)))
    wake(notary)
    append(notary, event(2))
    wake(notary)
    assert tree()[1] == places(event(1))
    tomorrow = later(now(), 21 * 3600)
    monkeypatch.setattr(notary, "now", lambda: tomorrow)
    wake(notary)
    newest, leaves = tree()
    assert leaves == places(event(1), event(2))
    assert newest.caught_up == (1, 2)


def test_what_lambda_gave_up_is_caught_up_when_a_person_asks_for_it(notary):
    handle(notary, append(notary, event(1)))
    wake(notary)
    append(notary, event(2))
    wake(notary)
    assert tree()[1] == places(event(1))
    notary.handler({"catch_up": True}, Context())
    newest, leaves = tree()
    assert leaves == places(event(1), event(2))
    assert newest.caught_up == (1, 2)


def test_what_lambda_gives_up_is_caught_up_by_the_schedule_alone(notary, monkeypatch):
    handle(notary, append(notary, event(1)))
    wake(notary)
    old = append(notary, event(2), hours_ago=21)
    with monkeypatch.context() as failing:
        failing.setattr(notary.ledger, "take", lambda _leaves: 1 / 0)
        for _ in range(3):
            assert handle(notary, old) == numbers(old)
    wake(notary)
    assert tree()[1] == places(event(1)), "Lambda may still hand it over"
    begin = now()
    for hours in (3, 5):
        monkeypatch.setattr(notary, "now", lambda hours=hours: later(begin, hours * 3600))
        wake(notary)
    newest, leaves = tree()
    assert leaves == places(event(1), event(2))
    assert newest.caught_up == (1, 2)
    assert notary.ledger.state().behind_since is None


def test_a_batch_is_taken_although_it_cannot_be_noted_that_it_is_late(notary, monkeypatch, capsys):
    monkeypatch.setattr(notary.ledger, "note_behind", lambda: 1 / 0)
    assert handle(notary, append(notary, event(1), hours_ago=21)) == []
    assert metric_sums(capsys) == {"LeavesTaken": 1, "NotaryFailed": 1}


def test_a_notary_that_follows_the_log_never_walks_through_it(notary):
    wake(notary)
    handle(notary, append(notary, event(1), hours_ago=19))
    assert notary.ledger.state().behind_since is None


def test_any_other_call_is_refused(notary):
    assert list(notary.handler({"catch": True}, Context())) == ["refused"]
    assert notary.ledger.state().woken_at is None


def test_catching_up_that_runs_out_of_time_goes_on_with_the_next_call(notary, monkeypatch):
    append(notary, event(1), event(2), event(3))
    monkeypatch.setattr(notary.log, "audit_all", in_pages_of_one(notary.log.audit_all))
    for size in (1, 2, 3):
        wake(notary, left_milliseconds=1000)
        assert notary.ledger.head().size == size
    wake(notary)
    newest, leaves = tree()
    assert sorted(leaves) == sorted(places(event(1), event(2), event(3)))
    assert newest.caught_up == (0, 3)
    assert notary.ledger.state().catch_up is None


def in_pages_of_one(audit_all):
    """A log whose pages have one record."""

    def pages(after):
        [whole] = audit_all()
        for place in range(int(after or 0), len(whole.records)):
            last = place + 1 == len(whole.records)
            yield whole._replace(records=whole.records[place : place + 1], after=None if last else str(place + 1))

    return pages


def test_what_somebody_altered_is_not_caught_up(notary, capsys):
    records = append(notary, event(1), event(2))
    aws.client("dynamodb").update_item(
        TableName=TABLE,
        Key=records[0]["dynamodb"]["Keys"],
        UpdateExpression="SET #data = :data",
        ExpressionAttributeNames={"#data": "data"},
        ExpressionAttributeValues={":data": {"S": "{}"}},
    )
    wake(notary)
    assert tree()[1] == places(event(2))
    assert metric_sums(capsys)["LogAltered"] == 1


def test_the_key_changes_without_a_break(notary, monkeypatch):
    old, new = notary.settings.checkpoint_keys[0], new_key()
    handle(notary, append(notary, event(1)))
    wake(notary)
    notary = load(monkeypatch, f"{old}, {new}")
    for number in (2, 3):
        handle(notary, append(notary, event(number)))
        wake(notary)
    public_key = aws.client("kms").get_public_key(KeyId=new)["PublicKey"]
    assert [checkpoint.next_key for checkpoint in reader().checkpoints()] == [None, public_key, None]


def test_a_key_that_cannot_sign_checkpoints_is_named(monkeypatch, notary, capsys):
    key = aws.client("kms").create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
    notary = load(monkeypatch, key)
    handle(notary, append(notary, event(1)))
    wake(notary)
    printed = capsys.readouterr().out
    assert "cannot sign checkpoints; allowed: ECC_NIST_P256" in printed
    assert '"NotaryFailed":[1.0]' in printed


def test_a_table_that_was_altered_raises_the_alarm_and_nothing_is_published(notary, capsys):
    handle(notary, append(notary, event(1)))
    wake(notary)
    handle(notary, append(notary, event(2)))
    before = S3Tiles(BUCKET, aws.client("s3")).newest()
    aws.client("dynamodb").delete_item(TableName=OWN, Key={"stream": {"S": "#batch"}, "position": {"S": f"{1:020d}"}})
    wake(notary)
    assert metric_sums(capsys)["NotaryFailed"] == 1
    assert S3Tiles(BUCKET, aws.client("s3")).newest() == before


def test_a_log_whose_address_names_no_notary_is_refused(monkeypatch, notary):
    monkeypatch.setenv("TRAINING_EVENTS_LOG", f"dynamodb://{TABLE}")
    with pytest.raises(notary.MissingSetting, match="names no notary"):
        load(monkeypatch, "a-key")


def registered_model():
    """A run, and the version of a model that it made."""
    artifact = {"uri": "s3://team/model.joblib", "sha256": "c" * 64}
    started = replace(event(1, "run/a"), type="TrainingStarted", data={"hyperparameters": {"alpha": 0.1}})
    registered = replace(event(2, "model/m"), type="ModelRegistered", data={"version": 3, "run": "a", "artifact": artifact})
    return started, registered


def test_it_attests_a_version_of_a_model_from_what_the_log_says(notary):
    handle(notary, append(notary, *registered_model()))
    envelope = notary.handler({"attest": {"stream": "model/m", "version": 3}}, Context())
    public_key = aws.client("kms").get_public_key(KeyId=notary.settings.checkpoint_keys[-1])["PublicKey"]
    statement = json.loads(checked_by_securesystemslib(envelope, public_key))
    assert statement["subject"][0]["digest"] == {"sha256": "c" * 64}
    for asked in ({"stream": "model/m", "version": 4}, {"stream": "m", "version": 3}, {"payload": "mine"}):
        assert list(notary.handler({"attest": asked}, Context())) == ["refused"]


def test_a_reader_trusts_the_key_that_its_environment_names(notary, monkeypatch, tmp_path):
    handle(notary, append(notary, event(1)))
    wake(notary)
    assert not reader().key_is_given
    own = aws.client("kms").get_public_key(KeyId=notary.settings.checkpoint_keys[0])["PublicKey"]
    other = aws.client("kms").get_public_key(KeyId=new_key())["PublicKey"]
    for name, public_key in (("own.der", own), ("other.der", other)):
        (tmp_path / name).write_bytes(public_key)
    monkeypatch.setenv("TRAINING_EVENTS_CHECKPOINT_KEY", str(tmp_path / "own.der"))
    assert reader().key_is_given
    assert tree()[1] == places(event(1))
    monkeypatch.setenv("TRAINING_EVENTS_CHECKPOINT_KEY", str(tmp_path / "other.der"))
    with pytest.raises(BadSignature):
        tree()


def test_a_reader_without_a_bucket_has_no_tree_and_takes_the_buckets_of_both_variables(notary, monkeypatch):
    handle(notary, append(notary, event(1)))
    wake(notary)
    monkeypatch.delenv("TRAINING_EVENTS_NOTARY_BUCKET")
    assert open_sources(URL).tree is None
    monkeypatch.setenv("TRAINING_EVENTS_BUCKET", BUCKET)
    assert tree()[1] == places(event(1))
    assert open_sources(f"dynamodb://{TABLE}").tree is None


def test_it_attests_with_the_key_of_the_newest_checkpoint_also_while_the_key_changes(notary, monkeypatch):
    old, new = notary.settings.checkpoint_keys[0], new_key()
    handle(notary, append(notary, *registered_model()))
    wake(notary)
    notary = load(monkeypatch, f"{old}, {new}")
    signed_by = []
    for number in (3, 4, 5):
        envelope = notary.handler({"attest": {"stream": "model/m", "version": 3}}, Context())
        newest = reader().newest_signed()
        checked_by_securesystemslib(envelope, newest.key)
        signed_by.append(newest.key)
        handle(notary, append(notary, event(number)))
        wake(notary)
    of_old, of_new = (aws.client("kms").get_public_key(KeyId=key)["PublicKey"] for key in (old, new))
    assert signed_by == [of_old, of_old, of_new]  # the second checkpoint names the new key: the old one signs it
