"""The inputs of a training job, each at one version.

SageMaker reads an object by its key, and knows no versions. So the version is copied to a key that says its content, below
`pinned/` of the data bucket, and a manifest names exactly these copies: what else is put there is no part of the channel.
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_S3DataSource.html

A channel's folder then has the files that it would have without copies: `/opt/ml/input/data/train/digits.npz`.
"""

from __future__ import annotations

import re
from base64 import b64decode
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from botocore.exceptions import ClientError
from msgspec import Struct

from training_events.catalogue.stored import digest_of_files
from training_events.errors import NotStartable, NotStored

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from training_events.catalogue.stored import Stored
    from training_events.errors import JsonPath

PREFIX = "pinned"
MAX_KEY_BYTES = 1024
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html"""
MAX_COPY_BYTES = 5 * 2**30
"""Of one CopyObject. A larger object is copied in parts of this size at most."""
_OBJECT = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(?P<key>.+)", re.DOTALL)
_SHA256 = re.compile(r"[0-9a-f]{64}")
_ABSENT = {"404", "NoSuchKey"}


class Copy(Struct, frozen=True, omit_defaults=True):
    """A version of an object, and the key in the data bucket that its copy has.

    Of a folder, which has no version, `uri` and `key` end with a slash, and `sha256` is the digest of its files.
    """

    uri: str
    key: str
    version_id: str | None = None
    sha256: str | None = None


class Manifest(Struct, frozen=True):
    """An object in the data bucket that names the objects of a channel: those of `names` below `prefix`."""

    key: str
    prefix: str
    names: list[str]

    def content(self) -> bytes:
        return _manifest_content(self.prefix, self.names)


class JobRequest(Struct, frozen=True):
    """A CreateTrainingJob request, as botocore takes it, and what has to be in the bucket before it is sent."""

    request: dict[str, Any]
    bucket: str
    copies: list[Copy] = []
    manifests: list[Manifest] = []


class PinnedSource(NamedTuple):
    """The S3DataSource of a channel, and what has to be there for it."""

    source: dict[str, Any]
    copies: list[Copy]
    manifest: Manifest


def is_pinned(stored: Stored) -> bool:
    """Whether one object is named, in a version or by its digest. A folder in S3 has no version."""
    return not (stored.uri or "").endswith("/") and bool(stored.version_id or stored.sha256)


def is_pinned_folder(stored: Stored) -> bool:
    return (stored.uri or "").endswith("/") and stored.sha256 is not None


def folder_source(stored: Stored, bucket: str, path: JsonPath) -> tuple[dict[str, Any], Copy]:
    """A source of a folder's files, and what has to be copied for it. Raises NotStartable."""
    source = unpinned_source(stored, path)
    if not _SHA256.fullmatch(stored.sha256 or ""):
        raise NotStartable(path, f"the sha256 of its folder is {stored.sha256!a:.80}", "64 hex digits")
    key = f"{PREFIX}/{stored.sha256}/"
    _split(f"s3://{bucket}/{key}", path)
    return {**source, "S3Uri": f"s3://{bucket}/{key}"}, Copy(stored.uri or "", key, None, stored.sha256)


def unpinned_source(stored: Stored, path: JsonPath) -> dict[str, Any]:
    """All that is below the address when the job starts. Raises NotStartable."""
    uri = stored.uri or ""
    _split(uri if not uri.endswith("/") else f"{uri}-", path)
    return {"S3DataType": "S3Prefix", "S3Uri": uri, "S3DataDistributionType": "FullyReplicated"}


def pinned_source(files: Mapping[str, Stored], bucket: str, path: JsonPath) -> PinnedSource:
    """A source of these files, by the names that they have in the channel's folder. Each has to be pinned.

    `path` is where the source is in the request. Raises NotStartable.
    """
    copies: list[Copy] = []
    folder = f"{PREFIX}/{_folder(files, path)}"
    for name, stored in sorted(files.items()):
        if not all(part not in ("", ".", "..") for part in name.split("/")):
            raise NotStartable(path, f"{name!a:.80} is no name for a file", "a key without empty parts, . and ..")
        copies.append(copy_of(stored, bucket, f"{folder}/{name}", path))
    prefix, names = f"s3://{bucket}/{folder}/", sorted(files)
    key = f"{PREFIX}/manifests/{sha256(_manifest_content(prefix, names)).hexdigest()}.json"
    uri = f"s3://{bucket}/{key}"
    source = {"S3DataType": "ManifestFile", "S3Uri": uri, "S3DataDistributionType": "FullyReplicated"}
    return PinnedSource(source, copies, Manifest(key, prefix, names))


def copy_of(stored: Stored, bucket: str, key: str, path: JsonPath) -> Copy:
    """What has to be copied, so that the key has this version. Raises NotStartable."""
    uri = stored.uri or ""
    _split(uri, path)
    _split(f"s3://{bucket}/{key}", path)
    if stored.sha256 is not None and not _SHA256.fullmatch(stored.sha256):
        raise NotStartable(path, f"the sha256 of its object is {stored.sha256!a:.80}", "64 hex digits")
    return Copy(uri, key, stored.version_id, stored.sha256)


def file_name(uri: str) -> str:
    return uri.rpartition("/")[2]


def _folder(files: Mapping[str, Stored], path: JsonPath) -> str:
    """One file: its digest. Otherwise a digest of what pins them all, and of their names."""
    if len(files) == 1 and (digest := next(iter(files.values())).sha256):
        return digest
    parts = [[name, stored.sha256 or [stored.uri, stored.version_id]] for name, stored in sorted(files.items())]
    try:
        return f"set-{sha256(msgspec.json.encode(parts)).hexdigest()}"
    except UnicodeEncodeError:
        raise NotStartable(path, "it has half of a surrogate pair", "text that UTF-8 can encode") from None


def _manifest_content(prefix: str, names: list[str]) -> bytes:
    return msgspec.json.encode([{"prefix": prefix}, *names])


def _split(uri: str, path: JsonPath) -> tuple[str, str]:
    """Bucket and key. Raises NotStartable."""
    found = _OBJECT.fullmatch(uri)
    try:
        size = len(found["key"].encode()) if found else 0
    except UnicodeEncodeError:
        size = 0
    if found is None or not 0 < size <= MAX_KEY_BYTES:
        what = f"{uri!a:.80} is no object in S3" if size <= MAX_KEY_BYTES else f"its object would have a key of {size} bytes"
        raise NotStartable(path, what, f"s3://<bucket>/<key>, with a key of at most {MAX_KEY_BYTES} bytes")
    return found["bucket"], found["key"]


def store_inputs(job: JobRequest, s3: Any, advance: Callable[[str], None] = lambda _: None) -> None:
    """Make the copies and manifests that a request names. What is there already stays; to do it again changes nothing.

    `advance` gets the address of each before it is made. Raises NotStored, and what AWS answers where another attempt may
    succeed. The caller needs s3:GetObject and s3:GetObjectVersion of the sources, and s3:ListBucket of the bucket of a source
    that is a folder; of the data bucket s3:ListBucket, and below its `pinned/` s3:GetObject, s3:PutObject and
    s3:AbortMultipartUpload.
    """
    for copy in job.copies:
        advance(copy.uri)
        if copy.key.endswith("/"):
            _copy_folder(s3, job.bucket, copy)
        elif not _is_there(s3, job.bucket, copy.key, copy.sha256, _origin(copy)):
            _copy(s3, job.bucket, copy)
    for manifest in job.manifests:
        advance(f"s3://{job.bucket}/{manifest.key}")
        content = manifest.content()
        if not _is_there(s3, job.bucket, manifest.key, sha256(content).hexdigest()):
            s3.put_object(
                Bucket=job.bucket,
                Key=manifest.key,
                Body=content,
                ContentType="application/json",
                ChecksumAlgorithm="SHA256",
            )


def _is_there(s3: Any, bucket: str, key: str, digest: str | None, origin: str = "") -> bool:
    """Whether the key has the content that it says. Of a copy that was made in parts S3 knows no digest of the whole: then it
    has to be one of the same origin, because somebody else may have pinned other content with this digest.
    """
    try:
        head = s3.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
    except ClientError as error:
        if error.response["Error"]["Code"] in _ABSENT:
            return False
        raise
    if digest is None:
        return True
    found = _whole_digest(head)
    return found == digest if found is not None else head.get("Metadata", {}).get(_ORIGIN) == origin


_ORIGIN = "copy-of"


def _origin(copy: Copy) -> str:
    """Of any address and version, what fits into an object's metadata."""
    return sha256(msgspec.json.encode([copy.uri, copy.version_id])).hexdigest()


def _copy_folder(s3: Any, bucket: str, copy: Copy) -> None:
    """What lies beside the copies is in the channel too: so the digest is that of all that is there in the end."""
    if _digest_of_folder(s3, bucket, copy.key) == copy.sha256:
        return
    source_bucket, key = _split(f"{copy.uri}-", ())
    prefix = key.removesuffix("-")
    digest = _digest_of_folder(s3, source_bucket, prefix)
    if digest in (None, copy.sha256):  # it is not known of what others uploaded in parts
        for name in _names_below(s3, source_bucket, prefix):
            _copy(s3, bucket, Copy(copy.uri + name, copy.key + name))
        digest = _digest_of_folder(s3, bucket, copy.key)
    if digest != copy.sha256:
        raise NotStored(f"{_shown(copy)} is not what was pinned: the sha256 of its files is {digest}, and not {copy.sha256}")


def _digest_of_folder(s3: Any, bucket: str, prefix: str) -> str | None:
    """None where S3 does not know the digest of each file, and who stored it did not tell."""
    digests: dict[str, str] = {}
    for name in _names_below(s3, bucket, prefix):
        head = s3.head_object(Bucket=bucket, Key=prefix + name, ChecksumMode="ENABLED")
        digest = _whole_digest(head) or head["Metadata"].get("sha256")
        if digest is None:
            return None
        digests[name] = digest
    return digest_of_files(digests.items())


def _names_below(s3: Any, bucket: str, prefix: str) -> list[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    keys = [found["Key"] for page in pages for found in page.get("Contents", ())]
    return [key.removeprefix(prefix) for key in keys if not key.endswith("/")]  # a console's folder is an empty object


def _copy(s3: Any, bucket: str, copy: Copy) -> None:
    source_bucket, source_key = _split(copy.uri, ())
    source = {"Bucket": source_bucket, "Key": source_key} | ({"VersionId": copy.version_id} if copy.version_id else {})
    to = {"Bucket": bucket, "Key": copy.key}
    try:
        head = s3.head_object(**source)
    except ClientError as error:
        if error.response["Error"]["Code"] in _GONE:
            raise NotStored(f"{_shown(copy)} cannot be copied: it is not there (any more), or may not be read") from None
        raise
    if head["ContentLength"] > MAX_COPY_BYTES:
        _copy_in_parts(s3, to, source, head, _origin(copy))
        return
    # no tags: to copy them needs one right more, and the copy is nobody's dataset
    copied = s3.copy_object(**to, CopySource=source, ChecksumAlgorithm="SHA256", TaggingDirective="REPLACE")
    digest = _whole_digest(copied["CopyObjectResult"])
    if copy.sha256 is not None and digest not in (None, copy.sha256):
        raise NotStored(f"{_shown(copy)} is not what was pinned: its sha256 is {digest}, and not {copy.sha256}")


_GONE = {*_ABSENT, "400", "403", "405"}
"""HeadObject's replies have no words: 400 is no version's id, and 405 a version that says that the object was deleted."""


def _copy_in_parts(s3: Any, to: dict[str, str], source: dict[str, str], head: Any, origin: str) -> None:
    size, metadata = head["ContentLength"], {**head.get("Metadata", {}), _ORIGIN: origin}
    upload = s3.create_multipart_upload(**to, ChecksumAlgorithm="SHA256", Metadata=metadata)
    part_of = {**to, "UploadId": upload["UploadId"]}
    try:
        parts = []
        for number, start in enumerate(range(0, size, MAX_COPY_BYTES), 1):
            last = min(start + MAX_COPY_BYTES, size) - 1
            part = s3.upload_part_copy(
                **part_of, PartNumber=number, CopySource=source, CopySourceRange=f"bytes={start}-{last}"
            )["CopyPartResult"]
            checksum = {"ChecksumSHA256": part["ChecksumSHA256"]} if "ChecksumSHA256" in part else {}
            parts.append({"PartNumber": number, "ETag": part["ETag"], **checksum})
        s3.complete_multipart_upload(**part_of, MultipartUpload={"Parts": parts})
    except BaseException:  # parts that nobody completes are paid for
        s3.abort_multipart_upload(**part_of)
        raise


def _whole_digest(head: Any) -> str | None:
    """The SHA-256 of the whole object, in hex, if S3 has computed it."""
    checksum = head.get("ChecksumSHA256", "")
    if checksum and "-" not in checksum and head.get("ChecksumType") != "COMPOSITE":
        return b64decode(checksum).hex()
    return None


def _shown(copy: Copy) -> str:
    version = f" in version {copy.version_id!a:.80}" if copy.version_id else ""
    return f"{copy.uri!a:.200}{version}"
