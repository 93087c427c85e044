"""What to do about an event that could not be recorded, by its reason. docs/operate/undelivered.md tells more of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from training_events.recovery.message import Message

_REPAIR_PRODUCER = "Repair the program that sent it, and have it record the event again."
_NEWER = "Deploy a version that reads it, then redrive."

ADVICE_BY_REASON = {
    "conflict": "The log has other content under this stream, time and id. If both are facts, record this one under an id of"
    " its own.",
    "no_rule": "No rule of the bus takes its source: name the source in the setting events.sources and deploy, then redrive.",
    "not_yours": "The stream is a team's, and this did not come from that team: publish it under the team's source. If the"
    " setting teams is to allow it, deploy that, then redrive.",
    "in_the_future": "A clock or a unit is wrong: repair the program that sent it. If the time is right, redrive records it"
    " once it is due.",
    "too_large": "Record it again with its large field in the data bucket.",
    "not_read_back": "A mistake of this project: please report it with the message.",
    "not_projected": "The event is in the log, its state may be behind: redrive folds the stream.",
    "log_altered": "An incident: something other than an append happened to the log. Verify the stream, and keep the message.",
    **dict.fromkeys(("no_stream", "unknown_stream", "bad_field", "bad_time"), _REPAIR_PRODUCER),
    **dict.fromkeys(("malformed_json", "duplicate_key", "not_finite_number", "lone_surrogate", "not_json"), _REPAIR_PRODUCER),
    **dict.fromkeys(("not_an_object", "integer_too_long", "too_deep"), _REPAIR_PRODUCER),
    **dict.fromkeys(("does_not_fit", "unreadable", "unknown_type", "newer_version"), _NEWER),
}
"""For what a function looked at and set aside."""
ADVICE_BY_SHAPE = {
    "dead_letter": "EventBridge could not hand it over: repair the permission or the function, then redrive.",
    "failed_function": "The function failed at every attempt: repair what the explanation names, then redrive.",
    "set_aside": "Read the explanation, repair what it names, then redrive.",
    "failed_batch": "The events are in the log, their states may be behind: redrive within 24 hours, later rebuild.",
    "unknown": "No part of this system put it there: read it, and delete it in the SQS console.",
}


def advice(message: Message) -> str:
    """What to do about it."""
    return ADVICE_BY_REASON.get(message.reason or "") or ADVICE_BY_SHAPE[message.shape]
