"""One text for every form of time that producers and AWS send: `2026-11-22T15:08:39.955123Z`.

The text is UTC with microseconds and has 27 characters, so such texts sort as the times do. What is finer than a microsecond
is cut off and never rounded up: no event moves behind a later one.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import ROUND_FLOOR, Context, Decimal
from functools import lru_cache
from typing import Any

from training_events.errors import BadTime

ALLOWED = (
    "ISO 8601 with an offset (2026-11-22T15:08:39.955123Z, +01:00), or seconds, milliseconds, microseconds or nanoseconds "
    "since 1970 as a number or text, in the years 2000 to 2099"
)

# Seconds may be absent, and fractions may have any length. The offset has to be there: a time without one could be in any
# of the offsets from UTC-12 to UTC+14, and nobody could correct a wrong guess in a log that only grows.
_ISO = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)(Z|z|[+-][0-9]{2}:?[0-9]{2})"
)
UTC_TEXT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z"
"""The form of all texts of this module, as a regular expression. `is_second` tells whether there is such a time."""
_UTC_TEXT = re.compile(UTC_TEXT)
_NUMBER = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?")

TEXT_LENGTH = len("2026-11-22T15:08:39.955123Z")
"""How many characters every time has. A position in a stream begins with so many."""

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - every datetime that _text takes is in UTC
_FIRST, _LAST = Decimal(946684800_000000), Decimal(4102444800_000000)
"""The years 2000 to 2099 in microseconds since 1970; the end is excluded."""
_EXACT = Context(prec=60)
"""For the 40 digits that a text may have: rounded, it could move to the next microsecond."""
_MICROSECONDS = tuple(map(Decimal, ("1e6", "1e3", "1", "1e-3")))
"""How many microseconds a second has, a millisecond, a microsecond and a nanosecond."""


def to_utc_text(value: Any) -> str:
    """The text of a time in any form of ALLOWED. Raises BadTime.

    AWS's events count milliseconds, `time.time()` counts seconds, other programs count finer. The size of a number tells
    which: only one of the units puts it into the years 2000 to 2099. A number that none of them puts there is no time: it may
    be a date without its dashes (20261122), and in a log that only grows nobody could correct a wrong guess.
    """
    if isinstance(value, str):
        if match := _ISO.fullmatch(value):
            return _from_iso(value, *match.groups())
        if _NUMBER.fullmatch(value):
            return _from_number(value, Decimal(value))
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        # repr, not the binary value: 1583831889050.123 means 123 microseconds, not 122.9…
        return _from_number(value, Decimal(repr(value)) if isinstance(value, float) else Decimal(value))
    raise _bad(value)


def is_utc_text(text: str) -> bool:
    """Whether this is what `to_utc_text` returns. Faster than to call it, for reading many."""
    return _UTC_TEXT.fullmatch(text) is not None and is_second(text[:19])


@lru_cache(maxsize=1024)
def is_second(text: str) -> bool:
    """Whether the first 19 characters of a text of the form UTC_TEXT are in the calendar."""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def now() -> str:
    """The text of the present moment, by this machine's clock."""
    return _text(datetime.now(UTC).replace(tzinfo=None))


def hours_after(text: str, hours: int) -> str:
    """The text of the moment so many hours after this one."""
    return later(text, 3600 * hours)


def seconds_between(start: str, end: str) -> float:
    """How many seconds after `start` is `end`; negative if it is before."""
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()


def later(time: str, seconds: float) -> str:
    """The text of the moment so many seconds after this one; before it, if they are negative. Raises BadTime."""
    try:
        return _text(datetime.fromisoformat(time).replace(tzinfo=None) + timedelta(seconds=seconds))
    except (ValueError, OverflowError):
        raise _bad(time) from None


def from_nanoseconds(since_1970: int) -> str:
    """The text of what `time.time_ns()` gives."""
    seconds, nanoseconds = divmod(since_1970, 10**9)
    return f"{_second(seconds)}.{nanoseconds // 1000:06d}Z"


@lru_cache(maxsize=8)
def _second(seconds: int) -> str:
    # every point asks, and the points of a second come one after the other
    return (_EPOCH + timedelta(seconds=seconds)).isoformat(timespec="seconds")


def _from_iso(value: str, day: str, time: str, offset: str) -> str:
    try:
        moment = datetime.fromisoformat(f"{day}T{time}{offset.upper()}")
        return _text(moment.astimezone(UTC).replace(tzinfo=None))
    except (ValueError, OverflowError):
        raise _bad(value) from None


def _from_number(value: Any, number: Decimal) -> str:
    if number.is_finite():
        for unit in _MICROSECONDS:
            microseconds = _EXACT.multiply(number, unit)
            if _FIRST <= microseconds < _LAST:
                return _text(_EPOCH + timedelta(microseconds=int(microseconds.to_integral_value(ROUND_FLOOR))))
    raise _bad(value)


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds") + "Z"


def _bad(value: Any) -> BadTime:
    shown = ascii(value) if isinstance(value, (str, float, bool)) else f"a value of type {type(value).__name__}"
    return BadTime(f"the time is {shown:.80}", ALLOWED)
