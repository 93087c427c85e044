"""An export is read as it was written; one that is not whole, or not this table's, is refused in one line."""

import gzip
import hashlib
import json
from base64 import b64encode
from pathlib import Path

import pytest
from training_events.analytics.dynamodb_export import (
    DataFile,
    ExportedItem,
    in_folder,
    items,
    items_of,
    read_file,
    read_manifest,
    relative_key,
)
from training_events.errors import BadExport
from training_events.event import Event
from training_events.stores.dynamodb.item import audit_item, entry_of, to_item

from tests.support.dynamodb_exports import READ_MODELS_ARN, TABLE_ARN, Change, ExportWriter, altered, exports_in, without

SINCE, UNTIL = "2026-11-22T16:00:00.000000Z", "2026-11-22T17:00:00.000000Z"
AT = "2026-11-22T15:00:00.000000Z"
STREAMS = ["run/a", "run/b", "model/c"]


def event(stream, number):
    return Event(
        event_id=f"e{number}",
        stream=stream,
        type="Tagged",
        occurred_at=f"2026-11-22T14:00:0{number}.000000Z",
        source="my.team",
        data={"tags": {"line\nfeed": "\u2028 \u00e9 \U0001f600", "number": -0.0}},
    )


EVENTS = [event(stream, number) for stream in STREAMS for number in range(3)]
ITEMS = [to_item(each, AT) for each in EVENTS]


def key(item):
    return item["stream"]["S"], item["position"]["S"]


@pytest.fixture
def writer(tmp_path: Path) -> ExportWriter:
    return exports_in(tmp_path, files=3)


def exported(folder: Path, manifest: str) -> list[ExportedItem]:
    export = read_manifest(in_folder(folder), manifest)
    return [item for file in export.files for item in read_file(in_folder(folder), file)]


def summary(folder: Path, manifest: str) -> Path:
    return folder / relative_key(manifest)


def change_summary(folder: Path, manifest: str, **changes: object) -> None:
    path = summary(folder, manifest)
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def data_file(folder: Path, manifest: str) -> Path:
    export = read_manifest(in_folder(folder), manifest)
    return folder / next(file.key for file in export.files if file.items)


def test_a_full_export(writer: ExportWriter, tmp_path: Path):
    manifest = writer.full(ITEMS, UNTIL).manifest
    export = read_manifest(in_folder(tmp_path), manifest, TABLE_ARN)
    assert (export.kind, export.since, export.until, export.items) == ("full", None, UNTIL, 9)
    assert (export.table_arn, len(export.files)) == (TABLE_ARN, 3)
    found = exported(tmp_path, manifest)
    assert sorted((item.new_image for item in found), key=key) == sorted(ITEMS, key=key)
    assert {item._replace(new_image=None) for item in found} == {ExportedItem(None, None, None, None)}


def test_what_is_read_is_what_the_stores_read(writer: ExportWriter, tmp_path: Path):
    found = exported(tmp_path, writer.full(ITEMS, UNTIL).manifest)
    assert {entry_of(item.new_image).position for item in found} == {each.position for each in EVENTS}
    assert {audit_item(item.new_image).alteration for item in found if item.new_image} == {None}


def test_an_incremental_export(writer: ExportWriter, tmp_path: Path):
    [before] = altered(ITEMS[:1], *key(ITEMS[0]), data={"S": "{}"})
    written_at = "2026-11-22T16:30:00.000123Z"
    changes = [Change(ITEMS[0], before, written_at), Change(ITEMS[1]), Change(None, ITEMS[2])]
    manifest = writer.incremental(changes, SINCE, UNTIL).manifest
    export = read_manifest(in_folder(tmp_path), manifest)
    assert (export.kind, export.since, export.until, export.items) == ("incremental", SINCE, UNTIL, 3)
    found = {item.keys["position"]["S"]: item for item in exported(tmp_path, manifest) if item.keys}
    replaced, new, deleted = (found[item["position"]["S"]] for item in ITEMS[:3])
    assert replaced == ExportedItem({name: ITEMS[0][name] for name in ("stream", "position")}, ITEMS[0], before, written_at)
    assert (new.new_image, new.old_image) == (ITEMS[1], None)
    assert (deleted.new_image, deleted.old_image) == (None, ITEMS[2])


def test_the_data_of_incremental_exports_lies_together_and_is_told_apart(writer: ExportWriter, tmp_path: Path):
    first = writer.incremental([Change(ITEMS[0])], SINCE, UNTIL).manifest
    second = writer.incremental([Change(ITEMS[1])], UNTIL, "2026-11-22T18:00:00.000000Z").manifest
    assert [item.new_image for item in exported(tmp_path, first)] == [ITEMS[0]]
    assert [item.new_image for item in exported(tmp_path, second)] == [ITEMS[1]]


def test_bytes_wherever_they_are(writer: ExportWriter, tmp_path: Path):
    state = {"B": b"\x00\xff{"}
    item = {"stream": {"S": "run/a"}, "state": state, "set": {"BS": [b"a", b""]}, "more": {"M": {"l": {"L": [state]}}}}
    manifest = writer.full([item], UNTIL, READ_MODELS_ARN).manifest
    assert [found.new_image for found in exported(tmp_path, manifest)] == [item]


def test_an_export_that_was_copied_elsewhere(writer: ExportWriter, tmp_path: Path):
    manifest = writer.full(ITEMS, UNTIL).manifest
    (tmp_path / "AWSDynamoDB").rename(tmp_path / "moved")
    (tmp_path / "copy").mkdir()
    (tmp_path / "moved").rename(tmp_path / "copy" / "AWSDynamoDB")
    assert len(exported(tmp_path / "copy", manifest)) == 9


def test_a_summary_whose_keys_lack_the_prefix_as_in_awss_own_example(writer: ExportWriter, tmp_path: Path):
    manifest = writer.full(ITEMS, UNTIL).manifest
    change_summary(tmp_path, manifest, manifestFilesS3Key=relative_key(manifest).replace("summary", "files"))
    assert len(exported(tmp_path, manifest)) == 9


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tableArn": READ_MODELS_ARN}, f"it is an export of '{READ_MODELS_ARN}'; allowed: one of {TABLE_ARN}"),
        ({"outputFormat": "ION"}, "its format is 'ION'; allowed: DYNAMODB_JSON"),
        ({"exportType": "PARTIAL"}, "its type is 'PARTIAL'; allowed: FULL_EXPORT, INCREMENTAL_EXPORT"),
        ({"exportTime": None}, "allowed: exportTime, or exportFromTime and exportToTime"),
        ({"exportTime": "yesterday"}, "the time is 'yesterday'; allowed: exportTime"),
        ({"exportType": "INCREMENTAL_EXPORT", "outputView": "NEW_IMAGE"}, "its view is 'NEW_IMAGE', without old images"),
        ({"itemCount": 8}, "its files have 9 items; allowed: as many as the summary says, 8"),
        ({"itemCount": "nine"}, "Expected `int`, got `str`"),
        ({"manifestFilesS3Key": "analytics/exports/AWSDynamoDB/e/none.json"}, "AWSDynamoDB/e/none.json: it is not there"),
        ({"manifestFilesS3Key": "AWSDynamoDB/../../secrets"}, "is the key of no file of an export"),
    ],
)
def test_a_summary_that_is_none(writer: ExportWriter, tmp_path: Path, changes, message):
    manifest = writer.full(ITEMS, UNTIL).manifest
    change_summary(tmp_path, manifest, **changes)
    with pytest.raises(BadExport) as refusal:
        read_manifest(in_folder(tmp_path), manifest, TABLE_ARN)
    assert message in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"exportArn": "a"}'])
def test_a_summary_that_is_no_json_of_an_export(writer: ExportWriter, tmp_path: Path, content):
    manifest = writer.full(ITEMS, UNTIL).manifest
    summary(tmp_path, manifest).write_bytes(content)
    with pytest.raises(BadExport, match=r"manifest-summary\.json: .+; allowed: the summary of an export"):
        read_manifest(in_folder(tmp_path), manifest)


def test_a_summary_that_is_not_there(tmp_path: Path):
    with pytest.raises(BadExport, match="it is not there; allowed: every file that the manifests name"):
        read_manifest(in_folder(tmp_path), "AWSDynamoDB/e/manifest-summary.json")


def test_a_list_of_files_with_a_line_that_is_none(writer: ExportWriter, tmp_path: Path):
    manifest = writer.full(ITEMS, UNTIL).manifest
    files = summary(tmp_path, manifest).with_name("manifest-files.json")
    first = files.read_text().splitlines()[0]
    files.write_text(f"{first}\n{first[:-5]}\n")
    with pytest.raises(BadExport, match=r"manifest-files\.json, line 2: .+; allowed: a data file of an export"):
        read_manifest(in_folder(tmp_path), manifest)


def test_a_data_file_that_was_altered(writer: ExportWriter, tmp_path: Path):
    manifest = writer.full(ITEMS, UNTIL).manifest
    path = data_file(tmp_path, manifest)
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()).replace(b"my.team", b"my.peer")))
    with pytest.raises(BadExport, match=r"json\.gz: its MD5 is .+; allowed: what the manifest says, "):
        exported(tmp_path, manifest)


def test_a_data_file_that_is_gone(writer: ExportWriter, tmp_path: Path):
    manifest = writer.full(ITEMS, UNTIL).manifest
    data_file(tmp_path, manifest).unlink()
    with pytest.raises(BadExport, match=r"json\.gz: it is not there"):
        exported(tmp_path, manifest)


def listed(content: bytes, items: int) -> DataFile:
    md5 = hashlib.md5(content, usedforsecurity=False).digest()
    return DataFile("AWSDynamoDB/data/f.json.gz", items, b64encode(md5).decode())


LINE = b'{"Item":{"stream":{"S":"run/a"}}}\n'


@pytest.mark.parametrize(
    ("content", "count", "message"),
    [
        (LINE, 1, r"f\.json\.gz: Not a gzipped file"),
        (gzip.compress(LINE)[:-9], 1, r"f\.json\.gz: .+; allowed: a file that gzip wrote"),
        (gzip.compress(LINE * 2), 1, r"it has 2 items; allowed: as many as the manifest says, 1"),
        (b"", 1, r"it has 0 items; allowed: as many as the manifest says, 1"),
        (gzip.compress(LINE + b"\n"), 2, r"f\.json\.gz, line 2: .+; allowed: an item as DynamoDB's export writes it"),
        (gzip.compress(b"{}\n"), 1, "line 1: it has neither Item nor Metadata and Keys"),
        (gzip.compress(b'{"Item":{"a":"b"}}\n'), 1, "line 1: Expected `object`, got `str`"),
        (gzip.compress(b'{"Item":{"a":{"B":"?"}}}\n'), 1, "line 1: .+; allowed: an item"),
        (gzip.compress(b'{"Item":{"a":{"M":1}}}\n'), 1, "line 1: .+; allowed: an item"),
        (gzip.compress(b'{"Item":{"a":{}}}\n'), 1, "line 1: .+; allowed: an item"),
        (gzip.compress(b'{"Metadata":{"WriteTimestampMicros":{"N":"x"}},"Keys":{}}\n'), 1, "line 1: .+; allowed: an item"),
        (gzip.compress(b'{"Item":{"a":' + b'{"L":[' * 9999 + b"]}" * 9999 + b"}}\n"), 1, "line 1: .+; allowed: an item"),
    ],
    ids=range(12),
)
def test_a_data_file_that_is_not_in_the_format(content, count, message):
    with pytest.raises(BadExport, match=message):
        list(items_of(listed(content, count), content))


def test_an_empty_partition_has_a_file_of_no_bytes_or_of_no_lines():
    assert list(items_of(listed(b"", 0), b"")) == []
    packed = gzip.compress(b"")
    assert list(items_of(listed(packed, 0), packed)) == []


def test_lines_are_read_without_a_file():
    assert [item.new_image for item in items([LINE])] == [{"stream": {"S": "run/a"}}]


@pytest.mark.parametrize("key", ["manifest-summary.json", "AWSDynamoDB/a/b/c/d", "AWSDynamoDB/..", "AWSDynamoDB/a/../b", ""])
def test_a_key_that_no_export_has(key):
    with pytest.raises(BadExport, match="is the key of no file of an export"):
        relative_key(key)


def test_what_a_test_plants(writer: ExportWriter, tmp_path: Path):
    planted = without(altered(ITEMS, *key(ITEMS[0]), data={"S": "{}"}), *key(ITEMS[1]))
    found = exported(tmp_path, writer.full(planted, UNTIL).manifest)
    alterations = [audit_item(item.new_image).alteration for item in found if item.new_image]
    assert len(alterations) == len(ITEMS) - 1
    assert sum(alteration is not None for alteration in alterations) == 1
