"""One SQLite file: its connection, and its failures in this package's words."""

from __future__ import annotations

import sqlite3
import time
from contextlib import contextmanager
from pathlib import Path
from sys import getsizeof
from threading import Lock
from typing import TYPE_CHECKING, Any

from training_events.errors import LogUnavailable, NoSuchLog
from training_events.stores.sqlite.schema import APPLICATION_ID, SCHEMA, VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

BUSY_SECONDS = 60
"""How long to wait for other writers. A write takes milliseconds, and SQLite's queue is not fair."""
PAGE_BYTES = 2**20
"""How much is read at once: as much as a page of DynamoDB."""
_ROWS_AT_ONCE = 16
_ROW_BYTES = 500
"""What a row weighs besides its last column, roughly."""
_NO_DATABASE = "the file is no SQLite database"
_SMALLEST_FILE = 512
"""One page of the smallest size: https://www.sqlite.org/fileformat.html#pages"""


class Database:
    """A file, for all threads of one process; another process opens its own (SQLite: never carry a connection over a fork).

    Opened when first used. Reading never makes a file and raises NoSuchLog where none is; writing makes it, with its
    folders. What SQLite raises, it raises as LogUnavailable.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._lock = Lock()
        self._connection: sqlite3.Connection | None = None

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """The first rows of the answer, about a megabyte by their last column: who wants more asks again behind the last.

        So no reader keeps a snapshot open, which would keep the write-ahead log growing. Text is str, or bytes where it
        is not UTF-8.
        """
        with self._connected(create=False) as connection:
            try:
                return _first_rows(connection.execute(sql, values))
            except sqlite3.OperationalError as flaw:
                if "decode" not in str(flaw):  # no error of SQLite's own: there is no code to know it by
                    raise
            connection.text_factory = _text_or_bytes
            try:
                return _first_rows(connection.execute(sql, values))
            finally:
                connection.text_factory = str

    @contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """Write: all of it or nothing, one writer at a time. When it returns, a durable one survives a power cut.

        One that is not survives the end of the process, and is durable as soon as any later one is: the order holds.
        """
        with self._connected(create=True) as connection:
            connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _connected(self, *, create: bool) -> Iterator[sqlite3.Connection]:
        try:
            with self._lock:
                if self._connection is None:
                    self._connection = _open(self.path, create=create)
                yield self._connection
        except sqlite3.DatabaseError as flaw:
            code = getattr(flaw, "sqlite_errorcode", 0) & 0xFF  # the low byte is the kind, the rest says more
            if code == sqlite3.SQLITE_NOTADB:
                raise _none(self.path, _NO_DATABASE) from None
            hint = {
                sqlite3.SQLITE_BUSY: f" for more than {BUSY_SECONDS} seconds, by another program",
                sqlite3.SQLITE_CANTOPEN: " (SQLite also has to write beside it: <file>-wal and <file>-shm)",
            }
            raise LogUnavailable(f"the event log {self.path}: {flaw}{hint.get(code, '')}") from None


def weight(rows: Sequence[Any]) -> int:
    """About how many bytes these rows take, if only their last column can be large."""
    last = [row[-1] for row in rows]
    try:
        size = sum(map(len, last))
    except TypeError:  # neither text nor bytes: in an altered log anything may stand anywhere
        size = sum(map(getsizeof, last))
    return size + _ROW_BYTES * len(rows)


def _first_rows(cursor: sqlite3.Cursor) -> list[Any]:
    rows: list[Any] = []
    size = 0
    while size < PAGE_BYTES and (some := cursor.fetchmany(_ROWS_AT_ONCE)):
        rows += some
        size += weight(some)
    cursor.close()
    return rows


def _text_or_bytes(stored: bytes) -> str | bytes:
    try:
        return stored.decode()
    except UnicodeDecodeError:
        return stored


def _open(path: str, *, create: bool) -> sqlite3.Connection:
    file = Path(path)
    try:
        if file.is_dir():
            raise _none(path, "it is a folder")
        if file.exists():
            # SQLite takes a shorter one for empty, and would write over it. Only asked for its size: to open and close it
            # here would undo the locks of this process (https://www.sqlite.org/howtocorrupt.html, 2.2).
            if 0 < file.stat().st_size < _SMALLEST_FILE:
                raise _none(path, _NO_DATABASE)
        elif create:
            file.parent.mkdir(parents=True, exist_ok=True)
        else:
            raise _none(
                path, "no such file (a path after sqlite:/// starts in the current folder, after sqlite://// at the root)"
            )
    except OSError as flaw:
        raise LogUnavailable(f"the event log {path}: {flaw.strerror}: {flaw.filename}") from None
    address = f"{file.as_uri()}?mode={'rwc' if create else 'rw'}"
    connection = sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        _prepare(connection, path, create=create)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, path: str, *, create: bool) -> None:
    connection.execute("PRAGMA fullfsync = ON")  # macOS: fsync alone leaves it in the drive's cache
    if not _is_log(connection, path):
        if not create:
            raise _none(path, "nothing was recorded in it yet")
        connection.execute("BEGIN IMMEDIATE")
        if not _is_log(connection, path):  # another process may have made it meanwhile
            for statement in SCHEMA.split("\n\n"):  # sqlite3's own executescript would end the transaction first
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    if create:
        _write_ahead(connection)


def _is_log(connection: sqlite3.Connection, path: str) -> bool:
    """Whether it has the schema; an empty file has not."""
    # one statement for both, so that no other process comes between
    [(application, version, tables)] = connection.execute(
        "SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version), count(*)"
        " FROM sqlite_master"
    )
    if application == APPLICATION_ID and version == VERSION:
        return True
    if application == APPLICATION_ID:
        raise LogUnavailable(f"the event log {path} was made by a newer version of training-events")
    if tables:
        raise _none(path, "the file is another program's database")
    return False


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Readers and the writer do not wait for each other, and the file stays so: for all but the first this does nothing."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as flaw:  # here SQLite itself does not wait for the others to leave the file
            if flaw.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        time.sleep(0.01)


def _none(path: str, why: str) -> NoSuchLog:
    return NoSuchLog(f"there is no event log at {path}: {why}")
