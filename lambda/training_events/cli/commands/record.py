"""`training-events record STREAM TYPE`: one event, by hand or from a script."""

from __future__ import annotations

import sys
import uuid
from typing import Annotated, Literal

import typer
from msgspec import Struct

from training_events import aws, catalogue, strict_json, times
from training_events.bus.publisher import EventBusPublisher
from training_events.cli.output import print_document, printable
from training_events.cli.time_argument import parse_time
from training_events.cli.workspace import AsJson, Stream, bring_up_to_date, open_workspace
from training_events.errors import NotAnObject, NotRecordable, UnknownType
from training_events.event import DEFAULT_SOURCE, SCHEMA_VERSION, Event
from training_events.settings import LAPTOP_LOG, Settings


class RecordDocument(Struct):
    """Where the event went: `published` to the bus, or `recorded` in the log, which may have had it already (`repeated`).

    Of an event whose type is not `known` in streams of this kind, no state is made.
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
    type_: Annotated[str, typer.Argument(help="The event's type, in the past tense: ModelPromoted", metavar="TYPE")],
    data: Annotated[
        str, typer.Option(metavar="JSON", help="What happened, as a JSON object; - reads it from standard input.")
    ] = "{}",
    occurred_at: Annotated[
        str | None, typer.Option(parser=parse_time, metavar="TIME", help="When it happened.", show_default="now")
    ] = None,
    event_id: Annotated[
        str,
        typer.Option(metavar="ID", help="Its identity, together with --occurred-at.", show_default="a new one"),
    ] = "",
    correlation_id: Annotated[str, typer.Option(metavar="ID", help="What it belongs together with.")] = "",
    source: Annotated[str, typer.Option(metavar="NAME", help="The source on the bus: the rule goes by it.")] = DEFAULT_SOURCE,
    log: Annotated[
        str, typer.Option("--log", metavar="URL", help="Straight to this log, whatever TRAINING_EVENTS_BUS says.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Record one event.

    It goes to the bus that TRAINING_EVENTS_BUS names. Where none is set, or with --log, it goes straight to the log: at
    TRAINING_EVENTS_LOG, else in training-events.db in this folder, which is made if need be. The data of a type in the
    catalogue has to fit it (docs/reference/events); a type of your own is recorded as it is. The same event recorded again,
    with its id and time, changes nothing.

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
    settings = Settings()
    bus = settings.optional("bus")
    if bus and not log:
        EventBusPublisher(bus, aws.client("events")).publish([event])
        return "published"
    url = log or settings.optional("log") or LAPTOP_LOG
    store = open_workspace(url)
    appended = store.log.append(event)
    bring_up_to_date(store)
    return appended.value
