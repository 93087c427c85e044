"""What was exported, as the file beside the exports keeps it."""

import json
from pathlib import Path

import pytest
from training_events.analytics.export_state import Asked, ExportState, TableExports, read_state, write_state
from training_events.errors import BadExport

from tests.support.dynamodb_exports import TABLE_ARN, exports_in

FIRST, SECOND, THIRD = (f"2026-11-22T{hour}:00:00.000000Z" for hour in (15, 16, 17))


@pytest.fixture
def exports(tmp_path: Path) -> TableExports:
    writer = exports_in(tmp_path)
    writer.full([], FIRST)
    writer.incremental([], FIRST, SECOND)
    writer.incremental([], SECOND, THIRD)
    writer.state()
    return read_state((tmp_path / "state.json").read_bytes()).tables[TABLE_ARN]


def test_the_exports_of_a_table_in_the_order_to_read_them(exports: TableExports):
    assert exports.to == THIRD
    assert exports.manifests() == [exports.full.manifest, *(export.manifest for export in exports.incrementals)]
    assert len(set(exports.manifests())) == 3


def test_a_gap_between_windows_is_told(exports: TableExports):
    gap = TableExports(exports.full, exports.incrementals[1:])
    with pytest.raises(BadExport, match=f"begins at {SECOND}, but the one before it ends at {FIRST}; .+ --to s3 --full"):
        gap.manifests()


def test_the_file_is_as_documented():
    asked = Asked("t", FIRST, FIRST, SECOND)
    state = json.loads(write_state(ExportState(asked={TABLE_ARN: asked})))
    assert state == {
        "version": 1,
        "tables": {},
        "asked": {TABLE_ARN: {"token": "t", "at": FIRST, "from": FIRST, "to": SECOND, "arn": None}},
    }
    assert read_state(write_state(ExportState(asked={TABLE_ARN: asked}))).asked == {TABLE_ARN: asked}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "state.json: .+; allowed: what `training-events export --to s3` writes"),
        (b'{"tables": []}', "state.json: Expected `object`"),
        (b'{"version": 2}', "state.json has version 2; allowed: 1"),
    ],
)
def test_a_file_that_is_none(content, message):
    with pytest.raises(BadExport, match=message):
        read_state(content)
