"""Exports as DynamoDB writes them to S3, of items that a test has: full and incremental, in several files, altered at will.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html

A test alters what is exported by altering the list of items: `altered`, `without`, or its own.
"""

import gzip
import hashlib
import json
from base64 import b64encode
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zlib import crc32

from training_events.analytics.export_state import (
    PREFIX,
    STATE,
    ExportState,
    FullExport,
    IncrementalExport,
    TableExports,
    write_state,
)

Item = dict[str, Any]

TABLE_ARN = "arn:aws:dynamodb:eu-central-1:123456789012:table/event-log"
READ_MODELS_ARN = "arn:aws:dynamodb:eu-central-1:123456789012:table/read-models"


@dataclass(frozen=True)
class Change:
    """A line of an incremental export: an item before its window and at its end, None where there was none."""

    new: Item | None
    old: Item | None = None
    written_at: str = "2026-11-22T16:00:00.000000Z"
    key_names: tuple[str, ...] = ("stream", "position")

    @property
    def keys(self) -> Item:
        item = self.new or self.old or {}
        return {name: item[name] for name in self.key_names if name in item}


@dataclass
class ExportWriter:
    """Writes exports. `put` gets the key below the folder of exports, and the content."""

    put: Callable[[str, bytes], None]
    prefix: str = PREFIX
    bucket: str = "data"
    files: int = 2
    """How many data files an export has. The last one is empty, as that of an empty partition."""
    count: int = 0
    tables: dict[str, TableExports] = field(default_factory=dict)

    def full(self, items: Iterable[Item], to: str, table_arn: str = TABLE_ARN) -> FullExport:
        """A full export of these items. Its time is `to`."""
        arn = self._next_arn(table_arn)
        lines = [(item, {"Item": _as_json(item)}) for item in items]
        manifest = self._write(arn, table_arn, f"{_id(arn)}/data", lines, {"version": "2020-06-30", "exportTime": to})
        export = FullExport(arn, manifest, to)
        self.tables[table_arn] = TableExports(export)
        return export

    def incremental(self, changes: Iterable[Change], since: str, to: str, table_arn: str = TABLE_ARN) -> IncrementalExport:
        """An incremental export. All of them have their data in one folder: only its manifests say which is its own."""
        arn = self._next_arn(table_arn)
        lines = [(change.keys, _change_as_json(change)) for change in changes]
        about = {
            "version": "2023-08-01",
            "exportFromTime": since,
            "exportToTime": to,
            "outputView": "NEW_AND_OLD_IMAGES",
            "exportType": "INCREMENTAL_EXPORT",
        }
        export = IncrementalExport(arn, self._write(arn, table_arn, "data", lines, about), since, to)
        if table_arn in self.tables:
            before = self.tables[table_arn]
            self.tables[table_arn] = TableExports(before.full, (*before.incrementals, export))
        return export

    def state(self) -> ExportState:
        """Writes state.json, with all that was exported."""
        state = ExportState(tables=self.tables)
        self.put(STATE, write_state(state))
        return state

    def _next_arn(self, table_arn: str) -> str:
        self.count += 1
        return f"{table_arn}/export/{self.count:014d}-a1b2c3d4"

    def _write(self, arn: str, table_arn: str, folder: str, lines: Sequence[tuple[Item, Item]], about: dict[str, str]) -> str:
        root, entries = "AWSDynamoDB", []
        self.put(f"{root}/{_id(arn)}/_started", b"")
        parts: list[list[str]] = [[] for _ in range(self.files)]
        for item, line in lines:  # as partitions do: all items of a stream are in one file, in no order that anybody promises
            parts[crc32(item["stream"]["S"].encode()) % (self.files - 1 or 1)].append(json.dumps(line, separators=(",", ":")))
        for number, part in enumerate(parts):
            content = gzip.compress("".join(f"{line}\n" for line in part).encode(), mtime=0)
            key = f"{root}/{folder}/{_id(arn).partition('-')[0]}{number:012d}.json.gz"
            self.put(key, content)
            digest = hashlib.md5(content, usedforsecurity=False)
            etag = f"{digest.hexdigest()}-1"
            entries.append({"itemCount": len(part), "md5Checksum": b64encode(digest.digest()).decode(), "etag": etag,
                            "dataFileS3Key": f"{self.prefix}/{key}"})  # fmt: skip
        files = f"{root}/{_id(arn)}/manifest-files.json"
        self._put_with_checksum(files, "".join(f"{json.dumps(entry)}\n" for entry in entries).encode())
        summary = f"{root}/{_id(arn)}/manifest-summary.json"
        body = {
            "exportArn": arn, "startTime": "2026-11-22T15:00:00.000Z", "endTime": "2026-11-22T15:05:00.000Z",
            "tableArn": table_arn, "tableId": "12345a12-abcd-123a-ab12-1234abc12345", "s3Bucket": self.bucket,
            "s3Prefix": self.prefix, "s3SseAlgorithm": "AES256", "s3SseKmsKeyId": None,
            "manifestFilesS3Key": f"{self.prefix}/{files}", "billedSizeBytes": 0, "itemCount": len(lines),
            "outputFormat": "DYNAMODB_JSON", **about,
        }  # fmt: skip
        self._put_with_checksum(summary, json.dumps(body).encode())
        return f"{self.prefix}/{summary}"

    def _put_with_checksum(self, key: str, content: bytes) -> None:
        self.put(key, content)
        digest = b64encode(hashlib.md5(content, usedforsecurity=False).digest())
        self.put(f"{key.removesuffix('.json')}.checksum", digest)


def exports_in(folder: Path, **options: Any) -> ExportWriter:
    """Writes exports into this folder."""

    def put(key: str, content: bytes) -> None:
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
        (folder / key).write_bytes(content)

    return ExportWriter(put, **options)


def exports_in_bucket(s3: Any, bucket: str, **options: Any) -> ExportWriter:
    """Writes exports into a bucket, where `export --to s3` lets DynamoDB write them."""
    return ExportWriter(
        lambda key, content: s3.put_object(Bucket=bucket, Key=f"{PREFIX}/{key}", Body=content), bucket=bucket, **options
    )


def items_of_table(client: Any, table: str) -> list[Item]:
    """Every item of a table of an emulator."""
    pages = client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    return [item for page in pages for item in page["Items"]]


def altered(items: Iterable[Item], stream: str, position: str, **attributes: Any) -> list[Item]:
    """The items, with other attributes in one of them."""
    return [item | attributes if _is_at(item, stream, position) else item for item in items]


def without(items: Iterable[Item], stream: str, position: str) -> list[Item]:
    """The items, but for one of them."""
    return [item for item in items if not _is_at(item, stream, position)]


def _is_at(item: Item, stream: str, position: str) -> bool:
    return bool(item["stream"]["S"] == stream and item["position"]["S"] == position)


def _id(arn: str) -> str:
    return arn.rpartition("/")[2]


def _change_as_json(change: Change) -> Item:
    micros = (datetime.fromisoformat(change.written_at) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    line: Item = {"Metadata": {"WriteTimestampMicros": {"N": str(micros)}}, "Keys": _as_json(change.keys)}
    if change.old is not None:
        line["OldImage"] = _as_json(change.old)
    if change.new is not None:
        line["NewImage"] = _as_json(change.new)
    return line


def _as_json(value: Any) -> Any:
    """DynamoDB's low-level form as its JSON: bytes are base64 there."""
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, dict):
        return {name: _as_json(inner) for name, inner in value.items()}
    return [_as_json(inner) for inner in value] if isinstance(value, list | tuple) else value
