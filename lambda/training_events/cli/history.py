"""`training-events history STREAM`: the events of a stream in order."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any

import typer

from training_events.canonical import canonical_json
from training_events.cli.output import print_json_document, print_rows
from training_events.errors import NoSuchStream
from training_events.event import check_stream
from training_events.log_url import open_log
from training_events.settings import Settings

if TYPE_CHECKING:
    from training_events.event import RecordedEvent


def history(
    stream: Annotated[str, typer.Argument(help="run/<id>, model/<name> or dataset/<name>")],
    log: Annotated[str, typer.Option(help="Where the event log is; else TRAINING_EVENTS_LOG.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,  # noqa: FBT002 - a flag
) -> None:
    """Print the events of a stream in order."""
    check_stream(stream)
    events = open_log(log or Settings().log).read(stream)
    first = next(events, None)  # before anything is printed: an error leaves standard output empty
    if first is None:
        raise NoSuchStream(f"the log has no event of {stream}")
    recorded = chain([first], events)
    if as_json:
        print_json_document({"stream": stream}, "events", map(_document, recorded))
    else:
        print_rows(("occurred at", "type", "data"), (27, 24), map(_row, recorded))


def _document(recorded: RecordedEvent) -> dict[str, Any]:
    return {**recorded.event.said(), "recorded_at": recorded.recorded_at, "digest": recorded.digest}


def _row(recorded: RecordedEvent) -> tuple[str, ...]:
    event = recorded.event
    return event.occurred_at, event.type, canonical_json(event.data).decode()
