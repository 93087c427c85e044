"""Opens the SQLite file of an event log: made where there is none, refused where it is something else, read where it cannot be
written.
"""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct

from training_events.errors import LogUnavailable, NoSuchLog
from training_events.stores.sqlite.schema import APPLICATION_ID, SCHEMA, VERSION, add_what_is_missing

NOT_A_DATABASE = "the file is no SQLite database"
_SMALLEST_FILE = 512
"""A page of the smallest size: https://www.sqlite.org/fileformat.html#pages"""
_NEVER_USED = (
    "SELECT NOT EXISTS (SELECT 1 FROM sqlite_sequence) AND NOT EXISTS (SELECT 1 FROM read_models)"
    " AND NOT EXISTS (SELECT 1 FROM seals) AND NOT EXISTS (SELECT 1 FROM notes WHERE name <> 'log identity')"
)
"""SQLite notes in sqlite_sequence that an event has arrived, even if all of them are deleted again."""


class FileAtPath(NamedTuple):
    """The file that a path leads to, and the last change to it."""

    device: int
    inode: int
    size: int
    modified_ns: int


class OpenedFile(Struct):
    """What was opened at a path, and as which file it was seen last."""

    seen: FileAtPath | None
    read_only: bool
    has_temporary_tables: bool = False
    has_additions: bool = False


def file_at(path: str) -> FileAtPath | None:
    """None if there is no file."""
    try:
        found = os.stat(path)  # noqa: PTH116 - called for every query
    except OSError:
        return None
    return FileAtPath(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


class HowToOpen(NamedTuple):
    """`write`: events or states are written. `create`: the file is made if there is none. `busy_seconds` to wait for others."""

    write: bool
    create: bool
    busy_seconds: float


def open_file(path: str, how: HowToOpen) -> tuple[sqlite3.Connection, OpenedFile]:
    """Raises NoSuchLog, LogUnavailable, and what SQLite raises."""
    _check(path, create=how.create)
    wal_bytes = _size(f"{path}-wal")  # asked first: SQLite makes an empty one
    try:
        connection, immutable = _connect(path, f"mode={'rwc' if how.create else 'rw'}", how), False
    except sqlite3.OperationalError as flaw:
        if flaw.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY) or not Path(path).is_file():
            raise
        # In a folder where it cannot write, SQLite reads no file with a write-ahead log, unless it is told that nobody writes:
        # https://www.sqlite.org/wal.html#read_only_databases
        if wal_bytes:
            raise LogUnavailable(
                f"the event log {path}: its newest events are in {path}-wal, which SQLite can read only in a folder that is"
                " writable: copy both files into one"
            ) from None
        connection, immutable = (
            _connect(path, "mode=ro&immutable=1", HowToOpen(write=False, create=False, busy_seconds=0)),
            True,
        )
    try:
        if not how.write and not wal_bytes:
            _require_content(connection, path)
        read_only = immutable or not _is_writable(path)
        return connection, OpenedFile(file_at(path), read_only)
    except BaseException:
        connection.close()
        raise


def _require_content(connection: sqlite3.Connection, path: str) -> None:
    """Raises NoSuchLog. A file whose content is all in the write-ahead log looks like this when it is copied without that."""
    if connection.execute(_NEVER_USED).fetchone() == (1,):
        raise no_log(path, "nothing was recorded in it yet; if it is a copy, its events are in <original>-wal: copy that, too")


def _check(path: str, *, create: bool) -> None:
    """Make the folder of a file that is to be made. Raises what is wrong with the path, before SQLite touches anything."""
    file = Path(path)
    try:
        if file.is_dir():
            raise no_log(path, "it is a folder")
        if file.exists():
            # SQLite takes a shorter file for an empty one, and would overwrite it. Only its size is asked for: to open and
            # close it here would release the locks of this process (https://www.sqlite.org/howtocorrupt.html, 2.2).
            if 0 < file.stat().st_size < _SMALLEST_FILE:
                raise no_log(path, NOT_A_DATABASE)
        elif create:
            file.parent.mkdir(parents=True, exist_ok=True)
        else:
            raise no_log(
                path, "no such file (a path after sqlite:/// starts in the current folder, after sqlite://// at the root)"
            )
    except OSError as flaw:
        raise LogUnavailable(f"the event log {path}: {flaw.strerror}: {flaw.filename}") from None


def _connect(path: str, query: str, how: HowToOpen) -> sqlite3.Connection:
    address = f"{Path(path).as_uri()}?{query}"
    connection = sqlite3.connect(address, uri=True, timeout=how.busy_seconds, isolation_level=None, check_same_thread=False)
    try:
        _prepare(connection, path, how)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, path: str, how: HowToOpen) -> None:
    connection.execute("PRAGMA fullfsync = ON")  # macOS: fsync alone leaves data in the drive's cache
    if not _is_log(connection, path):
        if not how.create:
            raise no_log(path, "nothing was recorded in it yet")
        connection.execute("BEGIN IMMEDIATE")
        if not _is_log(connection, path):  # another process may have made it in the meantime
            for statement in SCHEMA.split("\n\n"):  # executescript would end the transaction first
                connection.execute(statement)
            add_what_is_missing(connection)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    if how.write:
        _write_ahead(connection, how.busy_seconds)


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
        raise no_log(path, "the file is another program's database")
    return False


def _write_ahead(connection: sqlite3.Connection, busy_seconds: float) -> None:
    """Let readers and the writer not wait for each other. The file keeps this mode: only the first connection has to set it."""
    deadline = time.monotonic() + busy_seconds
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as flaw:  # here SQLite does not wait for others itself
            if flaw.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        time.sleep(0.01)


def _size(path: str) -> int:
    try:
        return Path(path).stat().st_size
    except OSError:
        return 0


def _is_writable(path: str) -> bool:
    return os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def only_readable(path: str) -> LogUnavailable:
    return LogUnavailable(f"the event log {path} can only be read: the file or its folder is not writable")


def no_log(path: str, why: str) -> NoSuchLog:
    return NoSuchLog(f"there is no event log at {path}: {why}")
