"""What a run was made from, for people. Whatever identifies an input has a line of its own, uncut, to be searched for."""

from __future__ import annotations

from itertools import chain, repeat
from typing import TYPE_CHECKING, Any

from training_events.cli.table import wrapped
from training_events.folds.cutter import flattened
from training_events.reading.wording.spec import is_list_of_packages
from training_events.reading.wording.text import printable, to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SHOWN_WITH_THE_STATE = ("model", "requested_by")


def spec_fields(spec: dict[str, Any]) -> dict[str, Any]:
    """A field for each key, whose value is text of one or more lines. A key without a format keeps its value.

    That a program had no arguments takes no line.
    """
    return {
        name.replace("_", " "): _FORMATS.get(name, _unchanged)(value)
        for name, value in spec.items()
        if name not in _SHOWN_WITH_THE_STATE and not (name == "arguments" and value == [])
    }


def named_values(values: Any) -> Any:
    """`C=1, optimizer.lr=0.1`, on as many lines as they need."""
    if not values or not isinstance(values, dict):
        return values
    return wrapped(f"{_text(name)}={_text(value)}" for name, value in flattened("", values))


def _unchanged(value: Any) -> Any:
    return value


def _parts(value: Any) -> Any:
    """`commit  9a76a5d`, one below the other."""
    return "\n".join(_lines(value)) if value and isinstance(value, dict) else value


def _datasets(value: Any) -> Any:
    """Each dataset with its place first, else its name. A place may be all that is known."""
    if not value or not isinstance(value, list):
        return _parts(value)
    return "\n".join(line for item in value for line in (_dataset(item) if isinstance(item, dict) else [_text(item)]))


def _dataset(dataset: dict[str, Any]) -> Iterator[str]:
    first = "uri" if "uri" in dataset else "name"
    yield _text(dataset.get(first, "-"))
    parts = {name: part for name, part in dataset.items() if name != first}
    if isinstance(details := parts.get("details"), dict):
        parts["details"] = ", ".join(details)  # a schema is long: --json has it
    yield from ("  " + line for line in _lines(parts))


def _packages(value: Any) -> Any:
    """`numpy 2.1.3, scipy 1.14.1, …`: all of them, each on one line with its version."""
    if not is_list_of_packages(value):
        return _parts(value)
    return wrapped(f"{_text(name)} {_text(version)}" for name, version in value.items())


def _lines(parts: dict[str, Any]) -> Iterator[str]:
    return _named_lines({name.replace("_", " "): value for name, value in parts.items()})


def _named_lines(parts: dict[str, Any]) -> Iterator[str]:
    """A line for each value, with its name before it; what is inside a value has lines of its own, with the names it has."""
    names = list(map(_text, parts))
    width = max(map(len, names), default=0)
    for name, value in zip(names, parts.values(), strict=True):
        lines = _named_lines(value) if isinstance(value, dict) and value else [_text(value)]
        yield from (f"{label:{width}}  {line}" for label, line in zip(chain([name], repeat("")), lines, strict=False))


def _text(value: Any) -> str:
    """On one line, whatever is in it."""
    return printable(value if isinstance(value, str) else to_json(value))


_FORMATS: dict[str, Callable[[Any], Any]] = {
    "code": _parts,
    "image": _parts,
    "instance": _parts,
    "datasets": _datasets,
    "packages": _packages,
    "direct_packages": _parts,
    "hyperparameters": named_values,
    "seeds": named_values,
    "environment": named_values,
    "goals": named_values,
}
