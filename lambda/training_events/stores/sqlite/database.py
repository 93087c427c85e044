"""A SQLite file: its connection, its transactions, and its failures as errors of this package."""

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
    from collections.abc import Iterator, Mapping, Sequence

BUSY_SECONDS = 60
"""How long to wait for other writers. A write takes milliseconds, but SQLite's queue is not fair."""
PAGE_BYTES = 2**20
"""How many bytes are read at once: as many as in a page of DynamoDB."""
_ROWS_AT_ONCE = 16
_ROW_BYTES = 500
"""About how many bytes a row takes without its last column."""
_NOT_A_DATABASE = "the file is no SQLite database"
_SMALLEST_FILE = 512
"""A page of the smallest size: https://www.sqlite.org/fileformat.html#pages"""


class Database:
    """A file, for all threads of one process. Another process opens it itself (SQLite: never carry a connection over a fork).

    It is opened when it is first used. Reading never makes a file, and raises NoSuchLog where there is none. Writing makes the
    file and its folders. What SQLite raises becomes LogUnavailable.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._lock = Lock()
        self._connection: sqlite3.Connection | None = None

    def rows(self, sql: str, values: Sequence[Any] | Mapping[str, Any] = (), *, large: int = -1) -> list[Any]:
        """The first rows of the answer, about a megabyte, measured by their column `large`. To read on, query after the last.

        So no reader keeps a snapshot open, which would keep the write-ahead log growing. Text is str, or bytes where it is not
        UTF-8.
        """
        with self._connected(create=False) as connection:
            try:
                return _first_rows(connection.execute(sql, values), large)
            except sqlite3.OperationalError as flaw:
                if "decode" not in str(flaw):  # sqlite3's own error, which has no code
                    raise
            connection.text_factory = _text_or_bytes
            try:
                return _first_rows(connection.execute(sql, values), large)
            finally:
                connection.text_factory = str

    @contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """A transaction that writes all or nothing, one writer at a time. Once it has ended, it survives a power cut.

        With `durable=False` it survives only the end of the process, until a later durable one ends: they keep their order.
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
            code = getattr(flaw, "sqlite_errorcode", 0) & 0xFF  # the low byte is the kind of error
            if code == sqlite3.SQLITE_NOTADB:
                raise _no_log(self.path, _NOT_A_DATABASE) from None
            hint = {
                sqlite3.SQLITE_BUSY: f" for more than {BUSY_SECONDS} seconds, by another program",
                sqlite3.SQLITE_CANTOPEN: " (SQLite also has to write beside it: <file>-wal and <file>-shm)",
            }
            raise LogUnavailable(f"the event log {self.path}: {flaw}{hint.get(code, '')}") from None


def weight(rows: Sequence[Any], large: int = -1) -> int:
    """About how many bytes these rows take. Only the values of their column `large` can be large."""
    values = [row[large] for row in rows]
    try:
        size = sum(map(len, values))
    except TypeError:  # neither text nor bytes: an altered log may have anything anywhere
        size = sum(map(getsizeof, values))
    return size + _ROW_BYTES * len(rows)


def _first_rows(cursor: sqlite3.Cursor, large: int) -> list[Any]:
    rows: list[Any] = []
    size = 0
    while size < PAGE_BYTES and (some := cursor.fetchmany(_ROWS_AT_ONCE)):
        rows += some
        size += weight(some, large)
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
            raise _no_log(path, "it is a folder")
        if file.exists():
            # SQLite takes a shorter file for an empty one, and would overwrite it. Only its size is asked for: to open and
            # close it here would release the locks of this process (https://www.sqlite.org/howtocorrupt.html, 2.2).
            if 0 < file.stat().st_size < _SMALLEST_FILE:
                raise _no_log(path, _NOT_A_DATABASE)
        elif create:
            file.parent.mkdir(parents=True, exist_ok=True)
        else:
            raise _no_log(
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
    connection.execute("PRAGMA fullfsync = ON")  # macOS: fsync alone leaves data in the drive's cache
    if not _is_log(connection, path):
        if not create:
            raise _no_log(path, "nothing was recorded in it yet")
        connection.execute("BEGIN IMMEDIATE")
        if not _is_log(connection, path):  # another process may have made it in the meantime
            for statement in SCHEMA.split("\n\n"):  # executescript would end the transaction first
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    if create:
        _write_ahead(connection)


def _is_log(connection: sqlite3.Connection, path: str) -> bool:
    """Whether the file has the schema. An empty file has not. Raises NoSuchLog or LogUnavailable for anything else."""
    # one statement, so that no other process can write between two
    [(application, version, tables)] = connection.execute(
        "SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version), count(*)"
        " FROM sqlite_master"
    )
    if application == APPLICATION_ID and version == VERSION:
        return True
    if application == APPLICATION_ID:
        raise LogUnavailable(f"the event log {path} was made by a newer version of training-events")
    if tables:
        raise _no_log(path, "the file is another program's database")
    return False


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Let readers and the writer not wait for each other. The file keeps this mode: only the first connection has to set it."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as flaw:  # here SQLite does not wait for others itself
            if flaw.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        time.sleep(0.01)


def _no_log(path: str, why: str) -> NoSuchLog:
    return NoSuchLog(f"there is no event log at {path}: {why}")
