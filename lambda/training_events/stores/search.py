"""A search as stores see it: conditions over named values, and an order by them. `reading/search` reads it from a text.

A store without an index of values answers None to `ReadModels.search_index`, and every summary is judged by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, TypeAlias

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

Operator = Literal["=", "!=", "<", "<=", ">", ">=", "LIKE", "NOT LIKE", "ILIKE", "NOT ILIKE", "IS NULL", "IS NOT NULL"]
NEGATED: dict[Operator, Operator] = {
    "=": "!=", "<": ">=", ">": "<=", "LIKE": "NOT LIKE", "ILIKE": "NOT ILIKE", "IS NULL": "IS NOT NULL",
    "!=": "=", ">=": "<", "<=": ">", "NOT LIKE": "LIKE", "NOT ILIKE": "ILIKE", "IS NOT NULL": "IS NULL",
}  # fmt: skip
Column = Literal["value", "last", "min", "max", "latest"]
"""A metric has five values under one name: `value` is its best one, and `latest` that of the highest step. All else has one."""


class Name(NamedTuple):
    """What is compared or sorted by: `metrics.loss`, with the column in which its value is."""

    key: str
    column: Column = "value"


class Operand(NamedTuple):
    """What a value is compared with. A text that reads as a number has both: recorded numbers compare with it, too."""

    number: float | None
    text: str | None


class Condition(Struct, frozen=True):
    """Holds for a value that compares so with one of the operands; with `!=` and the others in the negative, with all of them.

    A run that has no such value meets no condition but `IS NULL`. Where it has several, as it has datasets, one of them has to
    meet it, or with `of_none` none may. `written_at` is the index of the name in the text that was read.
    """

    name: Name
    operator: Operator
    operands: tuple[Operand, ...] = ()
    of_none: bool = False
    written_at: int = 0


class AllOf(Struct, frozen=True):
    parts: tuple[Expression, ...]


class AnyOf(Struct, frozen=True):
    parts: tuple[Expression, ...]


Expression: TypeAlias = Condition | AllOf | AnyOf


def conditions_of(expression: Expression) -> Iterator[Condition]:
    """All conditions in an expression, as they were written."""
    if isinstance(expression, Condition):
        yield expression
    else:
        for part in expression.parts:
            yield from conditions_of(part)


class Order(NamedTuple):
    """What runs are sorted by. NaN comes behind all other values and what is absent at the end, in both directions."""

    name: Name
    descending: bool = False


class SearchedValue(NamedTuple):
    """A value of a run in the index. `number` is that of a text that reads as one.

    `last`, `min`, `max` and `latest` are only of metrics. What is not finite is infinite here, or the text `NaN`.
    """

    key: str
    value: float | str | None
    number: float | str | None = None
    last: float | str | None = None
    min: float | None = None
    max: float | None = None
    latest: float | str | None = None


class SearchIndex(Protocol):
    """The values of all streams of a kind, by which they are found and sorted. It is made from summaries when it is used."""

    def bring_up_to_date(
        self,
        keys: Collection[str],
        values_of: Callable[[bytes, Collection[str]], list[SearchedValue]],
        on_progress: Callable[[int, int], None] = lambda done, total: None,  # noqa: ARG005
    ) -> None:
        """Take in the values under these keys, and what was put since the last time.

        `values_of` gives the values under some keys of the stream with this summary. `on_progress` gets how many streams are
        done, and of how many.
        """
        ...

    def has(self, key: str) -> bool:
        """Whether any stream has a value under a key that was taken in."""
        ...

    def find(self, condition: Expression, order: tuple[Order, ...]) -> Iterator[bytes]:
        """The summaries of streams that meet the condition, in this order; those that are equal in it, the newest first.

        All keys in it were taken in. There may be some that do not meet it: whoever reads them judges them again. None is left
        out.
        """
        ...
