"""The pinned spec of a run for people. Whatever identifies an input has a line of its own, uncut, to be searched for."""

from __future__ import annotations

import shutil
import textwrap
from typing import TYPE_CHECKING, Any

from training_events.cli.output import printable, to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_MAX_WIDTH = 100
"""Columns to which the list of packages is wrapped, where the terminal has that many."""
_SHOWN_WITH_THE_STATE = ("model", "requested_by")


def spec_fields(spec: dict[str, Any]) -> dict[str, Any]:
    """A field for each key, whose value is text of one or more lines. A key without a format keeps its value."""
    return {
        name.replace("_", " "): _FORMATS.get(name, _unchanged)(value)
        for name, value in spec.items()
        if name not in _SHOWN_WITH_THE_STATE
    }


def _unchanged(value: Any) -> Any:
    return value


def _parts(value: Any) -> Any:
    """`commit  9a76a5d`, one below the other."""
    return "\n".join(_lines(value)) if value and isinstance(value, dict) else value


def _datasets(value: Any) -> Any:
    """Each dataset with its place first. A place may be all that is known."""
    if not value or not isinstance(value, list):
        return _parts(value)
    return "\n".join(line for item in value for line in (_dataset(item) if isinstance(item, dict) else [_text(item)]))


def _dataset(dataset: dict[str, Any]) -> Iterator[str]:
    yield _text(dataset.get("uri", "-"))
    yield from ("  " + line for line in _lines({name: part for name, part in dataset.items() if name != "uri"}))


def _packages(value: Any) -> Any:
    """`numpy 2.1.3, scipy 1.14.1, …`: all of them, each on one line with its version."""
    if not value or not isinstance(value, dict) or "sha256" in value:  # too many for an event, which says where they are
        return _parts(value)
    # a name and its version must stay on one line: until the text is wrapped, \0 holds them together, which `_text` escapes
    listed = ", ".join(f"{_text(name)}\0{_text(version)}".replace(" ", "\0") for name, version in value.items())
    return textwrap.fill(
        listed,
        min(_MAX_WIDTH, shutil.get_terminal_size().columns - len("packages  ")),
        break_long_words=False,
        break_on_hyphens=False,
    ).replace("\0", " ")


def _lines(parts: dict[str, Any]) -> Iterator[str]:
    width = max(map(len, parts), default=0)
    return (f"{_text(name.replace('_', ' ')):{width}}  {_text(value)}" for name, value in parts.items())


def _text(value: Any) -> str:
    """On one line, whatever is in it."""
    return printable(value if isinstance(value, str) else to_json(value))


_FORMATS: dict[str, Callable[[Any], Any]] = {
    "code": _parts,
    "image": _parts,
    "instance": _parts,
    "datasets": _datasets,
    "packages": _packages,
}
