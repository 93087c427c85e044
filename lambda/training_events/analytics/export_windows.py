"""Decides which export of a table comes next: all of it, or what changed since the last one.

An incremental export has a window of 15 minutes to 24 hours, inside of what point-in-time recovery keeps.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.HowItWorks.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from training_events.times import later, seconds_between

if TYPE_CHECKING:
    from collections.abc import Iterable

    from training_events.analytics.export_state import TableExports

MIN_WINDOW_SECONDS, MAX_WINDOW_SECONDS = 15 * 60, 24 * 3600


class Restorable(NamedTuple):
    """The times that point-in-time recovery of a table covers. An export is of one of them."""

    earliest: str
    latest: str


class Window(NamedTuple):
    """What an export is asked for. It is full where `since` is None."""

    since: str | None
    to: str


def common_end(tables: Iterable[tuple[TableExports | None, Restorable]]) -> str:
    """The time up to which all tables are exported, on a whole minute, so that they can be compared as of one moment.

    Where one of them was exported up to a moment ago, the others follow it: nothing later can be exported of it yet.
    """
    states = list(tables)
    latest = _minute(min(restorable.latest for _, restorable in states))
    ends = [exports.to for exports, _ in states if exports is not None]
    return max([end for end in ends if later(end, MIN_WINDOW_SECONDS) > latest], default=latest)


def next_window(exports: TableExports | None, restorable: Restorable, end: str) -> Window | None:
    """The next export of a table on the way to `end`; None where nothing can be exported now.

    It is full where there is none yet, and where recovery does not cover the time behind the last one any more.
    """
    if exports is None or (exports.to < restorable.earliest and exports.to < end):
        return Window(None, end) if end >= restorable.earliest else None
    left = seconds_between(exports.to, end)
    if left < MIN_WINDOW_SECONDS:
        return None
    seconds = min(left, MAX_WINDOW_SECONDS)
    if 0 < left - seconds < MIN_WINDOW_SECONDS:  # the rest would be too short for a window of its own
        seconds -= MIN_WINDOW_SECONDS
    return Window(exports.to, later(exports.to, seconds))


def _minute(time: str) -> str:
    """DynamoDB takes whole seconds. A minute is as well known to people who look at windows."""
    return f"{time[:16]}:00.000000Z"
