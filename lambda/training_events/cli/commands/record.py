"""`training-events record STREAM TYPE`: records one event, by hand or from a script."""

from __future__ import annotations

import sys
import uuid
from typing import Annotated

import typer
from msgspec import Struct

from training_events import catalogue, strict_json, times
from training_events.cli.output import print_document
from training_events.cli.recording import Sent, ToLog, send, why_not_checked
from training_events.cli.time_argument import time_option
from training_events.cli.workspace import AsJson, Source, Stream
from training_events.errors import BadLogUrl, Misused, NotAnObject, NotRecordable, UnknownType
from training_events.event import SCHEMA_VERSION, Event, in_one_form
from training_events.reading.wording.text import printable
from training_events.recordable import check_recordable
from training_events.recorder.hiding import CredentialFilter
from training_events.recorder.known_names import check_type
from training_events.settings import Settings


class RecordDocument(Struct):
    """Where the event went: `published` to the bus, or `recorded` in the log, which may have had it already (`repeated`).

    No state is made from an event whose type is not `known` in streams of this kind. `not_checked` says why the log could not
    be asked for the version or the run that the event names; null where it was, or where the event names none.
    """

    stream: str
    type: str
    event_id: str
    occurred_at: str
    digest: str
    outcome: Sent
    known: bool
    not_checked: str | None


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
    source: Source = "",
    log: ToLog = "",
    unchecked: Annotated[
        bool, typer.Option("--unchecked", help="Record also a name that looks like a typing mistake.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Record one event.

    It goes to the bus that TRAINING_EVENTS_BUS names. If none is set, or with --log, it goes straight to the log: the one
    that TRAINING_EVENTS_LOG names, else training-events.db in this folder, which is created if it does not exist. Data of a
    type in the catalogue has to fit its schema (docs/reference/events). A type of your own is recorded as it is, unless it is
    nearly one of the catalogue. A model's version that was never registered, a run that the log does not have, and a second
    spelling of a stage are refused too, and a tag or description of a stream that is not there. --unchecked records all these.
    What looks like a credential is recorded as ***, which a line on standard error says. Recording the same event again, with
    its id and time, changes nothing. On AWS a log has its events from the event processor that TRAINING_EVENTS_PROCESSOR names.

    For example:
      training-events record model/digits ModelPromoted --data '{"version": 3, "stage": "production"}'
      training-events record run/digits-7 TrainingCompleted --occurred-at "5 minutes ago"
      jq .spec job.json | training-events record run/digits-7 TrainingStarted --data -
    """
    event = Event(
        event_id=event_id or uuid.uuid4().hex,
        stream=in_one_form(stream),
        type=type_,
        occurred_at=occurred_at or times.now(),
        source=source or Settings().source,
        data=CredentialFilter(in_one_form(stream))(_object(_standard_input() if data == "-" else data)),
        correlation_id=correlation_id or None,
    )
    check_recordable(event)  # the bus does not say no: it would drop a type that is too long
    fact = _fact(event)
    known = fact is not None
    not_checked = None if unchecked else _check(event, fact, log)
    [outcome] = send([event], log)
    if as_json:
        print_document(
            RecordDocument(
                event.stream, event.type, event.event_id, event.occurred_at, event.digest, outcome, known, not_checked
            )
        )
    else:
        note = "" if known else f"; no state is made from it: {event.type} is not in the catalogue"
        note += f"; the names in it were not checked: {not_checked}" if not_checked else ""
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


def _fact(event: Event) -> Struct | None:
    """What the event states; None if the catalogue does not know its type. Raises DoesNotFit."""
    try:
        return catalogue.read(event.stream, event.type, SCHEMA_VERSION, event.canonical_data.decode())
    except UnknownType:
        return None


def _check(event: Event, fact: Struct | None, log: str) -> str | None:
    """Raises Misused for what looks like a typing mistake. Returns why the names could not be checked, if so."""
    try:
        check_type(event.stream, event.type)
        return why_not_checked(event.stream, fact, log)
    except BadLogUrl:
        raise
    except Misused as flaw:
        raise Misused(f"{flaw}; --unchecked records it all the same") from None
