"""A seal that can be removed sooner than it must stay is found, and nobody is accused who may not see the locks."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
from training_events import aws
from training_events.proof.findings import Finding, Kind
from training_events.proof.s3_seal_store import S3SealStore
from training_events.proof.sealing import seal_stream
from training_events.proof.sqlite_seal_store import SqliteSealStore
from training_events.proof.verification import Verification, verify
from training_events.stores.sqlite.database import Database

from tests.support.dynamodb import aws_in_this_process
from tests.support.fakes import refuse
from tests.support.seals import STREAM, TIMES, InMemorySeals, Recorder, TamperedLog, seal_as_version_0_1_0

BUCKET = "data"
KEY = "seals/run/a/000001.jsonl"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    with aws_in_this_process():
        client = aws.client("s3")
        location = {"LocationConstraint": "eu-central-1"}
        client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=location, ObjectLockEnabledForBucket=True)
        yield client


def a_log() -> TamperedLog:
    log = TamperedLog()
    log.append(Recorder("p").event("e", TIMES[0]))
    return log


def sealed(s3: Any, mode: str | None = "GOVERNANCE", days: int | None = 30) -> TamperedLog:
    """A log with one seal."""
    log = a_log()
    assert seal_stream(log, S3SealStore(BUCKET, s3, mode=mode, days=days), STREAM)
    return log


def verified(log: TamperedLog, s3: Any, **settings: Any) -> Verification:
    return verify(log, S3SealStore(BUCKET, s3, **settings), STREAM)


def the_finding(verification: Verification) -> Finding:
    assert not verification.sound
    assert verification.complete
    [finding] = verification.findings
    assert (finding.kind, finding.seal, finding.position) == (Kind.NOT_LOCKED, 1, None)
    return finding


@pytest.mark.parametrize("mode", ["GOVERNANCE", "COMPLIANCE"])
def test_a_seal_that_is_locked_as_it_says_is_no_finding(s3, mode):
    log = sealed(s3, mode)
    for settings in ({}, {"mode": mode, "days": 30}):
        verification = verified(log, s3, **settings)
        assert (verification.findings, verification.seals.locks) == ([], "checked")


def test_a_seal_without_a_lock_is_found(s3):
    assert "seal 1 is not locked" in the_finding(verified(sealed(s3, None, None), s3)).explanation


def test_a_seal_in_a_bucket_that_cannot_lock_is_found(s3):
    s3.create_bucket(Bucket="plain", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    s3.put_bucket_versioning(Bucket="plain", VersioningConfiguration={"Status": "Enabled"})
    log = a_log()
    seals = S3SealStore("plain", s3)
    assert seal_stream(log, seals, STREAM)
    assert "seal 1 is not locked" in the_finding(verify(log, seals, STREAM)).explanation


def test_a_lock_that_was_shortened_is_found(s3):
    log = sealed(s3)
    until = s3.head_object(Bucket=BUCKET, Key=KEY)["ObjectLockRetainUntilDate"] - timedelta(seconds=1)
    s3.put_object_retention(
        Bucket=BUCKET, Key=KEY, BypassGovernanceRetention=True, Retention={"Mode": "GOVERNANCE", "RetainUntilDate": until}
    )
    assert "the seal says" in the_finding(verified(log, s3)).explanation


def test_a_lock_that_was_made_longer_is_no_finding(s3):
    log = sealed(s3)
    until = s3.head_object(Bucket=BUCKET, Key=KEY)["ObjectLockRetainUntilDate"] + timedelta(days=1)
    s3.put_object_retention(Bucket=BUCKET, Key=KEY, Retention={"Mode": "COMPLIANCE", "RetainUntilDate": until})
    assert verified(log, s3).findings == []


def test_a_lock_in_a_weaker_mode_than_the_seal_says_is_found(s3):
    log = sealed(s3, "COMPLIANCE")
    until = s3.head_object(Bucket=BUCKET, Key=KEY)["ObjectLockRetainUntilDate"]
    s3.put_object_retention(
        Bucket=BUCKET, Key=KEY, BypassGovernanceRetention=True, Retention={"Mode": "GOVERNANCE", "RetainUntilDate": until}
    )
    assert "GOVERNANCE mode; the seal says COMPLIANCE" in the_finding(verified(log, s3)).explanation


@pytest.mark.parametrize(("mode", "days"), [("GOVERNANCE", 31), ("COMPLIANCE", 30)])
def test_a_lock_that_is_less_than_the_settings_of_whoever_verifies_is_found(s3, mode, days):
    log = sealed(s3)
    assert verified(log, s3).sound
    assert "the settings say" in the_finding(verified(log, s3, mode=mode, days=days)).explanation


def test_whoever_may_not_see_locks_gets_no_finding(s3):
    """S3 leaves the lock out of other answers then, as it does where there is none."""
    log = sealed(s3, None, None)
    refuse(s3, "GetObjectRetention", 1, "AccessDenied")
    verification = verified(log, s3)
    assert (verification.findings, verification.seals.locks) == ([], "not shown")


def test_a_lock_that_only_its_own_request_shows_is_a_lock(s3):
    log = sealed(s3)
    head = s3.head_object(Bucket=BUCKET, Key=KEY)
    retention = {"Mode": head["ObjectLockMode"], "RetainUntilDate": head["ObjectLockRetainUntilDate"]}

    def leave_out(parsed: dict[str, Any], **_: Any) -> None:
        del parsed["ObjectLockMode"], parsed["ObjectLockRetainUntilDate"]

    s3.meta.events.register("after-call.s3.HeadObject", leave_out)
    s3.meta.events.register(
        "before-call.s3.GetObjectRetention", lambda **_: (SimpleNamespace(status_code=200), {"Retention": retention})
    )
    verification = verified(log, s3)
    assert (verification.findings, verification.seals.locks) == ([], "checked")


@pytest.mark.parametrize("code", ["NoSuchObjectLockConfiguration", "InvalidRequest", "InternalError"])
def test_what_s3_answers_where_nothing_is_locked_is_understood(s3, code):
    log = sealed(s3, None, None)
    refuse(s3, "GetObjectRetention", 1, code)
    the_finding(verified(log, s3))


def test_a_seal_of_the_first_version_says_nothing_of_its_lock_and_must_have_one(s3):
    log, written = a_log(), InMemorySeals()
    seal_as_version_0_1_0(log, written)
    seals = S3SealStore(BUCKET, s3, mode="GOVERNANCE", days=30)
    seals.write(STREAM, 1, BytesIO(written.contents[STREAM, 1]), seals.lock_of(datetime.now().astimezone().isoformat()))
    assert verified(log, s3).findings == []
    log = a_log()
    S3SealStore(BUCKET, s3).write("run/b", 1, BytesIO(b"x\n"))
    assert Kind.NOT_LOCKED in {finding.kind for finding in verify(log, S3SealStore(BUCKET, s3), "run/b").findings}


def test_nothing_locks_a_file(tmp_path):
    database = Database(str(tmp_path / "log.db"))
    with database.transaction():
        pass
    log, seals = a_log(), SqliteSealStore(database)
    assert seal_stream(log, seals, STREAM)
    verification = verify(log, seals, STREAM)
    assert (verification.findings, verification.seals.locks) == ([], "none")
