"""Records as libraries make them, also those that are not installed here, such as OmegaConf and pandas."""

from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import attrs
import msgspec
import pydantic


class InterpolationError(Exception):
    """What OmegaConf raises for `${db.host}` where there is no `db`."""


class Config(Mapping[str, Any]):
    """Like OmegaConf's DictConfig: a value that begins with `$` does not resolve, and then not all can be read at once."""

    def __init__(self, content: dict[str, Any]) -> None:
        self._content = content
        self._metadata = "of the library's own"

    def __getitem__(self, key: str) -> Any:
        value = self._content[key]
        if isinstance(value, str) and value.startswith("$"):
            raise InterpolationError(value)
        return Config(value) if isinstance(value, dict) else value

    def __iter__(self) -> Iterator[str]:
        return iter(self._content)

    def __len__(self) -> int:
        return len(self._content)


class ListConfig(Sequence[Any]):
    """Like OmegaConf's of that name."""

    def __init__(self, *content: Any) -> None:
        self._content = content

    def __getitem__(self, index: Any) -> Any:
        return Config({"": self._content[index]})[""]

    def __len__(self) -> int:
        return len(self._content)


class Row:
    """Like a row of pandas, or of sqlite3: it has keys, and says nowhere that it is a mapping."""

    def __init__(self, **values: Any) -> None:
        self._values = values
        self.shape = (len(values),)

    def keys(self) -> list[str]:
        return list(self._values)

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def tolist(self) -> list[Any]:
        return list(self._values.values())


class Optimizer(Enum):
    ADAM = "adam"


@attrs.define
class Slotted:
    rate: Any
    more: Any = None


class Model(pydantic.BaseModel, arbitrary_types_allowed=True, extra="allow"):
    rate: Any
    more: Any = None


class Spec(msgspec.Struct):
    rate: Any
    more: Any = None


@dataclass
class Options:
    rate: Any
    more: Any = None


class WithSlots:
    __slots__ = ("rate",)

    def __init__(self, rate: Any) -> None:
        self.rate = rate


class Defaults:
    """A class as a configuration."""

    rate = 0.1
    sizes = (1, 2)

    def method(self) -> None:
        """It is no value."""


_INNER = Options(Spec(Row(a=Optimizer.ADAM, b=Namespace(path=Path("x")))))
NESTED = Slotted(Model.model_validate({"rate": _INNER, "other": 1}))
NESTED_JSON = {
    "rate": {
        "rate": {"rate": {"rate": {"a": "adam", "b": {"path": "x"}}, "more": None}, "more": None},
        "more": None,
        "other": 1,
    },
    "more": None,
}
