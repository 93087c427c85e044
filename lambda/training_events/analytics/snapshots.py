"""The tables of one run of the job: `<table>/snapshot=<time>/part-….parquet`, and a summary that is written when all are there.

A snapshot without its summary is not whole: its run goes on, or was killed. Readers take the newest one that has a summary.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

from training_events.times import hours_after

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training_events.analytics.places import Place

SUMMARIES = "_snapshots/"
"""Where summaries are. What reads a folder as a table passes over names that begin with `_`."""
KEPT = 2
"""How many whole snapshots are kept: a query that has begun with one ends while the next is the newest."""
STALE_HOURS = 24
"""A snapshot that is not whole after so long will not be: its run was killed."""
_SUMMARY = re.compile(re.escape(SUMMARIES) + r"(\d{8}T\d{6}Z)\.json")
_FILE = re.compile(r"[a-z]+/snapshot=(\d{8}T\d{6}Z)/[^/]+")
_FORMAT = "%Y%m%dT%H%M%SZ"


def snapshot_name(moment: str) -> str:
    """The name of the snapshot that a run makes which began at this moment (a 27-character text)."""
    return datetime.fromisoformat(moment).strftime(_FORMAT)


def snapshot_folder(table: str, snapshot: str) -> str:
    return f"{table}/snapshot={snapshot}/"


def summary_file(snapshot: str) -> str:
    return f"{SUMMARIES}{snapshot}.json"


def whole_snapshots(tables: Place) -> list[str]:
    """The names of all snapshots that are whole, the newest last."""
    return sorted(found[1] for name in tables.names(SUMMARIES) if (found := _SUMMARY.fullmatch(name)))


def finish(tables: Place, snapshot: str, files: set[str], summary: bytes) -> None:
    """Make the snapshot whole. It then has these files and no other: a task that failed may have left some."""
    tables.remove([name for name in _files_of(tables, snapshot) if name not in files])
    tables.write(summary_file(snapshot), summary)


def remove_old(tables: Place, moment: str) -> None:
    """Remove what no reader takes any more: whole snapshots but for the newest, and unfinished ones that are stale."""
    whole = whole_snapshots(tables)
    stale = snapshot_name(hours_after(moment, -STALE_HOURS))
    for name in whole[:-KEPT]:
        tables.remove([summary_file(name)])
        tables.remove(list(_files_of(tables, name)))
    unfinished = {name for _, name in _files(tables) if name < stale}.difference(whole)
    tables.remove([file for file, name in _files(tables) if name in unfinished])


def _files_of(tables: Place, snapshot: str) -> Iterator[str]:
    return (file for file, name in _files(tables) if name == snapshot)


def _files(tables: Place) -> Iterator[tuple[str, str]]:
    """Every file of a snapshot, with the snapshot's name."""
    return ((name, found[1]) for name in tables.names("") if (found := _FILE.fullmatch(name)))
