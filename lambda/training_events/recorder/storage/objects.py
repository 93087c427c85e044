"""Artifacts and datasets as events name them: stored in a bucket, or pinned where they are."""

from __future__ import annotations

import os
import re
from base64 import b64decode
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from training_events import aws
from training_events.catalogue.stored import Stored, digest_of_files
from training_events.errors import Misused, NotStored
from training_events.recorder.storage.files import (
    digest_of,
    files_in,
    is_folder,
    local_path,
    printable,
    uri_of,
)
from training_events.recorder.storage.upload import PART_BYTES, SHA256, client, upload, why
from training_events.redaction.text import redacted_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_S3_URI = re.compile(r"s3://(?P<bucket>[^/]+)/(?P<key>.+?)(\?versionId=(?P<version>[^?&/=]+))?", re.DOTALL)
_S3_PREFIX = re.compile(r"s3://[^/]+/(.*/)?", re.DOTALL)
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
"""A single letter before the colon would be a drive of Windows."""
_SHA256 = re.compile(r"[0-9a-f]{64}")

ALLOWED_PLACES = "the name of a bucket, file:///<absolute path of a folder>, or none"


class FileStore(Protocol):
    """Where a recorder keeps the files that its events name."""

    def store(self, path: str | os.PathLike[str], key: str) -> Stored:
        """Keep a file or a folder. `key` is its name among all that is kept, where things have names. Raises NotStored."""
        ...


class ObjectStore:
    """A FileStore in a bucket. Each file has the digest there that it had when it was read.

    A URI is `s3://<bucket>/<key>` with the key as it is, with blanks and all: `aws s3 cp` takes it like that.
    """

    def __init__(self, bucket: str, client: Callable[[], Any] = client, *, min_part_bytes: int = PART_BYTES) -> None:
        self._bucket, self._client, self._min_part_bytes = bucket, client, min_part_bytes

    def store(self, path: str | os.PathLike[str], key: str) -> Stored:
        """Store a file, or a folder: each file in it under `<key>/`. To store it again makes another version. Raises NotStored.

        A folder has no version, because S3 has no folders. Its digest is `stored.digest_of_files`.
        """
        local = local_path(path)
        folder = is_folder(local)
        if self._bucket.startswith(("file:", "s3:")):
            raise NotStored(f"{printable(local)} was not stored: {self._bucket!a} is no bucket; allowed: {ALLOWED_PLACES}")
        _check_key(key)
        try:
            s3 = self._client()  # a new client each time: a forked process must not share its parent's connections
        except (BotoCoreError, Misused) as error:
            raise NotStored(f"{printable(local)} was not stored in {self._bucket}: {why(error)}") from None
        if not folder:
            return upload(local, self._bucket, key, s3, self._min_part_bytes)
        files = [(name, file, f"{key}/{name}") for name, file in files_in(local)]
        for *_, file_key in files:  # check all of them first: half a folder is of no use
            _check_key(file_key)
        stored = [(name, upload(file, self._bucket, file_key, s3, self._min_part_bytes)) for name, file, file_key in files]
        digest = digest_of_files((name, str(file.sha256)) for name, file in stored)
        return Stored(f"s3://{self._bucket}/{key}/", None, digest, sum(file.bytes or 0 for _, file in stored))


class FilesInPlace:
    """A FileStore that stores nothing: an event names the file where it is, with the digest that it has now."""

    def store(self, path: str | os.PathLike[str], key: str) -> Stored:  # noqa: ARG002 - there is no object to name
        return pin_local(local_path(path))


def pin(dataset: str | os.PathLike[str]) -> Stored:
    """Which content a dataset has, as far as that can be known now. Raises NotStored.

    A local file or folder is read. S3 is asked about an object (`s3://<bucket>/<key>`; with `?versionId=<id>` about that
    version of it). `s3://<bucket>/<prefix>/` and an address with another scheme (`sklearn:load_digits`) are recorded as given.
    """
    if is_remote(dataset):
        uri = str(dataset)
        in_s3 = uri.startswith("s3://") and not _S3_PREFIX.fullmatch(uri)
        return _pin_object(uri) if in_s3 else Stored(uri=redacted_text(uri))
    return pin_local(local_path(dataset))


def is_remote(named: object) -> bool:
    """Whether it is the URI of something that is not a file of this machine."""
    if not isinstance(named, str) or named.startswith("file://"):
        return False
    return named.startswith("s3://") or (_URI.match(named) is not None and not os.path.lexists(named))


def file_name(uri: str) -> str:
    """The last name in a remote URI. Raises NotStored for an S3 address that names no object."""
    if uri.startswith("s3://") and not _S3_PREFIX.fullmatch(uri):
        uri = parse_object(uri)["key"]
    elif "://" in uri:
        uri = re.split("[?#]", uri, maxsplit=1)[0]  # what follows is no part of a name, and may be a signature
    return PurePosixPath(uri).name


def pin_local(path: Path) -> Stored:
    """A file or folder as it is now, where it is. Raises NotStored."""
    folder = is_folder(path)
    content = digest_of(path)
    kept = path.name == content.sha256  # by its content, before: now it is only named again
    return Stored(uri_of(path, folder=folder), None, content.sha256, content.size, in_place=not kept)


def _pin_object(uri: str) -> Stored:
    parts = parse_object(uri)
    bucket, key, version = parts["bucket"], parts["key"], parts["version"]
    if "@" in bucket:  # botocore's own message would print the password
        raise NotStored(
            f"{printable(redacted_text(uri))} is not known: allowed is s3://<bucket>/<key>, without a user or password"
        )
    _check_key(key)
    try:
        head = aws.client("s3").head_object(
            Bucket=bucket, Key=key, ChecksumMode="ENABLED", **({"VersionId": version} if version else {})
        )
    except (BotoCoreError, ClientError, Misused) as error:
        raise NotStored(f"{printable(uri)} is not known: {why(error)}") from None
    current = head.get("VersionId", version)
    version_id = None if current == "null" else current
    uri = f"s3://{bucket}/{key}"
    return Stored(uri, version_id, _digest_in(head), head["ContentLength"], in_place=version_id is None)


def parse_object(uri: str) -> re.Match[str]:
    """The bucket, key and version in the URI of an object. Raises NotStored."""
    if parts := _S3_URI.fullmatch(uri):
        return parts
    raise NotStored(f"{printable(redacted_text(uri))} names no object: s3://<bucket>/<key>, or s3://<bucket>/<prefix>/")


def whole_checksum(head: Any) -> str | None:
    """The SHA-256 of the whole object in a reply to HeadObject, in hex, if S3 itself has computed it.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
    """
    checksum = head.get("ChecksumSHA256", "")
    if checksum and "-" not in checksum and head.get("ChecksumType") != "COMPOSITE":
        return b64decode(checksum).hex()
    return None


def _digest_in(head: Any) -> str | None:
    """The SHA-256 of the whole object: S3's own if it has one, or else the one in the metadata that the uploader wrote."""
    if checksum := whole_checksum(head):
        return checksum
    in_metadata = head["Metadata"].get(SHA256, "").lower()
    return in_metadata if _SHA256.fullmatch(in_metadata) else None


def _check_key(key: str) -> None:
    """Raises NotStored for what is no key, or a key that programs read in different ways."""
    if not key or key.endswith("/") or {".", ".."} & set(key.split("/")):
        raise NotStored(f"{printable(key)} is no name for an object")
    try:
        key.encode()
    except UnicodeEncodeError:
        raise NotStored(f"{printable(key)} is no name for an object: it has no UTF-8 form") from None
