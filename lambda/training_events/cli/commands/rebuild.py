"""`training-events rebuild`: every read model folded anew from the log, and what that changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import Struct
from rich.progress import BarColumn, TextColumn

from training_events import times
from training_events.cli.output import print_document, printable, progress
from training_events.cli.workspace import AsJson, LogUrl, open_current_workspace, open_workspace, require_read_models
from training_events.projection.rebuild import Change, Rebuild

if TYPE_CHECKING:
    from training_events.projection.rebuild import Progress


class RebuildDocument(Struct):
    """`events` and `streams` were read over all sittings of this rebuild, `changes` were made in this one."""

    dry_run: bool
    resumed: bool
    begun_at: str
    events: int
    streams: int
    changes: list[Change]


def rebuild(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change nothing: say what would.")] = False,
    log: LogUrl = "",
    as_json: AsJson = False,
) -> None:
    """Fold all read models anew from the log.

    Prints which of them were not what the log says. They can be read meanwhile, and events may go on arriving.
    Interrupted, the next rebuild goes on where this one was.

    For example:
      training-events rebuild --dry-run
      training-events rebuild --json | jq '.changes[].stream'
    """
    store = open_workspace(log) if dry_run else open_current_workspace(log)
    read_models, projector = require_read_models(store)
    changes: list[Change] = []

    def tell(change: Change) -> None:
        changes.append(change)
        if not as_json:
            print(_line(change, dry_run=dry_run), flush=True)

    with progress(TextColumn("{task.description}"), BarColumn()) as bar:
        task = bar.add_task("", total=None)

        def advance(reached: Progress) -> None:
            bar.update(task, description=f"{reached.events} events of {reached.streams} streams")

        work = Rebuild(
            store.log,
            read_models,
            projector,
            begun_at=times.now(),
            dry_run=dry_run,
            on_change=tell,
            on_progress=advance,
        )
        done = work.run()
    if as_json:
        print_document(RebuildDocument(dry_run, work.resumed, done.begun_at, done.events, done.streams, _in_order(changes)))
    else:
        goes_on = f", gone on with since {done.begun_at}" if work.resumed else ""
        would = "would change" if dry_run else "changed"
        print(f"{done.streams} streams folded from {done.events} events{goes_on}; {would}: {len(changes)}")


def _in_order(changes: list[Change]) -> list[Change]:
    """Several readers find them, in any order."""
    return sorted(changes, key=lambda change: change.stream)


def _line(change: Change, *, dry_run: bool) -> str:
    would = "would be " if dry_run else ""
    return printable(f"{change.stream}: {would}{change.what}" + (f" ({', '.join(change.fields)})" if change.fields else ""))
