"""Reads what DynamoDB's export to S3 writes: two manifests, and data files of one JSON document a line.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html

Every key here is relative to the folder of exports and begins with `AWSDynamoDB/`, so that an export can be copied anywhere.
AWS does not document what the `.checksum` files beside the manifests hold, so they are not read. Each data file is held
against its MD5 and its number of items, and the sum of these against the number in the summary.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import zlib
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, NoReturn, TypeAlias

import msgspec
from msgspec import Meta, Struct, field

from training_events.errors import BadExport, BadTime
from training_events.times import from_nanoseconds, to_utc_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from training_events.stores.dynamodb.item import Item

OpenFile: TypeAlias = "Callable[[str], bytes]"
"""The content of the file at a key below the folder of exports. Raises FileNotFoundError where there is none."""

SUMMARY = "manifest-summary.json"
_ROOT = "AWSDynamoDB/"
_BELOW_ROOT = re.compile(r"(?:[A-Za-z0-9_-][A-Za-z0-9._-]*/){1,2}[A-Za-z0-9_-][A-Za-z0-9._-]*")
"""`<export id>/<manifest>`, `<export id>/data/<file>` or `data/<file>`. No step leads out of the folder."""


class DataFile(Struct, frozen=True, rename={"key": "dataFileS3Key", "md5": "md5Checksum", "items": "itemCount"}):
    """A data file of an export. `md5` is that of the file as it lies there, in base64."""

    key: str
    items: Annotated[int, Meta(ge=0)]
    md5: str


class Export(Struct, frozen=True):
    """An export that is complete, as its manifests describe it.

    A full export has every item that the table had at `until`; an incremental one what changed from `since` on and before
    `until`, one line an item. Times are texts as in `training_events.times`.
    """

    arn: str
    table_arn: str
    kind: Literal["full", "incremental"]
    since: str | None
    until: str
    items: int
    files: tuple[DataFile, ...]


class ExportedItem(NamedTuple):
    """An item of the table in DynamoDB's low-level form, as its stores read it: `stores.dynamodb.item`, for the log.

    In a full export `new_image` is the item, and `keys`, `old_image` and `written_at` are None. In an incremental one
    `new_image` is the item at the end of the window, None where it was deleted; `old_image` is the item before the window,
    None where there was none.
    """

    keys: Item | None
    new_image: Item | None
    old_image: Item | None
    written_at: str | None


class _Summary(Struct, rename="camel"):
    export_arn: str
    table_arn: str
    manifest_files_key: str = field(name="manifestFilesS3Key")
    item_count: int
    output_format: str
    export_type: str = "FULL_EXPORT"  # a full export's summary does not have it
    output_view: str = "NEW_AND_OLD_IMAGES"
    export_time: str | None = None
    export_from_time: str | None = None
    export_to_time: str | None = None


class _Metadata(Struct):
    written: dict[str, str] = field(name="WriteTimestampMicros")


class _Line(Struct):
    item: dict[str, dict[str, Any]] | None = field(name="Item", default=None)
    metadata: _Metadata | None = field(name="Metadata", default=None)
    keys: dict[str, dict[str, Any]] | None = field(name="Keys", default=None)
    new_image: dict[str, dict[str, Any]] | None = field(name="NewImage", default=None)
    old_image: dict[str, dict[str, Any]] | None = field(name="OldImage", default=None)


_decode_summary = msgspec.json.Decoder(_Summary).decode
_decode_file = msgspec.json.Decoder(DataFile).decode
_decode_line = msgspec.json.Decoder(_Line).decode


def in_folder(folder: Path) -> OpenFile:
    """Opens files of a folder of exports on this machine."""
    return lambda key: (folder / key).read_bytes()


def relative_key(key: str) -> str:
    """A key of the bucket without what stands before the folder `AWSDynamoDB`. Raises BadExport where it is no export's."""
    _, root, below = key.rpartition(_ROOT)
    if not root or not _BELOW_ROOT.fullmatch(below):
        raise BadExport(f"{key!a:.200} is the key of no file of an export; allowed: <prefix>/{_ROOT}<export id>/<file>")
    return root + below


def read_manifest(open_file: OpenFile, manifest_key: str, table_arn: str | None = None) -> Export:
    """The export whose summary is at this key. Raises BadExport: also for an export of another table than this one."""
    key = relative_key(manifest_key)
    try:
        summary = _decode_summary(_content(open_file, key))
    except msgspec.MsgspecError as flaw:
        _refuse(key, str(flaw), "the summary of an export as DynamoDB writes it")
    if table_arn is not None and summary.table_arn != table_arn:
        _refuse(key, f"it is an export of {summary.table_arn!a:.200}", f"one of {table_arn}")
    if summary.output_format != "DYNAMODB_JSON":
        _refuse(key, f"its format is {summary.output_format!a:.40}", "DYNAMODB_JSON")
    if summary.output_view != "NEW_AND_OLD_IMAGES":
        _refuse(key, f"its view is {summary.output_view!a:.40}, without old images", "NEW_AND_OLD_IMAGES")
    since, until = _window(key, summary)
    files = _files(open_file, relative_key(summary.manifest_files_key))
    if (count := sum(file.items for file in files)) != summary.item_count:
        _refuse(key, f"its files have {count} items", f"as many as the summary says, {summary.item_count}")
    kind: Literal["full", "incremental"] = "full" if since is None else "incremental"
    return Export(summary.export_arn, summary.table_arn, kind, since, until, count, files)


def _window(key: str, summary: _Summary) -> tuple[str | None, str]:
    """From when and until when: from the beginning for a full export."""
    if summary.export_type not in ("FULL_EXPORT", "INCREMENTAL_EXPORT"):
        _refuse(key, f"its type is {summary.export_type!a:.40}", "FULL_EXPORT, INCREMENTAL_EXPORT")
    try:
        if summary.export_type == "FULL_EXPORT":
            return None, to_utc_text(summary.export_time)
        return to_utc_text(summary.export_from_time), to_utc_text(summary.export_to_time)
    except BadTime as flaw:
        _refuse(key, flaw.what, "exportTime, or exportFromTime and exportToTime")


def _files(open_file: OpenFile, key: str) -> tuple[DataFile, ...]:
    files: list[DataFile] = []
    for number, line in enumerate(_content(open_file, key).splitlines(), 1):
        try:
            file = _decode_file(line)
        except msgspec.MsgspecError as flaw:
            _refuse(f"{key}, line {number}", str(flaw), "a data file of an export as DynamoDB writes it")
        files.append(msgspec.structs.replace(file, key=relative_key(file.key)))
    return tuple(files)


def read_file(open_file: OpenFile, file: DataFile) -> Iterator[ExportedItem]:
    """The items of a data file, which is read as a whole. Raises BadExport where it is not what the manifest says."""
    return items_of(file, _content(open_file, file.key))


def items_of(file: DataFile, content: bytes) -> Iterator[ExportedItem]:
    """The items in this content of a data file. Raises BadExport, at the latest at its end, where it is no such file."""
    digest = b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
    if digest != file.md5:
        _refuse(file.key, f"its MD5 is {digest}", f"what the manifest says, {file.md5!a:.40}")
    count = 0
    for count, item in enumerate(items(_lines(file.key, content), file.key), 1):  # noqa: B007 - the last one is compared
        yield item
    if count != file.items:
        _refuse(file.key, f"it has {count} items", f"as many as the manifest says, {file.items}")


def _lines(key: str, content: bytes) -> Iterator[bytes]:
    """Unpacked piece by piece: the file of a partition may have several times the bytes that this machine has left."""
    if not content:
        return  # the file of an empty partition
    try:
        yield from gzip.GzipFile(fileobj=io.BytesIO(content))
    except (OSError, EOFError, zlib.error) as flaw:
        _refuse(key, str(flaw), "a file that gzip wrote")


def items(lines: Iterable[bytes], name: str = "the file") -> Iterator[ExportedItem]:
    """The items in the lines of a data file. Raises BadExport; `name` is what it calls the file."""
    for number, line in enumerate(lines, 1):
        try:
            yield _item(_decode_line(line))
        except (msgspec.MsgspecError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as flaw:
            where = f"{name}, line {number}"
            _refuse(where, str(flaw) or type(flaw).__name__, "an item as DynamoDB's export writes it")


def _item(line: _Line) -> ExportedItem:
    if line.item is not None:
        return ExportedItem(None, _in_low_level_form(line.item), None, None)
    if line.metadata is None or line.keys is None:
        raise ValueError("it has neither Item nor Metadata and Keys")
    new, old = line.new_image, line.old_image
    return ExportedItem(
        _in_low_level_form(line.keys),
        None if new is None else _in_low_level_form(new),
        None if old is None else _in_low_level_form(old),
        from_nanoseconds(int(line.metadata.written["N"]) * 1000),
    )


def _in_low_level_form(item: dict[str, dict[str, Any]]) -> Item:
    """The item as AWS's SDK gives it: with bytes where the export has base64."""
    for name, value in item.items():
        if "S" not in value and "N" not in value:
            item[name] = _value(value)
    return item  # type: ignore[return-value]  # whoever reads an attribute checks its type


def _value(value: dict[str, Any]) -> dict[str, Any]:
    [(kind, content)] = value.items()
    match kind:
        case "B":
            return {"B": b64decode(content, validate=True)}
        case "BS":
            return {"BS": [b64decode(element, validate=True) for element in content]}
        case "L":
            return {"L": [_value(element) for element in content]}
        case "M":
            return {"M": {name: _value(element) for name, element in content.items()}}
    return value


def _content(open_file: OpenFile, key: str) -> bytes:
    try:
        return open_file(key)
    except FileNotFoundError:
        _refuse(key, "it is not there", "every file that the manifests name")


def _refuse(where: str, what: str, allowed: str) -> NoReturn:
    raise BadExport(f"{where}: {what}; allowed: {allowed}")
