"""Cuts the parts of a summary to what fits beside a state, and notes whether anything was cut."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import msgspec

from training_events.canonical import canonical_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Scalar: TypeAlias = str | int | float | bool | None
_T = TypeVar("_T")
_encode = msgspec.json.Encoder().encode

MAX_BYTES = 16_384
"""The size of each part of a summary that may have any number of members: metrics, hyperparameters, tags, datasets, stages. So
a summary has 80 KB at most, of the 400 KB of an item. A hundred metrics or several hundred hyperparameters fit."""
MAX_CHARACTERS = 1000
"""Of each text. An event may have texts of 400 KB."""


class Cutter:
    """Makes what is too long fit, and notes whether anything was. Without `bounded` everything fits."""

    def __init__(self, *, bounded: bool) -> None:
        self.whole = True
        self._bounded = bounded

    def text(self, text: str) -> str:
        if len(text) <= MAX_CHARACTERS or not self._bounded:
            return text
        self.whole = False
        return text[:MAX_CHARACTERS] + "\u2026"

    def optional(self, text: str | None) -> str | None:
        return None if text is None else self.text(text)

    def members(self, members: Iterable[tuple[str, _T]]) -> dict[str, _T]:
        """The first ones that fit, by name."""
        fitting: dict[str, _T] = {}
        room = MAX_BYTES
        for name, value in members:
            short = self.text(name)
            room -= _size(short) + _size(value)
            if room < 0 and self._bounded:
                self.whole = False
                break
            if short in fitting:  # {"a": {"b": 1}, "a.b": 2}
                self.whole = False
            fitting[short] = value
        return fitting

    def scalars(self, values: Mapping[str, Any]) -> dict[str, Scalar]:
        """Nested values as flat ones, by the keys that lead to each."""
        return self.members((name, self._scalar(value)) for name, value in flattened("", values))

    def _scalar(self, value: Any) -> Scalar:
        if isinstance(value, str):
            return self.text(value)
        if value is None or isinstance(value, bool | float) or (isinstance(value, int) and -(2**63) <= value < 2**64):
            return value
        return self.text(canonical_json(value).decode())


def _size(value: Any) -> int:
    """What a member takes, with its punctuation."""
    return len(_encode(value)) + 2


def flattened(path: str, values: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    """Nested values below this path, each by the keys that lead to it."""
    for key, value in sorted(values.items()):
        name = f"{path}.{key}" if path else key
        if isinstance(value, dict) and value:
            yield from flattened(name, value)
        else:
            yield name, value
