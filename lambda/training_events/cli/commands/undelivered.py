"""`training-events undelivered`: lists what could not be recorded, and why."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import Raw, Struct

from training_events.cli.output import print_json_document
from training_events.cli.table import print_rows
from training_events.cli.workspace import AsJson, FromSpool, QueueUrl
from training_events.reading.undelivered import body_of, original_of, undelivered_events
from training_events.reading.wording.times import short_time

if TYPE_CHECKING:
    from training_events.recovery.message import Message

TITLES = ("set aside at", "shape", "reason", "stream", "type", "explanation")
WIDTHS = (20, 15, 20, 26, 22)


class UndeliveredMessage(Struct):
    """`body` is the text of the message where its original cannot be shown as JSON, else null."""

    message_id: str
    at: str
    shape: str
    reason: str | None
    explanation: str | None
    stream: str | None
    type: str | None
    event_id: str | None
    original: Raw
    original_at: str | None
    original_sha256: str | None
    original_bytes: int | None
    body: str | None


class UndeliveredDocument(Struct):
    queue: str
    messages: list[UndeliveredMessage]


def undelivered(
    queue: QueueUrl = "",
    spool: FromSpool = False,
    limit: Annotated[int | None, typer.Option(min=1, metavar="COUNT", help="At most this many messages.")] = None,
    as_json: AsJson = False,
) -> None:
    """List what could not be recorded, and why.

    Nothing is removed. docs/operate/undelivered.md says what to do about each reason.

    For example:
      training-events undelivered
      training-events undelivered --spool
      training-events undelivered --limit 1 --json | jq '.messages[0].original'
    """
    with undelivered_events(queue, spool=spool) as reader:
        messages = islice(reader.messages(), limit)
        if as_json:
            print_json_document({"queue": reader.url}, "messages", map(_document, messages))
        else:
            print_rows(TITLES, WIDTHS, map(_row, messages), empty="nothing waits in the queue")


def _row(message: Message) -> tuple[str, ...]:
    names = message.names
    cells = (message.reason, names.stream, names.type, message.explanation)
    return short_time(message.sent_at), message.shape, *(cell or "-" for cell in cells)


def _document(message: Message) -> UndeliveredMessage:
    stored, original = message.stored, original_of(message)
    return UndeliveredMessage(
        message_id=message.message_id,
        at=message.sent_at,
        shape=message.shape,
        reason=message.reason,
        explanation=message.explanation,
        **message.names._asdict(),
        original=Raw(original or b"null"),
        original_at=stored.uri if stored else None,
        original_sha256=stored.sha256 if stored else None,
        original_bytes=stored.bytes if stored else None,
        body=body_of(message),
    )
