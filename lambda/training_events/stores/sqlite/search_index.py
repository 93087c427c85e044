"""Values of runs in tables of the SQLite file. Those of one name stand together: a condition reads one range of them.

Only what is searched costs something. The first search by a name takes its values from all summaries. From then on triggers
note which read models are put, by whatever version of this package, and the next search takes these in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from training_events.stores.sqlite.search_sql import condition_sql, order_sql

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Iterator, Mapping

    from training_events.stores.search import Expression, Order, SearchedValue
    from training_events.stores.sqlite.database import Database

KIND = "run"
"""The streams that are searched."""
_VERSION = 2
"""Raise it when other values are kept of the same summary, or otherwise: the tables are then made again."""
_BATCH = 500
"""How many runs are taken in at once. Other programs write between two batches."""
_SUMMARIES_AT_ONCE = 64

# A key is `filled` once it has the values of all runs. `place` tells several values of one name apart: those of datasets.
_TABLES = """
CREATE TABLE search_version (version INTEGER NOT NULL);

CREATE TABLE search_pending (stream TEXT PRIMARY KEY) WITHOUT ROWID;

CREATE TABLE searched_keys (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, filled INTEGER NOT NULL DEFAULT 0);

CREATE TABLE searched_runs (id INTEGER PRIMARY KEY, stream TEXT NOT NULL UNIQUE, first_at TEXT NOT NULL);

CREATE TABLE searched_values (
  key INTEGER NOT NULL, run INTEGER NOT NULL, place INTEGER NOT NULL, value, number, last, min, max, latest,
  PRIMARY KEY (key, run, place)
) WITHOUT ROWID;

CREATE TRIGGER search_inserted AFTER INSERT ON read_models WHEN new.kind = 'run' BEGIN
  INSERT INTO search_pending SELECT new.stream WHERE new.stream NOT IN (SELECT stream FROM search_pending);
END;

CREATE TRIGGER search_updated AFTER UPDATE ON read_models WHEN new.kind = 'run' BEGIN
  INSERT INTO search_pending SELECT new.stream WHERE new.stream NOT IN (SELECT stream FROM search_pending);
END;

CREATE TRIGGER search_deleted AFTER DELETE ON read_models WHEN old.kind = 'run' BEGIN
  INSERT INTO search_pending SELECT old.stream WHERE old.stream NOT IN (SELECT stream FROM search_pending);
END
"""
_DROP = """
DROP TRIGGER search_inserted; DROP TRIGGER search_updated; DROP TRIGGER search_deleted; DROP TABLE search_version;
DROP TABLE search_pending; DROP TABLE searched_keys; DROP TABLE searched_runs; DROP TABLE searched_values
"""
_ALL_RUNS = (
    "SELECT stream, revision, first_at, summary FROM read_models WHERE kind = 'run' AND (first_at, stream) > (?, ?)"
    " ORDER BY first_at, stream LIMIT ?"
)
_PENDING = (
    "SELECT p.stream, m.revision, m.first_at, m.summary FROM search_pending p LEFT JOIN read_models m USING (stream) LIMIT ?"
)


class _Taken(NamedTuple):
    """What is taken in of a run, with the revision of its read model; None where that was removed."""

    stream: str
    revision: int | None
    first_at: str
    values: list[SearchedValue]


class SqliteSearchIndex:
    """A SearchIndex in one database, for runs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def bring_up_to_date(
        self,
        keys: Collection[str],
        values_of: Callable[[bytes, Collection[str]], list[SearchedValue]],
        on_progress: Callable[[int, int], None] = lambda done, total: None,  # noqa: ARG005
    ) -> None:
        self._make_tables()
        known = {key: bool(filled) for key, filled in self._database.all_rows("SELECT key, filled FROM searched_keys")}
        if new := [key for key in keys if not known.get(key)]:
            with self._database.transaction(durable=False) as connection:
                # first: whatever is put from now on is taken in with these
                connection.executemany(
                    "INSERT INTO searched_keys (key) VALUES (?) ON CONFLICT DO NOTHING", [(key,) for key in new]
                )
            self._fill(new, values_of, on_progress)
        self._take_in_pending({*known, *new}, values_of, on_progress)
        if new:
            with self._database.transaction(durable=False) as connection:
                connection.executemany("UPDATE searched_keys SET filled = 1 WHERE key = ?", [(key,) for key in new])

    def has(self, key: str) -> bool:
        query = "SELECT 1 FROM searched_values WHERE key = (SELECT id FROM searched_keys WHERE key = ?) LIMIT 1"
        return bool(self._database.all_rows(query, (key,)))

    def find(self, condition: Expression, order: tuple[Order, ...]) -> Iterator[bytes]:
        where, values = condition_sql(condition)
        joins, sort, keys = order_sql(order)
        query = f"SELECT r.id FROM searched_runs r {joins} WHERE {where} ORDER BY {sort}"  # noqa: S608 - values are bound
        runs = [run for (run,) in self._database.all_rows(query, [*keys, *values])]
        for start in range(0, len(runs), _SUMMARIES_AT_ONCE):
            some = runs[start : start + _SUMMARIES_AT_ONCE]
            marks = ", ".join("?" * len(some))
            query = f"SELECT r.id, m.summary FROM searched_runs r JOIN read_models m USING (stream) WHERE r.id IN ({marks})"  # noqa: S608
            summaries = dict(self._database.all_rows(query, some))
            yield from (summaries[run] for run in some if run in summaries)  # it may have been removed meanwhile

    def _fill(
        self,
        keys: list[str],
        values_of: Callable[[bytes, Collection[str]], list[SearchedValue]],
        on_progress: Callable[[int, int], None],
    ) -> None:
        """Take in the values of all runs under new keys."""
        [[total]] = self._database.all_rows("SELECT count(*) FROM read_models WHERE kind = 'run'")
        done, last = 0, ("", "")
        while rows := self._database.all_rows(_ALL_RUNS, (*last, _BATCH)):
            on_progress(done, total)
            # before the transaction: for some values a state or the log has to be read, and meanwhile others write
            taken = [_Taken(stream, revision, at, values_of(summary, keys)) for stream, revision, at, summary in rows]
            with self._database.transaction(durable=False) as connection:
                _take_in(connection, taken)
            done += len(rows)
            last = rows[-1][2], rows[-1][0]

    def _take_in_pending(
        self,
        keys: Collection[str],
        values_of: Callable[[bytes, Collection[str]], list[SearchedValue]],
        on_progress: Callable[[int, int], None],
    ) -> None:
        """Take in what was put or removed since the last time."""
        done = 0
        while rows := self._database.all_rows(_PENDING, (_BATCH,)):
            [[left]] = self._database.all_rows("SELECT count(*) FROM search_pending")
            on_progress(done, done + left)
            taken = [
                _Taken(stream, revision, at or "", [] if summary is None else values_of(summary, keys))
                for stream, revision, at, summary in rows
            ]
            with self._database.transaction(durable=False) as connection:
                _forget(connection, [(run.stream,) for run in taken])
                current = _take_in(connection, taken)
                connection.executemany("DELETE FROM search_pending WHERE stream = ?", current)
            done += len(rows)

    def _make_tables(self) -> None:
        if self._version() == _VERSION:
            return
        with self._database.transaction(durable=False) as connection:
            version = self._version()  # another process may have made them in the meantime
            if version == _VERSION:
                return
            statements = _TABLES.split("\n\n")  # executescript would end the transaction first
            if version is not None:
                statements = [*_DROP.split(";"), *statements]
            for statement in statements:
                connection.execute(statement)
            connection.execute("INSERT INTO search_version VALUES (?)", (_VERSION,))

    def _version(self) -> int | None:
        if not self._database.all_rows("SELECT 1 FROM sqlite_master WHERE name = 'search_version'"):
            return None
        [[version]] = self._database.all_rows("SELECT version FROM search_version")
        return int(version)


def _forget(connection: sqlite3.Connection, streams: list[tuple[str]]) -> None:
    """Remove the values of these runs. Each name's are looked up: an index by run would make the file larger for everyone."""
    connection.executemany(
        "DELETE FROM searched_values WHERE key IN (SELECT id FROM searched_keys)"
        " AND run = (SELECT id FROM searched_runs WHERE stream = ?)",
        streams,
    )


def _take_in(connection: sqlite3.Connection, taken: list[_Taken]) -> list[tuple[str]]:
    """Add the values of runs. Returns the streams of those whose read model is still the one that was read."""
    marks = f"({', '.join('?' * len(taken))})"
    streams = [run.stream for run in taken]
    query = f"SELECT stream, revision FROM read_models WHERE stream IN {marks}"  # noqa: S608 - values are bound
    revisions = dict(connection.execute(query, streams))
    current = [run for run in taken if run.revision == revisions.get(run.stream)]
    connection.executemany(
        "INSERT INTO searched_runs (stream, first_at) VALUES (?, ?) ON CONFLICT DO UPDATE SET first_at = excluded.first_at",
        [(run.stream, run.first_at) for run in current],
    )
    query = f"SELECT stream, id FROM searched_runs WHERE stream IN {marks}"  # noqa: S608 - values are bound
    runs = dict(connection.execute(query, streams))
    keys = dict(connection.execute("SELECT key, id FROM searched_keys"))
    rows = [row for run in current for row in _rows(run, runs[run.stream], keys)]
    rows.sort(key=lambda row: row[:3])  # in the order of the table: neighbours go into the same page
    connection.executemany("INSERT OR REPLACE INTO searched_values VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
    removed = [(run.stream,) for run in current if run.revision is None]
    connection.executemany("DELETE FROM searched_runs WHERE stream = ?", removed)
    return [(run.stream,) for run in current]


def _rows(run: _Taken, number: int, keys: Mapping[str, int]) -> Iterator[tuple[Any, ...]]:
    places: dict[str, int] = {}
    for key, *columns in run.values:
        places[key] = place = places.get(key, -1) + 1
        yield keys[key], number, place, *columns
