"""Credentials inside a JSON value: by the names of its keys, in lists of arguments, and inside its texts."""

from __future__ import annotations

from typing import Any, NamedTuple

from .names import is_secret_value
from .text import redacted_text
from .tokens import MASK

_NOT_NAMES_OF_VALUES = frozenset({"packages", "direct_packages", "goals", "code.not_kept"})
"""Fields of a run's spec whose keys name packages (`secretstorage`), metrics (`token_accuracy`) and files (`password.py`)."""
_NUMBERS = "0123456789.-+e"


class Redacted(NamedTuple):
    """A value without credentials, and where in it some were: `hyperparameters.hub.api_key`, `datasets[0].uri`."""

    value: Any
    fields: list[str]


def redacted(value: Any) -> Redacted:
    """`value` holds only what JSON has: null, true, false, numbers, text, lists, and objects with text as keys."""
    walk = _Walk()
    return Redacted(walk.value(value, ""), walk.fields)


def redacted_arguments(arguments: list[str]) -> Redacted:
    """The arguments of a program. Here `-p` is a password too, unless a number follows."""
    walk = _Walk(passwords=frozenset({"-p"}))
    return Redacted(walk.value(arguments, ""), walk.fields)


class _Walk:
    def __init__(self, passwords: frozenset[str] = frozenset()) -> None:
        """`passwords` are further options whose value is a password, unless it is a number."""
        self.fields: list[str] = []
        self._passwords = passwords

    def value(self, value: Any, path: str) -> Any:
        if isinstance(value, str):
            return self._text(value, path)
        if isinstance(value, dict):
            return self._object(value, path)
        if isinstance(value, list):
            return self._array(value, path)
        return value

    def _text(self, text: str, path: str) -> str:
        hidden = redacted_text(text)
        if hidden != text:
            self.fields.append(path)
        return hidden

    def _object(self, value: dict[str, Any], path: str) -> dict[str, Any]:
        # {"name": "DB_PASSWORD", "value": …} is how containers have their variables
        named = next((value[key] for key in ("name", "Name", "key", "Key") if isinstance(value.get(key), str)), "")
        hidden: dict[str, Any] = {}
        for key, item in value.items():
            shown = self._text(key, f"{path} (a key)".strip())
            while shown in hidden:
                shown += "*"
            below = f"{path}.{shown}".lstrip(".")
            is_secret = path not in _NOT_NAMES_OF_VALUES and (
                is_secret_value(key, item) or (key.lower() == "value" and is_secret_value(named, item))
            )
            hidden[shown] = self._masked(item, below) if is_secret else self.value(item, below)
        return hidden

    def _array(self, value: list[Any], path: str) -> list[Any]:
        hidden = []
        for index, item in enumerate(value):
            below = f"{path}[{index}]"
            is_secret = index > 0 and self._is_named_before(value[index - 1], item, pair=len(value) == 2)
            hidden.append(self._masked(item, below) if is_secret else self.value(item, below))
        return hidden

    def _is_named_before(self, name: Any, item: Any, *, pair: bool) -> bool:
        """`["--token", "x"]` are arguments, and `["token", "x"]` is a name with its value."""
        if not isinstance(name, str) or (isinstance(item, str) and item.startswith("--")):
            return False
        if name in self._passwords:
            return isinstance(item, str) and item.strip(_NUMBERS) != ""
        is_option = name.startswith("-") and "=" not in name
        return (is_option or (pair and name.isidentifier())) and is_secret_value(name, item)

    def _masked(self, item: Any, path: str) -> str:
        if item != MASK:
            self.fields.append(path)
        return MASK
