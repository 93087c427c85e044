"""Decodes JSON strictly: what JSON readers disagree about is an error, with a reason and a path of its own.

`loads` reads what comes in, `stored` what a log holds: text that `canonical_json` wrote, unless somebody altered it.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import msgspec

from training_events.canonical import MAX_DEPTH, canonical_json
from training_events.errors import DuplicateKey, IntegerTooLong, JsonPath, MalformedJson, TooDeep

_decode = msgspec.json.Decoder().decode


def stored(text: str | bytes) -> Any:
    """The value of a JSON text that this package stored. Raises a MsgspecError, or what `loads` raises, where it is altered.

    msgspec counts the sign as a digit, and so does not read a negative integer of exactly 4,300 digits. Version 0.1.0 recorded
    such, so they are read in the slower way.
    """
    try:
        return _decode(text)
    except msgspec.ValidationError:
        return loads(text, 2 * MAX_DEPTH)  # a state has parts of events inside it


def loads(text: str | bytes, max_depth: int = MAX_DEPTH) -> Any:
    """The value of one JSON document. Bytes have to be UTF-8. `max_depth` is as in `canonical_json`.

    Raises MalformedJson, DuplicateKey, NotFiniteNumber (NaN, Infinity, 1e999), LoneSurrogate, TooDeep or IntegerTooLong.
    """
    # by id() of the object, which is held here so that no other object gets this id
    duplicates: dict[int, tuple[str, dict[str, Any]]] = {}

    def to_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(pairs)
        if len(value) < len(pairs):
            [(key, _)] = Counter(key for key, _ in pairs).most_common(1)
            duplicates[id(value)] = key, value
        return value

    try:
        value = json.loads(text if isinstance(text, str) else text.decode(), object_pairs_hook=to_object)
    except UnicodeDecodeError as flaw:
        raise MalformedJson(f"byte {flaw.start} is not UTF-8", "one JSON document in UTF-8") from None
    except json.JSONDecodeError as flaw:
        raise MalformedJson(f"{flaw.msg} (line {flaw.lineno}, column {flaw.colno})", "one JSON document") from None
    except RecursionError:
        raise TooDeep(f"nested deeper than {MAX_DEPTH} levels", f"at most {MAX_DEPTH}") from None
    except ValueError:  # int() converts at most as many digits as sys.set_int_max_str_digits allows
        raise IntegerTooLong("an integer of more digits than can be converted", "at most 4300 digits") from None
    canonical_json(value, max_depth)  # finds NaN, infinities, lone surrogates and too deep a nesting, and where they are
    if duplicates:  # the parser's hook saw the objects, but not where they are
        path = _path_to_duplicate(value, duplicates)
        raise DuplicateKey(f"the key {json.dumps(path[-1]):.80} is there more than once", "each key once", path)
    return value


def _path_to_duplicate(value: Any, duplicates: dict[int, tuple[str, dict[str, Any]]]) -> JsonPath:
    """The path to the first key, in document order, that is a duplicate. Empty if this value has none."""
    if id(value) in duplicates:
        return (duplicates[id(value)][0],)
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return next(((step, *below) for step, item in steps if (below := _path_to_duplicate(item, duplicates))), ())
