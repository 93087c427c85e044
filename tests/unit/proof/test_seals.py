"""The text of a seal, sealing beside other processes or after a crash, and what only the store in S3 has to notice."""

import json
from datetime import UTC, datetime
from io import BytesIO
from typing import IO, Any

import pytest
from botocore.exceptions import ClientError
from training_events import aws
from training_events.errors import LogAltered, Overtaken
from training_events.proof.findings import Kind
from training_events.proof.s3_seal_store import S3SealStore, prefix
from training_events.proof.seal_format import Lock
from training_events.proof.seal_store import StoredSeal
from training_events.proof.sealing import seal_stream
from training_events.proof.sqlite_seal_store import SqliteSealStore
from training_events.proof.verification import verify
from training_events.stores.dynamodb.event_log import DynamoDbLog
from training_events.stores.sqlite.database import Database
from training_events.stores.sqlite.event_log import SqliteLog

from tests.support.dynamodb import TABLE, aws_in_this_process, dynamodb_log
from tests.support.fakes import lose_replies, refuse
from tests.support.seals import STREAM, TIMES, InMemorySeals, Recorder, TamperedLog

BUCKET = "data"
KEY = "seals/run/a/000001.jsonl"


def events(count, recorder=None):
    recorder = recorder or Recorder("p")
    return [recorder.event(f"e{number}", TIMES[number]) for number in range(count)]


def log_of(*recorded):
    log = TamperedLog()
    for event in recorded:
        log.append(event)
    return log


def test_a_seal_is_written_in_the_documented_text_format():
    """What was sealed with this version must be readable for as long as it is locked."""
    seals = InMemorySeals()
    clock = iter(["2026-11-22T15:08:40.000001Z", "2026-11-22T15:08:40.000002Z", "2026-11-22T15:08:41.500000Z"])
    log = TamperedLog(clock.__next__)
    for event in events(2):
        log.append(event)
    seal_stream(log, seals, STREAM, lambda: "2026-11-22T15:08:41.000000Z")
    log.append(events(3)[2])
    seal_stream(log, seals, STREAM, lambda: "2026-11-22T15:08:42.000000Z")
    digests = [event.digest for event in events(3)]
    first = seals.contents[STREAM, 1].decode()
    second = seals.contents[STREAM, 2].decode()
    assert first == (
        '{"added":2,"events":2,"first":"2026-11-22T15:08:39.000000Z#e0","frontier":["ROOT"],'
        '"last":"2026-11-22T15:08:39.000001Z#e1","number":1,"root":"ROOT","sealed_at":"2026-11-22T15:08:41.000000Z",'
        '"stream":"run/a"}\n'
        f'["2026-11-22T15:08:39.000000Z#e0","{digests[0]}","2026-11-22T15:08:40.000001Z"]\n'
        f'["2026-11-22T15:08:39.000001Z#e1","{digests[1]}","2026-11-22T15:08:40.000002Z"]\n'
    ).replace("ROOT", json.loads(first.splitlines()[0])["root"])
    first_fields, second_fields = (json.loads(seal.splitlines()[0]) for seal in (first, second))
    assert second_fields.keys() == first_fields.keys() | {"previous", "recorded_after"}
    assert second_fields["recorded_after"] == "2026-11-22T15:08:40.000002Z"
    assert second_fields["frontier"][0] == first_fields["root"]
    assert second.splitlines()[1:] == [f'["2026-11-22T15:08:39.000002Z#e2","{digests[2]}","2026-11-22T15:08:41.500000Z"]']


def test_two_processes_that_seal_at_once_seal_every_event_once():
    """While a process seals, more events arrive and another process seals them. The first then seals what came after that."""
    first, second, third = events(3)
    log, other = log_of(first), InMemorySeals()

    class SlowSeals(InMemorySeals):
        def write(self, stream: str, number: int, content: IO[bytes], lock: Lock | None = None) -> None:
            if not other.contents:
                log.append(second)
                seal_stream(log, other, stream)
                log.append(third)
            super().write(stream, number, content, lock)

    slow = SlowSeals()
    slow.contents = other.contents
    sealed = seal_stream(log, slow, STREAM)
    assert sealed
    assert (sealed.number, sealed.added, sealed.events) == (2, 1, 3)
    verification = verify(log, slow, STREAM)
    assert (verification.sound, verification.seals.count, verification.seals.not_covered) == (True, 2, 0)


def test_a_process_that_is_overtaken_at_every_attempt_raises_overtaken():
    class HiddenSeals(InMemorySeals):
        def last(self, stream: str, known: int = 0) -> StoredSeal | None:  # noqa: ARG002 - as the protocol has it
            return None

        def of(self, stream: str) -> list[StoredSeal]:
            return super().of(stream)[:0]

    seals = HiddenSeals()
    seals.write(STREAM, 1, BytesIO(b"of another process"))
    with pytest.raises(Overtaken):
        seal_stream(log_of(*events(1)), seals, STREAM)


@pytest.mark.parametrize("when", ["before", "after"])
def test_sealing_that_was_interrupted_can_be_repeated(when):
    log = log_of(*events(3))

    class FailingSeals(InMemorySeals):
        failures = 1

        def write(self, stream: str, number: int, content: IO[bytes], lock: Lock | None = None) -> None:
            if when == "after":
                super().write(stream, number, content, lock)
            if self.failures:
                self.failures = 0
                raise TimeoutError
            super().write(stream, number, content, lock)

    seals = FailingSeals()
    with pytest.raises(TimeoutError):
        seal_stream(log, seals, STREAM)
    again = seal_stream(log, seals, STREAM)
    assert (again is None) == (when == "after")
    verification = verify(log, seals, STREAM)
    assert (verification.sound, verification.seals.count, verification.seals.covered) == (True, 1, 3)


@pytest.fixture
def s3():
    with aws_in_this_process():
        client = aws.client("s3")
        location = {"LocationConstraint": "eu-central-1"}
        client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=location, ObjectLockEnabledForBucket=True)
        yield client


def s3_seals(client):
    return S3SealStore(BUCKET, client, mode="COMPLIANCE", days=30)


def test_a_seal_in_s3_is_locked_and_has_its_sha256(s3):
    sealed = seal_stream(log_of(*events(1)), s3_seals(s3), STREAM, lambda: "2026-11-22T15:08:41.250000Z")
    head = s3.head_object(Bucket=BUCKET, Key=KEY, ChecksumMode="ENABLED")
    assert head["ObjectLockMode"] == "COMPLIANCE"
    assert head["ObjectLockRetainUntilDate"] == datetime(2026, 12, 22, 15, 8, 42, tzinfo=UTC)
    assert sealed
    assert (sealed.locked_until, sealed.lock_mode) == ("2026-12-22T15:08:42.000000Z", "COMPLIANCE")
    assert head["ContentType"] == "application/x-ndjson"
    assert head["ChecksumSHA256"]


def test_a_seal_in_s3_is_written_only_where_none_is(s3):
    requests = refuse(s3, "PutObject", times=0, code="")
    seal_stream(log_of(*events(1)), s3_seals(s3), STREAM)
    assert [request.headers["If-None-Match"] for request in requests] == [b"*"]


@pytest.mark.parametrize("code", ["PreconditionFailed", "ConditionalRequestConflict"])
def test_a_process_that_lost_the_race_for_a_number_reads_the_seals_again(s3, code):
    refuse(s3, "PutObject", times=1, code=code)
    with pytest.raises(Overtaken):
        s3_seals(s3).write(STREAM, 1, BytesIO(b"x\n"))
    refuse(s3, "PutObject", times=1, code=code)
    sealed = seal_stream(log_of(*events(1)), s3_seals(s3), STREAM)
    assert sealed
    assert sealed.number == 1


def test_other_errors_of_s3_pass_through(s3):
    refuse(s3, "PutObject", times=1, code="AccessDenied")
    with pytest.raises(ClientError, match="AccessDenied"):
        seal_stream(log_of(*events(1)), s3_seals(s3), STREAM)


def test_a_lost_reply_leaves_one_seal(s3):
    """The SDK tries again, and S3 answers that there is a seal already: its own."""
    lose_replies(s3, "PutObject", times=1)
    log, seals = log_of(*events(2)), s3_seals(s3)
    seal_stream(log, seals, STREAM)
    verification = verify(log, seals, STREAM)
    assert (verification.sound, verification.seals.count, verification.seals.covered) == (True, 1, 2)


def test_a_version_over_a_seal_is_reported_and_the_seal_is_still_read(s3):
    log, seals = log_of(*events(2)), s3_seals(s3)
    seal_stream(log, seals, STREAM)
    truth = s3.get_object(Bucket=BUCKET, Key=KEY)["Body"].read()
    s3.delete_object(Bucket=BUCKET, Key=KEY)
    [finding] = verify(log, seals, STREAM).findings
    assert "0 other version(s) and 1 delete marker(s)" in finding.explanation
    log.overwrite(events(2, Recorder("forger"))[1])
    [seal] = seals.of(STREAM)
    assert b"".join(seal.lines()) == truth
    with pytest.raises(LogAltered):
        seal_stream(log, seals, STREAM)
    assert len(s3.list_object_versions(Bucket=BUCKET)["Versions"]) == 1, "no new seal 1 under a marker that hides the first"
    seals.write(STREAM, 1, BytesIO(b"another truth\n"))  # S3 accepts it: under a delete marker the key counts as free
    [seal] = seals.of(STREAM)
    assert b"".join(seal.lines()) == truth
    verification = verify(log, seals, STREAM)
    assert [(finding.kind, finding.seal) for finding in verification.findings[:2]] == [(Kind.ALTERED, 1), (Kind.BROKEN_SEAL, 1)]
    assert "1 other version(s) and 1 delete marker(s)" in verification.findings[1].explanation


def test_a_delete_marker_alone_is_reported(s3):
    version = s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"no longer locked")["VersionId"]
    s3.delete_object(Bucket=BUCKET, Key=KEY)
    s3.delete_object(Bucket=BUCKET, Key=KEY, VersionId=version)
    [finding] = verify(log_of(*events(1)), s3_seals(s3), STREAM).findings
    assert (finding.kind, finding.seal) == (Kind.BROKEN_SEAL, 1)
    assert "delete marker" in finding.explanation


@pytest.mark.parametrize(
    "name", ["notes.txt", "1.jsonl", "0000001.jsonl", "000000.jsonl", "000001.jsonl.bak", f"{'9' * 40}.jsonl"]
)
def test_objects_with_other_names_are_not_taken_for_seals(s3, name):
    s3.put_object(Bucket=BUCKET, Key=f"seals/run/a/{name}", Body=b"x")
    assert s3_seals(s3).of(STREAM) == []


def test_seals_are_listed_over_many_pages(s3, monkeypatch):
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "3")
    seals = s3_seals(s3)
    for number in range(1, 11):
        seals.write(STREAM, number, BytesIO(b"%d\n" % number))
    assert [(seal.number, seal.disturbance) for seal in seals.of(STREAM)] == [(number, None) for number in range(1, 11)]


def test_the_keys_of_the_longest_streams_fit_in_s3():
    for stream in ("run/" + "x" * 2044, "run/" + "é" * 1022, "dataset/" + "%" * 300, "dataset/" + "%" * 301):
        assert len(f"{prefix(stream)}{10**9}.jsonl") <= 1024
    assert prefix("run/digits-0199a1") == "seals/run/digits-0199a1/"
    assert prefix("model/a/b é") == "seals/model/a%2Fb%20%C3%A9/"


def test_an_altered_item_of_dynamodb_is_named():
    with dynamodb_log() as log:
        recorded = events(3)
        for event in recorded:
            log.append(event)
        seals = InMemorySeals()
        seal_stream(log, seals, STREAM)
        assert verify(log, seals, STREAM).sound
        _put(log, recorded[1].position, {"data": {"S": '{"loss":9}'}})
        _put(log, recorded[2].position, {"data": {"S": "no json"}})
        verification = verify(log, seals, STREAM)
        assert [(finding.kind, finding.position) for finding in verification.findings[:2]] == [
            (Kind.ALTERED, recorded[1].position),
            (Kind.DAMAGED, recorded[2].position),
        ]


def _put(log: DynamoDbLog, position: str, changes: dict[str, Any]) -> None:
    key = {"stream": {"S": STREAM}, "position": {"S": position}}
    item = log.client.get_item(TableName=TABLE, Key=key)["Item"]
    log.client.put_item(TableName=TABLE, Item={**item, **changes})


def test_an_altered_row_of_sqlite_is_named(tmp_path):
    database = Database(str(tmp_path / "log.db"))
    log, seals, recorded = SqliteLog(database), SqliteSealStore(database), events(3)
    for event in recorded:
        log.append(event)
    seal_stream(log, seals, STREAM)
    assert verify(log, seals, STREAM).sound
    with database.transaction() as connection:
        connection.execute("UPDATE events SET type = 'Other' WHERE event_id = 'e1'")
        connection.execute("DELETE FROM events WHERE event_id = 'e2'")
    verification = verify(log, seals, STREAM)
    assert [(finding.kind, finding.position) for finding in verification.findings] == [
        (Kind.ALTERED, recorded[1].position),
        (Kind.MISSING, recorded[2].position),
    ]
    with database.transaction() as connection:
        connection.execute("UPDATE seals SET content = 'x' WHERE line = 2")
    assert Kind.BROKEN_SEAL in {finding.kind for finding in verify(log, seals, STREAM).findings}
