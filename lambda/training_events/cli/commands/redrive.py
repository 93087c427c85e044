"""`training-events redrive`: sends what could not be recorded again."""

from __future__ import annotations

from collections import deque
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import Struct

from training_events import aws
from training_events.bus.publisher import EventBusPublisher
from training_events.cli.output import print_document
from training_events.cli.table import print_rows
from training_events.cli.workspace import AsJson, FromSpool, QueueUrl, open_current_workspace
from training_events.errors import TrainingEventsError
from training_events.reading.opening import require_read_models
from training_events.reading.undelivered import undelivered_events
from training_events.recorder.delivery.destination import configured_destination
from training_events.recovery.redrive import Redriver, recording
from training_events.settings import Settings
from training_events.stores.appending import appender

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training_events.reading.opening import Sources
    from training_events.recovery.redrive import RedriveOutcome


class Sent(Struct):
    message_id: str
    streams: list[str]
    event_id: str | None


class Left(Struct):
    message_id: str
    why: str


class RedriveDocument(Struct):
    """With `dry_run`, `sent` is what would have been sent."""

    dry_run: bool
    sent: list[Sent]
    left: list[Left]


def redrive(
    reason: Annotated[
        list[str] | None, typer.Option(metavar="REASON", help="Only messages set aside for this reason. May be repeated.")
    ] = None,
    message_id: Annotated[str | None, typer.Option(metavar="ID", help="Only this message.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, metavar="COUNT", help="At most this many messages.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Send nothing: print what would be sent.")] = False,
    accept_future: Annotated[
        bool, typer.Option("--accept-future", help="Record also what is more than 24 hours ahead of the log's clock.")
    ] = False,
    queue: QueueUrl = "",
    spool: FromSpool = False,
    log: Annotated[str, typer.Option(metavar="URL", help="Where the event log is. Default: TRAINING_EVENTS_LOG.")] = "",
    as_json: AsJson = False,
) -> None:
    """Send again what could not be recorded.

    A message that was sent is removed from the queue. Events go over TRAINING_EVENTS_BUS if that is set. Without it, with
    --accept-future, and for AWS's own events, the event processor that TRAINING_EVENTS_PROCESSOR names records them. Where
    the log has the event and only the state is behind, the stream is folded again. What still cannot be understood stays in
    the queue with its reason, and so does what is not due yet, and what no rule of the bus takes.

    For example:
      training-events redrive --dry-run
      training-events redrive --spool
      training-events redrive --reason RetriesExhausted --reason THROTTLING
    """
    document = RedriveDocument(dry_run, [], [])
    redriver = _redriver(log or (_log_of_the_spool() if spool else ""), accept_future=accept_future)
    with undelivered_events(queue, spool=spool) as reader:
        wanted = (
            message
            for message in reader.messages()
            if (not reason or message.reason in reason) and message_id in (None, message.message_id)
        )
        outcomes = _collect(redriver.send(reader, islice(wanted, limit), dry_run=dry_run), document)
        if as_json:
            _print_document(outcomes, document)
        else:
            print_rows(
                ("message", "", "stream"),
                (36, 5),
                map(_row, outcomes),
                empty="nothing to send: no message of the queue was asked for",
            )
    if document.left:
        raise TrainingEventsError(f"{len(document.left)} message(s) stay in the queue, each for the reason given with it")


def _log_of_the_spool() -> str:
    """The log for which recorders spool events here; empty if they publish them."""
    to = configured_destination(Settings())
    return to.at if to.kind == "log" else ""


def _redriver(log: str, *, accept_future: bool) -> Redriver:
    """It opens the log only when it needs it: events that go over the bus do not."""
    settings = Settings()
    bus = settings.optional("bus")
    url = (log or settings.optional("log")) if bus else (log or settings.log)

    @cache
    def sources() -> Sources:
        # never a laptop's log just because nothing names another one: what is sent there is gone from the queue
        return open_current_workspace(url or settings.log)

    def refold(stream: str) -> None:
        _, projector = require_read_models(sources())
        projector.refold(stream)

    publisher = EventBusPublisher(bus, aws.client("events")) if bus else None
    own_account = cache(lambda: str(aws.client("sts").get_caller_identity()["Account"]))
    record = recording(
        publisher, lambda: appender(sources().log, settings), own_account=own_account, accept_future=accept_future
    )
    return Redriver(record, refold, bus=bus, accept_future=accept_future)


def _collect(outcomes: Iterator[RedriveOutcome], document: RedriveDocument) -> Iterator[RedriveOutcome]:
    for outcome in outcomes:
        message_id = outcome.message.message_id
        if outcome.why is None:
            document.sent.append(Sent(message_id, outcome.streams, outcome.event_id))
        else:
            document.left.append(Left(message_id, outcome.why))
        yield outcome


def _print_document(outcomes: Iterator[RedriveOutcome], document: RedriveDocument) -> None:
    """Prints it also after Ctrl-C or an error: what was sent is sent, and people should know."""
    finished = False
    try:
        deque(outcomes, maxlen=0)
        finished = True
    finally:
        if finished or document.sent or document.left:
            print_document(document)


def _row(outcome: RedriveOutcome) -> tuple[str, ...]:
    streams = " ".join(outcome.streams)
    what = streams if outcome.why is None else f"{streams} {outcome.why}"
    return outcome.message.message_id, "sent" if outcome.why is None else "left", what
