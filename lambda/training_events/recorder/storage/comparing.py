"""Compares files that events name with their digests: on this machine's disk and in S3.

Anybody may have chosen the address in an event. Nothing is read of a file whose size is another one than recorded, or whose
size the event does not say where that would take long, and no address ends the verification of other streams.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from training_events.catalogue.stored import digest_of_files
from training_events.errors import NotStored
from training_events.proof.files import Compared, FileState
from training_events.recorder.storage.files import (
    CHUNK_BYTES,
    digest_with_progress,
    is_folder,
    local_path,
    one_line_reason,
    total_size,
)
from training_events.recorder.storage.objects import parse_object, whole_checksum
from training_events.recorder.storage.upload import client, why

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from training_events.catalogue.stored import Stored
    from training_events.recorder.storage.content_store import ContentStore
    from training_events.recorder.storage.progress import Advance

_GONE = {"404", "NoSuchKey", "NoSuchVersion", "NoSuchBucket", "405", "MethodNotAllowed"}
"""405: the version is a delete marker."""
MAX_UNSAID_BYTES = 4 * 2**30
"""Of a file whose size the event does not say: a few seconds. It may be a file of holes, or all of the kernel's memory."""
_MAX_REMEMBERED = 100_000
"""Results. Most files of a log are named by more than one event: by a run and by a model, say."""


class FileComparer:
    """Called with a file as an event names it, it reads what is there now. Each file is read once.

    `beside` is the folder for files beside the log: a log that was moved with its files has them there, and no longer at the
    address in its events. `advance` gets each further number of bytes. What cannot be asked of AWS is unreadable: the
    next file may be on this machine.
    """

    def __init__(
        self,
        beside: ContentStore | None = None,
        client: Callable[[], Any] = client,
        advance: Advance = lambda _: None,
    ) -> None:
        self._beside, self._new_client, self._advance = beside, client, advance
        self._client: Any = None
        self._compare = lru_cache(_MAX_REMEMBERED)(self._read_and_compare)

    def __call__(self, stored: Stored) -> Compared:
        return self._compare(stored)

    def _read_and_compare(self, stored: Stored) -> Compared:
        uri = stored.uri or ""
        if uri.startswith("file://"):
            return self._compare_local(stored)
        if not uri.startswith("s3://"):
            return Compared(FileState.ELSEWHERE)
        try:
            if self._client is None:
                self._client = self._new_client()
            return self._compare_folder_in_s3(stored) if uri.endswith("/") else self._compare_object(stored)
        except (NotStored, BotoCoreError) as flaw:  # without credentials or a network too: other files can be read
            return Compared(FileState.UNREADABLE, one_line_reason(flaw))
        except ClientError as error:
            if _code(error) in _GONE:
                return Compared(FileState.MISSING, why(error))
            return Compared(FileState.UNREADABLE, why(error))

    def _compare_local(self, stored: Stored) -> Compared:
        try:
            path = self._local(stored)
            if stored.bytes is None and is_folder(path):  # it may be the root of the disk
                return Compared(FileState.UNREADABLE, "the event does not say how many bytes the folder has")
            if (result := _judged_by_size(stored, total_size(path, stored.bytes or 0))) is not None:
                return result
            content = digest_with_progress(path, self._advance)
        except FileNotFoundError:
            return Compared(FileState.MISSING, "there is no such file on this machine")
        except OSError as flaw:
            return Compared(FileState.UNREADABLE, one_line_reason(flaw))
        except NotStored as flaw:
            return Compared(FileState.UNREADABLE, str(flaw))
        return _compared(stored, content.sha256)

    def _local(self, stored: Stored) -> Path:
        """Where the file is. Raises NotStored, and FileNotFoundError if it is nowhere."""
        path = local_path(stored.uri)
        try:
            path.stat()
        except (FileNotFoundError, NotADirectoryError, ValueError):
            if self._beside is None or not stored.is_content_addressed:
                raise FileNotFoundError from None
            path = self._beside.path_of(str(stored.sha256), folder=str(stored.uri).endswith("/"))
            path.stat()
        return path

    def _compare_object(self, stored: Stored) -> Compared:
        parts = parse_object(str(stored.uri))
        at = {"Bucket": parts["bucket"], "Key": parts["key"]}
        if version := stored.version_id or parts["version"]:
            at["VersionId"] = version
        head = self._client.head_object(**at, ChecksumMode="ENABLED")
        if (result := _judged_by_size(stored, head["ContentLength"], reads=whole_checksum(head) is None)) is not None:
            return result
        return _compared(stored, self._digest_of_object(at, head))

    def _compare_folder_in_s3(self, stored: Stored) -> Compared:
        bucket, _, prefix = str(stored.uri).removeprefix("s3://").partition("/")
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        objects = [item for page in pages for item in page.get("Contents", [])]
        if not objects:
            return Compared(FileState.MISSING, "there is no object below it")
        if (result := _judged_by_size(stored, sum(item["Size"] for item in objects))) is not None:
            return result
        files = []
        for item in objects:
            at = {"Bucket": bucket, "Key": item["Key"]}
            head = self._client.head_object(**at, ChecksumMode="ENABLED")
            files.append((item["Key"].removeprefix(prefix), self._digest_of_object(at, head)))
        return _compared(stored, digest_of_files(files))

    def _digest_of_object(self, at: dict[str, str], head: Any) -> str:
        """S3's own SHA-256 of the whole object. Of an upload in parts S3 has none: then the object is read."""
        if checksum := whole_checksum(head):
            return checksum
        content = sha256()
        for piece in self._client.get_object(**at)["Body"].iter_chunks(CHUNK_BYTES):
            content.update(piece)
            self._advance(len(piece))
        return content.hexdigest()


def _compared(stored: Stored, now: str) -> Compared:
    if now == stored.sha256:
        return Compared(FileState.SAME)
    return Compared(FileState.ALTERED, f"the sha256 recorded is {stored.sha256}, and now it is {now}")


def _judged_by_size(stored: Stored, now: int, *, reads: bool = True) -> Compared | None:
    """The result, where the size alone tells it: before anything is read."""
    if stored.bytes not in (None, now):
        return Compared(FileState.ALTERED, f"it had {stored.bytes} bytes when it was recorded, and now it has {now}")
    if stored.bytes is None and reads and now > MAX_UNSAID_BYTES:
        why = (
            f"the event does not say how many bytes it had, and of more than {MAX_UNSAID_BYTES} they are not read: it has {now}"
        )
        return Compared(FileState.UNREADABLE, why)
    return None


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
