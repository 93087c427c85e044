"""`export --to parquet`: three tables that others read."""

import json
import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from training_events.errors import Misused
from training_events.interchange.exports.parquet.export import TableCounts, check_folder, export_tables
from training_events.interchange.exports.parquet.tables import EVENTS, POINTS, RUNS, TABLES
from training_events.interchange.exports.parquet.writer import TableWriter
from training_events.reading.log import Log
from training_events.reading.opening import Sources, open_sources

from tests.support.command_line import make_event
from tests.support.exported_log import life


@pytest.fixture
def folder(sources: Sources, tmp_path: Path) -> Path:
    export_tables(sources, tmp_path / "tables")
    return tmp_path / "tables"


def ask(question: str, folder: Path) -> list[tuple[Any, ...]]:
    """What DuckDB answers; `{events}` in the question is that table."""
    tables = {shape.name: f"read_parquet('{folder}/{shape.name}/**/*.parquet', hive_partitioning = true)" for shape in TABLES}
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        return connection.execute(question.format(**tables)).fetchall()


def test_duckdb_reads_each_event_as_it_was_recorded(sources: Sources, folder: Path):
    rows = ask(
        """SELECT stream, event_id, type, occurred_at, source, schema_version, data, producer_id, producer_sequence, digest,
        kind FROM {events} ORDER BY stream, occurred_at, event_id""",
        folder,
    )
    events = sorted(life(), key=lambda event: (event.stream, event.position))
    assert rows == [
        (
            event.stream,
            event.event_id,
            event.type,
            datetime.fromisoformat(event.occurred_at),
            event.source,
            event.schema_version,
            event.canonical_data.decode(),
            event.producer and event.producer.id,
            event.producer and event.producer.sequence,
            event.digest,
            event.stream.partition("/")[0],
        )
        for event in events
    ]
    [(recorded_at,)] = ask("SELECT recorded_at FROM {events} WHERE stream = 'run/asked'", folder)
    [recorded] = Log(sources).events("run/asked")
    assert recorded_at == datetime.fromisoformat(recorded.recorded_at)


def test_duckdb_reads_points_with_their_microseconds_and_what_is_not_finite(folder: Path):
    rows = ask(
        """SELECT stream, run, metric, step, value, measured_at, attempt, stands, dataset FROM {points}
        WHERE kind = 'run' ORDER BY metric, step""",
        folder,
    )
    grad, first, second = rows
    assert (grad[2], grad[3], math.isnan(grad[4])) == ("grad", None, True)
    assert first[:5] == ("run/digits-0", "digits-0", "loss", 1.0, 0.5)
    assert second[5:] == (datetime(2026, 11, 22, 15, 8, 11, 1, UTC), 1, True, None)


def test_duckdb_reads_the_points_of_a_logged_model_with_the_data_that_they_are_of(folder: Path):
    [row] = ask("SELECT stream, run, metric, value, attempt, stands, dataset FROM {points} WHERE kind = 'model'", folder)
    assert row == ("model/m-1", "digits-0", "loss", 0.5, None, True, "held out")


def test_duckdb_reads_runs_with_what_has_names(folder: Path):
    rows = ask(
        """SELECT run, status, model, group_name, attempts, commit, dirty, error, metrics['loss'].best, metrics['loss'].last,
        hyperparameters['optimizer.name'], hyperparameters['layers'], tags['folds'], datasets[1].version_id, len(datasets)
        FROM {runs} ORDER BY run""",
        folder,
    )
    assert [row[:3] for row in rows] == [
        ("asked", "requested", "digits"),
        ("digits-0", "completed", "digits"),
        ("digits-1", "failed", "digits"),
        ("inner", "running", None),
        ("job", "failed", None),
        ("stopped", "stopped", None),
    ]
    assert rows[1][3:] == ("sweep-7", 1, "c0ffee", False, None, 0.25, 0.25, "adam", "[1,2]", "5", "v1", 4)
    assert rows[2][4:8] == (2, None, None, "ValueError: boom")


def test_pandas_reads_each_table_with_its_types(folder: Path):
    events, points, runs = (pd.read_parquet(folder / name) for name in ("events", "points", "runs"))
    assert list(points["value"].fillna(-1)) == [0.5, 0.5, 0.25, -1.0]
    assert set(events["kind"]) == {"run", "model", "dataset"}
    for table, names in (
        (events, ["occurred_at", "recorded_at"]),
        (points, ["measured_at"]),
        (runs, ["started_at", "finished_at"]),
    ):
        assert {str(table[name].dtype) for name in names} == {"datetime64[us, UTC]"}
    assert dict(runs.set_index("run").loc["digits-0", "tags"]) == {"group": "sweep-7", "folds": "5"}


def test_the_columns_are_those_that_are_documented_with_their_meaning(folder: Path):
    from pyarrow import parquet  # noqa: PLC0415 - only this test needs it

    for shape in TABLES:
        schema = parquet.read_schema(next((folder / shape.name).rglob("*.parquet")))
        assert schema.names == [column.name for column in shape.columns]
        assert [field.metadata[b"description"].decode() for field in schema] == [column.meaning for column in shape.columns]


def test_the_same_log_gives_the_same_files(sources: Sources, folder: Path, tmp_path: Path):
    export_tables(sources, tmp_path / "again")
    contents = [
        {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        for root in (folder, tmp_path / "again")
    ]
    assert contents[0] == contents[1]


def test_an_export_takes_the_place_of_an_earlier_one(sources: Sources, folder: Path, tmp_path: Path):
    (folder / "events" / "kind=run" / "part-00099.parquet").write_bytes(b"of an earlier, larger log")
    counts = export_tables(sources, folder)
    assert counts == TableCounts(events=len(life()), points=4, runs=6)
    assert ask("SELECT count(*) FROM {events}", folder) == [(counts.events,)]
    assert json.loads((folder / "_training_events.json").read_text(encoding="utf-8"))["rows"]["points"] == 4
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_an_export_that_is_interrupted_leaves_the_earlier_one(
    error: type[BaseException], sources: Sources, folder: Path, tmp_path: Path
):
    def interrupt(done: int, _total: int) -> None:
        if done == 3:
            raise error

    before = sorted(folder.rglob("*"))
    for target in (folder, tmp_path / "new"):
        with pytest.raises(error):
            export_tables(sources, target, interrupt)
    assert sorted(folder.rglob("*")) == before
    assert not (tmp_path / "new").exists()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_folder_of_somebody_is_never_replaced(sources: Sources, tmp_path: Path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years")
    with pytest.raises(Misused, match="holds what no export made"):
        export_tables(sources, tmp_path / "mine")
    with pytest.raises(Misused, match="is a file"):
        check_folder(tmp_path / "mine" / "thesis.txt")
    with pytest.raises(Misused, match="there is no folder"):
        check_folder(tmp_path / "a" / "b")
    (tmp_path / "empty").mkdir()
    export_tables(sources, tmp_path / "empty")
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years"


def test_what_grows_large_goes_on_in_further_row_groups_and_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    writer = "training_events.interchange.exports.parquet.writer"
    monkeypatch.setattr(f"{writer}.MAX_FILE_BYTES", 100)
    rows = [("run/a", "a", "loss", float(step), 1.0, None, 1, True, None) for step in range(25)]
    with TableWriter(tmp_path / "points", POINTS._replace(group_rows=10)) as points:
        points.add(rows)
    assert len(list((tmp_path / "points").iterdir())) == 3
    assert pd.read_parquet(tmp_path / "points")["step"].tolist() == [row[3] for row in rows]


def test_large_data_is_held_in_small_groups(monkeypatch: pytest.MonkeyPatch, sources: Sources, tmp_path: Path):
    from pyarrow import parquet  # noqa: PLC0415 - only this test needs it

    monkeypatch.setattr("training_events.interchange.exports.parquet.writer.MAX_GROUP_BYTES", 1)
    export_tables(sources, tmp_path / "tables")
    file = parquet.ParquetFile(tmp_path / "tables" / "events" / "kind=run" / "part-00000.parquet")
    assert file.num_row_groups == file.metadata.num_rows > 10


def test_a_log_without_runs_can_be_asked_for_runs(tmp_path: Path):
    sources = open_sources(f"sqlite:///{tmp_path}/other.db")
    sources.log.append(make_event("dataset/d", "DatasetRegistered", uri="s3://b/k"))
    export_tables(sources, tmp_path / "tables")
    assert ask("SELECT count(*) FROM {runs}", tmp_path / "tables") == [(0,)]
    assert ask("SELECT count(*) FROM {points}", tmp_path / "tables") == [(0,)]


def test_events_points_and_runs_are_the_tables():
    assert TABLES == (EVENTS, POINTS, RUNS)
