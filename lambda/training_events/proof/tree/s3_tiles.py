"""Keeps the tree in S3 under Object Lock, below `notary/`. Each object is written once: the oldest version of a key.

Object Lock keeps that version, but another version or a delete marker can be put over it. So files are found and read by
version, and what lies over one is reported. `checkpoint` alone is written again and again: it is a copy of a locked file.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

from training_events.errors import BadTree, Overtaken
from training_events.proof.s3_locks import lock_from, lock_of
from training_events.proof.tree.log_checkpoint import read_log_checkpoint
from training_events.proof.tree.note import read_note
from training_events.proof.tree.store import CHECKPOINT, CHECKPOINTS, KEYS, LaidOver, LockedFile, Published, checkpoint_path
from training_events.times import now, to_utc_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mypy_boto3_s3 import S3Client

PREFIX = "notary/"
"""What the notary writes, in a bucket that may hold more."""
MAX_ATTEMPTS = 5
"""How often `checkpoint` is written if other workers are faster."""

MAX_REMEMBERED = 256
"""How many files that it wrote a worker remembers, of 8 kB at most: the next checkpoint begins with those at the tree's end."""

CLOCKS_DIFFER = timedelta(hours=1)
"""A lock counts from when a file was about to be put. S3 says when it took it: after further tries, and by its own clock."""

_CHECKPOINTS = PREFIX + CHECKPOINTS
_LOST_RACE = {"PreconditionFailed", "ConditionalRequestConflict"}
_ABSENT = {"NoSuchKey", "404"}


class _File(NamedTuple):
    """The versions of one key."""

    key: str
    oldest: str
    """The version that was written first; empty if only delete markers are left."""
    written: datetime | None = None
    """When, by S3's clock."""
    newer: int = 0
    markers: int = 0


class S3Tiles:
    """A TileStore in one bucket. `mode` and `days` are the lock of what is written, as the settings have it for seals.

    An object that is written without them gets the bucket's default. To read they are not needed; they say then how each file
    has to be locked.
    """

    def __init__(
        self,
        bucket: str,
        client: S3Client,
        *,
        mode: str | None = None,
        days: int | None = None,
        clock: Callable[[], str] = now,
    ) -> None:
        self.bucket = bucket
        self.client = client
        self._mode, self._days, self._clock = mode, days, clock
        self._listed: dict[str, _File] = {}
        self._written: dict[str, bytes] = {}

    def read(self, path: str) -> bytes | None:
        if path in self._written:
            return self._written[path]
        key = PREFIX + path
        if key not in self._listed:
            # with its neighbours, of which there are ten: a tree is mostly read in its order
            self._listed = {file.key: file for file in self._files(Prefix=key[:-1]) if file.oldest}
        return self._content(self._listed[key]) if key in self._listed else None

    def write(self, path: str, content: bytes) -> None:
        if self._written.get(path) != content and not self._put(path, content, IfNoneMatch="*"):
            current = self.read(path)
            if current is None:  # another worker is just writing it
                raise Overtaken(f"{self._address(path)} is being written")
            if current != content:
                raise BadTree(f"{self._address(path)} holds something else than what the notary has to write there")
        if not path.startswith("tile/entries/"):  # these are large, and no worker reads them
            self._remember(path, content)

    def _remember(self, path: str, content: bytes) -> None:
        self._written.pop(path, None)  # the newest is the last
        self._written[path] = content
        if len(self._written) > MAX_REMEMBERED:
            del self._written[next(iter(self._written))]

    def publish(self, note: bytes, size: int) -> None:
        self.write(checkpoint_path(size), note)
        for _ in range(MAX_ATTEMPTS):
            current, condition = self._current()
            if current is not None and _size(current) >= size:
                return
            if self._put(CHECKPOINT, note, locked=False, **condition):
                return
        raise Overtaken(f"other workers wrote {self._address(CHECKPOINT)} {MAX_ATTEMPTS} times meanwhile")

    def published(self) -> Iterator[Published]:
        for file in self._files(Prefix=_CHECKPOINTS):
            if file.oldest and file.written is not None:
                yield Published(self._content(file), to_utc_text(file.written.isoformat()))

    def newest(self) -> bytes | None:
        """As TileStore has it: what `checkpoint` says, unless a larger one was published. Those are locked, it is not."""
        current, _ = self._current()
        known = "" if current is None else PREFIX + checkpoint_path(_size(current))
        behind = {"KeyMarker": known} if known else {}
        larger = [file for file in self._files(Prefix=_CHECKPOINTS, **behind) if file.oldest and file.key > known]
        return self._content(larger[-1]) if larger else current

    def public_keys(self) -> Iterator[bytes]:
        files = self._files(Prefix=PREFIX + KEYS)
        return (self._content(file) for file in files if file.oldest and file.key.endswith(".der"))

    def paths(self) -> Iterator[str]:
        return (file.key.removeprefix(PREFIX) for file in self._files(Prefix=PREFIX) if file.oldest)

    def laid_over(self) -> Iterator[LaidOver]:
        """As TileStore has it: what has another version or a delete marker over it."""
        for file in self._files(Prefix=PREFIX):
            path = file.key.removeprefix(PREFIX)
            newer = 0 if path == CHECKPOINT else file.newer
            if not file.oldest:
                yield LaidOver(path, "a delete marker is all that is left of it")
            elif newer or file.markers:
                yield LaidOver(path, f"{newer} other version(s) and {file.markers} delete marker(s) were laid over it")

    def locked_files(self) -> Iterator[LockedFile]:
        for file in self._files(Prefix=PREFIX):
            path = file.key.removeprefix(PREFIX)
            if path != CHECKPOINT and file.written is not None:
                lock = partial(lock_of, self.client, self.bucket, file.key, file.oldest)
                begin = to_utc_text((file.written - CLOCKS_DIFFER).isoformat())
                yield LockedFile(path, lock, lock_from(begin, self._mode, self._days))

    def _current(self) -> tuple[bytes | None, dict[str, str]]:
        """What `checkpoint` is now, and the condition that it still is when it is written."""
        try:
            answer = self.client.get_object(Bucket=self.bucket, Key=PREFIX + CHECKPOINT)
        except ClientError as refusal:
            if refusal.response["Error"]["Code"] in _ABSENT:
                return None, {"IfNoneMatch": "*"}
            raise
        return answer["Body"].read(), {"IfMatch": answer["ETag"]}

    def _put(self, path: str, content: bytes, *, locked: bool = True, **condition: Any) -> bool:
        """Put an object. Returns False if the condition does not hold."""
        lock_fields: Any = {}
        lock = lock_from(self._clock(), self._mode, self._days) if locked else None
        if lock is not None:
            lock_fields = {"ObjectLockMode": lock.mode, "ObjectLockRetainUntilDate": datetime.fromisoformat(lock.until)}
        try:
            self.client.put_object(
                Bucket=self.bucket,
                Key=PREFIX + path,
                Body=content,
                ContentType=_content_type(path),
                ChecksumAlgorithm="SHA256",  # S3 wants one with Object Lock
                **condition,
                **lock_fields,
            )
        except ClientError as refusal:
            if refusal.response["Error"]["Code"] in _LOST_RACE | _ABSENT:  # absent: it had to match what is gone
                return False
            raise
        return True

    def _content(self, file: _File) -> bytes:
        return self.client.get_object(Bucket=self.bucket, Key=file.key, VersionId=file.oldest)["Body"].read()

    def _files(self, **where: Any) -> Iterator[_File]:
        """The files in the order of their keys."""
        files: dict[str, _File] = {}
        for page in self.client.get_paginator("list_object_versions").paginate(Bucket=self.bucket, **where):
            for version in page.get("Versions", []):  # "returning the most recently stored object first"
                file = files.get(version["Key"], _File(version["Key"], ""))
                files[file.key] = _File(
                    file.key, version["VersionId"], version["LastModified"], file.newer + bool(file.oldest), file.markers
                )
            for marker in page.get("DeleteMarkers", []):
                file = files.get(marker["Key"], _File(marker["Key"], ""))
                files[file.key] = file._replace(markers=file.markers + 1)
            cut = page.get("NextKeyMarker") if page["IsTruncated"] else None  # more versions of this key may follow
            for key in sorted(files.keys() - {cut}):
                yield files.pop(key)

    def _address(self, path: str) -> str:
        return f"s3://{self.bucket}/{PREFIX}{path}"


def _content_type(path: str) -> str:
    is_note = path.startswith(CHECKPOINT) or path.endswith(".next")
    return "text/plain; charset=utf-8" if is_note else "application/octet-stream"


def _size(note: bytes) -> int:
    return read_log_checkpoint(read_note(note).text).size
