"""`training-events history STREAM`: prints the events of a stream in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from training_events.canonical import canonical_json
from training_events.cli.output import peek, print_json_document
from training_events.cli.table import LOOK_AHEAD_ROWS, print_rows
from training_events.cli.workspace import AsJson, LogUrl, Stream
from training_events.reading.events import in_order_of_life
from training_events.reading.opening import open_sources, url_to_read
from training_events.reading.stream_names import no_such_stream, stream_of_log
from training_events.stores.opening import open_event_log

if TYPE_CHECKING:
    from training_events.event import RecordedEvent


class HistoryEvent(Struct):
    """The event as its producer sent it, then what the log added: when it took the event (by its clock), and the digest.

    `account` is the AWS account that sent it over a bus; null where nobody did.
    """

    event_id: str
    stream: str
    type: str
    occurred_at: str
    source: str
    schema_version: int
    data: dict[str, Any]
    producer: dict[str, Any] | None
    correlation_id: str | None
    resources: list[str]
    extensions: dict[str, Any]
    recorded_at: str
    digest: str
    account: str | None


class HistoryDocument(Struct):
    stream: str
    events: list[HistoryEvent]


def history(stream: Stream, log: LogUrl = "", as_json: AsJson = False) -> None:
    """Print the events of a stream, in the order they occurred.

    Those of one instant come in the order in which the state takes them: what starts before what it says, and that before its
    end. They are printed as they are read, so a stream may be of any length.

    For example:
      training-events history run/digits-7
      training-events history run/digits-7 --json | jq '.events[].data'
    """
    event_log = open_event_log(url_to_read(log))
    stream = stream_of_log(event_log, stream)
    first, recorded = peek(in_order_of_life(stream, event_log.read(stream)))
    if not first:
        raise no_such_stream(open_sources(log), stream)
    if as_json:
        print_json_document({"stream": stream}, "events", map(_document, recorded))
    else:
        print_rows(("occurred at", "type", "data"), (27, 48), map(_row, recorded), LOOK_AHEAD_ROWS)


def _document(recorded: RecordedEvent) -> HistoryEvent:
    event = recorded.event
    return HistoryEvent(
        event_id=event.event_id,
        stream=event.stream,
        type=event.type,
        occurred_at=event.occurred_at,
        source=event.source,
        schema_version=event.schema_version,
        data=event.data,
        producer=None if event.producer is None else event.producer.to_dict(),
        correlation_id=event.correlation_id,
        resources=list(event.resources),
        extensions=event.extensions,
        recorded_at=recorded.recorded_at,
        digest=recorded.digest,
        account=recorded.account,
    )


def _row(recorded: RecordedEvent) -> tuple[str, ...]:
    event = recorded.event
    return event.occurred_at, event.type, canonical_json(event.data).decode()
