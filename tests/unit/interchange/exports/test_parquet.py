"""`export --to parquet`: tables that others read."""

import json
import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from training_events.errors import Misused
from training_events.event import Producer
from training_events.interchange.exports.parquet.export import TableCounts, check_folder, export_tables
from training_events.interchange.exports.parquet.rows import finding_row
from training_events.interchange.exports.parquet.tables import FINDINGS, POINTS, TABLES
from training_events.interchange.exports.parquet.writer import TableWriter
from training_events.proof.findings import HARMLESS, Finding, Kind
from training_events.reading.log import Log
from training_events.reading.opening import Sources, open_sources
from training_events.reading.verification import verification_of

from tests.support.command_line import make_event
from tests.support.exported_log import STORED, life


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


def test_duckdb_reads_each_version_of_a_model_and_a_model_that_has_none(sources: Sources, tmp_path: Path):
    for event in (
        make_event(
            "model/digits", "ModelRegistered", 61, version="2", run="run/digits-1", registered_by="ada", artifact=STORED
        ),
        make_event("model/digits", "ModelPromoted", 62, version="1", stage="production", promoted_by="ada"),
        make_event("model/digits", "ModelPromoted", 63, version="1", stage="staging", promoted_by="grace"),
        make_event("model/digits", "VersionTagged", 64, version="2", tags={"size": 5}),
        make_event("model/digits", "ModelRetired", 65, version="2"),
    ):
        sources.log.append(event)
    export_tables(sources, tmp_path / "tables")
    rows = ask(
        """SELECT model, version, latest, run, stages, registered_by, promoted_by, retired_at IS NULL, tags['size'], bytes,
        events FROM {models} ORDER BY model, version""",
        tmp_path / "tables",
    )
    assert rows == [
        ("digits", "1", False, "digits-0", ["production", "staging"], None, "grace", True, None, None, 6),
        ("digits", "2", True, "digits-1", [], "ada", None, False, "5", 7, 6),
        ("m-1", None, False, None, [], None, None, True, None, None, 1),
    ]


def test_duckdb_reads_each_version_of_a_dataset(sources: Sources, tmp_path: Path):
    versions: list[dict[str, Any]] = [
        {"version_id": f"v{number}", "sha256": f"{number}{number}", "bytes": number} for number in range(2, 5)
    ]
    for second, version in enumerate(versions, 60):
        event = make_event("dataset/digits", "DatasetRegistered", second, uri="s3://bucket/data/digits.npz", **version)
        sources.log.append(event)
    sources.log.append(make_event("dataset/digits", "DatasetRetired", 70, sha256="33"))
    export_tables(sources, tmp_path / "tables")
    rows = ask(
        """SELECT dataset, number, latest, version_id, sha256, bytes, retired_at IS NULL, events FROM {datasets}
        ORDER BY dataset, number""",
        tmp_path / "tables",
    )
    assert rows == [
        ("digits", 1, False, "v1", "ab", None, True, 5),
        ("digits", 2, False, "v2", "22", 2, True, 5),
        ("digits", 3, False, "v3", "33", 3, False, 5),
        ("digits", 4, True, "v4", "44", 4, True, 5),
    ]


def test_a_dataset_of_more_versions_than_its_state_keeps_still_numbers_them(sources: Sources, tmp_path: Path):
    for number in range(2, 104):
        event = make_event("dataset/digits", "DatasetRegistered", number, uri="s3://b/k", version_id=str(number), sha256="ab")
        sources.log.append(event)
    export_tables(sources, tmp_path / "tables")
    numbers = ask("SELECT min(number), max(number), count(*) FROM {datasets}", tmp_path / "tables")
    assert numbers == [(4, 103, 100)]


def test_what_verification_finds_is_a_table_where_it_is_asked_for(sources: Sources, folder: Path, tmp_path: Path):
    assert not (folder / FINDINGS.name).exists()
    late = Producer("late", 3)
    event = make_event("run/late", "TrainingStarted", 90, late)
    sources.log.append(event)
    counts = export_tables(sources, folder, verified=True)
    rows = ask("SELECT stream, finding, is_broken, producer_id, producer_sequence FROM {findings}", folder)
    assert counts.findings == len(rows)
    expected = [
        (stream, finding.kind.value, finding.kind not in HARMLESS, finding.producer, finding.sequence)
        for stream in sorted(sources.log.streams())
        for finding in verification_of(sources, stream).findings
    ]
    assert sorted(rows, key=str) == sorted(expected, key=str)
    assert ("run/late", "gap", False, "late", 1) in rows


def test_a_finding_about_an_event_names_it(tmp_path: Path):
    altered = Finding(kind=Kind.ALTERED, position="2026-11-22T15:08:39.955123Z#e-1", explanation="other digest")
    seal = Finding(kind=Kind.BROKEN_SEAL, position=None, explanation="not what was written", seal=3)
    with TableWriter(tmp_path / "findings", FINDINGS) as findings:
        findings.add([finding_row("run/a", altered), finding_row(None, seal)])
    rows = ask("SELECT stream, finding, is_broken, detail, event_id, occurred_at, seal FROM {findings}", tmp_path)
    at = datetime(2026, 11, 22, 15, 8, 39, 955123, UTC)
    assert rows == [
        ("run/a", "altered", True, "other digest", "e-1", at, None),
        (None, "broken_seal", True, "not what was written", None, None, 3),
    ]


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


def test_the_columns_are_those_that_are_documented_with_their_meaning(sources: Sources, tmp_path: Path):
    from pyarrow import parquet  # noqa: PLC0415 - only this test needs it

    export_tables(sources, tmp_path / "verified", verified=True)
    for shape in TABLES:
        schema = parquet.read_schema(next((tmp_path / "verified" / shape.name).rglob("*.parquet")))
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
    assert counts == TableCounts(events=len(life()), points=4, runs=6, models=2, datasets=1, findings=None)
    assert ask("SELECT count(*) FROM {events}", folder) == [(counts.events,)]
    assert json.loads((folder / "_training_events.json").read_text(encoding="utf-8"))["rows"]["points"] == 4
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_an_export_that_is_interrupted_leaves_the_earlier_one(
    error: type[BaseException], sources: Sources, folder: Path, tmp_path: Path
):
    def interrupt(text: str, _share: float) -> None:
        if text.startswith("3 of "):
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
