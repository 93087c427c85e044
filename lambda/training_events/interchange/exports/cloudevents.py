"""An event of the log as a CloudEvent 1.0 in structured mode. https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from training_events.canonical import canonical_json
from training_events.interchange.exports.lines import Line
from training_events.reading.recording_order import in_order_of_recording

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from training_events.event import RecordedEvent
    from training_events.stores.event_log import EventLog

_IN_A_URI = "!$&'()*+,;=:@/-._~"
"""What a part of a URI may have as it is: https://www.rfc-editor.org/rfc/rfc3986#section-3.3"""


def to_cloudevent(recorded: RecordedEvent) -> dict[str, Any]:
    """The event's attributes and its data, as they are in JSON.

    `recordedtime` and `sequence` are CloudEvents' own extensions; `correlationid` and `digest` are ours. What is absent has no
    attribute. `sequence` has sixteen digits, because it is compared as text.
    """
    event, producer = recorded.event, recorded.event.producer
    attributes: dict[str, Any] = {
        "specversion": "1.0",
        "id": event.event_id,
        "source": quote(event.source if producer is None else producer.id, safe=_IN_A_URI),
        "type": f"{event.source}.{event.type}.v{event.schema_version}",
        "subject": event.stream,
        "time": event.occurred_at,
        "datacontenttype": "application/json",
        "recordedtime": recorded.recorded_at,
        "digest": recorded.digest,
    }
    if producer is not None:
        attributes["sequence"] = f"{producer.sequence:016d}"
    if event.correlation_id is not None:
        attributes["correlationid"] = event.correlation_id
    return {**attributes, "data": event.data}


def cloudevents_in_order(log: EventLog, after: str, on_progress: Callable[[int, int], None]) -> Iterator[Line]:
    """Every event as JSON, in the order in which the log took them, from a time on."""
    for recorded in in_order_of_recording(log, after, on_progress):
        yield Line(str(recorded.index), canonical_json(to_cloudevent(recorded)))
