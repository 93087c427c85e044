"""The answer for people: a table for each part of it, a row for each part of the stack."""

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TypeVar

from costs.answer import Answer
from costs.lines import Line, Range, together

L = TypeVar("L", Line, Range)

WIDTH, _PART, _DOLLARS = 110, 26, 9


def text(answer: Answer) -> str:
    return "\n".join(_all(answer))


def _all(answer: Answer) -> Iterator[str]:
    lacking = ", without what is not priced" if answer.unpriced else ""
    yield f"{answer.stack.name} in {answer.prices.region}: about {together(answer.at_rest):.2f} $ a month at rest{lacking}"
    yield from _wrapped(
        f"List prices without tax, as written down on {answer.prices.written}, and without anybody's free tier or discount."
        " They were not checked on AWS: do so before you rely on them. Most amounts are assumptions, which are below."
    )
    yield from _months("At rest, a month", answer.at_rest)
    yield from _months("In use, on top, at most", answer.in_use)
    yield from _per_million(answer.per_million_events)
    yield from _months("Kept, a month", answer.keeping, "a million events")
    yield ""
    yield "Assumed"
    for assumption in answer.assumed:
        yield from _row([f"{assumption.value:g}"], "  " + assumption.name, assumption.meaning)
    yield ""
    yield "Not in it: tax, traffic, requests of a key of your own, trainings and what starts them, and whoever reads."
    yield f"Prices: {answer.pages()[0]}"
    yield from (f"        {page}" for page in answer.pages()[1:])


def _months(title: str, lines: Sequence[Line], note: str = "") -> Iterator[str]:
    if not lines:
        return
    yield from _heading(title, ["$"], note)
    for part, of_part in _by_part(lines):
        amounts = ", ".join(_counted(_number(line.amount), line.price.unit) for line in of_part)
        yield from _row([f"{together(of_part):.2f}"], "  " + part, amounts)
    yield from _row([f"{together(lines):.2f}"], "  together", "")


def _per_million(lines: Sequence[Range]) -> Iterator[str]:
    yield from _heading("A million events", ["$ busy", "alone"], "busy: every batch is full; alone: each comes by itself")
    for part, of_part in _by_part(lines):
        amounts = ", ".join(_counted(_between(line.busy, line.alone), line.price.unit) for line in of_part)
        yield from _row(_both(of_part), "  " + part, amounts)
    yield from _row(_both(lines), "  together", "")


def _both(lines: Iterable[Range]) -> list[str]:
    lines = list(lines)
    return [f"{sum(line.busy_dollars for line in lines):.2f}", f"{sum(line.alone_dollars for line in lines):.2f}"]


def _by_part(lines: Sequence[L]) -> Iterator[tuple[str, list[L]]]:
    for part, of_part in groupby(lines, key=lambda line: line.part):
        yield part, list(of_part)


def _counted(number: str, unit: str) -> str:
    """`38 alarms`, `1 alarm`."""
    return f"{number} {unit.removesuffix('s') if number == '1' else unit}"


def _between(busy: float, alone: float) -> str:
    texts = [_number(busy), _number(alone)]
    return texts[0] if texts[0] == texts[1] else " to ".join(texts)


def _number(amount: float) -> str:
    return f"{amount:,.0f}" if amount >= 10 or amount == int(amount) else f"{amount:.2g}"


def _heading(title: str, columns: Sequence[str], note: str = "") -> Iterator[str]:
    yield ""
    yield from _row(columns, title, note)


def _row(numbers: Sequence[str], part: str, rest: str) -> Iterator[str]:
    """The part, the numbers, and what they are made of, on further lines if it is long."""
    left = f"{part:<{_PART}}" + "".join(f"{number:>{_DOLLARS}}" for number in numbers)
    indent = " " * (_PART + _DOLLARS * len(numbers) + 2)
    if not rest:
        yield left
        return
    yield from textwrap.wrap(rest, WIDTH, initial_indent=f"{left}  ", subsequent_indent=indent)


def _wrapped(sentence: str) -> Iterator[str]:
    yield from textwrap.wrap(sentence, WIDTH)
