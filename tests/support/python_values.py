"""Generated Python values of every kind that people may give to a recorder."""

import enum
import functools
from argparse import Namespace
from collections import OrderedDict, namedtuple
from dataclasses import dataclass
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Any

import numpy as np
from hypothesis import strategies as st


class Color(enum.Enum):
    RED = "red"
    BLUE = ("b", 2)


class Level(enum.IntEnum):
    LOW = 1


@dataclass(frozen=True)
class Options:
    rate: Any
    more: Any = None


Pair = namedtuple("Pair", "left right")  # noqa: PYI024 - the plain form is what is tested


class Raises:
    """Raises when it is asked for its text or its shape."""

    def __str__(self) -> str:
        raise RuntimeError("no text")

    def __repr__(self) -> str:
        return "Raises()"

    @property
    def shape(self) -> Any:
        raise RuntimeError("no shape")


class Silent:
    """Has only the text of every object, with its address."""


class NotText:
    def __str__(self) -> Any:
        return 7  # noqa: PLE0307 - that is the point

    def __repr__(self) -> str:
        return "NotText()"


class OwnText(str):
    """A text of a subclass."""

    __slots__ = ()


decimals = st.decimals().filter(lambda number: not number.is_snan())  # which has no hash
numbers = st.integers() | st.integers(-(10**700), 10**700) | st.floats() | decimals | st.fractions() | st.complex_numbers()
times = st.dates() | st.datetimes() | st.times() | st.timedeltas()
texts = st.text(st.characters(), max_size=8)  # lone surrogates too
numpy_scalars = [np.float32(0.5), np.float64("nan"), np.int64(-3), np.bool_(1), np.str_("x"), np.bytes_(b"x"), np.complex64(1j)]
numpy_times = [np.datetime64("2026-11-22T15:08:39.955123456"), np.datetime64("NaT"), np.timedelta64(3, "s")]
numpy_arrays = [np.array(7), np.ones((2, 2), "f4"), np.zeros((100, 100)), np.array([np.inf, 1]), np.array(["a", None], object)]
odd_arrays = [np.array(["2026-01-01"], "M8[D]"), np.zeros(2, "i4,f8"), np.longdouble(1) / 3]
arrays = st.sampled_from([*numpy_scalars, *numpy_times, *numpy_arrays, *odd_arrays])
objects = st.sampled_from([Color.RED, Color.BLUE, Level.LOW, Raises(), Silent(), NotText(), Raises, Silent, len, max])
others = st.sampled_from([range(3), functools.partial(max, 1), PurePosixPath("a/\udcff"), ..., NotImplemented, object()])
hashable = st.one_of(
    st.none(), st.booleans(), numbers, times, texts, texts.map(OwnText), st.binary(max_size=8), objects, others, st.uuids()
)
keys = st.recursive(hashable, lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3), max_leaves=4)


def _containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    named = st.dictionaries(st.from_regex(r"[a-z]{1,3}", fullmatch=True), inner, max_size=3)
    return st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(keys, inner, max_size=4),
        st.dictionaries(keys, inner, max_size=3).map(OrderedDict),
        st.sets(keys, max_size=4),
        st.frozensets(keys, max_size=4),
        named.map(lambda values: Namespace(**values)),
        st.builds(Options, inner, inner),
        st.builds(Pair, inner, inner),
        st.lists(inner, max_size=3).map(_holding_itself),
        st.tuples(inner, st.integers(1, 200)).map(lambda pair: _nested(*pair)),
    )


def _holding_itself(values: list[Any]) -> list[Any]:
    values.append({"itself": values})
    return values


def _nested(value: Any, depth: int) -> Any:
    for _ in range(depth):
        value = [value]
    return value


anything = st.recursive(hashable | arrays | st.binary().map(bytearray) | st.just(Decimal("sNaN")), _containers, max_leaves=12)
