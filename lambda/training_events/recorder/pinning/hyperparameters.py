"""The hyperparameters of a run as one JSON object, whatever a program keeps them in."""

from __future__ import annotations

import json
from itertools import chain
from typing import Any

from training_events.recorder.plain import plain


def hyperparameters(given: Any, unreadable: list[str]) -> dict[str, Any]:
    """The parts of `given`, each by itself.

    Of a mapping or a record these are its values, of another object or a class its attributes, of a list its items, by name if
    it holds pairs and each name once, else by place. A text may be a JSON object with each name once; any other text is one
    value. `unreadable` is that of `plain`.
    Raises TypeError for what has no parts.
    """
    value = plain(_from_json(given) if isinstance(given, str) else given, unreadable)
    if isinstance(value, list):
        are_pairs = all(isinstance(item, list) and len(item) == 2 and isinstance(item[0], str) for item in value)
        by_name = dict(value) if are_pairs else {}
        return by_name if len(by_name) == len(value) else {str(index): item for index, item in enumerate(value)}
    if isinstance(value, dict):
        return value
    if isinstance(given, str):
        return {"hyperparameters": value}
    parts = _attributes(given)
    if not parts and not hasattr(given, "__dict__"):
        raise TypeError(f"a value of type {type(given).__name__} has no parts; allowed: a mapping, a record, a list, an object")
    return dict(plain(parts, unreadable))


def _from_json(text: str) -> Any:
    try:
        value = json.loads(text, object_pairs_hook=_with_each_name_once)
    except (ValueError, RecursionError):
        return text
    return value if isinstance(value, (dict, list)) else text


def _with_each_name_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Raises ValueError where an object could hold only the last value of a name."""
    if len(by_name := dict(pairs)) < len(pairs):
        raise ValueError("a name is there twice")
    return by_name


def _attributes(value: object) -> dict[str, Any]:
    """The attributes of an object or a class: its own, those in slots, and those that its classes share, but no methods."""
    classes = value.__mro__ if isinstance(value, type) else type(value).__mro__
    shared = {
        name: attribute
        for class_ in reversed(classes)
        for name, attribute in vars(class_).items()
        if not name.startswith("_") and not hasattr(attribute, "__get__")
    }
    if isinstance(value, type):
        return shared
    slots = chain.from_iterable(_names(vars(class_).get("__slots__", ())) for class_ in classes)
    in_slots = {name: getattr(value, name) for name in slots if not name.startswith("__") and hasattr(value, name)}
    return shared | in_slots | getattr(value, "__dict__", {})


def _names(slots: Any) -> list[str]:
    return [slots] if isinstance(slots, str) else list(slots)
