"""Times as people give them, as the 27-character text that everything else compares."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

from training_events.errors import BadTime, Misused
from training_events.times import now, to_utc_text

if TYPE_CHECKING:
    from collections.abc import Callable

Time: TypeAlias = str | date
"""A time as people give it. A datetime is a date too."""

ALLOWED = (
    "2026-11-22, 2026-11-22T15:08:39 (UTC unless it ends in an offset such as +01:00), seconds or milliseconds since "
    "1970 (in 2000 to 2099), or words: now, yesterday, 2 hours ago"
)

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]*)?")
_MAX_LENGTH = 64
_PERIODS = ("today", "yesterday", "this week", "last week", "this month", "last month", "this year", "last year")


def parse_start(text: str, clock: Callable[[], str] = now) -> str:
    """As `parse_time`, but a day, week, month or year means its beginning, in UTC: since today is not since this moment."""
    period = " ".join(text.lower().split())
    if period not in _PERIODS:
        return parse_time(text, clock)
    midnight = datetime.fromisoformat(clock()).replace(hour=0, minute=0, second=0, microsecond=0)
    return to_utc_text(_beginning(period, midnight).isoformat())


def _beginning(period: str, today: datetime) -> datetime:
    """The beginning of the period with this day in it, or, for a period that is over, of the one before."""
    unit = period.rpartition(" ")[2]
    day = today if period.startswith(("today", "this")) else _beginning(f"this {unit}", today) - timedelta(days=1)
    if unit == "week":
        return day - timedelta(days=day.weekday())
    if unit == "month":
        return day.replace(day=1)
    return day.replace(month=1, day=1) if unit == "year" else day


def parse_time(time: Time, clock: Callable[[], str] = now) -> str:
    """The UTC text of a time: a datetime, a date, or a text in any form that events may have, or in words. Raises Misused.

    A program that records has to give its offset. A person who asks may leave it out, and then means UTC, since everything
    here is shown in UTC. So does a datetime without a time zone.
    """
    if isinstance(time, datetime):
        time = (time if time.tzinfo else time.replace(tzinfo=UTC)).isoformat()
    text = str(time).strip()
    # a number is a time where an event's would be one, and never a year or a date without its dashes
    forms = (text,) if (is_number := _NUMBER.fullmatch(text)) else (text, f"{text}Z", f"{text}T00:00Z")
    for form in forms:
        try:
            return to_utc_text(form)
        except BadTime:
            continue
    if is_number or len(text) > _MAX_LENGTH:
        raise _bad(text)
    return _from_words(text, clock())


def parse_optional_time(time: Time | None) -> str | None:
    """The same, where None means that no time was given. Raises Misused."""
    return None if time is None else parse_time(time)


def _from_words(text: str, present: str) -> str:
    try:
        # imported here: it takes a tenth of a second, and few calls give a time in words
        import dateparser  # noqa: PLC0415
    except ModuleNotFoundError:
        raise Misused(f"to read {text!a} as a time in words needs dateparser: pip install 'training-events[cli]'") from None

    parsed = dateparser.parse(
        text,
        languages=["en"],
        settings={
            "PARSERS": ["relative-time"],  # its other ones guess: 11/12 may be a day of November or of December
            "RELATIVE_BASE": datetime.fromisoformat(present).replace(tzinfo=None),
            "TIMEZONE": "UTC",
            "RETURN_AS_TIMEZONE_AWARE": True,
        },
    )
    if parsed is None:
        raise _bad(text)
    return to_utc_text(parsed.isoformat())


def _bad(text: str) -> Misused:
    return Misused(f"{text!a:.80} is no time; allowed: {ALLOWED}")
