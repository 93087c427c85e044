"""Every error that this package raises itself.

Those with a star are public: `training_events` names them, and whoever catches them catches what stands below.

    TrainingEventsError *
    ├── Misused *
    │   ├── MissingSetting
    │   ├── BadLogUrl
    │   ├── NoSuchLog
    │   ├── NoSuchStream
    │   ├── NoSuchRecipe
    │   ├── BadRecipe
    │   ├── BadSearch
    │   ├── BadSql
    │   └── NotStartable
    ├── NotAllowed
    ├── NotServed
    ├── LogUnavailable
    ├── DamagedEvent
    ├── NotAsRecorded
    ├── QueryFailed
    ├── BadTree
    │   └── BadSignature
    ├── BadExport
    ├── NotExported
    ├── NotChecked
    ├── RunNotCompleted
    ├── Overtaken
    ├── TooSlow
    ├── NotComplete
    ├── NotStored
    ├── NotRecordedYet
    ├── NotCovered
    ├── NotFetched
    ├── NotLaunched
    ├── NotComparable
    ├── NotReproduced
    ├── NotAttestable
    ├── NotTaken
    ├── NotUnderstood
    │   ├── NotRecordable *
    │   │   ├── MalformedJson
    │   │   ├── DuplicateKey
    │   │   ├── NotFiniteNumber
    │   │   ├── IntegerTooLong
    │   │   ├── LoneSurrogate
    │   │   ├── TooDeep
    │   │   ├── NotJson
    │   │   ├── NotAnObject
    │   │   ├── NoStream
    │   │   ├── UnknownStream
    │   │   ├── BadField
    │   │   ├── BadTime
    │   │   ├── NotReadBack
    │   │   ├── InTheFuture
    │   │   ├── NotYours
    │   │   ├── Conflict
    │   │   └── TooLarge
    │   └── NotFoldable
    │       ├── UnknownType
    │       ├── NewerVersion
    │       ├── DoesNotFit
    │       ├── Unreadable
    │       ├── NotProjected
    │       └── LogAltered
    └── NotPublished (in bus/publisher.py)

What AWS answers (throttled, denied, unreachable) is not wrapped: botocore's own exception passes through, so that Lambda
retries it and people see the real cause.
"""

from __future__ import annotations

import json
import re
import sys
from typing import ClassVar, TypeAlias

JsonPath: TypeAlias = tuple[str | int, ...]
"""The keys and indexes that lead from the root of a JSON document to one value."""

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_MAX_KEY_CHARACTERS = 80
"""A key may be as long as an event: an explanation has to fit into a message, and be read."""


def json_path(path: JsonPath) -> str:
    """`("detail", "loss", 3)` as `$.detail.loss[3]`, in printable ASCII whatever the keys hold. Long keys are cut."""
    return "$" + "".join(map(_step, path))


def _step(step: str | int) -> str:
    if isinstance(step, str) and len(step) > _MAX_KEY_CHARACTERS:
        step = f"{step[:_MAX_KEY_CHARACTERS]}\u2026"
    return f".{step}" if isinstance(step, str) and _PLAIN_KEY.fullmatch(step) else f"[{json.dumps(step)}]"


def is_from_aws(error: Exception) -> bool:
    """Whether AWS, or the way to it, failed. Where botocore was not imported, it raised nothing."""
    raised_by = sys.modules.get("botocore.exceptions")
    return raised_by is not None and isinstance(error, (raised_by.BotoCoreError, raised_by.ClientError))


class TrainingEventsError(Exception):
    """The base of every error this package raises."""


class Misused(TrainingEventsError):  # noqa: N818 - the names say the condition
    """The caller made a mistake and can correct it: in a setting, an address, a name. The message says what is allowed.

    The base of the more exact errors.
    """


class MissingSetting(Misused):
    """The environment lacks a setting that is needed here, or its value is not one."""


class BadLogUrl(Misused):
    """The text that should be the address of an event log is not one."""


class NoSuchLog(Misused):
    """There is no event log at this address."""


class NoSuchStream(Misused):
    """The log holds no event of this stream."""


class NoSuchRecipe(Misused):
    """There is no recipe of this name."""


class BadRecipe(Misused):
    """A recipe has a mistake. The message says in which file, at which key, and what is allowed."""


class BadSearch(Misused):
    """A search cannot be understood, or it names what no run has. The message says where in it."""


class BadSql(Misused):
    """A question in SQL cannot be understood, or names what is not there. The message says where, as far as that is known."""


class NotStartable(Misused):
    """A training job cannot be asked for like this. `field` is the one that SageMaker, or this project, would refuse."""

    def __init__(self, path: JsonPath, what: str, allowed: str) -> None:
        self.field = json_path(path)[1:].lstrip(".")
        super().__init__(f"{self.field}: {what}; allowed: {allowed}")


class NotAllowed(TrainingEventsError):  # noqa: N818
    """AWS does not let the caller do this. The message says which right is missing, and which other way there is."""


class NotServed(TrainingEventsError):  # noqa: N818
    """The pages cannot be served at this address: its port is taken, or not this user's to take."""


class LogUnavailable(TrainingEventsError):  # noqa: N818
    """The file of the event log cannot be used: locked for too long, not writable, broken, or the disk is full."""


class DamagedEvent(TrainingEventsError):  # noqa: N818
    """The log was altered: what it holds in the place of an event is not one. `verify` tells more."""


class NotAsRecorded(TrainingEventsError):  # noqa: N818
    """`verify` found a stream that is broken or incomplete."""


class QueryFailed(TrainingEventsError):  # noqa: N818
    """Athena did not answer a question in SQL, for another reason than the question. The message has Athena's reason."""


class BadTree(TrainingEventsError):  # noqa: N818
    """The notary's tree contradicts itself, or is not in its format. The message says what is wrong and where."""


class BadSignature(BadTree):
    """A checkpoint of the log is not signed by the key that is trusted."""


class BadExport(TrainingEventsError):  # noqa: N818
    """An export of DynamoDB's is not complete, not in its format, or of another table. The message says where and what."""


class NotExported(TrainingEventsError):  # noqa: N818
    """DynamoDB did not complete an export that it was asked for. The message says why; the same command asks again."""


class NotChecked(TrainingEventsError):  # noqa: N818
    """The job over an export could not be done to its end. The message is that of the task that failed."""


class RunNotCompleted(TrainingEventsError):  # noqa: N818
    """The run that was watched has failed, or was stopped."""


class Overtaken(TrainingEventsError):  # noqa: N818
    """Another writer was faster: read again what is stored now, then decide again."""


class TooSlow(TrainingEventsError):  # noqa: N818
    """To fold a stream took longer than it may."""


class NotComplete(TrainingEventsError):  # noqa: N818
    """Numbers of a producer are missing in a stream that is to be sealed: the events may still be on their way."""


class NotStored(TrainingEventsError):  # noqa: N818
    """A file could not be read, or could not be stored where it belongs."""


class NotRecordedYet(TrainingEventsError):  # noqa: N818
    """The log does not hold an event of the bus that it can take: who appends is late, or failed. Try again."""


class NotCovered(TrainingEventsError):  # noqa: N818
    """No signed checkpoint of the log covers it, or not yet: so nothing proves it to somebody else."""


class NotFetched(TrainingEventsError):  # noqa: N818
    """What an event names could not be fetched, or it is no longer what was recorded."""


class NotLaunched(TrainingEventsError):  # noqa: N818
    """A run cannot be done again here: something that it needs cannot be had."""


class NotComparable(TrainingEventsError):  # noqa: N818
    """Two runs have no result that could be compared, so that neither is verified by the other."""


class NotReproduced(TrainingEventsError):  # noqa: N818
    """A run was done again, and gave something else."""


class NotAttestable(TrainingEventsError):  # noqa: N818
    """The log has nothing that a statement on a version of a model could be about, or not what was recorded of it."""


class NotTaken(TrainingEventsError):  # noqa: N818
    """A service that events are sent to cannot be reached, or does not take them."""


class NotUnderstood(TrainingEventsError):  # noqa: N818
    """The event itself is wrong. No retry helps: it is set aside.

    `reason` is a stable code for programs. The message says where in the event (`path`), what (`what`), and what is `allowed`.
    """

    reason: ClassVar[str]

    def __init__(self, what: str, allowed: str, path: JsonPath = ()) -> None:
        super().__init__(what, allowed, path)
        self.what, self.allowed, self.path = what, allowed, path

    def __str__(self) -> str:
        return f"{json_path(self.path)}: {self.what}; allowed: {self.allowed}"


class NotRecordable(NotUnderstood):
    """The log can never take this event. The message says where in it, what is wrong, and what is allowed.

    The base of the more exact errors. `reason` is a stable code for programs: the reasons are listed with the event's format.
    """


class NotFoldable(NotUnderstood):
    """The log holds the event, but no state can be made from it. The base of the more exact errors."""


class MalformedJson(NotRecordable):
    """The text is not JSON."""

    reason = "malformed_json"


class DuplicateKey(NotRecordable):
    """An object has the same key twice: JSON readers disagree about its value."""

    reason = "duplicate_key"


class NotFiniteNumber(NotRecordable):
    """A number is NaN, infinite, or larger than a double can hold."""

    reason = "not_finite_number"


class IntegerTooLong(NotRecordable):
    """An integer has more digits than every JSON reader holds."""

    reason = "integer_too_long"


class LoneSurrogate(NotRecordable):
    """A text holds half of a surrogate pair, which UTF-8 cannot encode."""

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
    """A field of the event's header has the wrong type, or a value that is not allowed."""

    reason = "bad_field"


class BadTime(NotRecordable):
    """A time is in none of the known forms, or not in the calendar."""

    reason = "bad_time"


class NotReadBack(NotRecordable):
    """The event, as the log would store it, does not give the same event again."""

    reason = "not_read_back"


class InTheFuture(NotRecordable):
    """The event lies further ahead of the clock that receives it than a log takes. It can be recorded once it is due."""

    reason = "in_the_future"


class NotYours(NotRecordable):
    """The event is about a team's stream and not from that team, or from a team and not about a stream of it."""

    reason = "not_yours"


class Conflict(NotRecordable):
    """The log holds other content under the same stream, time and event id."""

    reason = "conflict"


class TooLarge(NotRecordable):
    """The event, or the state, is too large for an item of DynamoDB."""

    reason = "too_large"


class UnknownType(NotFoldable):
    """The catalogue has no such type of event for this kind of stream."""

    reason = "unknown_type"


class NewerVersion(NotFoldable):
    """The event's schema version is newer than this code."""

    reason = "newer_version"


class DoesNotFit(NotFoldable):
    """The event's data does not fit the schema of its type."""

    reason = "does_not_fit"


class Unreadable(NotFoldable):
    """What the log holds in the place of the event is not one."""

    reason = "unreadable"


class NotProjected(NotFoldable):
    """The stream could not be brought up to date, however often it was tried: its read model lacks the event."""

    reason = "not_projected"


class LogAltered(NotFoldable):
    """Something other than an append happened to the log."""

    reason = "log_altered"
