"""Merges Terraform's three trees (values, unknown, sensitive) into one, which has placeholders for unknown and secret values.

A summary shows nothing but these trees, so whatever is hidden in them cannot appear anywhere.
"""

import enum
import json
from dataclasses import dataclass
from typing import Any

from review import secrets
from review.redaction.names import is_secret_name


class Unknown(enum.Enum):
    UNKNOWN = "(known after apply)"


UNKNOWN = Unknown.UNKNOWN
Marks = tuple[Any, ...]


@dataclass(frozen=True)
class Hidden:
    """A value that is not shown. Two are equal if their values are equal: a secret that changes is a change.

    mark: Python's hash of the value, which has another salt in each process.
    """

    mark: int

    @classmethod
    def of(cls, value: Any) -> "Hidden":
        return cls(hash(repr(value)))


def merged(value: Any, unknown: Any = None, sensitive: Marks = (), *, secret: bool = False, condition: bool = False) -> Any:
    """The tree of `value` with UNKNOWN and Hidden in it. Texts in JSON become trees too: policies, patterns, dashboards.

    sensitive: trees of marks; a value is sensitive if one of them marks it.
    secret: whether the value has a name that suggests a secret; condition: whether it is in the condition of a policy.
    """
    if unknown is True:
        return UNKNOWN
    if (any(marks is True for marks in sensitive) and value is not None) or (secret and not _may_be_shown(value)):
        return Hidden.of(value)
    if isinstance(value, dict) or (value is None and isinstance(unknown, dict) and unknown):
        return _mapping(value or {}, unknown, sensitive, condition=condition)
    if isinstance(value, list):
        return [
            merged(item, _at(unknown, i), tuple(_at(marks, i) for marks in sensitive), condition=condition)
            for i, item in enumerate(value)
        ]
    return _text(value) if isinstance(value, str) else value


def _mapping(value: dict[str, Any], unknown: Any, sensitive: Marks, *, condition: bool) -> dict[str, Any]:
    names = dict.fromkeys([*value, *(unknown if isinstance(unknown, dict) else ())])
    suggests_secret = secrets.is_secret_condition if condition else is_secret_name
    # {"name": "DB_PASSWORD", "value": …}: container tasks and others name their variables like this
    value_is_secret = any(is_secret_name(str(value.get(key, ""))) for key in ("name", "Name", "key", "Key"))
    return {
        name: merged(
            value.get(name),
            _at(unknown, name),
            tuple(_at(marks, name) for marks in sensitive),
            secret=suggests_secret(name) or (value_is_secret and name.lower() == "value"),
            condition=condition or name == "Condition",
        )
        for name in names
    }


def _at(marks: Any, step: str | int) -> Any:
    """The part of a tree of marks that belongs to this part of the value."""
    if isinstance(marks, dict):
        return marks.get(step)
    if isinstance(marks, list) and isinstance(step, int) and step < len(marks):
        return marks[step]
    return None


def _text(text: str) -> Any:
    if text.lstrip()[:1] in {"{", "["}:
        try:
            return merged(json.loads(text))
        except RecursionError:  # nobody can know what is in it
            return Hidden.of(text)
        except ValueError:  # it is not JSON
            pass
    return Hidden.of(text) if secrets.has_secret(text) else text


def _may_be_shown(value: Any) -> bool:
    """Whether a value may be shown under a name that suggests a secret: a switch, or nothing at all."""
    return value is None or isinstance(value, bool) or value in ("", [], {})


def at(tree: Any, path: tuple[str | int, ...]) -> Any:
    """The value at a path of a tree; None where the tree ends before."""
    for step in path:
        if isinstance(tree, dict):
            tree = tree.get(str(step))
        elif isinstance(tree, list) and isinstance(step, int) and step < len(tree):
            tree = tree[step]
        else:
            return tree if isinstance(tree, Unknown | Hidden) else None
    return tree


def path_text(path: tuple[str | int, ...]) -> str:
    """A path as Terraform writes it: `attribute[0].name`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")
