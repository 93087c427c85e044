"""Uploads one file to S3 and checks it: what S3 has in the end is what was read here, or an error says why not.

boto3's own transfer sends the parts, and S3 checks the SHA-256 of each. Here the file is read once before that, because the
digest of the whole is sent along. Afterwards both are compared: the file may have changed in between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from training_events import aws
from training_events.catalogue.stored import Stored
from training_events.errors import NotStored
from training_events.recorder.storage.files import digest_of_file, one_line_reason, printable, size_of
from training_events.recorder.storage.progress import progress

if TYPE_CHECKING:
    from pathlib import Path

    from training_events.recorder.storage.files import ContentDigest

CONNECT_SECONDS, READ_SECONDS = 10.0, 60.0
"""Several parts are sent at once: on a slow line one of them may have to wait for the others."""
PART_BYTES = 8 * 2**20
"""A file of this size or more is sent in parts. boto3's default."""
SHA256 = "sha256"
"""The key of the object's metadata for the digest of the whole. S3 itself does not know it after an upload in parts."""
MAX_PARTS, MAX_PART_BYTES = 10_000, 5 * 2**30
"""S3: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html"""

_MEANINGS = {
    "403": "reading it (s3:GetObject, s3:GetObjectVersion) is denied",
    "404": "there is no such object",
    "NoSuchBucket": "there is no such bucket",
}
"""Of error codes without a message: a reply to HeadObject has no body."""

_COMPLETED = "after-call.s3.CompleteMultipartUpload"
"""S3's reply to it has the version, which the transfer does not return."""
_FAILURES = (BotoCoreError, ClientError, OSError, RuntimeError)
"""RuntimeError: at the end of the program no thread can be started."""


def client() -> Any:
    """An S3 client for requests that carry files."""
    return aws.client("s3", connect_seconds=CONNECT_SECONDS, read_seconds=READ_SECONDS)


def part_bytes_for(size: int, min_part_bytes: int = PART_BYTES) -> int | None:
    """The size of the parts in which the transfer sends a file; None for a file that is sent in one request."""
    if size < min_part_bytes:
        return None
    # imported here: most programs never send so large a file
    from s3transfer.utils import ChunksizeAdjuster  # noqa: PLC0415

    return int(ChunksizeAdjuster().adjust_chunksize(min_part_bytes, size))


def upload(path: Path, bucket: str, key: str, s3: Any, min_part_bytes: int = PART_BYTES) -> Stored:
    """Read the file, send it, and ask S3 what it has. Raises NotStored."""
    to = f"s3://{bucket}/{key}"
    size = size_of(path)
    if size > MAX_PARTS * MAX_PART_BYTES:
        raise NotStored(f"{printable(path)} is too large for S3: at most {MAX_PARTS} parts of {MAX_PART_BYTES} bytes")
    part_bytes = part_bytes_for(size, min_part_bytes)
    content = digest_of_file(path, part_bytes)
    try:
        version = _send(path, {"Bucket": bucket, "Key": key}, s3, content, part_bytes)
        stored = s3.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED", **({"VersionId": version} if version else {}))
    except _FAILURES as error:
        raise NotStored(f"{printable(path)} was not stored at {printable(to)}: {why(error)}") from None
    if "ChecksumSHA256" not in stored:
        raise NotStored(
            f"{printable(path)} was stored at {printable(to)}, but S3 returns no SHA-256 of it: what it has is not certain"
        )
    if (stored["ContentLength"], stored["ChecksumSHA256"]) != (content.size, content.checksum):
        raise NotStored(f"{printable(to)} is not what {printable(path)} was: one of them changed during the upload")
    return Stored(to, version, content.sha256, content.size)


def _send(path: Path, at: dict[str, str], s3: Any, content: ContentDigest, part_bytes: int | None) -> str | None:
    """Returns the version that S3 made. Each request carries a checksum, and S3 refuses content that does not match it."""
    more = {"ChecksumAlgorithm": "SHA256", "Metadata": {SHA256: content.sha256}}
    if part_bytes is None:  # without the transfer: it needs threads, and at the end of the program none can be started
        with path.open("rb") as file:
            return _version(s3.put_object(**at, Body=file, **more))
    from s3transfer.manager import TransferConfig, TransferManager  # noqa: PLC0415
    from s3transfer.subscribers import BaseSubscriber  # noqa: PLC0415

    class Progress(BaseSubscriber):
        def on_progress(self, future: Any, bytes_transferred: int, **_: Any) -> None:  # noqa: ARG002 - s3transfer passes it
            advance(bytes_transferred)

    versions: list[str | None] = []

    def remember(parsed: Any, **_: Any) -> None:
        versions.append(_version(parsed))

    config = TransferConfig(multipart_threshold=part_bytes, multipart_chunksize=part_bytes)
    s3.meta.events.register(_COMPLETED, remember)
    try:
        with progress(f"storing {printable(path.name)}", content.size) as advance, TransferManager(s3, config) as manager:
            # after any exception, also Ctrl-C, the manager aborts the upload, so that no parts are left behind
            manager.upload(str(path), at["Bucket"], at["Key"], more, [Progress()]).result()
    finally:
        s3.meta.events.unregister(_COMPLETED, remember)
    return versions[-1]


def _version(reply: Any) -> str | None:
    version = reply.get("VersionId")
    return None if version == "null" else version  # "null": the bucket keeps no versions, or no longer does


def why(error: Exception) -> str:
    """The reason in AWS's reply, on one line."""
    if not isinstance(error, ClientError):
        return one_line_reason(error)
    reply = error.response.get("Error", {})
    code = reply.get("Code", "")
    return _MEANINGS.get(code) or " ".join(f"{code}: {reply.get('Message', '')}".split())
