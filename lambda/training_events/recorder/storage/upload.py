"""One file into S3, checked on the way: what lies there in the end is what was read here, or an error says why not.

boto3's own transfer sends the parts, and S3 checks the SHA-256 of each. Here the file is read once before, as the digest of the
whole goes along with it, and once the file is stored the two are compared: the file may have changed in between.
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
"""Parts are sent side by side: on a slow line one of them may have to wait for the others."""
PART_BYTES = 8 * 2**20
"""A file of this size or more is sent in parts. boto3's default."""
SHA256 = "sha256"
"""The object's metadata that says the digest of the whole, which S3 itself does not know of an upload in parts."""
MAX_PARTS, MAX_PART_BYTES = 10_000, 5 * 2**30
"""S3: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html"""

_SAID = {
    "403": "reading it (s3:GetObject, s3:GetObjectVersion) is denied",
    "404": "there is no such object",
    "NoSuchBucket": "there is no such bucket",
}
"""HeadObject's answers have no body that could tell more."""

_COMPLETED = "after-call.s3.CompleteMultipartUpload"
"""S3's answer to it has the version. The transfer passes it on to nobody."""
_FAILURES = (BotoCoreError, ClientError, OSError, RuntimeError)
"""RuntimeError: a thread is to be started while the program ends."""


def client() -> Any:
    """S3, for requests that carry files."""
    return aws.client("s3", connect_seconds=CONNECT_SECONDS, read_seconds=READ_SECONDS)


def part_bytes_for(size: int, least: int = PART_BYTES) -> int | None:
    """The size of the parts that the transfer sends a file in; none for a file that is sent at once."""
    if size < least:
        return None
    # imported here: most programs never send so large a file
    from s3transfer.utils import ChunksizeAdjuster  # noqa: PLC0415

    return int(ChunksizeAdjuster().adjust_chunksize(least, size))


def upload(path: Path, bucket: str, key: str, s3: Any, least_part_bytes: int = PART_BYTES) -> Stored:
    """Read it, send it, and ask S3 what it has. Raises NotStored."""
    to = f"s3://{bucket}/{key}"
    size = size_of(path)
    if size > MAX_PARTS * MAX_PART_BYTES:
        raise NotStored(f"{printable(path)} is too large for S3: at most {MAX_PARTS} parts of {MAX_PART_BYTES} bytes")
    part_bytes = part_bytes_for(size, least_part_bytes)
    content = digest_of_file(path, part_bytes)
    try:
        version = _send(path, {"Bucket": bucket, "Key": key}, s3, content, part_bytes)
        stored = s3.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED", **({"VersionId": version} if version else {}))
    except _FAILURES as error:
        raise NotStored(f"{printable(path)} was not stored at {printable(to)}: {why(error)}") from None
    if "ChecksumSHA256" not in stored:
        raise NotStored(
            f"{printable(path)} was stored at {printable(to)}, but S3 says no SHA-256 of it: what is there is not certain"
        )
    if (stored["ContentLength"], stored["ChecksumSHA256"]) != (content.size, content.checksum):
        raise NotStored(f"{printable(to)} is not what {printable(path)} was: one of them changed during the upload")
    return Stored(to, version, content.sha256, content.size)


def _send(path: Path, at: dict[str, str], s3: Any, content: ContentDigest, part_bytes: int | None) -> str | None:
    """Returns the version that S3 made of it. A checksum goes with all that is sent: S3 refuses what arrives otherwise."""
    more = {"ChecksumAlgorithm": "SHA256", "Metadata": {SHA256: content.sha256}}
    if part_bytes is None:  # without threads: they cannot be started any more when the program ends
        with path.open("rb") as file:
            return _version(s3.put_object(**at, Body=file, **more))
    from s3transfer.manager import TransferConfig, TransferManager  # noqa: PLC0415
    from s3transfer.subscribers import BaseSubscriber  # noqa: PLC0415

    class Progress(BaseSubscriber):
        def on_progress(self, future: Any, bytes_transferred: int, **_: Any) -> None:  # noqa: ARG002 - as s3transfer has it
            advance(bytes_transferred)

    versions: list[str | None] = []

    def remember(parsed: Any, **_: Any) -> None:
        versions.append(_version(parsed))

    config = TransferConfig(multipart_threshold=part_bytes, multipart_chunksize=part_bytes)
    s3.meta.events.register(_COMPLETED, remember)
    try:
        with progress(f"storing {printable(path.name)}", content.size) as advance, TransferManager(s3, config) as manager:
            # whatever comes between, Ctrl-C too, the manager aborts the upload: its parts are not left behind
            manager.upload(str(path), at["Bucket"], at["Key"], more, [Progress()]).result()
    finally:
        s3.meta.events.unregister(_COMPLETED, remember)
    return versions[-1]


def _version(answer: Any) -> str | None:
    version = answer.get("VersionId")
    return None if version == "null" else version  # "null": the bucket keeps no versions, or none any more


def why(error: Exception) -> str:
    """What AWS answered, on one line."""
    if not isinstance(error, ClientError):
        return one_line_reason(error)
    said = error.response.get("Error", {})
    code = said.get("Code", "")
    return _SAID.get(code) or " ".join(f"{code}: {said.get('Message', '')}".split())
