"""What commands share: their usual options, and the log, read models and seals that they work on."""

from __future__ import annotations

from typing import Annotated

import typer

from training_events.cli import completion
from training_events.cli.progress import progress_after
from training_events.reading import opening
from training_events.reading.opening import Sources, open_sources
from training_events.settings import DEFAULT_SOURCE, LAPTOP_LOG
from training_events.stores.sqlite.event_log import SqliteLog
from training_events.stores.sqlite.file import only_readable

Stream = Annotated[
    str,
    typer.Argument(
        help="run/<id>, model/<name>, dataset/<name> or group/<name>", metavar="STREAM", autocompletion=completion.streams
    ),
]
LogUrl = Annotated[
    str,
    typer.Option("--log", metavar="URL", help=f"Where the event log is. Default: TRAINING_EVENTS_LOG, else {LAPTOP_LOG}."),
]
FromSpool = Annotated[
    bool,
    typer.Option("--spool", help="In place of the queue: what recorders on this machine set aside, beside what they spool."),
]
QueueUrl = Annotated[str, typer.Option("--queue", metavar="URL", help="The queue's URL. Default: TRAINING_EVENTS_UNDELIVERED.")]
Source = Annotated[
    str,
    typer.Option(
        "--source",
        metavar="NAME",
        help=f"The event's source, by which the bus's rule selects it. Default: TRAINING_EVENTS_SOURCE, else {DEFAULT_SOURCE}.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output, and nothing else there.")]


def open_current_workspace(url: str) -> Sources:
    """What is at `url`, else where the environment says, after a laptop's read models and seals were brought up to date."""
    sources = open_sources(url)
    bring_up_to_date(sources)
    return sources


def bring_up_to_date(sources: Sources) -> None:
    """Bring a laptop's read models and seals up to date, and show how far that is."""
    with progress_after() as show:
        opening.bring_up_to_date(sources, show)


def require_writable(sources: Sources) -> None:
    """For a command that writes to the log's file. Raises LogUnavailable where that can only be read."""
    if isinstance(sources.log, SqliteLog) and sources.log.database.read_only:
        raise only_readable(sources.log.database.path)
