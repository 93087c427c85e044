"""Keeps seals in S3 under Object Lock: `seals/<stream>/<number>.jsonl`, written once. The oldest version of a key is the seal.

Object Lock keeps that version, but another version or a delete marker can be put over it. So seals are listed and read by
version, and what lies over a seal is reported.
"""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from botocore.exceptions import ClientError

from training_events.errors import NotAsRecorded, Overtaken
from training_events.event import STREAM_KINDS
from training_events.proof.s3_locks import lock_from, lock_of
from training_events.proof.seal_format import FLAWS, read_seal
from training_events.proof.seal_store import StoredSeal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_s3 import S3Client

    from training_events.proof.seal_format import Lock

CHUNK_BYTES = 2**18
"""How much one request reads. A seal is read as slowly as the log beside it; no connection should stay open that long."""
MAX_NAME_BYTES = 900
"""A key has at most 1,024 bytes (S3 User Guide, "Naming Amazon S3 objects"). The encoded name of a stream can be longer."""

_HASHED = "sha256="
_LOST_RACE = {"PreconditionFailed", "ConditionalRequestConflict"}
_FILE = re.compile(r"([0-9]{6}|[1-9][0-9]{6,17})\.jsonl")


def prefix(stream: str) -> str:
    """The key prefix of a stream's seals. Two streams never share one."""
    kind, _, name = stream.partition("/")
    quoted = quote(name, safe="")
    if len(quoted) > MAX_NAME_BYTES:
        quoted = _HASHED + sha256(name.encode()).hexdigest()  # a quoted name never has a '='
    elif quoted in (".", ".."):  # some programs treat these as folders
        quoted = quoted.replace(".", "%2E")
    return f"seals/{kind}/{quoted}/"


class S3SealStore:
    """The seals in one bucket. `mode` and `days` are the lock of new seals, as the settings have it.

    A seal that is written without them gets the bucket's default. To read seals they are not needed.
    """

    def __init__(self, bucket: str, client: S3Client, *, mode: str | None = None, days: int | None = None) -> None:
        self.bucket = bucket
        self.client = client
        self._mode, self._days = mode, days

    def streams(self) -> Iterator[str]:
        for kind in STREAM_KINDS:
            pages = self.client.get_paginator("list_object_versions").paginate(
                Bucket=self.bucket, Prefix=f"seals/{kind}/", Delimiter="/"
            )
            folders = (folder["Prefix"] for page in pages for folder in page.get("CommonPrefixes", []))
            for folder in folders:
                yield self._stream(kind, folder)

    def _stream(self, kind: str, folder: str) -> str:
        """The stream whose seals are under this prefix. If its name was too long for a key, the first seal names it."""
        quoted = folder.split("/")[2]
        if not quoted.startswith(_HASHED):
            return f"{kind}/{unquote(quoted)}"
        versions = self.client.list_object_versions(Bucket=self.bucket, Prefix=folder)["Versions"]
        oldest = versions[-1]
        first_line = next(self._lines(oldest["Key"], oldest["VersionId"], oldest["Size"]), b"")
        try:
            return read_seal(first_line).stream
        except FLAWS:
            raise NotAsRecorded(
                f"s3://{self.bucket}/{oldest['Key']} is no seal, and nothing tells which stream it was written for"
            ) from None

    def of(self, stream: str) -> list[StoredSeal]:
        return self._listed(stream)

    def last(self, stream: str, known: int = 0) -> StoredSeal | None:
        # S3 lists keys in their order, a thousand at a time: a list from a late key has one page
        found = self._listed(stream, KeyMarker=_key(stream, known - 1)) if known > 1 else []
        found = found or self._listed(stream)
        return found[-1] if found else None

    def lock_of(self, sealed_at: str) -> Lock | None:
        return lock_from(sealed_at, self._mode, self._days)

    def _listed(self, stream: str, **more: Any) -> list[StoredSeal]:
        versions: dict[int, list[Any]] = defaultdict(list)
        markers: dict[int, int] = defaultdict(int)
        pages = self.client.get_paginator("list_object_versions").paginate(Bucket=self.bucket, Prefix=prefix(stream), **more)
        for page in pages:  # "in the order of their storage, returning the most recently stored object first"
            for version in page.get("Versions", []):
                versions[_number(version["Key"])].append(version)
            for marker in page.get("DeleteMarkers", []):
                markers[_number(marker["Key"])] += 1
        numbers = sorted(number for number in versions.keys() | markers.keys() if number)
        return [self._stored(number, versions[number], markers[number]) for number in numbers]

    def write(self, stream: str, number: int, content: IO[bytes], lock: Lock | None = None) -> None:
        locked: Any = {}
        if lock is not None:
            locked = {"ObjectLockMode": lock.mode, "ObjectLockRetainUntilDate": datetime.fromisoformat(lock.until)}
        try:
            self.client.put_object(
                Bucket=self.bucket,
                Key=_key(stream, number),
                Body=content,
                ContentType="application/x-ndjson",
                ChecksumAlgorithm="SHA256",  # S3 wants one with Object Lock; the next seal names it as `previous`
                IfNoneMatch="*",
                **locked,
            )
        except ClientError as refusal:
            if refusal.response["Error"]["Code"] in _LOST_RACE:
                raise Overtaken(f"{stream!a} has a seal {number} already") from None
            raise

    def _stored(self, number: int, versions: list[Any], markers: int) -> StoredSeal:
        if not versions:
            return StoredSeal(number, lambda: iter(()), "a delete marker is all that is left of it")
        *newer, oldest = versions
        lines = partial(self._lines, oldest["Key"], oldest["VersionId"], oldest["Size"])
        lock = partial(lock_of, self.client, self.bucket, oldest["Key"], oldest["VersionId"])
        laid_over = f"{len(newer)} other version(s) and {markers} delete marker(s) were laid over it"
        return StoredSeal(number, lines, laid_over if newer or markers else None, lock)

    def _lines(self, key: str, version: str, size: int) -> Iterator[bytes]:
        rest = b""
        for start in range(0, size, CHUNK_BYTES):
            answer = self.client.get_object(
                Bucket=self.bucket, Key=key, VersionId=version, Range=f"bytes={start}-{start + CHUNK_BYTES - 1}"
            )
            *lines, rest = (rest + answer["Body"].read()).split(b"\n")
            for line in lines:
                yield line + b"\n"
        if rest:
            yield rest


def _key(stream: str, number: int) -> str:
    return f"{prefix(stream)}{number:06d}.jsonl"


def _number(key: str) -> int:
    """The number in a seal's key; 0 if it is no seal's key."""
    match = _FILE.fullmatch(key.rpartition("/")[2])
    return int(match[1]) if match else 0
