"""A search as SQL over the tables of stores/sqlite/search_index.py, in which `r` is the run.

What SQL cannot say exactly is said more widely: a pattern ignores the case of ASCII letters, for example. Whoever reads the
summaries judges them again. `number` is the number that a text reads as. In these columns any number is less than any text.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from training_events.stores.search import AllOf, AnyOf

if TYPE_CHECKING:
    from training_events.stores.search import Condition, Expression, Name, Operand, Order

_NAN = "NaN"
"""SQLite keeps a NaN as NULL. So it is this text, which no number equals."""
_KEY = "(SELECT id FROM searched_keys WHERE key = ?)"
_NEWEST_FIRST = "r.first_at DESC, r.stream DESC"


def condition_sql(expression: Expression) -> tuple[str, list[Any]]:
    """An expression for WHERE, and the values that are bound in it."""
    if isinstance(expression, (AllOf, AnyOf)):
        operator, of_nothing = (" AND ", "1") if isinstance(expression, AllOf) else (" OR ", "0")
        parts = [condition_sql(part) for part in expression.parts]
        sql = operator.join(part for part, _ in parts)
        return f"({sql})" if parts else of_nothing, [value for _, values in parts for value in values]
    return _of_runs(expression)


def order_sql(order: tuple[Order, ...]) -> tuple[str, str, list[Any]]:
    """The joins that the order needs, its ORDER BY, and the values that are bound in the joins."""
    joins = [
        f"LEFT JOIN searched_values o{place} ON o{place}.key = {_KEY} AND o{place}.run = r.id AND o{place}.place = 0"
        for place in range(len(order))
    ]
    sort = []
    for place, (name, descending) in enumerate(order):
        column = _column(name, f"o{place}.")
        sort.append(f"CASE WHEN {column} IS NULL THEN 2 WHEN {column} = '{_NAN}' THEN 1 ELSE 0 END")
        sort.append(f"{column} {'DESC' if descending else 'ASC'}")
    return " ".join(joins), ", ".join([*sort, _NEWEST_FIRST]), [name.key for name, _ in order]


def _of_runs(condition: Condition) -> tuple[str, list[Any]]:
    """The runs that meet one condition."""
    if condition.of_none:
        return "1", []
    rows, key = f"SELECT run FROM searched_values WHERE key = {_KEY} AND ", condition.name.key  # noqa: S608 - values are bound
    if condition.operator == "IS NULL":
        return f"r.id NOT IN ({rows}{_column(condition.name)} IS NOT NULL)", [key]
    test, values = _of_value(condition)
    return f"r.id IN ({rows}{test})", [key, *values]


def _of_value(condition: Condition) -> tuple[str, list[Any]]:
    """The values that meet one condition."""
    name, operator, operands = condition.name, condition.operator, condition.operands
    column = _column(name)
    if operator in ("=", "!="):
        return _equal(name, operands, "IN" if operator == "=" else "NOT IN")
    if operator == "LIKE":
        # SQLite knows the case of ASCII letters alone, and `value` has no number as its producer wrote it
        # for which a text ends at a NUL
        return "(value < '' OR value LIKE ? OR instr(value, char(0)))", [operands[0].text]
    if operator in ("NOT LIKE", "ILIKE", "NOT ILIKE", "IS NOT NULL"):
        return f"{column} IS NOT NULL", []
    tests, values = [], []
    for operand in operands:
        for test, value in _ordered(name, operator, operand):
            tests.append(test)
            values.append(value)
    return f"({' OR '.join(tests) or '0'})", values


def _equal(name: Name, operands: tuple[Operand, ...], within: str) -> tuple[str, list[Any]]:
    """Equal to one of the operands, or to none."""
    texts = [operand.text for operand in operands if operand.text is not None]
    numbers = [stored_number(operand.number) for operand in operands if operand.number is not None]
    alone = [stored_number(operand.number) for operand in operands if operand.number is not None and operand.text is None]
    # a text that reads as a number equals a number, but a quoted number only the text itself
    tests = [f"{_column(name)} {within} ({_marks(alone)})"] if alone else []
    tests += [f"{name.column} {within} ({_marks([*texts, *numbers])})"] if texts else []
    joined = (" OR " if within == "IN" else " AND ").join(tests)
    return f"({joined})", [*alone, *([*texts, *numbers] if texts else [])]


def _ordered(name: Name, operator: str, operand: Operand) -> list[tuple[str, Any]]:
    """Less or more than the operand, each kind of value by its own order."""
    tests = []
    number, text = operand
    if number is not None and not math.isnan(number):
        column = _column(name) if text is None else name.column
        tests.append((f"({column} {operator} ? AND {column} < '')", stored_number(number)))
    if text is not None:
        tests.append((f"({name.column} {operator} ? AND {name.column} >= '')", text))
    return tests


def _column(name: Name, table: str = "") -> str:
    """The value as a number where it is one, or reads as one."""
    return f"coalesce({table}number, {table}value)" if name.column == "value" else f"{table}{name.column}"


def stored_number(number: float) -> float | str:
    return _NAN if isinstance(number, float) and math.isnan(number) else number


def _marks(values: list[Any]) -> str:
    return ", ".join("?" * len(values))
