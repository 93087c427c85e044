"""`training-events flush`: sends what recorders could not send."""

from __future__ import annotations

from typing import Annotated

import typer
from msgspec import Struct

from training_events.cli.output import print_document
from training_events.cli.progress import progress
from training_events.cli.workspace import AsJson
from training_events.errors import TrainingEventsError
from training_events.reading.wording.text import printable
from training_events.recorder.delivery.destination import configured_destination
from training_events.recorder.delivery.flush import FlushResult, SpoolFileStatus, flush_all, spool_files
from training_events.recorder.delivery.spool import spool_folder
from training_events.settings import Settings


class FlushDocument(Struct):
    """`sent` and `left` count events. `waiting` is what is in the spool afterwards, for any destination and of any recorder."""

    spool: str
    destination: str
    sent: int
    left: int
    files: list[FlushResult]
    waiting: list[SpoolFileStatus]


def flush(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Send nothing: list what is in the spool.")] = False,
    as_json: AsJson = False,
) -> None:
    """Send the events that recorders had to leave on disk.

    A recorder leaves events on disk when the bus or the log cannot be reached or refuses them, and when its training is
    killed. The next recorder sends them too. They go where TRAINING_EVENTS_BUS or TRAINING_EVENTS_LOG says, and only those
    that were recorded for this destination. An event that is sent twice changes nothing.

    For example:
      training-events flush --dry-run
      training-events flush
    """
    settings = Settings()
    home, to = spool_folder(settings), configured_destination(settings)
    files: list[FlushResult] = []
    if not dry_run:
        with progress() as show:
            files += flush_all(home, to, lambda sent: show(f"{sent} events sent"))
    sent, left = sum(file.sent for file in files), sum(file.left for file in files)
    document = FlushDocument(str(home), str(to), sent, left, files, list(spool_files(home)))
    if as_json:
        print_document(document)
    else:
        for pending in document.waiting:
            in_use = " (in use)" if pending.in_use else ""
            print(printable(f"{pending.file}: {pending.bytes} bytes wait for {pending.destination}{in_use}"))
        if not dry_run:
            print(f"{document.sent} event(s) sent to {to}; {document.left} left")
        elif not document.waiting:
            print("nothing waits")
    if document.left:
        why = next(file.why for file in files if file.why)
        raise TrainingEventsError(f"{document.left} event(s) could not be sent to {to}, and wait in {home}: {why}")
