"""Any Python value as strict JSON: what people pass to a recorder is written as well as JSON can hold it, and never refused.

The same value gives the same JSON in every process: sets are sorted, and no text holds a memory address. A value is followed
to a limited depth and size. Where a limit is reached, or a value holds itself, a text in angle brackets says so. A value that
raises when it is read becomes such a text too; all others around it are there.

Records become objects whatever library they are from: a mapping by its keys (also one of OmegaConf or ml_collections, a row of
pandas or sqlite3), an object of a dataclass, attrs, pydantic or msgspec by its fields.
"""

from __future__ import annotations

import dataclasses
import re
from argparse import Namespace
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime, time
from enum import Enum
from functools import partial
from hashlib import sha256
from itertools import islice
from math import isfinite, prod
from os import PathLike, fspath
from types import BuiltinFunctionType, FunctionType, MethodType, SimpleNamespace
from typing import TYPE_CHECKING, Any

from training_events.canonical import canonical_json
from training_events.redaction.text import redacted_text
from training_events.redaction.values import redacted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MAX_DEPTH = 32
"""Half of what an event may have (canonical.MAX_DEPTH): the rest is for the fields around the value, and for the envelope."""
MAX_VALUES = 100_000
"""In all. A list that holds a list twice, which holds a list twice, and so on, would take for ever."""
MAX_ARRAY = 1_000
"""Elements of an array. A larger array is described by its shape."""
MAX_TEXT = 1_000
"""Characters of the text that `str` makes of an object."""
MAX_BITS = 1_023
"""Of an integer in decimal: 308 digits, as many as an event may have (recordable.MAX_DIGITS)."""

_ADDRESS = re.compile(r"(?: at)? ?\b0x[0-9A-Fa-f]{8,16}\b")


def plain(value: Any, unreadable: list[str] | None = None) -> Any:
    """`value` as null, true, false, numbers, text, lists and objects that canonical_json takes. Never raises.

    `unreadable` gets the path of each value inside that raised when it was read, with what it raised.
    """
    return _Walk([] if unreadable is None else unreadable).plain(value)


def plain_text(value: Any) -> str:
    """`value` as one text: a text as it is, everything else as its JSON, without credentials, whose names are no keys later."""
    converted = plain(value)
    return converted if isinstance(converted, str) else canonical_json(redacted(converted).value).decode()


class _Walk:
    """One value on its way to JSON: how many more values it may hold, and which ones enclose the present one."""

    def __init__(self, unreadable: list[str]) -> None:
        self._left = MAX_VALUES
        self._enclosing: list[int] = []
        self._path: list[str] = []
        self._unreadable = unreadable

    def plain(self, value: Any) -> Any:
        self._left -= 1
        if self._left < 0:
            return "<too much>"
        try:
            return self._scalar(value)
        except Exception:  # noqa: BLE001 - the class is the user's own, and may raise anything
            return f"<{_kind(value)}>"

    def _read(self, name: str, read: Callable[[], Any]) -> Any:
        """The JSON of a part that is read now, which may raise anything."""
        self._path.append(name)
        try:
            value = read()
        except Exception as error:  # noqa: BLE001 - what is around it is there
            self._unreadable.append(f"{'.'.join(self._path)} cannot be read ({type(error).__name__})")
            return f"<{type(error).__name__}>"
        else:
            return self.plain(value)
        finally:
            self._path.pop()

    def _scalar(self, value: Any) -> Any:  # noqa: PLR0911 - one return for each kind of value
        if isinstance(value, Enum):  # first: a member may be a number or a text as well
            return self._inside(value, lambda: self.plain(value.value))
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return _utf8(value)
        if isinstance(value, int):
            number = int.__int__(value)
            return number if number.bit_length() <= MAX_BITS else hex(number)
        if isinstance(value, float):
            return _number(float.__float__(value))
        if isinstance(value, (date, datetime, time)):
            return _utf8(value.isoformat())
        if isinstance(value, PathLike):
            path = fspath(value)
            return _utf8(path if isinstance(path, str) else path.decode(errors="surrogateescape"))
        if isinstance(value, (bytes, bytearray, memoryview)):
            return f"<{len(content := bytes(value))} bytes, sha256:{sha256(content).hexdigest()}>"
        return self._inside(value, lambda: self._container(value))

    def _inside(self, value: Any, walk: Callable[[], Any]) -> Any:
        if id(value) in self._enclosing:
            return "<cycle>"
        if len(self._enclosing) == MAX_DEPTH:
            return "<too deep>"
        self._enclosing.append(id(value))
        try:
            return walk()
        finally:
            self._enclosing.pop()

    def _container(self, value: Any) -> Any:
        shape = getattr(value, "shape", None)  # numpy's, pandas' and torch's, without importing any of them
        is_large = isinstance(shape, tuple) and len(shape) > 0 and prod(shape) > MAX_ARRAY
        if isinstance(value, Mapping) or (_has_keys(value) and not is_large):
            return self._object(self._items(value))
        if (fields := _field_names(value)) is not None:
            return self._object((name, partial(getattr, value, name)) for name in fields)
        if isinstance(value, AbstractSet):
            return sorted((self.plain(item) for item in value), key=canonical_json)
        if isinstance(value, Sequence) and not isinstance(value, range):
            return self._list(value)
        return self._array(value, shape) if isinstance(shape, tuple) else _text(value)

    def _items(self, value: Any) -> Iterable[tuple[Any, Callable[[], Any]]]:
        """Keys, and how to read the value of each. If not all can be read at once, each is read by itself."""
        try:
            items = list(islice(value.items(), self._left + 1))
        except Exception:  # noqa: BLE001 - one of them may refer to what is not there; or it has no `items`
            return [(key, partial(value.__getitem__, key)) for key in islice(value.keys(), self._left + 1)]
        return [(key, partial(_same, item)) for key, item in items]

    def _list(self, value: Sequence[Any]) -> list[Any]:
        try:
            items = list(islice(value, self._left + 1))
        except Exception:  # noqa: BLE001 - as in a mapping
            count = min(len(value), self._left + 1)
            return [self._read(str(index), partial(value.__getitem__, index)) for index in range(count)]
        return [self._read(str(index), partial(_same, item)) for index, item in enumerate(items)]

    def _object(self, items: Iterable[tuple[Any, Callable[[], Any]]]) -> dict[str, Any]:
        """Keys that are equal as text are told apart by their types. The order in which they come makes no difference."""
        named = [(type(key) is not str, plain_text(key), _kind(key), read) for key, read in islice(items, self._left + 1)]
        object_: dict[str, Any] = {}
        for _, name, kind, read in sorted(named, key=lambda entry: entry[:3]):
            while name in object_:
                name += f" <{kind}>"  # noqa: PLW2901
            object_[name] = self._read(name, read)
        return object_

    def _array(self, value: Any, shape: tuple[Any, ...]) -> Any:
        dtype = getattr(value, "dtype", None)
        if getattr(dtype, "kind", None) in ("m", "M"):  # numpy's times: `tolist` makes counts of units of them
            return _text(value)
        if shape == ():
            item = value.tolist() if hasattr(value, "tolist") else value.item()  # the first knows numpy's masks
            return _text(value) if type(item) is type(value) else self.plain(item)
        if prod(shape) > MAX_ARRAY or not hasattr(value, "tolist"):
            return _utf8(f"<{_kind(value)} of shape {tuple(shape)}>")
        return self.plain(value.tolist())


def _has_keys(value: Any) -> bool:
    """Whether `dict(value)` would take it for a mapping, though it does not say that it is one."""
    return hasattr(type(value), "keys") and hasattr(type(value), "__getitem__")


def _field_names(value: Any) -> list[str] | None:  # noqa: PLR0911 - one return for each kind of record
    """The names of a record's fields, in the way of each library, none of which is imported. None for what is no record."""
    kind = type(value)
    if isinstance(value, type):
        return None
    if isinstance(value, (Namespace, SimpleNamespace)):
        return list(vars(value))
    if dataclasses.is_dataclass(value):
        return [field.name for field in dataclasses.fields(value)]
    if isinstance(value, tuple) and isinstance(getattr(kind, "_fields", None), tuple):
        return list(kind._fields)
    if isinstance(attrs := getattr(kind, "__attrs_attrs__", None), tuple):
        return [field.name for field in attrs]
    pydantic = getattr(kind, "model_fields", None)
    if not isinstance(pydantic, dict):
        pydantic = getattr(kind, "__fields__", None)  # pydantic 1
    if isinstance(pydantic, dict):
        return [*pydantic, *(getattr(value, "__pydantic_extra__", None) or {})]
    if isinstance(msgspec := getattr(kind, "__struct_fields__", None), tuple):
        return list(msgspec)
    return None


def _same(value: Any) -> Any:
    return value


def _number(number: float) -> float | str:
    if isfinite(number):
        return number
    return "NaN" if number != number else "Infinity" if number > 0 else "-Infinity"  # noqa: PLR0124 - only NaN differs from itself


def _text(value: Any) -> str:
    """The text that `str` makes of an object, without memory addresses, which differ from process to process."""
    if isinstance(value, (type, FunctionType, BuiltinFunctionType, MethodType)):
        return _utf8(f"{value.__module__}.{value.__qualname__}")
    text = redacted_text(_utf8(_ADDRESS.sub("", str(value)))) or f"<{_kind(value)}>"  # first: a cut token has no shape
    return text if len(text) <= MAX_TEXT else text[:MAX_TEXT] + "…"


def _kind(value: Any) -> str:
    try:
        return _utf8(f"{type(value).__module__}.{type(value).__qualname__}")
    except Exception:  # noqa: BLE001 - a class can hide even its own name
        return "object"


def _utf8(text: str) -> str:
    """A plain `str` that has a UTF-8 form: half a surrogate pair is written as its escape."""
    text = str.__getitem__(text, slice(None))
    return text if text.isascii() else text.encode(errors="backslashreplace").decode()
