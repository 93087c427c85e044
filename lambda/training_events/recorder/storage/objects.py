"""Artifacts and datasets as events name them: kept in the bucket, or pinned where they are."""

from __future__ import annotations

import os
import re
from base64 import b64decode
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from training_events import aws
from training_events.catalogue.stored import Stored
from training_events.errors import Misused, NotStored
from training_events.recorder.redaction import without_credentials
from training_events.recorder.storage.files import (
    digest_of,
    digest_of_files,
    files_in,
    is_folder,
    local_path,
    printable,
    uri_of,
)
from training_events.recorder.storage.upload import PART_BYTES, SHA256, client, upload, why

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_S3_URI = re.compile(r"s3://(?P<bucket>[^/]+)/(?P<key>.+?)(\?versionId=(?P<version>[^?&/=]+))?", re.DOTALL)
_S3_PREFIX = re.compile(r"s3://[^/]+/(.*/)?", re.DOTALL)
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
"""One letter before the colon would be a drive of Windows."""
_SHA256 = re.compile(r"[0-9a-f]{64}")


class ObjectStore:
    """Where files are kept: in a bucket, each with the digest it was read with, or without one where they are.

    A URI is `s3://<bucket>/<key>` with the key as it is, blanks and all, which is what `aws s3 cp` takes.
    """

    def __init__(self, bucket: str | None, client: Callable[[], Any] = client, *, least_part_bytes: int = PART_BYTES) -> None:
        self._bucket, self._client, self._least_part_bytes = bucket, client, least_part_bytes

    def store(self, path: str | os.PathLike[str], key: str) -> Stored:
        """A file, or a folder: each file in it under `<key>/`. Kept again it is another version. Raises NotStored.

        Of a folder, which for S3 is none and has no version, the digest is `hashing.digest_of_files`.
        """
        place = local_path(path)
        folder = is_folder(place)
        if self._bucket is None:
            return _where_it_is(place, folder=folder)
        _check(key)
        try:
            s3 = self._client()  # a new one each time: a forked process must not share its parent's connections
        except (BotoCoreError, Misused) as error:
            raise NotStored(f"{printable(place)} was not stored in {self._bucket}: {why(error)}") from None
        if not folder:
            return upload(place, self._bucket, key, s3, self._least_part_bytes)
        files = [(name, file, f"{key}/{name}") for name, file in files_in(place)]
        for *_, whole in files:  # all of them first: half a folder is of no use
            _check(whole)
        stored = [(name, upload(file, self._bucket, whole, s3, self._least_part_bytes)) for name, file, whole in files]
        digest = digest_of_files((name, str(one.sha256)) for name, one in stored)
        return Stored(f"s3://{self._bucket}/{key}/", None, digest, sum(one.bytes or 0 for _, one in stored))


def pin(dataset: str | os.PathLike[str]) -> Stored:
    """Which content a dataset is, as far as it can be known now. Raises NotStored.

    A local file or folder is read. Of an object in S3 (`s3://<bucket>/<key>`, with `?versionId=<id>` that version of it) S3
    says what it knows. `s3://<bucket>/<prefix>/`, and what has another scheme (`sklearn:load_digits`), is taken by its word.
    """
    if is_remote(dataset):
        uri = str(dataset)
        in_s3 = uri.startswith("s3://") and not _S3_PREFIX.fullmatch(uri)
        return _object(uri) if in_s3 else Stored(uri=without_credentials(uri))
    place = local_path(dataset)
    return _where_it_is(place, folder=is_folder(place))


def is_remote(named: object) -> bool:
    """Whether it is the URI of something that is not on this machine."""
    if not isinstance(named, str) or named.startswith("file://"):
        return False
    return named.startswith("s3://") or (_URI.match(named) is not None and not os.path.lexists(named))


def file_name(uri: str) -> str:
    """The last name in the URI of something elsewhere. Raises NotStored for an address in S3 that is none."""
    if uri.startswith("s3://") and not _S3_PREFIX.fullmatch(uri):
        uri = _named(uri)["key"]
    return PurePosixPath(uri).name


def _where_it_is(place: Path, *, folder: bool) -> Stored:
    content = digest_of(place)
    return Stored(uri_of(place, folder=folder), None, content.sha256, content.size)


def _object(uri: str) -> Stored:
    named = _named(uri)
    bucket, key, version = named["bucket"], named["key"], named["version"]
    _check(key)
    try:
        said = aws.client("s3").head_object(
            Bucket=bucket, Key=key, ChecksumMode="ENABLED", **({"VersionId": version} if version else {})
        )
    except (BotoCoreError, ClientError, Misused) as error:
        raise NotStored(f"{printable(uri)} is not known: {why(error)}") from None
    found = said.get("VersionId", version)
    return Stored(f"s3://{bucket}/{key}", None if found == "null" else found, _digest_in(said), said["ContentLength"])


def _named(uri: str) -> re.Match[str]:
    """The bucket, key and version in the URI of an object. Raises NotStored."""
    if named := _S3_URI.fullmatch(uri):
        return named
    raise NotStored(f"{printable(uri)} names no object: s3://<bucket>/<key>, or s3://<bucket>/<prefix>/")


def _digest_in(said: Any) -> str | None:
    """The SHA-256 of the whole: S3's own if it has one, else what who stored it says."""
    checksum = said.get("ChecksumSHA256", "")
    if checksum and "-" not in checksum and said.get("ChecksumType") != "COMPOSITE":
        return b64decode(checksum).hex()
    told = said["Metadata"].get(SHA256, "").lower()
    return told if _SHA256.fullmatch(told) else None


def _check(key: str) -> None:
    """Raises NotStored for what is no key, or none that every program takes for one and the same."""
    if not key or key.endswith("/") or {".", ".."} & set(key.split("/")):
        raise NotStored(f"{printable(key)} is no name for an object")
    try:
        key.encode()
    except UnicodeEncodeError:
        raise NotStored(f"{printable(key)} is no name for an object: it has no UTF-8 form") from None
