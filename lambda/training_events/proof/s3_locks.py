"""How S3 locks an object: what to ask for when it is written, and what it says of it later."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from botocore.exceptions import ClientError

from training_events.proof.seal_format import Lock
from training_events.times import to_utc_text

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def lock_from(moment: str, mode: str | None, days: int | None) -> Lock | None:
    """The lock of what is written at this moment, by these settings; None where they say none."""
    if mode is None or days is None:
        return None
    # a whole second: S3 keeps no finer one
    until = datetime.fromisoformat(moment).replace(microsecond=0) + timedelta(days=days, seconds=1)
    return Lock(mode, to_utc_text(until.isoformat()))


def lock_of(client: S3Client, bucket: str, key: str, version: str) -> Lock | Literal["none", "not shown"]:
    """How a version is locked now; "not shown" where the caller may not know."""
    head = client.head_object(Bucket=bucket, Key=key, VersionId=version)
    lock = _lock(head.get("ObjectLockMode"), head.get("ObjectLockRetainUntilDate"))
    if lock is not None:
        return lock
    # S3 leaves the lock out too where the caller may not see it; this request tells.
    # https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html (x-amz-object-lock-mode)
    try:
        retention = client.get_object_retention(Bucket=bucket, Key=key, VersionId=version)["Retention"]
    except ClientError as refusal:
        return "not shown" if refusal.response["Error"]["Code"] == "AccessDenied" else "none"
    return _lock(retention.get("Mode"), retention.get("RetainUntilDate")) or "none"


def _lock(mode: str | None, until: datetime | None) -> Lock | None:
    return Lock(mode, to_utc_text(until.isoformat())) if mode and until else None
