"""The pinned spec of a run for people: what identifies an input stands whole on a line of its own, to be searched for."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from training_events.cli.output import printable, to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_WIDTH = 100
"""Columns to which the list of packages is wrapped."""
_SAID_BY_THE_STATE = ("model", "requested_by")


def spec_fields(spec: dict[str, Any]) -> dict[str, Any]:
    """A field for each key, its value as text of one or more lines; what has no form of its own stays as it was said."""
    return {
        name.replace("_", " "): _FORMS.get(name, _as_said)(value)
        for name, value in spec.items()
        if name not in _SAID_BY_THE_STATE
    }


def _as_said(value: Any) -> Any:
    return value


def _parts(value: Any) -> Any:
    """`commit  9a76a5d`, one below the other."""
    return "\n".join(_lines(value)) if value and isinstance(value, dict) else value


def _datasets(value: Any) -> Any:
    """Each with its place first; a place is all that may be known."""
    if not value or not isinstance(value, list):
        return _parts(value)
    return "\n".join(line for one in value for line in (_dataset(one) if isinstance(one, dict) else [_text(one)]))


def _dataset(one: dict[str, Any]) -> Iterator[str]:
    yield _text(one.get("uri", "-"))
    yield from ("  " + line for line in _lines({name: part for name, part in one.items() if name != "uri"}))


def _packages(value: Any) -> Any:
    """`numpy 2.1.3, scipy 1.14.1, …`: all of them, each on one line with its version."""
    if not value or not isinstance(value, dict) or "sha256" in value:  # too many for an event, which says where they are
        return _parts(value)
    # what must not be parted is held together by a letter that `_text` leaves in no name
    listed = ", ".join(f"{_text(name)}\0{_text(version)}".replace(" ", "\0") for name, version in value.items())
    return textwrap.fill(listed, _WIDTH, break_long_words=False, break_on_hyphens=False).replace("\0", " ")


def _lines(parts: dict[str, Any]) -> Iterator[str]:
    width = max(map(len, parts), default=0)
    return (f"{_text(name.replace('_', ' ')):{width}}  {_text(value)}" for name, value in parts.items())


def _text(value: Any) -> str:
    """On one line, whatever is in it."""
    return printable(value if isinstance(value, str) else to_json(value))


_FORMS: dict[str, Callable[[Any], Any]] = {
    "code": _parts,
    "image": _parts,
    "instance": _parts,
    "datasets": _datasets,
    "packages": _packages,
}
