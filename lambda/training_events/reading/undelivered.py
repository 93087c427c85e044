"""What could not be recorded: in the undelivered queue, or beside the spools of this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training_events.canonical import canonical_json
from training_events.errors import Misused, NotRecordable
from training_events.settings import Settings

if TYPE_CHECKING:
    from training_events.recorder.delivery.refused import RefusedEvents
    from training_events.recovery.message import Message
    from training_events.recovery.queue_reader import QueueReader


def undelivered_events(queue: str, *, spool: bool, settings: Settings | None = None) -> QueueReader | RefusedEvents:
    """The undelivered queue, or what recorders on this machine set aside for the destination that the settings name.

    Without `settings` they are those of the environment. Raises Misused, also where no queue is named.
    """
    settings = settings or Settings()
    # imported here: each call reads one of the two, and many questions neither
    if spool:
        from training_events.recorder.delivery.destination import configured_destination  # noqa: PLC0415
        from training_events.recorder.delivery.refused import RefusedEvents  # noqa: PLC0415
        from training_events.recorder.delivery.spool import spool_folder  # noqa: PLC0415

        if queue:
            raise Misused("--queue and --spool exclude each other")
        return RefusedEvents(spool_folder(settings), configured_destination(settings))
    from training_events import aws  # noqa: PLC0415
    from training_events.recovery.queue_reader import QueueReader  # noqa: PLC0415

    return QueueReader(queue or settings.undelivered, aws.client("sqs"))


def original_of(message: Message) -> bytes | None:
    """The original as JSON. None also where JSON has no form for it, such as NaN: often the reason why the event is here."""
    if message.original is None:
        return None
    try:
        return canonical_json(message.original)
    except NotRecordable:
        return None


def body_of(message: Message) -> str | None:
    """The text of the message where its original cannot be shown as JSON, and is nowhere else; else None."""
    return message.body if original_of(message) is None and message.stored is None and message.batch is None else None
