"""`log.sql` of a log in a file: DuckDB over tables that are kept beside it, and reaches nothing else."""

import sqlite3
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from training_events.errors import BadSql, DamagedEvent, Misused, NoSuchLog
from training_events.reading.log import Log, open_log

from tests.support.command_line import make_event, record_events
from tests.support.exported_log import life, write_lives

SLOWEST = "SELECT run, element_at(metrics, 'loss').best AS best FROM runs WHERE status = 'completed'"


@pytest.fixture
def url(tmp_path: Path) -> str:
    return write_lives(tmp_path)


@pytest.fixture
def log(url: str) -> Log:
    return open_log(url)


def test_a_query_answers_rows_that_are_a_table(log: Log):
    answer = log.sql(SLOWEST)
    assert (answer.columns, answer.rows, len(answer)) == (["run", "best"], [("digits-0", 0.25)], 1)
    assert answer.to_pandas()["best"].tolist() == [0.25]
    assert answer.to_arrow().to_pylist() == [{"run": "digits-0", "best": 0.25}]
    assert repr(answer) == "1 row\nrun       best\ndigits-0  0.25"
    assert "<td>digits-0</td>" in answer._repr_html_()
    assert repr(log.sql("SELECT run FROM runs WHERE run = 'none'")) == "0 rows"


def test_values_have_the_types_of_a_log_on_aws(log: Log):
    answer = log.sql(
        """SELECT started_at, date(started_at) AS day, (SELECT sum(events) FROM runs) AS total, true AS yes, tags,
        json_format(CAST(tags AS JSON)) AS text
        FROM runs WHERE run = 'digits-0' AND started_at > TIMESTAMP '2026-11-01 00:00:00'"""
    )
    at = datetime(2026, 11, 22, 15, 8, 10, tzinfo=UTC)
    tags = {"folds": "5", "group": "sweep-7"}
    assert answer.rows == [(at, date(2026, 11, 22), 19, True, tags, '{"folds":"5","group":"sweep-7"}')]
    assert [str(kind) for kind in answer.to_arrow().schema.types[:3]] == ["timestamp[us, tz=UTC]", "date32[day]", "int64"]


def test_a_sum_that_no_integer_has_stays_whole(log: Log):
    [(total,)] = log.sql("SELECT sum(9223372036854775807) AS total FROM runs").rows
    assert total == 6 * (2**63 - 1)


def test_a_long_answer_shows_its_beginning(log: Log):
    shown = repr(log.sql("SELECT event_id FROM events"))
    assert shown.startswith(f"{len(life())} rows, of which these are the first 20\n")
    assert len(shown.splitlines()) == 22


def test_the_tables_are_made_again_once_the_log_has_grown(url: str, log: Log, tmp_path: Path):
    told: list[str] = []
    count = "SELECT count(*) AS n FROM runs"
    assert log.sql(count, on_progress=told.append).rows == [(6,)]
    assert any("streams" in text for text in told)
    told.clear()
    assert log.sql(count, on_progress=told.append).rows == [(6,)]
    assert told == ["asking DuckDB"]
    record_events(url, [make_event("run/new", "TrainingStarted", 90)])
    assert log.sql(count).rows == [(7,)]
    assert len(list((tmp_path / "log.db-tables").iterdir())) == 1


def test_tables_that_another_program_has_removed_meanwhile_are_made_again(log: Log, monkeypatch: pytest.MonkeyPatch):
    import duckdb  # noqa: PLC0415 - only this test needs it

    log.sql(SLOWEST)
    connect, calls = duckdb.connect, []

    def lose_the_first(database: str) -> object:
        calls.append(database)
        if len(calls) == 1:
            raise duckdb.IOException("no files found that match the pattern")
        return connect(database)

    monkeypatch.setattr(duckdb, "connect", lose_the_first)
    assert log.sql(SLOWEST).rows == [("digits-0", 0.25)]


def test_where_nothing_can_be_kept_beside_the_log_it_answers_as_well(log: Log, tmp_path: Path):
    (tmp_path / "log.db-tables").write_text("a file, where the folder would be")
    assert log.sql(SLOWEST).rows == [("digits-0", 0.25)]
    assert (tmp_path / "log.db-tables").is_file()


def test_what_somebody_keeps_beside_the_tables_stays(log: Log, tmp_path: Path):
    (tmp_path / "log.db-tables" / "mine").mkdir(parents=True)
    log.sql(SLOWEST)
    assert (tmp_path / "log.db-tables" / "mine").exists()


def test_findings_are_those_of_the_file_as_it_is_now(url: str, log: Log):
    found = "SELECT stream, finding FROM findings WHERE finding = 'altered'"
    assert log.sql(found).rows == []
    with sqlite3.connect(url.removeprefix("sqlite:///")) as file:
        file.execute("UPDATE events SET data = '{}' WHERE stream = 'run/stopped' AND type = 'TrainingStopped'")
    assert ("run/stopped", "altered") in log.sql(found).rows


def test_a_log_that_holds_no_event_in_the_place_of_one_still_tells_its_findings(url: str, log: Log):
    with sqlite3.connect(url.removeprefix("sqlite:///")) as file:
        file.execute("UPDATE events SET data = '{' WHERE stream = 'run/stopped' AND type = 'TrainingStopped'")
    with pytest.raises(DamagedEvent):
        log.sql("SELECT * FROM runs")
    assert log.sql("SELECT count(*) > 0 AS broken FROM findings WHERE stream = 'run/stopped'").rows == [(True,)]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT read_text FROM runs",
        "SELECT nothing(run) FROM runs",
        "SELECT CAST(run AS BIGINT) AS n FROM runs",
        "SELECT run + 1 AS n FROM runs",
    ],
)
def test_what_duckdb_does_not_take_is_one_line(text: str, log: Log):
    with pytest.raises(BadSql, match=r"^DuckDB does not take the SQL: [^\n]+$"):
        log.sql(text)


def test_a_query_reaches_no_file_but_those_of_the_tables(log: Log, tmp_path: Path):
    import duckdb  # noqa: PLC0415
    from training_events.analytics import laptop_tables  # noqa: PLC0415 - only this test goes past the reading of the SQL

    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    with duckdb.connect(":memory:") as connection:
        for statement in laptop_tables.preparation({}, tmp_path / "tables"):
            connection.execute(statement)
        for text in (
            f"FROM read_csv('{secret}')",
            f"COPY (SELECT 1) TO '{tmp_path}/out.csv'",
            f"ATTACH '{tmp_path}/log.db'",
            "SET enable_external_access = true",
            "INSTALL httpfs",
        ):
            with pytest.raises(duckdb.Error):
                connection.execute(text)


def test_no_log_is_told_and_not_made(tmp_path: Path):
    with pytest.raises(NoSuchLog):
        open_log(f"sqlite:///{tmp_path}/none.db").sql("SELECT * FROM runs")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("module", ["sqlglot", "duckdb"])
def test_without_the_extra_it_says_how_to_install_it(module: str, log: Log, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(Misused, match=rf"log\.sql needs {module}: pip install 'training-events\[sql\]'"):
        log.sql("SELECT * FROM runs")
