"""`training-events flush`: what recorders could not send, sent now."""

from __future__ import annotations

from typing import Annotated

import typer
from msgspec import Struct
from rich.progress import BarColumn, TextColumn

from training_events.cli.output import print_document, printable, progress
from training_events.cli.workspace import AsJson
from training_events.errors import TrainingEventsError
from training_events.recorder.delivery.destination import configured_destination
from training_events.recorder.delivery.flush import FlushResult, SpoolFileStatus, flush_all, spool_files
from training_events.recorder.delivery.spool import spool_folder
from training_events.settings import Settings


class FlushDocument(Struct):
    """`sent` and `left` count events, `waiting` is what is in the spool afterwards: of any destination, and of any recorder."""

    spool: str
    destination: str
    sent: int
    left: int
    files: list[FlushResult]
    waiting: list[SpoolFileStatus]


def flush(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what waits.")] = False,
    as_json: AsJson = False,
) -> None:
    """Send the events that recorders had to leave on disk.

    They are left when the bus or the log could not be reached, refused them, or when the training was killed; the next
    recorder sends them too. They go where the environment says, TRAINING_EVENTS_BUS or TRAINING_EVENTS_LOG, and only what
    was recorded for just that destination does; sending an event again changes nothing.

    For example:
      training-events flush --dry-run
      training-events flush
    """
    settings = Settings()
    home, to = spool_folder(settings), configured_destination(settings)
    files: list[FlushResult] = []
    with progress(TextColumn("{task.description}"), BarColumn()) as bar:
        task = bar.add_task("", total=None)
        if not dry_run:
            files += flush_all(home, to, lambda sent: bar.update(task, description=f"{sent} events sent"))
    document = FlushDocument(
        str(home), str(to), sum(one.sent for one in files), sum(one.left for one in files), files, list(spool_files(home))
    )
    if as_json:
        print_document(document)
    else:
        for one in document.waiting:
            print(printable(f"{one.file}: {one.bytes} bytes wait for {one.destination}{' (in use)' if one.in_use else ''}"))
        if not dry_run:
            print(f"{document.sent} event(s) sent to {to}; {document.left} left")
        elif not document.waiting:
            print("nothing waits")
    if document.left:
        why = next(one.why for one in files if one.why)
        raise TrainingEventsError(f"{document.left} event(s) could not be sent to {to}, and wait in {home}: {why}")
