"""Every error this package raises by itself, in one place.

What AWS answers (throttled, denied, unreachable) is not wrapped: it passes through as botocore raised it, so that Lambda
retries it and people see the real cause.
"""

from __future__ import annotations

import json
import re
from typing import ClassVar, TypeAlias

JsonPath: TypeAlias = tuple[str | int, ...]
"""Keys and indexes from the root of a JSON document down to one value."""

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def json_path(path: JsonPath) -> str:
    """`("detail", "loss", 3)` as `$.detail.loss[3]`, in printable ASCII whatever the keys hold."""
    return "$" + "".join(
        f".{step}" if isinstance(step, str) and _PLAIN_KEY.fullmatch(step) else f"[{json.dumps(step)}]" for step in path
    )


class TrainingEventsError(Exception):
    """The base of every error this package raises."""


class Misused(TrainingEventsError):  # noqa: N818 - the names say the condition
    """The base of what the caller got wrong and can put right: a setting, an address, a name."""


class MissingSetting(Misused):
    """A setting that is needed here is not in the environment."""


class BadLogUrl(Misused):
    """The text that should say where the event log is does not."""


class NoSuchLog(Misused):
    """There is no event log at the address asked for."""


class NoSuchStream(Misused):
    """The log holds no event of the stream asked for."""


class LogUnavailable(TrainingEventsError):  # noqa: N818
    """The file of the event log cannot be used: locked for too long, not writable, broken, or the disk is full."""


class DamagedEvent(TrainingEventsError):  # noqa: N818
    """The log holds something at an event's place that is no event: it was altered. `verify` tells more."""


class NotAsRecorded(TrainingEventsError):  # noqa: N818
    """Verification found a stream that is broken or incomplete."""


class Overtaken(TrainingEventsError):  # noqa: N818
    """Someone else has written the read model since it was read: read it again."""


class NotStored(TrainingEventsError):  # noqa: N818
    """A file could not be read, or not be stored where it belongs."""


class NotUnderstood(TrainingEventsError):  # noqa: N818
    """The base of what is wrong with an event itself, however often it is tried: to be set aside, not retried.

    `reason` is a stable code for machines; the message says where, what, and what is allowed instead.
    """

    reason: ClassVar[str]

    def __init__(self, what: str, allowed: str, path: JsonPath = ()) -> None:
        super().__init__(what, allowed, path)
        self.what, self.allowed, self.path = what, allowed, path

    def __str__(self) -> str:
        return f"{json_path(self.path)}: {self.what}; allowed: {self.allowed}"


class NotRecordable(NotUnderstood):
    """The base of what the log can never take."""


class NotFoldable(NotUnderstood):
    """The base of what the log holds and no state is made from."""


class MalformedJson(NotRecordable):
    """The text is not JSON."""

    reason = "malformed_json"


class DuplicateKey(NotRecordable):
    """An object names the same key twice, so that readers would disagree about its value."""

    reason = "duplicate_key"


class NotFiniteNumber(NotRecordable):
    """A number is NaN, infinite, or larger than a double can hold."""

    reason = "not_finite_number"


class IntegerTooLong(NotRecordable):
    """An integer has more digits than Python converts (its guard against quadratic time)."""

    reason = "integer_too_long"


class LoneSurrogate(NotRecordable):
    """A text holds half of a surrogate pair, which has no UTF-8 form."""

    reason = "lone_surrogate"


class TooDeep(NotRecordable):
    """Arrays and objects are nested deeper than the limit."""

    reason = "too_deep"


class NotJson(NotRecordable):
    """A value is of a Python type that JSON does not have."""

    reason = "not_json"


class NotAnObject(NotRecordable):
    """The event, or its `detail`, is not a JSON object."""

    reason = "not_an_object"


class NoStream(NotRecordable):
    """Nothing in the event says which stream it belongs to."""

    reason = "no_stream"


class UnknownStream(NotRecordable):
    """The event names a stream of a kind that does not exist."""

    reason = "unknown_stream"


class BadField(NotRecordable):
    """A field of the event's header is of the wrong type or has a value that cannot be."""

    reason = "bad_field"


class BadTime(NotRecordable):
    """A time is in none of the forms understood, or out of the calendar."""

    reason = "bad_time"


class Conflict(NotRecordable):
    """The log holds other content under the same stream, time and event id."""

    reason = "conflict"


class TooLarge(NotRecordable):
    """The event does not fit: into an item of the log, or an entry of the bus."""

    reason = "too_large"


class UnknownType(NotFoldable):
    """No event of that type is known in a stream of that kind."""

    reason = "unknown_type"


class NewerVersion(NotFoldable):
    """The event's schema version is newer than this code."""

    reason = "newer_version"


class DoesNotFit(NotFoldable):
    """The event's data does not fit the schema of its type."""

    reason = "does_not_fit"


class Unreadable(NotFoldable):
    """What stands at the event's place in the log is no event."""

    reason = "unreadable"


class LogAltered(NotFoldable):
    """Something other than an append happened to the log."""

    reason = "log_altered"
