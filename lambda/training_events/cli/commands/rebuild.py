"""`training-events rebuild`: folds every read model again from the log, and prints what that changed."""

from __future__ import annotations

from typing import Annotated

import typer
from msgspec import Struct

from training_events import times
from training_events.cli.large_log import tell_if_large
from training_events.cli.output import print_document
from training_events.cli.progress import progress
from training_events.cli.workspace import (
    AsJson,
    LogUrl,
    open_current_workspace,
    require_writable,
)
from training_events.projection.rebuild import Change, Rebuild
from training_events.reading.opening import open_sources, require_read_models
from training_events.reading.wording.text import printable


class RebuildDocument(Struct):
    """`events` and `streams` count what this rebuild has read since it began, `changes` were made in this run of it."""

    dry_run: bool
    resumed: bool
    begun_at: str
    events: int
    streams: int
    changes: list[Change]


def rebuild(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change nothing: print what would change.")] = False,
    log: LogUrl = "",
    as_json: AsJson = False,
) -> None:
    """Fold all read models again from the log.

    Prints which of them differed from the log. They can be read meanwhile, and events may go on arriving. After an
    interruption the next rebuild goes on where this one stopped.

    For example:
      training-events rebuild --dry-run
      training-events rebuild --json | jq '.changes[].stream'
    """
    sources = open_sources(log) if dry_run else open_current_workspace(log)
    read_models, projector = require_read_models(sources)
    if not dry_run:
        require_writable(sources)
    tell_if_large(sources.log)
    changes: list[Change] = []

    def report(change: Change) -> None:
        changes.append(change)
        if not as_json:
            print(_line(change, dry_run=dry_run), flush=True)

    with progress() as show:
        work = Rebuild(
            sources.log,
            read_models,
            projector,
            begun_at=times.now(),
            dry_run=dry_run,
            on_change=report,
            on_progress=lambda reached: show(f"{reached.events} events of {reached.streams} streams"),
        )
        done = work.run()
    if as_json:
        print_document(RebuildDocument(dry_run, work.resumed, done.begun_at, done.events, done.streams, _in_order(changes)))
    else:
        resumed = f", in a rebuild that began at {done.begun_at}" if work.resumed else ""
        would = "would change" if dry_run else "changed"
        print(f"{done.streams} streams folded from {done.events} events{resumed}; {would}: {len(changes)}")


def _in_order(changes: list[Change]) -> list[Change]:
    """Several readers find the changes, in any order."""
    return sorted(changes, key=lambda change: change.stream)


def _line(change: Change, *, dry_run: bool) -> str:
    would = "would be " if dry_run else ""
    return printable(f"{change.stream}: {would}{change.what}" + (f" ({', '.join(change.fields)})" if change.fields else ""))
