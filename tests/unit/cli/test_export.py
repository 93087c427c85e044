"""`training-events export`: the log in the formats of others, whole or not at all."""

import json
import sys

import duckdb
import pytest

from tests.support.command_line import make_event, parse_document, record_events, run_cli
from tests.support.exported_log import life, write_lives

LINES = pytest.mark.parametrize("to", ["openlineage", "cloudevents"])


@pytest.fixture
def url(bare_environment, tmp_path):
    return write_lives(tmp_path)


def test_tables_are_written_into_a_folder(url, capsys, tmp_path):
    assert run_cli(capsys, "export", "--to", "parquet", "tables", "--log", url) == (
        0,
        f"tables: {len(life())} events, 4 points, 6 runs, 2 models, 1 dataset\n",
        "",
    )
    assert duckdb.read_parquet(f"{tmp_path}/tables/events/*/*.parquet").count("*").fetchall() == [(len(life()),)]
    code, out, _ = run_cli(capsys, "export", "--to", "parquet", "tables", "--log", url, "--json")
    document = parse_document("export", out)
    assert (code, document["path"], document["events"], document["points"]) == (0, "tables", len(life()), 4)
    assert document["findings"] is None
    code, told, _ = run_cli(capsys, "export", "--to", "parquet", "tables", "--findings", "--log", url)
    assert (code, told) == (0, f"tables: {len(life())} events, 4 points, 6 runs, 2 models, 1 dataset, 4 findings\n")


@LINES
def test_lines_go_to_standard_output_or_into_a_file(to, url, capsys, tmp_path):
    _, printed, _ = run_cli(capsys, "export", "--to", to, "--log", url)
    code, told, _ = run_cli(capsys, "export", "--to", to, "events.ndjson", "--log", url)
    assert code == 0
    assert (tmp_path / "events.ndjson").read_text(encoding="utf-8") == printed
    lines = [json.loads(line) for line in printed.splitlines()]
    assert told.startswith(f"events.ndjson: {len(lines)} ")
    code, out, _ = run_cli(capsys, "export", "--to", to, "events.ndjson", "--log", url, "--json")
    assert parse_document("export", out)["events"] == len(lines)
    assert [path.name for path in tmp_path.iterdir() if "unfinished" in path.name] == []


@LINES
def test_with_a_cursor_a_file_gets_what_is_new(to, url, capsys, tmp_path):
    run_cli(capsys, "export", "--to", to, "first.ndjson", "--cursor", "cursor", "--log", url)
    record_events(url, [make_event("run/new", "TrainingStarted", 90)])
    run_cli(capsys, "export", "--to", to, "second.ndjson", "--cursor", "cursor", "--log", url)
    _, everything, _ = run_cli(capsys, "export", "--to", to, "--log", url)
    first, second = ((tmp_path / f"{name}.ndjson").read_text(encoding="utf-8") for name in ("first", "second"))
    assert len(second.splitlines()) == 1
    assert first + second == everything
    code, _, err = run_cli(capsys, "export", "--to", to, "second.ndjson", "--cursor", "cursor", "--log", url)
    assert code == 2
    assert "is there: with --cursor a file gets only what is new" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--to", "parquet"], "--to parquet needs a folder"),
        (["--to", "parquet", "-"], "--to parquet needs a folder"),
        (["--to", "parquet", "t", "--cursor", "c"], "are for lines"),
        (["--to", "cloudevents", "--findings"], "--findings is a table"),
        (["--to", "cloudevents", "--endpoint", "http://localhost:1"], "--endpoint takes OpenLineage's run events"),
        (["--to", "openlineage", "f", "--endpoint", "http://localhost:1"], "exclude each other"),
        (["--to", "openlineage", "--endpoint", "localhost"], "the endpoint is 'localhost': allowed is http"),
        (["--to", "openlineage", "--json"], "exclude each other: name a file"),
        (["--to", "openlineage", "."], "'.' is a folder"),
        (["--to", "openlineage", "no/such/file"], "there is no folder 'no/such'"),
        (["--to", "openlineage", "f", "--cursor", "no/such"], "there is no folder 'no'"),
        (["--to", "csv", "f"], "'csv' is not one of"),
        ([], "Missing option '--to'"),
    ],
)
def test_what_does_not_go_together_is_told_before_anything_is_read(arguments, message, url, capsys, tmp_path):
    before = sorted(path.name for path in tmp_path.iterdir())
    code, out, err = run_cli(capsys, "export", *arguments, "--log", url)
    assert (code, out) == (2, "")
    assert message in err
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_service_that_is_not_there_is_one_line(url, capsys, monkeypatch):
    monkeypatch.setattr("training_events.interchange.exports.endpoint.FIRST_PAUSE_SECONDS", 0)
    arguments = ["--to", "openlineage", "--endpoint", "http://127.0.0.1:9"]
    code, out, err = run_cli(capsys, "export", *arguments, "--log", url)
    assert (code, out) == (1, "")
    assert "http://127.0.0.1:9/api/v1/lineage did not take a run event, after 5 of 5 attempts" in err


def test_without_pyarrow_it_tells_how_to_get_it(url, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    code, _, err = run_cli(capsys, "export", "--to", "parquet", "tables", "--log", url)
    assert code == 2
    assert "pip install 'training-events[parquet]'" in err
