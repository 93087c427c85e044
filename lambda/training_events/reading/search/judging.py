"""Whether a run meets a condition, and where it stands in an order: what a search means. SQLite's search follows it."""

from __future__ import annotations

import math
import operator
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from training_events.reading.search.values import may_read_as_number, number_in, recorded, values_of
from training_events.stores.search import AllOf, AnyOf

if TYPE_CHECKING:
    from collections.abc import Callable

    from training_events.folds.summary import RunSummary
    from training_events.reading.search.values import Value
    from training_events.stores.search import Condition, Expression, Name, Operand, Operator, Order

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def meets(run: RunSummary, expression: Expression) -> bool:
    if isinstance(expression, AllOf):
        return all(meets(run, part) for part in expression.parts)
    if isinstance(expression, AnyOf):
        return any(meets(run, part) for part in expression.parts)
    if expression.operator == "IS NULL":
        return not values_of(run, expression.name)
    if "LIKE" in expression.operator:
        some = any(_is_like(text, expression) for value in recorded(run, expression.name) if (text := _text(value)) is not None)
    else:
        some = any(_compares(value, expression) for value in values_of(run, expression.name))
    return some is not expression.of_none


def sort_key(run: RunSummary, order: tuple[Order, ...]) -> Any:
    """Total, and the same in every store: what is equal in all that is named comes as lists have it, the newest first."""
    places = [_place(run, name, descending=descending) for name, descending in order]
    return [*places, _Descending((run.first_at, run.stream))]


def _compares(value: Value, condition: Condition) -> bool:
    if condition.operator == "IS NOT NULL":
        return True
    if condition.operator == "!=":
        return not any(_is_equal(value, operand) for operand in condition.operands)
    if condition.operator == "=":
        return any(_is_equal(value, operand) for operand in condition.operands)
    compare = _COMPARE[condition.operator]
    return any(
        compare(left, right)
        for left, right in (_sides(value, operand) for operand in condition.operands)
        if left is not None and right is not None
    )


def _is_equal(value: Value, operand: Operand) -> bool:
    left, right = _sides(value, operand)
    if left is None or right is None:
        return False
    return left == right or (_is_nan(left) and _is_nan(right))


def _sides(value: Value, operand: Operand) -> tuple[Any, Any]:
    """What is compared: two numbers or two texts. None for what is neither as a number nor as a text like the other."""
    if not isinstance(value, str):
        return value, operand.number
    if operand.text is not None:
        return value, operand.text
    return number_in(value), operand.number


def _is_like(text: str, condition: Condition) -> bool:
    pattern = _pattern(condition.operands[0].text or "", condition.operator)
    return (pattern.fullmatch(text) is not None) is not condition.operator.startswith("NOT")


@lru_cache
def _pattern(like: str, operator_: Operator) -> re.Pattern[str]:
    """`%` is any text, `_` any character. Each part takes the first place that it finds: none behind it is better.

    So a pattern of many parts takes no longer than the text times the pattern.
    """
    first, *others = ("".join("." if letter == "_" else re.escape(letter) for letter in part) for part in like.split("%"))
    middle = "".join(f"(?>.*?{part})" for part in others[:-1])
    last = f".*{others[-1]}" if others else ""
    return re.compile(first + middle + last, re.DOTALL | (re.IGNORECASE if "ILIKE" in operator_ else 0))


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value) if isinstance(value, (int, float)) else None


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _place(run: RunSummary, name: Name, *, descending: bool) -> tuple[Any, ...]:
    value = next(iter(values_of(run, name)), None)
    if value is None:
        return (2,)
    number = value if not isinstance(value, str) else number_in(value) if may_read_as_number(name) else None
    if value == "NaN" or _is_nan(number):
        return (1,)
    place = (number is None, value if number is None else number)
    return (0, _Descending(place) if descending else place)


class _Descending:
    """A key in the other direction."""

    __slots__ = ("key",)

    def __init__(self, key: Any) -> None:
        self.key = key

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Descending) and self.key == other.key

    __hash__ = None  # type: ignore[assignment]

    def __lt__(self, other: _Descending) -> bool:
        return bool(self.key > other.key)
