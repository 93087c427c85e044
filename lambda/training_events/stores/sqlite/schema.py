"""The tables of an event log in a SQLite file.

Its triggers do what DynamoDB's change stream does on AWS. An event that arrives waits in `arrivals` until it is projected.
Whatever is done to an event after its append is noted in `alterations`. A random identity tells the log from every other one.
In `leaves` every event gets a number as it arrives, whoever writes it: its place in the tree over the whole log (proof/tree).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

APPLICATION_ID = 0x54724576
"""Marks the file as an event log ("TrEv"), where SQLite has a place for such marks."""
VERSION = 1

# WITHOUT ROWID: the rows are in the order of the key, so that a stream is read in one pass. Text compares by its UTF-8 bytes
# (BINARY, the default), as in DynamoDB. AUTOINCREMENT never reuses a number: otherwise a program that
# deletes the arrivals up to a number could delete newer ones.
SCHEMA = """
CREATE TABLE events (
  stream TEXT NOT NULL, position TEXT NOT NULL, event_id TEXT NOT NULL, occurred_at TEXT NOT NULL, recorded_at TEXT NOT NULL,
  type TEXT NOT NULL, source TEXT NOT NULL, schema_version INTEGER NOT NULL, data TEXT NOT NULL, digest TEXT NOT NULL,
  producer TEXT, correlation_id TEXT, resources TEXT, extensions TEXT,
  PRIMARY KEY (stream, position)
) WITHOUT ROWID;

CREATE TABLE arrivals (number INTEGER PRIMARY KEY AUTOINCREMENT, stream TEXT NOT NULL, position TEXT NOT NULL);

CREATE TABLE alterations (
  number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
  what TEXT NOT NULL, stream TEXT NOT NULL, position TEXT NOT NULL, digest TEXT NOT NULL
);

CREATE TABLE seals (
  stream TEXT NOT NULL, number INTEGER NOT NULL CHECK (number > 0), line INTEGER NOT NULL, content BLOB NOT NULL,
  PRIMARY KEY (stream, number, line)
) WITHOUT ROWID;

CREATE TABLE read_models (
  stream TEXT PRIMARY KEY, kind TEXT NOT NULL, first_at TEXT NOT NULL, revision INTEGER NOT NULL, summary BLOB NOT NULL,
  state BLOB NOT NULL
);

CREATE INDEX read_models_by_kind ON read_models (kind, first_at, stream);

CREATE TABLE notes (name TEXT PRIMARY KEY, value BLOB NOT NULL);

CREATE TRIGGER event_arrived AFTER INSERT ON events BEGIN
  INSERT INTO arrivals (stream, position) VALUES (new.stream, new.position);
END;

CREATE TRIGGER event_updated AFTER UPDATE ON events BEGIN
  INSERT INTO alterations (what, stream, position, digest) VALUES ('update', old.stream, old.position, old.digest);
END;

CREATE TRIGGER event_deleted AFTER DELETE ON events BEGIN
  INSERT INTO alterations (what, stream, position, digest) VALUES ('delete', old.stream, old.position, old.digest);
END;

-- INSERT OR REPLACE takes the old row away without its delete trigger; the log itself never inserts where something is
CREATE TRIGGER event_replaced BEFORE INSERT ON events BEGIN
  INSERT INTO alterations (what, stream, position, digest)
  SELECT 'update', stream, position, digest FROM events WHERE stream = new.stream AND position = new.position;
END;
"""

ADDITIONS = (
    # UPDATE OR REPLACE takes the event away at whose key another one is put, without its delete trigger
    """
    CREATE TRIGGER IF NOT EXISTS event_displaced BEFORE UPDATE OF stream, position ON events
    WHEN (new.stream, new.position) <> (old.stream, old.position) BEGIN
      INSERT INTO alterations (what, stream, position, digest)
      SELECT 'update', stream, position, digest FROM events WHERE stream = new.stream AND position = new.position;
    END
    """,
    "CREATE INDEX IF NOT EXISTS alterations_by_event ON alterations (stream, position, number)",
    "INSERT OR IGNORE INTO notes VALUES ('log identity', CAST(lower(hex(randomblob(16))) AS BLOB))",
    # not by a unique index: a leaf stays when an event is put over another one
    "CREATE INDEX IF NOT EXISTS leaves_by_event ON leaves (stream, position)",
    """
    CREATE TRIGGER IF NOT EXISTS event_numbered AFTER INSERT ON events BEGIN
      INSERT INTO leaves (stream, position, digest, recorded_at, source)
      VALUES (new.stream, new.position, new.digest, new.recorded_at, new.source);
    END
    """,
    "CREATE TABLE IF NOT EXISTS tiles (path TEXT PRIMARY KEY, content BLOB NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS log_checkpoints (size INTEGER PRIMARY KEY, note BLOB NOT NULL)",
)
"""What came after SCHEMA. A file that was made before gets it with its next write; 0.1.0 still reads and writes such a file."""

_LEAVES = (
    # The number is the leaf's index in the tree + 1. Without AUTOINCREMENT SQLite gives the largest + 1: none is left out.
    """
    CREATE TABLE leaves (
      number INTEGER PRIMARY KEY, stream TEXT NOT NULL, position TEXT NOT NULL, digest TEXT NOT NULL, recorded_at TEXT NOT NULL,
      source TEXT NOT NULL
    )
    """,
    """
    INSERT INTO leaves (stream, position, digest, recorded_at, source)
    SELECT stream, position, digest, recorded_at, source FROM events ORDER BY recorded_at, stream, position
    """,
    "INSERT OR REPLACE INTO notes SELECT 'leaves caught up', CAST(count(*) AS BLOB) FROM leaves HAVING count(*) > 0",
)
"""Events from before there were leaves get theirs here. How many is noted: the first checkpoint says so."""


def add_what_is_missing(connection: sqlite3.Connection) -> None:
    """Inside of a transaction."""
    has_leaves = connection.execute("SELECT 1 FROM main.sqlite_master WHERE name = 'leaves'").fetchone()
    for statement in ADDITIONS if has_leaves else (*_LEAVES, *ADDITIONS):
        connection.execute(statement)


def identity_of(connection: sqlite3.Connection) -> str | None:
    """What tells the log from every other one, and is the same in its copies. None until this version has written to it."""
    found = connection.execute("SELECT CAST(value AS TEXT) FROM main.notes WHERE name = 'log identity'").fetchone()
    return None if found is None else str(found[0])


def make_temporary_tables(connection: sqlite3.Connection) -> None:
    """Copies of the tables that are made from events: a temporary table hides the file's own one of that name. Those of the
    events themselves, of their tree and of the search are read where they are.

    So a program that can only read the file still makes states and seals from its events, for as long as it runs.
    """
    tables = (
        "SELECT name, sql FROM main.sqlite_master WHERE type = ? AND sql IS NOT NULL"
        " AND tbl_name NOT IN ('events', 'alterations', 'leaves', 'tiles', 'log_checkpoints')"
        " AND name NOT LIKE 'sqlite!_%' ESCAPE '!' AND tbl_name NOT LIKE 'search%'"
    )
    for name, sql in connection.execute(tables, ("table",)).fetchall():
        connection.execute(sql.replace("CREATE TABLE ", "CREATE TEMPORARY TABLE ", 1))
        connection.execute(f"INSERT INTO temp.{name} SELECT * FROM main.{name}")  # noqa: S608 - the names in SCHEMA
    for name, sql in connection.execute(tables, ("index",)).fetchall():
        connection.execute(sql.replace(f"CREATE INDEX {name}", f"CREATE INDEX temp.{name}", 1))
