"""One text for one value: canonical JSON after RFC 8785 (JCS), and its digest.

There is one extension. JCS rounds an integer to a double; here every integer is written exactly, because seeds are 64-bit
integers and must not change. A JavaScript producer and a Python one still agree on every number that JavaScript can hold:
floats with an integral value are written as integers (`1.0` as `1`), all others as ECMAScript writes them.
"""

from __future__ import annotations

from hashlib import sha256
from math import isfinite
from typing import TYPE_CHECKING, Any

import msgspec

from training_events.errors import IntegerTooLong, LoneSurrogate, NotFiniteNumber, NotJson, NotRecordable, TooDeep

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_DEPTH = 64
"""Levels of arrays and objects inside each other, in what a producer sends; the outermost is counted as 1. The stack of any
JSON reader can take more, so what this project wraps around it may go deeper."""

_EXACT_DOUBLE = 2.0**53
"""Below it, in absolute value, the shortest decimal form of an integral double is that integer."""

_EXPONENTS_IN_FULL = range(-6, 21)
"""ECMAScript writes a number without an exponent where its decimal exponent is one of these."""

_encode = msgspec.json.Encoder().encode


def canonical_json(value: Any, max_depth: int = MAX_DEPTH) -> bytes:
    """The canonical UTF-8 bytes of a JSON value. Raises a NotRecordable whose path leads to what is not JSON.

    `max_depth` is more than MAX_DEPTH where the value has what a producer sent inside it.
    """
    return _encode(_ordered(value, max_depth))


def digest(value: Any) -> str:
    """`sha256:<64 hex digits>` over the value's canonical JSON."""
    return digest_of_bytes(canonical_json(value))


def digest_of_bytes(content: bytes) -> str:
    """`sha256:<64 hex digits>` over bytes that are already canonical."""
    return "sha256:" + sha256(content).hexdigest()


def _ordered(value: Any, room: int) -> Any:  # noqa: PLR0911 - one return for each JSON type
    """The value, rebuilt in such a way that msgspec, which encodes at the speed of C, writes it canonically."""
    kind = type(value)
    if kind is str:
        return value if value.isascii() else _encodable(value)
    if kind is dict:
        return _object(value, room)
    if kind is float:
        return _number(value)
    if kind is int:
        return value if -(2**63) <= value < 2**64 else _long(value)
    if value is None or kind is bool:
        return value
    if kind is list or kind is tuple:
        return _array(value, room)
    if kind is msgspec.Raw:  # already canonical
        return value
    return _ordered(_plain(value), room)


def _object(value: dict[Any, Any], room: int) -> dict[str, Any]:
    if not room:
        raise TooDeep(f"nested deeper than {MAX_DEPTH} levels", f"at most {MAX_DEPTH}")
    ordered: dict[str, Any] = {}
    for key in _sorted_keys(value):
        try:
            ordered[key] = _ordered(value[key], room - 1)
        except NotRecordable as flaw:  # the path is built on the way out: a value without flaws pays nothing for it
            flaw.path = (key, *flaw.path)
            raise
    return ordered


def _array(value: list[Any] | tuple[Any, ...], room: int) -> list[Any]:
    if not room:
        raise TooDeep(f"nested deeper than {MAX_DEPTH} levels", f"at most {MAX_DEPTH}")
    ordered: list[Any] = []
    try:
        for item in value:
            ordered.append(_ordered(item, room - 1))  # noqa: PERF401 - the length of the list is the index of what fails
    except NotRecordable as flaw:
        flaw.path = (len(ordered), *flaw.path)
        raise
    return ordered


def _sorted_keys(value: dict[Any, Any]) -> list[str]:
    """The keys in the order of their UTF-16 code units, as JCS wants it. For ASCII that is Python's own order."""
    ascii_only = True
    for key in value:
        if type(key) is not str:
            raise NotJson(f"an object has a key of type {type(key).__name__}", "text as keys")
        if not key.isascii():
            _encodable(key, "a key has ")
            ascii_only = False
    return sorted(value) if ascii_only else sorted(value, key=lambda key: key.encode("utf-16-be"))


def _encodable(text: str, where: str = "") -> str:
    try:
        text.encode()
    except UnicodeEncodeError as flaw:
        raise LoneSurrogate(f"{where}half a surrogate pair at character {flaw.start}", "text that UTF-8 can encode") from None
    return text


def _number(value: float) -> float | int | msgspec.Raw:
    """ECMAScript's form: shortest digits, an exponent only from 1e21 up and below 1e-6."""
    if not isfinite(value):
        raise NotFiniteNumber(f"the number is {value!r}", "finite numbers; NaN and infinity only by name, as text")
    if value.is_integer() and -_EXACT_DOUBLE < value < _EXACT_DOUBLE:
        return int(value)  # also turns -0.0 into 0
    text = repr(value)
    mantissa, has_exponent, exponent = text.partition("e")
    if not has_exponent:
        return value if not text.endswith(".0") else int(text[:-2])
    sign, digits = ("-", mantissa[1:]) if value < 0 else ("", mantissa)
    power = int(exponent)
    digits = digits.replace(".", "")
    if power not in _EXPONENTS_IN_FULL:
        text = f"{mantissa}e{power:+d}"
    elif power < 0:
        text = f"{sign}0.{'0' * (-power - 1)}{digits}"
    else:
        text = sign + digits.ljust(power + 1, "0")
    return msgspec.Raw(text.encode())


def _long(value: int) -> msgspec.Raw:
    try:
        return msgspec.Raw(str(value).encode())
    except ValueError:
        raise IntegerTooLong("an integer of more digits than can be converted", "integers of at most 4300 digits") from None


_PLAIN: dict[type, Callable[[Any], Any]] = {
    # not str(value): the member of an enum of texts would give its own name
    str: lambda value: str.__getitem__(value, slice(None)),
    int: int.__int__,
    float: float.__float__,
    dict: dict,
    list: list,
    tuple: list,
}


def _plain(value: Any) -> Any:
    """A value of a subclass of JSON's types, as that type: numpy's float64 is a float, the member of a StrEnum is a text."""
    for kind, convert in _PLAIN.items():
        if isinstance(value, kind):
            return convert(value)
    raise NotJson(f"a value of type {type(value).__name__}", "objects, arrays, text, numbers, true, false and null")
