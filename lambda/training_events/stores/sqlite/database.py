"""A SQLite file: its connection, its transactions, and its failures as errors of this package."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from pathlib import Path
from sys import getsizeof
from threading import RLock
from typing import TYPE_CHECKING, Any

from training_events.errors import LogUnavailable, NoSuchLog
from training_events.stores.sqlite.file import NOT_A_DATABASE, HowToOpen, OpenedFile, file_at, no_log, only_readable, open_file
from training_events.stores.sqlite.schema import add_what_is_missing, identity_of, make_temporary_tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

BUSY_SECONDS = 60
"""How long to wait for other writers. A write takes milliseconds, but SQLite's queue is not fair."""
PAGE_BYTES = 2**20
"""How many bytes are read at once: as many as in a page of DynamoDB."""
_ROWS_AT_ONCE = 16
_ROW_BYTES = 500
"""About how many bytes a row takes without its last column."""


class Database:
    """A file, for all threads of one process. Another process opens it itself (SQLite: never carry a connection over a fork).

    It is opened when it is first used. Reading never makes a file, and raises NoSuchLog where there is none. Writing makes the
    file and its folders, but never makes it again: if the file is deleted or moved while this object uses it, or another log
    takes its place, every use raises LogUnavailable until it is there again. What SQLite raises becomes LogUnavailable.

    A file that can only be read is read all the same. Then what is made from events is kept in temporary tables, for as long
    as the connection lasts, and an append raises LogUnavailable.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._lock = RLock()  # a transaction inside of `together` takes it again
        self._connection: sqlite3.Connection | None = None
        self._opened: OpenedFile | None = None
        self._identity: str | None = None

    @property
    def read_only(self) -> bool:
        """Whether nothing can be appended. Raises NoSuchLog."""
        with self._connected(create=False):
            return self._opened is not None and self._opened.read_only

    @property
    def identity(self) -> str | None:
        """What tells this log from every other one: known once something was written to it, or read from it."""
        return self._identity

    def require(self, identity: str) -> None:
        """Raises LogUnavailable unless the log with this identity is there."""
        try:
            with self._connected(create=False):
                is_there = self._identity == identity
        except NoSuchLog:
            raise LogUnavailable(
                f"the event log {self.path} is gone, which has the events before these: put it back to send them"
            ) from None
        if not is_there:
            raise LogUnavailable(
                f"the event log {self.path} is not the one that has the events before these: put that back to send them"
            )

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

    def close(self) -> None:
        """Close the file. The next use opens it again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def all_rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """All rows of the answer, for a question whose answer is known to fit into memory."""
        with self._connected(create=False) as connection:
            return connection.execute(sql, values).fetchall()

    @contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """A transaction that writes all or nothing, one writer at a time. Once it has ended, it survives a power cut.

        With `durable=False` it survives only the end of the process, until a later durable one ends: they keep their order.
        A durable one is also in the file itself, and not only in the write-ahead log beside it, which copies tend to lack.
        Inside of `together` it is a part of that transaction, which still writes all or nothing by itself.
        """
        with self._connected(create=True) as connection:
            is_inside = connection.in_transaction
            if is_inside:
                with _savepoint(connection):
                    yield connection
                return
            self._make_room_for_states(connection)
            connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            connection.execute("BEGIN IMMEDIATE")
            try:
                adds = self._add_what_is_missing(connection)
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            if durable:
                _move_into_file(connection)
            self._see_file()
            if adds and self._opened is not None:
                self._opened.has_additions, self._identity = True, identity_of(connection)

    @contextmanager
    def together(self) -> Iterator[None]:
        """All transactions of this thread inside become one: the disk is synced once for many events, and not for each."""
        with self.transaction():
            yield

    @contextmanager
    def _connected(self, *, create: bool) -> Iterator[sqlite3.Connection]:
        try:
            with self._lock:
                self._close_if_changed()
                yield self._connection or self._open(create=create)
        except sqlite3.DatabaseError as flaw:
            code = getattr(flaw, "sqlite_errorcode", 0) & 0xFF  # the low byte is the kind of error
            if code == sqlite3.SQLITE_NOTADB:
                raise no_log(self.path, NOT_A_DATABASE) from None
            if getattr(flaw, "sqlite_errorcode", 0) == sqlite3.SQLITE_READONLY_DBMOVED:
                raise self._gone() from None
            if code == sqlite3.SQLITE_READONLY:
                raise only_readable(self.path) from None
            hint = {
                sqlite3.SQLITE_BUSY: f" for more than {BUSY_SECONDS} seconds, by another program",
                sqlite3.SQLITE_CANTOPEN: " (SQLite also has to write beside it: <file>-wal and <file>-shm)",
            }
            raise LogUnavailable(f"the event log {self.path}: {flaw}{hint.get(code, '')}") from None

    def _open(self, *, create: bool) -> sqlite3.Connection:
        if self._opened is not None and not Path(self.path).exists():
            raise self._gone()
        how = HowToOpen(write=create, create=create and self._opened is None, busy_seconds=BUSY_SECONDS)
        connection, opened = open_file(self.path, how)
        identity = identity_of(connection)
        if self._identity not in (None, identity):
            connection.close()
            raise LogUnavailable(f"the event log {self.path} was replaced by another log while this program used it")
        self._connection, self._opened, self._identity = connection, opened, identity
        return connection

    def _close_if_changed(self) -> None:
        """If the file is another one by now, look at it again: it may be gone, or emptied, or another program's, or longer.

        SQLite would go on with the file that it has opened, even if that has no name any more, and with pages that it knows.
        """
        if self._connection is None or self._opened is None or self._connection.in_transaction:
            return
        if file_at(self.path) != self._opened.seen:
            self._connection.close()  # if the file was moved, SQLite leaves alone what is at its old place
            self._connection = None

    def _see_file(self) -> None:
        """After a transaction. Raises LogUnavailable if it went into a file that nobody would ever find."""
        opened, now = self._opened, file_at(self.path)
        if opened is None or opened.seen is None or now is None or opened.seen[:2] != now[:2]:
            raise self._gone()
        opened.seen = now

    def _gone(self) -> LogUnavailable:
        return LogUnavailable(f"the event log {self.path} was deleted, moved or replaced while this program used it")

    def _add_what_is_missing(self, connection: sqlite3.Connection) -> bool:
        """Returns whether this transaction is the first one of its connection that may write to the file."""
        if self._opened is None or self._opened.read_only or self._opened.has_additions:
            return False
        add_what_is_missing(connection)
        return True

    def _make_room_for_states(self, connection: sqlite3.Connection) -> None:
        if self._opened is not None and self._opened.read_only and not self._opened.has_temporary_tables:
            make_temporary_tables(connection)
            self._opened.has_temporary_tables = True


@contextmanager
def _savepoint(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("SAVEPOINT inner")
    try:
        yield
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK TO inner")
            connection.execute("RELEASE inner")
        raise
    connection.execute("RELEASE inner")


def _move_into_file(connection: sqlite3.Connection) -> None:
    """Move what the write-ahead log holds into the file, as far as no reader needs it there. The next one moves the rest."""
    connection.execute("PRAGMA busy_timeout = 0")  # do not wait for readers
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    except sqlite3.OperationalError:  # a full disk, say: the transaction has ended, and its content is in the write-ahead log
        pass
    finally:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")


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
