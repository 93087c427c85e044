"""`training-events record STREAM TYPE`: records one event, by hand or from a script."""

from __future__ import annotations

import sys
import uuid
from typing import Annotated, Literal

import typer
from msgspec import Struct

from training_events import catalogue, strict_json, times
from training_events.cli.output import print_document, printable
from training_events.cli.time_argument import time_option
from training_events.cli.workspace import AsJson, Source, Stream, bring_up_to_date, open_workspace
from training_events.errors import NotAnObject, NotRecordable, UnknownType
from training_events.event import DEFAULT_SOURCE, SCHEMA_VERSION, Event
from training_events.recordable import check_recordable
from training_events.settings import LAPTOP_LOG, Settings


class RecordDocument(Struct):
    """Where the event went: `published` to the bus, or `recorded` in the log, which may have had it already (`repeated`).

    No state is made from an event whose type is not `known` in streams of this kind.
    """

    stream: str
    type: str
    event_id: str
    occurred_at: str
    digest: str
    outcome: Literal["published", "recorded", "repeated"]
    known: bool


def record(
    stream: Stream,
    type_: Annotated[str, typer.Argument(help="The event's type, in the past tense: ModelPromoted.", metavar="TYPE")],
    data: Annotated[
        str, typer.Option(metavar="JSON", help="What happened, as a JSON object. - reads it from standard input.")
    ] = "{}",
    occurred_at: Annotated[str | None, time_option(meaning="When it happened.", show_default="now")] = None,
    event_id: Annotated[
        str,
        typer.Option(
            metavar="ID", help="The event's id, which identifies it together with --occurred-at.", show_default="a new one"
        ),
    ] = "",
    correlation_id: Annotated[str, typer.Option(metavar="ID", help="An id that related events share.")] = "",
    source: Source = DEFAULT_SOURCE,
    log: Annotated[
        str, typer.Option("--log", metavar="URL", help="Record straight to this log, whatever TRAINING_EVENTS_BUS says.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Record one event.

    It goes to the bus that TRAINING_EVENTS_BUS names. If none is set, or with --log, it goes straight to the log: the one
    that TRAINING_EVENTS_LOG names, else training-events.db in this folder, which is created if it does not exist. Data of a
    type in the catalogue has to fit its schema (docs/reference/events). A type of your own is recorded as it is. Recording
    the same event again, with its id and time, changes nothing.

    For example:
      training-events record model/digits ModelPromoted --data '{"version": 3, "stage": "production"}'
      training-events record run/digits-7 TrainingCompleted --occurred-at "5 minutes ago"
      jq .spec job.json | training-events record run/digits-7 TrainingStarted --data -
    """
    event = Event(
        event_id=event_id or uuid.uuid4().hex,
        stream=stream,
        type=type_,
        occurred_at=occurred_at or times.now(),
        source=source,
        data=_object(_standard_input() if data == "-" else data),
        correlation_id=correlation_id or None,
    )
    check_recordable(event)  # the bus does not say no: it would drop a type that is too long
    known = _fits(event)
    outcome = _send(event, log)
    if as_json:
        print_document(
            RecordDocument(event.stream, event.type, event.event_id, event.occurred_at, event.digest, outcome, known)
        )
    else:
        note = "" if known else f"; no state is made from it: {event.type} is not in the catalogue"
        print(printable(f"{event.stream}: {event.type} {outcome} ({event.position}){note}"))


def _standard_input() -> bytes:
    return b"" if sys.stdin is None else sys.stdin.buffer.read()


def _object(text: str | bytes) -> dict[str, object]:
    try:
        value = strict_json.loads(text)
        if not isinstance(value, dict):
            raise NotAnObject(f"it is of type {type(value).__name__}", "a JSON object")
    except NotRecordable as flaw:
        flaw.path = ("data", *flaw.path)
        raise
    return value


def _fits(event: Event) -> bool:
    """Whether the catalogue knows the type. Raises DoesNotFit."""
    try:
        catalogue.read(event.stream, event.type, SCHEMA_VERSION, event.canonical_data.decode())
    except UnknownType:
        return False
    return True


def _send(event: Event, log: str) -> Literal["published", "recorded", "repeated"]:
    """To the bus that the environment names, else to the log."""
    settings = Settings()
    bus = settings.optional("bus")
    if bus and not log:
        # imported here: on a laptop nobody waits for AWS's SDK
        from training_events import aws  # noqa: PLC0415
        from training_events.bus.publisher import EventBusPublisher  # noqa: PLC0415

        EventBusPublisher(bus, aws.client("events")).publish([event])
        return "published"
    url = log or settings.optional("log") or LAPTOP_LOG
    workspace = open_workspace(url)
    appended = workspace.log.append(event)
    bring_up_to_date(workspace)
    return appended.value
