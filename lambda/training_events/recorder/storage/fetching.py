"""Fetches what an event names, by its version, and checks the digest: what differs is not handed on."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from training_events.catalogue.stored import digest_of_files
from training_events.errors import Misused, NotFetched, NotStored
from training_events.recorder.storage.content_store import reflink
from training_events.recorder.storage.files import (
    digest_of,
    files_in,
    is_folder,
    local_path,
    one_line_reason,
    printable,
    read_file,
    size_of,
)
from training_events.recorder.storage.objects import parse_object
from training_events.recorder.storage.progress import progress
from training_events.recorder.storage.upload import client, why

if TYPE_CHECKING:
    from training_events.catalogue.stored import Stored
    from training_events.recorder.storage.content_store import ContentStore


def fetched(stored: Stored, folder: Path, *, beside: ContentStore | None = None) -> Path:
    """A copy of a recorded file or folder, in `folder` and under its own name, with the digest that was recorded.

    An object in S3 is fetched by its version, and a file of this machine from its place. `beside` has the files beside a log:
    a log that was moved with them has them there, and no longer at the address in its events. Raises NotFetched.
    """
    uri = stored.uri or ""
    if not uri.startswith(("s3://", "file://")):
        raise NotFetched(
            f"{printable(uri) or 'what has no address'} cannot be fetched; allowed: an address of s3:// or file://"
        )
    if stored.sha256 is None and stored.version_id is None:
        raise NotFetched(f"{printable(uri)} cannot be fetched: neither its digest nor its version in S3 was recorded")
    name = PurePosixPath(uri.rstrip("/")).name if uri.startswith("s3://") else local_path(uri).name
    if name in ("", ".", ".."):
        raise NotFetched(f"{printable(uri)} cannot be fetched: it names no file")
    copy = folder / name
    if os.path.lexists(copy):
        raise NotFetched(f"{printable(uri)} cannot be fetched: {printable(copy)} is there already")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        digest = _from_s3(stored, copy) if uri.startswith("s3://") else _from_disk(stored, copy, beside)
    except (NotStored, BotoCoreError, ClientError, Misused, OSError) as error:
        raise NotFetched(f"{printable(uri)} cannot be fetched: {_reason(error)}") from None
    if stored.sha256 not in (None, digest):
        raise NotFetched(f"{printable(uri)} is not what was recorded: its sha256 was {stored.sha256}, and now it is {digest}")
    return copy


def files_of(stored: Stored, *, beside: ContentStore | None = None) -> list[tuple[str, int]]:
    """The path of each file inside a recorded folder, as it is there now, and its size in bytes. Raises NotFetched."""
    uri = stored.uri or ""
    try:
        if uri.startswith("s3://"):
            return _objects_below(client(), *_bucket_and_prefix(uri))
        return [(name, size_of(file)) for name, file in files_in(_place_on_disk(stored, beside))]
    except (NotStored, BotoCoreError, ClientError, Misused, OSError) as error:
        raise NotFetched(f"{printable(uri)} cannot be listed: {_reason(error)}") from None


def _reason(error: Exception) -> str:
    return why(error) if isinstance(error, ClientError) else one_line_reason(error)


def _from_disk(stored: Stored, copy: Path, beside: ContentStore | None) -> str:
    """Returns the digest of what was copied."""
    source = _place_on_disk(stored, beside)
    if not is_folder(source):
        return _copied(source, copy)
    return digest_of_files((name, _copied(file, copy / name)) for name, file in files_in(source))


def _place_on_disk(stored: Stored, beside: ContentStore | None) -> Path:
    place = local_path(stored.uri)
    if beside is not None and stored.sha256 and stored.is_content_addressed and not os.path.lexists(place):
        return beside.path_of(stored.sha256, folder=str(stored.uri).endswith("/"))
    return place


def _copied(source: Path, copy: Path) -> str:
    copy.parent.mkdir(parents=True, exist_ok=True)
    with progress(f"copying {printable(source.name)}", size_of(source)) as advance, copy.open("xb") as file:
        with source.open("rb", buffering=0) as original:
            shares_blocks = reflink(original.fileno(), file.fileno())
        if shares_blocks:
            return read_file(copy, advance).sha256
        return read_file(source, advance, write=file.write).sha256


def _from_s3(stored: Stored, copy: Path) -> str:
    s3 = client()
    if not str(stored.uri).endswith("/"):
        parts = parse_object(str(stored.uri))
        return _downloaded(s3, parts["bucket"], parts["key"], stored.version_id or parts["version"], copy)
    bucket, prefix = _bucket_and_prefix(str(stored.uri))
    names = [name for name, _ in _objects_below(s3, bucket, prefix)]
    return digest_of_files((name, _downloaded(s3, bucket, prefix + name, None, copy / name)) for name in names)


def _bucket_and_prefix(uri: str) -> tuple[str, str]:
    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    return bucket, prefix


def _objects_below(s3: Any, bucket: str, prefix: str) -> list[tuple[str, int]]:
    """Their names below the prefix, and their sizes. Raises NotStored, ClientError, BotoCoreError."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    objects = [(item["Key"].removeprefix(prefix), item["Size"]) for page in pages for item in page.get("Contents", [])]
    if not objects:
        raise NotStored("there is no object below it")
    for name, _ in objects:
        if {"", ".", ".."} & set(name.split("/")):
            raise NotStored(f"{printable(name)} is no name for a file")
    return objects


def _downloaded(s3: Any, bucket: str, key: str, version: str | None, copy: Path) -> str:
    from s3transfer.manager import TransferManager  # noqa: PLC0415 - for files in S3 only
    from s3transfer.subscribers import BaseSubscriber  # noqa: PLC0415

    class Progress(BaseSubscriber):
        def on_progress(self, future: Any, bytes_transferred: int, **_: Any) -> None:  # noqa: ARG002 - s3transfer passes it
            advance(bytes_transferred)

    at = {"VersionId": version} if version else {}
    size = s3.head_object(Bucket=bucket, Key=key, **at)["ContentLength"]
    copy.parent.mkdir(parents=True, exist_ok=True)
    # after any exception, also Ctrl-C, the manager ends its threads and removes what is there of the file
    with progress(f"fetching {printable(copy.name)}", size) as advance, TransferManager(s3) as manager:
        manager.download(bucket, key, str(copy), at, [Progress()]).result()
    return digest_of(copy).sha256
