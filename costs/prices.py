"""The table of list prices, `prices.toml`: each price by its name, in one region; and which resources cost nothing, and why."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from costs.errors import CostsError, UnknownRegionError

FILE = Path(__file__).with_name("prices.toml")


@dataclass(frozen=True)
class Price:
    """`dollars` for `per` of a unit. `page` is where AWS publishes it."""

    name: str
    dollars: float
    per: float
    unit: str
    page: str


@dataclass(frozen=True)
class Prices:
    """The prices of one region. free, by_use: the reason, by the type of a resource."""

    region: str
    written: date
    prices: Mapping[str, Price]
    free: Mapping[str, str]
    by_use: Mapping[str, str]

    def __getitem__(self, name: str) -> Price:
        return self.prices[name]


def read(region: str, file: Path = FILE) -> Prices:
    """The prices of a region, by names such as `dynamodb.write`. Raises UnknownRegionError, CostsError."""
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
        prices = {
            f"{service}.{name}": price
            for service, of_service in content.items()
            if isinstance(of_service, dict) and "page" in of_service
            for name, price in of_service.items()
            if name != "page"
        }
        missing = sorted(name for name, price in prices.items() if region not in price)
        if len(missing) == len(prices):
            raise UnknownRegionError(
                f"{file.name}: has no prices of {region}, but of {', '.join(_regions(prices))}: ask with --region for one of"
                " these, or add the column, from the pages that the file names"
            )
        if missing:
            raise CostsError(f"{file.name}: {missing[0]}: has no price of {region}, as the others have")
        return Prices(
            region,
            content["written"],
            {name: _price(name, price, region, content) for name, price in prices.items()},
            content["free"],
            content["by_use"],
        )
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise CostsError(f"{file.name}: cannot be read as a table of prices: {error!r}") from None


def _price(name: str, price: Mapping[str, Any], region: str, content: Mapping[str, Any]) -> Price:
    return Price(name, float(price[region]), float(price["per"]), price["unit"], content[name.partition(".")[0]]["page"])


def _regions(prices: Mapping[str, Mapping[str, Any]]) -> list[str]:
    return sorted({key for price in prices.values() for key in price} - {"per", "unit"})
