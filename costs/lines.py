"""A line of an answer: so much of something, at its price."""

from collections.abc import Iterable
from dataclasses import dataclass

from costs.prices import Price


@dataclass(frozen=True)
class Line:
    """So many of the price's unit in a month, for one part of the stack."""

    part: str
    price: Price
    amount: float

    @property
    def dollars(self) -> float:
        return self.amount / self.price.per * self.price.dollars


@dataclass(frozen=True)
class Range:
    """The same for a million events: `busy` if so many come at once that batches are full, `alone` if each comes by itself."""

    part: str
    price: Price
    busy: float
    alone: float

    @property
    def busy_dollars(self) -> float:
        return Line(self.part, self.price, self.busy).dollars

    @property
    def alone_dollars(self) -> float:
        return Line(self.part, self.price, self.alone).dollars


def together(lines: Iterable[Line]) -> float:
    return sum(line.dollars for line in lines)
