"""What an event may hold to be recorded: one definition, for everybody who records and everybody who reads.

The log keeps an event for years, and many programs read it: folds, `verify`, other languages, jq. So what only some of them can
read is refused before it is recorded, on a laptop as on the bus. An event may hold:

- JSON values alone: no NaN, no infinity, no half of a surrogate pair, no key twice, at most `canonical.MAX_DEPTH` levels
  (`canonical_json` and `strict_json` refuse anything else);
- integers of at most MAX_DIGITS digits;
- names, times and counts as `event.Event` has them, which every event of the log has;
- a stream whose name is in the one form that `event.in_one_form` gives it;
- a type of at most MAX_TYPE_CHARACTERS and a source of at most MAX_SOURCE_CHARACTERS characters;
- no more than fits into an item of DynamoDB (`stores.dynamodb.item`).

Versions before this definition recorded some events that it refuses. They are in the log, and every reader still takes them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from training_events.errors import BadField, IntegerTooLong, JsonPath
from training_events.event import Event, Producer, in_one_form

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_DIGITS = 308
"""Digits of an integer, without its sign. Any such integer is less than the largest double, so that a reader who has only
doubles gets a finite number. Python converts 640 digits under any setting of its limit
(https://docs.python.org/3/library/stdtypes.html#int-max-str-digits)."""
MAX_TYPE_CHARACTERS = 128
"""EventBridge: the longest detail-type.
https://docs.aws.amazon.com/eventbridgev2/latest/APIReference/API_PutEventsRequestEntry.html"""
MAX_SOURCE_CHARACTERS = 256
"""EventBridge: the longest source, on the same page."""

_FIELDS_BESIDE_EXTENSIONS = frozenset(Event.__struct_fields__) - {"type", "source", "resources", "extensions"}
_FIELDS_OF_PRODUCER = frozenset(Producer.__struct_fields__) - {"extensions"}
_MIN_TOO_LONG = 10**MAX_DIGITS
_EVERY_DIGIT_IS_0 = bytes.maketrans(b"123456789", b"000000000")
_TOO_MANY_DIGITS = b"0" * (MAX_DIGITS + 1)


def check_recordable(event: Event) -> None:
    """Raises the NotRecordable that says why the log does not take the event; its path leads to the flaw in the Event."""
    if (name := in_one_form(event.stream)) != event.stream:
        what = f"the name {event.stream!a:.80} prints as another one"
        raise BadField(what, f"{name!a:.80}, in Unicode's composed form (NFC)", ("stream",))
    _check_length(event.type, MAX_TYPE_CHARACTERS, "type")
    _check_length(event.source, MAX_SOURCE_CHARACTERS, "source")
    _check_keys(event.extensions, _FIELDS_BESIDE_EXTENSIONS, "extensions")
    if event.producer is not None:
        _check_keys(event.producer.extensions, _FIELDS_OF_PRODUCER, "producer")
    if _TOO_MANY_DIGITS in event.canonical.translate(_EVERY_DIGIT_IS_0):  # in a number, or in a text, which may have them
        _check_integers(event.to_dict(), ())


def _check_length(text: str, most: int, name: str) -> None:
    if len(text) > most:
        raise BadField(f"the text has {len(text)} characters", f"1 to {most} characters (EventBridge)", (name,))


def _check_keys(extensions: Iterable[str], fields: frozenset[str], where: str) -> None:
    # on the bus, extensions stand beside the other fields: one of the two would be lost
    if both := sorted(fields.intersection(extensions)):
        raise BadField("the key is that of another field", f"any key but {', '.join(sorted(fields))}", (where, both[0]))


def _check_integers(value: Any, path: JsonPath) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            _check_integers(item, (*path, key))
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            _check_integers(item, (*path, index))
    elif isinstance(value, int) and abs(value) >= _MIN_TOO_LONG:
        raise IntegerTooLong(
            f"an integer of more than {MAX_DIGITS} digits", f"at most {MAX_DIGITS}; write a longer one as text", path
        )
