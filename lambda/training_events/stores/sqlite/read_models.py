"""Read models in the SQLite file of the log from which they are made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from training_events.errors import Overtaken
from training_events.stores.read_models import ReadModel
from training_events.stores.sqlite.search_index import KIND, SqliteSearchIndex

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from training_events.stores.sqlite.database import Database

_SUMMARIES = (
    "SELECT first_at, stream, summary FROM read_models WHERE kind = ? AND (first_at, stream) < (?, ?)"
    " ORDER BY first_at DESC, stream DESC"
)
_READ_MODEL = "SELECT revision, state, (SELECT value FROM notes WHERE name = :note) FROM read_models WHERE stream = :stream"
_SETTLED = "settled "
"""A settled state is the note of this name and the stream's: so the file has the tables that version 0.1.0 made and reads."""
_DUE_NOTES = (
    "CREATE {} IF NOT EXISTS due_notes (name TEXT PRIMARY KEY, due TEXT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS due_notes_by_time ON due_notes (due, name)",
)
_ABOVE_ALL_TEXT = (b"", b"")
"""SQLite: any text is less than any blob, and this is the least blob, twice."""


class SqliteReadModels:
    """ReadModels in one database. No write is synced to the disk by itself: what a power cut takes is made again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, stream: str) -> ReadModel | None:
        rows = self._database.rows(_READ_MODEL, {"stream": stream, "note": _SETTLED + stream})
        return ReadModel(stream, *rows[0]) if rows else None

    def revision(self, stream: str) -> int | None:
        rows = self._database.rows("SELECT revision FROM read_models WHERE stream = ?", (stream,))
        return rows[0][0] if rows else None

    def put(
        self,
        stream: str,
        state: bytes,
        *,
        summary: bytes,
        first_at: str,
        replaces: int | None,
        settled: bytes | None = None,
    ) -> None:
        values: dict[str, Any] = {
            "stream": stream,
            "kind": stream.partition("/")[0],
            "first_at": first_at,
            "summary": summary,
            "state": state,
            "replaces": replaces,
        }
        insert = (
            "INSERT INTO read_models (stream, kind, first_at, revision, summary, state)"
            " VALUES (:stream, :kind, :first_at, 1, :summary, :state) ON CONFLICT DO NOTHING"
        )
        update = (
            "UPDATE read_models SET first_at = :first_at, revision = revision + 1, summary = :summary, state = :state"
            " WHERE stream = :stream AND revision = :replaces"
        )
        with self._database.transaction(durable=False) as connection:
            written = connection.execute(insert if replaces is None else update, values).rowcount
            if written:
                _set_note(connection, _SETTLED + stream, settled)
        if not written:
            raise Overtaken(f"the read model of {stream!a} is not at revision {replaces} any more")

    def remove(self, stream: str, *, replaces: int) -> None:
        with self._database.transaction(durable=False) as connection:
            connection.execute("DELETE FROM read_models WHERE stream = ? AND revision = ?", (stream, replaces))
            left = connection.execute("SELECT 1 FROM read_models WHERE stream = ?", (stream,)).fetchone()
            if not left:
                _set_note(connection, _SETTLED + stream, None)
        if left:
            raise Overtaken(f"the read model of {stream!a} is not at revision {replaces} any more")

    def summaries(self, kind: str) -> Iterator[bytes]:
        last: tuple[Any, Any] = _ABOVE_ALL_TEXT
        while rows := self._database.rows(_SUMMARIES, (kind, *last)):
            yield from (row[2] for row in rows)
            last = rows[-1][:2]

    def search_index(self, kind: str) -> SqliteSearchIndex | None:
        return SqliteSearchIndex(self._database) if kind == KIND and not self._database.read_only else None

    def streams(self) -> Iterator[str]:
        last = ""
        while rows := self._database.rows("SELECT stream FROM read_models WHERE stream > ? ORDER BY stream", (last,)):
            yield from (row[0] for row in rows)
            [last] = rows[-1]

    def unprojected(self, stream: str) -> Iterator[str]:
        last = 0
        query = "SELECT position, number FROM arrivals WHERE number > ? AND stream = CAST(? AS TEXT) ORDER BY number"
        while rows := self._database.rows(query, (last, stream.encode(errors="surrogateescape"))):
            yield from (position for position, _ in rows)
            last = rows[-1][1]

    def note(self, name: str) -> bytes | None:
        rows = self._database.rows("SELECT value FROM notes WHERE name = ?", (name,))
        return rows[0][0] if rows else None

    def set_note(self, name: str, value: bytes | None, *, due: str | None = None) -> None:
        with self._database.transaction(durable=False) as connection:
            _set_note(connection, name, value)
            for statement in _DUE_NOTES:  # a file of version 0.1.0 has no such table
                connection.execute(statement.format("TEMPORARY TABLE" if self._database.read_only else "TABLE"))
            connection.execute("DELETE FROM due_notes WHERE name = ?", (name,))
            if value is not None and due is not None:
                connection.execute("INSERT INTO due_notes (name, due) VALUES (?, ?)", (name, due))

    def due_notes(self, by: str) -> Iterator[str]:
        last = ("", "")
        tables = self._database.rows("SELECT name FROM sqlite_master UNION SELECT name FROM sqlite_temp_master")
        if ("due_notes",) not in tables:
            return
        query = "SELECT due, name FROM due_notes WHERE due <= ? AND (due, name) > (?, ?) ORDER BY due, name"
        while rows := self._database.rows(query, (by, *last)):
            yield from (name for _, name in rows)
            last = rows[-1]


def _set_note(connection: sqlite3.Connection, name: str, value: bytes | None) -> None:
    if value is None:
        connection.execute("DELETE FROM notes WHERE name = ?", (name,))
    else:
        connection.execute("INSERT OR REPLACE INTO notes (name, value) VALUES (?, ?)", (name, value))
