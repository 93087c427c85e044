"""The answer on one environment: all of its lines, what is not priced, and what it rests on; and the same as JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from costs.assumptions import Assumption, Assumptions
from costs.at_rest import Unpriced, at_rest
from costs.in_use import in_use
from costs.keeping import keeping
from costs.lines import Line, Range, together
from costs.per_event import per_million_events
from costs.prices import Price, Prices
from costs.stack import Stack


@dataclass(frozen=True)
class Answer:
    """at_rest, in_use: a month, the second on top of the first. keeping: of a million events, for each month."""

    stack: Stack
    prices: Prices
    assumed: Sequence[Assumption]
    at_rest: Sequence[Line]
    in_use: Sequence[Line]
    per_million_events: Sequence[Range]
    keeping: Sequence[Line]
    unpriced: Sequence[Unpriced]

    @classmethod
    def of(cls, stack: Stack, prices: Prices, assumed: Assumptions) -> Self:
        rest, unpriced = at_rest(stack, prices, assumed)
        return cls(
            stack,
            prices,
            assumed.listed(),
            rest,
            list(in_use(stack, prices, assumed)),
            list(per_million_events(stack, prices, assumed)),
            list(keeping(stack, prices, assumed)),
            unpriced,
        )

    def pages(self) -> list[str]:
        """AWS's pages of every price in the answer."""
        lines: list[Line | Range] = [*self.at_rest, *self.in_use, *self.per_million_events, *self.keeping]
        return sorted({line.price.page for line in lines})

    def to_dict(self) -> dict[str, Any]:
        events = self.per_million_events
        return {
            "stack": self.stack.name,
            "region": self.prices.region,
            "currency": "USD",
            "prices_written": self.prices.written.isoformat(),
            "pages": self.pages(),
            "at_rest": _month(self.at_rest),
            "in_use": _month(self.in_use),
            "per_million_events": {
                "busy_dollars": _rounded(sum(line.busy_dollars for line in events)),
                "alone_dollars": _rounded(sum(line.alone_dollars for line in events)),
                "lines": [
                    {
                        "part": line.part,
                        **_price(line.price),
                        "busy_amount": line.busy,
                        "alone_amount": line.alone,
                        "busy_dollars": _rounded(line.busy_dollars),
                        "alone_dollars": _rounded(line.alone_dollars),
                    }
                    for line in events
                ],
            },
            "keeping_a_million_events": _month(self.keeping),
            "assumptions": [assumption._asdict() for assumption in self.assumed],
            "unpriced": [{"address": each.address, "why": each.why} for each in self.unpriced],
        }


def _month(lines: Sequence[Line]) -> dict[str, Any]:
    return {
        "dollars": _rounded(together(lines)),
        "lines": [
            {"part": line.part, **_price(line.price), "amount": line.amount, "dollars": _rounded(line.dollars)}
            for line in lines
        ],
    }


def _rounded(dollars: float) -> float:
    """A hundredth of a cent is more than anybody knows here."""
    return round(dollars, 4)


def _price(price: Price) -> dict[str, Any]:
    return {"price": price.name, "unit": price.unit, "unit_dollars": price.dollars, "units": price.per}
