"""One fact outside a run, recorded before the caller goes on, or kept in the spool until it can be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from training_events.recorder.delivery.channel import fields, objects
from training_events.recorder.delivery.destination import destination
from training_events.recorder.delivery.journal import Journal, envelope
from training_events.recorder.delivery.sender import Delivery
from training_events.recorder.delivery.spool import Spool, folder
from training_events.recorder.delivery.writer import MOST_EVENT_BYTES
from training_events.recorder.reporting import log
from training_events.recorder.storage.oversize import within
from training_events.settings import Settings

if TYPE_CHECKING:
    from training_events.event import Event


def record_once(stream: str, type_: str, data: dict[str, Any]) -> Event:
    """The event, sent or spooled. Raises a NotRecordable for what can be no event."""
    settings = Settings()
    home, to = folder(settings), destination(settings)
    journal = Journal(stream)
    event = journal.say(type_, within(stream, data, MOST_EVENT_BYTES, fields(home, stream, objects(settings))))
    spool = Spool(home, to, journal.producer)
    try:
        spool.append(envelope(event))
        if unsent := Delivery(to).send(spool):
            log.warning(
                "%s of %s cannot be sent to %s: %s; it waits in %s, and is sent by the next recorder, or by"
                " `training-events flush`",
                type_,
                stream,
                to,
                unsent[0].why,
                spool.path.parent,
            )
    finally:
        spool.close()
    return event
