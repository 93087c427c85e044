"""What each store asks of an event before it stores it: the same of all, so that no log takes what another refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from training_events.errors import NotRecordable
from training_events.recordable import check_recordable
from training_events.stores.damage import check_read_back
from training_events.stores.event_log import check_due

if TYPE_CHECKING:
    from collections.abc import Callable

    from training_events.event import Event, RecordedEvent
    from training_events.stores.event_log import AuditedEvent

_Stored = TypeVar("_Stored")


def is_admitted(
    event: Event,
    recorded_at: str,
    stored: _Stored,
    read: Callable[[_Stored], RecordedEvent],
    audit: Callable[[_Stored], AuditedEvent],
    *,
    accept_future: bool,
    has: Callable[[Event], bool],
) -> bool:
    """Whether to store the event as `stored`, which `read` and `audit` read later.

    False for an event that no log takes today, and that this one `has`, because an older version or a person recorded it: then
    it is a repeat. Raises the NotRecordable if the log does not have it.
    """
    try:
        check_recordable(event)
        if not accept_future:
            check_due(event, recorded_at)
        check_read_back(event, stored, read, audit)
    except NotRecordable:
        if not has(event):
            raise
        return False
    return True
