"""Where exports and tables are: a folder, or a prefix in a bucket."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from uuid import uuid4

from training_events.errors import Misused

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_IN_S3 = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]+)(?:/(?P<prefix>.*))?")
_MAX_DELETED = 1000
"""https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html"""


class Place(Protocol):
    """Files by names with slashes. Any process that has the address can make one."""

    def read(self, name: str) -> bytes:
        """The content of a file. Raises FileNotFoundError where there is none."""
        ...

    def write(self, name: str, content: bytes) -> None:
        """Write a file, all of it or nothing, in place of one that is there."""
        ...

    def put(self, name: str, file: Path) -> None:
        """The same, with what a file of this machine holds, which may be large."""
        ...

    def names(self, prefix: str) -> Iterator[str]:
        """The names of all files that begin so, in no particular order."""
        ...

    def remove(self, names: Iterable[str]) -> None:
        """Remove these files. One that is not there is no error."""
        ...


def place_at(address: str) -> Place:
    """The place at `s3://<bucket>/<prefix>`, or the folder of this name. Raises Misused."""
    if "://" not in address:
        return _Folder(Path(address).absolute())
    if (found := _IN_S3.fullmatch(address)) is None:
        raise Misused(f"{address!a:.200} is no place; allowed: a folder, or s3://<bucket>/<prefix>")
    return _Bucket(found["bucket"], (found["prefix"] or "").strip("/"))


class _Folder:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, name: str) -> bytes:
        return (self._folder / name).read_bytes()

    def write(self, name: str, content: bytes) -> None:
        unfinished = self._unfinished(name)
        unfinished.write_bytes(content)
        unfinished.replace(self._folder / name)

    def put(self, name: str, file: Path) -> None:
        unfinished = self._unfinished(name)
        with file.open("rb") as source, unfinished.open("wb") as target:
            while some := source.read(2**20):
                target.write(some)
        unfinished.replace(self._folder / name)

    def names(self, prefix: str) -> Iterator[str]:
        files = (path for path in self._folder.rglob("*") if path.is_file())
        names = (path.relative_to(self._folder).as_posix() for path in files)
        return (name for name in names if name.startswith(prefix))

    def remove(self, names: Iterable[str]) -> None:
        for name in names:
            path = self._folder / name
            path.unlink(missing_ok=True)
            for folder in path.parents:
                if folder == self._folder or not folder.is_dir() or any(folder.iterdir()):
                    break
                folder.rmdir()

    def _unfinished(self, name: str) -> Path:
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.with_name(f".{path.name}.{os.getpid()}.{uuid4().hex}.unfinished")


class _Bucket:
    """The client is made at the first use: what runs on another machine gets the place without one."""

    def __init__(self, bucket: str, prefix: str) -> None:
        self._bucket, self._prefix = bucket, f"{prefix}/" if prefix else ""
        self._made: Any = None

    @property
    def _client(self) -> Any:
        if self._made is None:
            from training_events import aws  # noqa: PLC0415 - a folder needs no SDK

            self._made = aws.client("s3")
        return self._made

    def read(self, name: str) -> bytes:
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + name)
        except self._client.exceptions.NoSuchKey:
            raise FileNotFoundError(f"s3://{self._bucket}/{self._prefix}{name}") from None
        content: bytes = answer["Body"].read()
        return content

    def write(self, name: str, content: bytes) -> None:
        self._client.put_object(Bucket=self._bucket, Key=self._prefix + name, Body=content)

    def put(self, name: str, file: Path) -> None:
        with file.open("rb") as content:
            self._client.put_object(Bucket=self._bucket, Key=self._prefix + name, Body=content)

    def names(self, prefix: str) -> Iterator[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix + prefix)
        for page in pages:
            yield from (entry["Key"].removeprefix(self._prefix) for entry in page.get("Contents", []))

    def remove(self, names: Iterable[str]) -> None:
        keys = [{"Key": self._prefix + name} for name in names]
        for start in range(0, len(keys), _MAX_DELETED):
            some = keys[start : start + _MAX_DELETED]
            self._client.delete_objects(Bucket=self._bucket, Delete={"Objects": some, "Quiet": True})
