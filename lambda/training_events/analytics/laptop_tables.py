"""A log in a file, asked in SQL: DuckDB over an export beside the file, which is made again once the log has grown.

To export takes much longer than most questions, so the export is kept. Findings are never kept: they are about the file as it
is now, which somebody may have altered without the log growing.
"""

from __future__ import annotations

import re
import shutil
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from training_events.analytics.answer import Answer
from training_events.errors import BadSql
from training_events.folds.version import VERSION
from training_events.interchange.exports.parquet.export import FORMAT, export_tables, write_findings
from training_events.interchange.exports.parquet.tables import FINDINGS, TABLES
from training_events.reading.opening import bring_up_to_date
from training_events.reading.tables import required
from training_events.stores.address import SqliteFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

    from training_events.analytics.query import Query
    from training_events.interchange.exports.parquet.tables import TableShape
    from training_events.reading.opening import Sources
    from training_events.stores.sqlite.event_log import SqliteLog

_KEPT = re.compile(r"[0-9a-f]*-\d+-\d+-\d+-\d+")


def ask(sources: Sources, log: SqliteLog, query: Query, on_progress: Callable[[str], None]) -> Answer:
    """Raises BadSql for what DuckDB does not take, and NoSuchLog."""
    duckdb = required("duckdb", "log.sql", "sql")
    try:
        return _answer(duckdb, sources, log, query, on_progress)
    except duckdb.IOException:  # another program has made the tables again meanwhile, and removed these
        return _answer(duckdb, sources, log, query, on_progress)


def _answer(duckdb: ModuleType, sources: Sources, log: SqliteLog, query: Query, on_progress: Callable[[str], None]) -> Answer:
    sql, tables = query.to_duckdb(), query.tables

    def show(text: str, _share: float) -> None:
        on_progress(text)

    with ExitStack() as stack:
        temporary = Path(stack.enter_context(TemporaryDirectory(prefix="training-events-sql-")))
        folders = {}
        if FINDINGS.name in tables:
            write_findings(sources, temporary, show)
            folders[FINDINGS.name] = temporary
        if kept := tables - folders.keys():
            bring_up_to_date(sources, show)
            folder = stack.enter_context(_exported(sources, log, temporary, show))
            folders |= dict.fromkeys(kept, folder)
        on_progress("asking DuckDB")
        connection = stack.enter_context(duckdb.connect(":memory:"))
        for statement in preparation(folders, temporary):
            connection.execute(statement)
        try:
            return Answer(connection.sql(sql).to_arrow_table())
        except (duckdb.ProgrammingError, duckdb.DataError, duckdb.NotSupportedError) as flaw:
            raise BadSql(f"DuckDB does not take the SQL: {_one_line(flaw)}") from None


@contextmanager
def _exported(sources: Sources, log: SqliteLog, temporary: Path, on_progress: Callable[[str, float], None]) -> Iterator[Path]:
    """The folder of the tables of the log as it is now. Where nothing can be kept beside the log, it is a temporary one."""
    beside = SqliteFile(log.database.path).tables
    arrived, altered = log.arrived(), log.altered()
    name = f"{(log.database.identity or '')[:12]}-{arrived}-{altered}-{VERSION}-{FORMAT}"
    folder = beside / name
    if not folder.exists():
        try:
            beside.mkdir(exist_ok=True)
            export_tables(sources, folder, on_progress)
        except OSError:  # a folder that only others may write, or a full disk
            folder = temporary / name
            export_tables(sources, folder, on_progress)
    yield folder
    for path in beside.glob("*"):
        if path != folder and _KEPT.fullmatch(path.name):
            shutil.rmtree(path, ignore_errors=True)


def preparation(folders: dict[str, Path], temporary: Path) -> Iterator[str]:
    """What DuckDB is told before the query: its tables are there, and beyond their files it reaches nothing."""
    yield "SET TimeZone = 'UTC'"
    yield from (_view(shape, folders[shape.name]) for shape in TABLES if shape.name in folders)
    allowed = ", ".join(_quoted(f"{folder}/") for folder in sorted({*folders.values(), temporary}))
    yield f"SET allowed_directories = [{allowed}]"
    yield f"SET temp_directory = {_quoted(str(temporary))}"
    # https://duckdb.org/docs/stable/operations_manual/securing_duckdb/overview
    yield "SET python_enable_replacements = false"
    yield "SET autoinstall_known_extensions = false"
    yield "SET autoload_known_extensions = false"
    yield "SET enable_external_access = false"
    yield "SET lock_configuration = true"


def _view(shape: TableShape, folder: Path) -> str:
    """As Athena has it: without a column for the folders of kinds, and times without a zone, in UTC, so that the same text
    compares them with the same literals.
    """
    files = _quoted(f"{folder}/{shape.name}/**/*.parquet")
    times = ", ".join(f"{it.name} AT TIME ZONE 'UTC' AS {it.name}" for it in shape.columns if it.type == "timestamp")
    return (
        f"CREATE VIEW {shape.name} AS SELECT * REPLACE ({times})"  # noqa: S608 - names of this module's own
        f" FROM read_parquet({files}, hive_partitioning = false)"
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _one_line(flaw: Any) -> str:
    return " ".join(str(flaw).split("\n\n")[0].split())
