"""Times and durations, in as many words as people read."""

from __future__ import annotations


def short_time(time: str) -> str:
    """A 27-character time to the second."""
    return f"{time[:19]}Z"


def minute_of(time: str | None) -> str:
    """A 27-character time to the minute, as lists have it: `2026-11-22 15:08`."""
    return "-" if time is None else f"{time[:10]} {time[11:16]}"


def duration(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"


def rough_duration(seconds: float) -> str:
    """Cut to its largest unit: 3 h."""
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{int(seconds // length)} {unit}"
    return f"{int(seconds)} s"
