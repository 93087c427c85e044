"""One tree of values in place of Terraform's three: what is unknown and what is secret stands in it as such.

Everything that is shown comes from these trees, so that nothing that is hidden here can be shown anywhere.
"""

import enum
import json
from dataclasses import dataclass
from typing import Any

from review import secrets


class Unknown(enum.Enum):
    UNKNOWN = "(known after apply)"


UNKNOWN = Unknown.UNKNOWN
Marks = tuple[Any, ...]


@dataclass(frozen=True)
class Hidden:
    """A value that is not shown. Two are equal if their values are: a changed secret is a change.

    mark: Python's hash of the value, salted anew in each process.
    """

    mark: int

    @classmethod
    def of(cls, value: Any) -> "Hidden":
        return cls(hash(repr(value)))


def merged(value: Any, unknown: Any = None, sensitive: Marks = (), *, secret: bool = False, condition: bool = False) -> Any:
    """The tree of `value` with UNKNOWN and Hidden in it. Texts that are JSON are trees too: policies, patterns, dashboards.

    sensitive: trees of marks, of which any may say that a value is sensitive.
    secret: whether it stands under a name that speaks of a secret; condition: whether in a condition of a policy.
    """
    if unknown is True:
        return UNKNOWN
    if (any(marks is True for marks in sensitive) and value is not None) or (secret and not _says_nothing(value)):
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
    # {"name": "DB_PASSWORD", "value": …}, as tasks of containers and the like have it
    speaks = secrets.is_secret_condition if condition else secrets.is_secret_name
    named = any(secrets.is_secret_name(str(value.get(key, ""))) for key in ("name", "Name", "key", "Key"))
    return {
        name: merged(
            value.get(name),
            _at(unknown, name),
            tuple(_at(marks, name) for marks in sensitive),
            secret=speaks(name) or (named and name.lower() == "value"),
            condition=condition or name == "Condition",
        )
        for name in names
    }


def _at(marks: Any, step: str | int) -> Any:
    """The part of a tree of marks that belongs to a part of the value."""
    if isinstance(marks, dict):
        return marks.get(step)
    if isinstance(marks, list) and isinstance(step, int) and step < len(marks):
        return marks[step]
    return None


def _text(text: str) -> Any:
    if text.lstrip()[:1] in {"{", "["}:
        try:
            return merged(json.loads(text))
        except RecursionError:  # what is in it cannot be known
            return Hidden.of(text)
        except ValueError:  # no JSON
            pass
    return Hidden.of(text) if secrets.has_secret_shape(text) else text


def _says_nothing(value: Any) -> bool:
    """What may be shown under a name that speaks of a secret: a switch, and that there is none."""
    return value is None or isinstance(value, bool) or value in ("", [], {})


def at(tree: Any, path: tuple[str | int, ...]) -> Any:
    """What stands at a path of a tree; None where it ends before."""
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
