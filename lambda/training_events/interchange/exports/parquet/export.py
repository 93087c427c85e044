"""Writes the tables of a log into a folder, which takes the place of an earlier export once all of it is written.

Events and points are partitioned by the kind of their stream, and sorted by stream. Most questions are about some streams, so
readers skip the row groups of all others, by the statistics that each has. Partitions by day would cut runs apart and make
hundreds of small files: a day of training has few megabytes of events.
"""

from __future__ import annotations

import os
import shutil
import time
from contextlib import ExitStack, suppress
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec
from msgspec import Struct

from training_events.canonical import canonical_json
from training_events.errors import Misused
from training_events.folds import kind_of
from training_events.interchange.exports.parquet.points import MEASURED, point_rows
from training_events.interchange.exports.parquet.rows import event_row, finding_row, state_rows
from training_events.interchange.exports.parquet.tables import EVENTS, FINDINGS, OF_STATES, POINTS
from training_events.interchange.exports.parquet.writer import TableWriter, require_pyarrow
from training_events.reading.states import state_of
from training_events.reading.verification import findings_of_log

if TYPE_CHECKING:
    from collections.abc import Callable

    from training_events.interchange.exports.parquet.tables import TableShape
    from training_events.reading.opening import Sources

MARKER = "_training_events.json"
"""The file that tells an export from a folder of somebody's. Readers of tables pass over a name that begins with `_`."""
FORMAT = 2
"""Of the tables: with another one they have other columns."""
_STALE_SECONDS = 24 * 3600.0
"""An unfinished folder to which nothing was written for so long is no longer being made: its program was killed."""


class TableCounts(Struct, frozen=True):
    """How many rows each table has."""

    events: int
    points: int
    runs: int
    models: int
    datasets: int
    findings: int | None
    """None where the log was not verified: then there is no such table."""


def check_folder(folder: Path) -> None:
    """Before the work is done. Raises Misused for what an export must not replace, or cannot write."""
    require_pyarrow()
    shown = os.fspath(folder)
    if not folder.absolute().parent.is_dir():
        raise Misused(f"{shown!a} cannot be written: there is no folder {os.fspath(folder.absolute().parent)!a}")
    if not folder.exists():
        return
    if not folder.is_dir():
        raise Misused(f"{shown!a} is a file: name a folder that is not there, or one that an earlier export made")
    if any(folder.iterdir()) and not (folder / MARKER).exists():
        raise Misused(f"{shown!a} holds what no export made: name a folder that is not there, or one of an earlier export")


def export_tables(
    sources: Sources,
    folder: Path,
    on_progress: Callable[[str, float], None] = lambda text, share: None,  # noqa: ARG005
    *,
    verified: bool = False,
) -> TableCounts:
    """Write the tables; `findings` only if the log is to be `verified`, which takes as long as `verify --all`.

    The same log gives the same rows in the same order. Memory does not grow with the log.

    `on_progress` gets what is done, and which share of all. Raises DamagedEvent where an altered log holds no event.
    """
    check_folder(folder)
    folder = folder.resolve()
    _remove_stale(folder)
    unfinished = folder.with_name(f".{folder.name}.{uuid4().hex}.unfinished")
    try:
        unfinished.mkdir()
        counts = _write_tables(sources, unfinished, on_progress, verified=verified)
        (unfinished / MARKER).write_bytes(canonical_json({"format": FORMAT, "rows": msgspec.to_builtins(counts)}) + b"\n")
        _take_place(unfinished, folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return counts


def _write_tables(sources: Sources, folder: Path, on_progress: Callable[[str, float], None], *, verified: bool) -> TableCounts:
    streams = sorted(sources.log.streams())
    of_kind = {kind: list(named) for kind, named in groupby(streams, key=kind_of)}
    done, counts = 0, {"events": 0, "points": 0}
    with ExitStack() as files:
        of_states = {kind: files.enter_context(TableWriter(folder / shape.name, shape)) for kind, shape in OF_STATES.items()}
        for kind in sorted({"run", *of_kind}):  # a table without a file cannot be read
            with ExitStack() as stack:
                events = stack.enter_context(_partition(folder, EVENTS, kind))
                points = stack.enter_context(_partition(folder, POINTS, kind)) if kind in MEASURED else None
                for stream in of_kind.get(kind, ()):
                    on_progress(f"{done} of {len(streams)} streams", done / len(streams))
                    events.add(map(event_row, sources.log.read(stream)))
                    if kind in of_states:
                        state = state_of(sources, stream)
                        of_states[kind].add(state_rows(state))
                        if points is not None:
                            points.add(point_rows(sources.log, state))
                    done += 1
            counts["events"] += events.rows
            counts["points"] += 0 if points is None else points.rows
    counts |= {shape.name: of_states[kind].rows for kind, shape in OF_STATES.items()}
    findings = write_findings(sources, folder, on_progress) if verified else None
    return TableCounts(**counts, findings=findings)


def write_findings(sources: Sources, folder: Path, on_progress: Callable[[str, float], None]) -> int:
    """Write the table `findings` alone, also of a log that holds no event in the place of one. Returns how many rows it has."""
    with TableWriter(folder / FINDINGS.name, FINDINGS) as findings:
        findings.add(finding_row(stream, finding) for stream, finding in findings_of_log(sources, on_progress))
    return findings.rows


def _partition(folder: Path, shape: TableShape, kind: str) -> TableWriter:
    return TableWriter(folder / shape.name / f"kind={kind}", shape)


def _take_place(finished: Path, folder: Path) -> None:
    """Put the finished folder where an earlier export may be. Whoever opens a file meanwhile finds the old one or the new."""
    if not folder.exists():
        finished.rename(folder)
        return
    replaced = folder.with_name(f".{folder.name}.{uuid4().hex}.unfinished")
    folder.rename(replaced)
    try:
        finished.rename(folder)
    except OSError:
        replaced.rename(folder)
        raise
    shutil.rmtree(replaced, ignore_errors=True)


def _remove_stale(folder: Path) -> None:
    """Remove what killed exports into this folder have left."""
    for path in folder.parent.glob(f".{folder.name}.*.unfinished"):
        with suppress(OSError):
            newest = max(entry.stat().st_mtime for entry in (path, *path.rglob("*")))
            if time.time() - newest > _STALE_SECONDS:
                shutil.rmtree(path, ignore_errors=True)
