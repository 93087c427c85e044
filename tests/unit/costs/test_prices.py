"""The table of prices: each has every region, its page and a reason; a region or a file that it does not know is one line."""

import re
import tomllib
from pathlib import Path

import pytest

from command_line import CommandError
from costs import prices
from costs.errors import CostsError, UnknownRegionError
from stacks.settings.file import environment_names, load

REGIONS = {"eu-central-1", "us-east-1", "eu-west-1", "us-west-2"}


@pytest.mark.parametrize("region", sorted(REGIONS | {load(name).region for name in environment_names()}))
def test_every_price_has_every_region(region: str) -> None:
    table = prices.read(region)
    assert len(table.prices) > 20
    for price in table.prices.values():
        assert price.dollars > 0
        assert price.page.startswith("https://aws.amazon.com/")
    assert all({**table.free, **table.by_use}.values())


def test_no_type_costs_nothing_and_by_use_at_the_same_time() -> None:
    table = prices.read("us-east-1")
    assert not table.free.keys() & table.by_use.keys()


def test_an_unknown_region_says_which_there_are_and_what_to_do() -> None:
    with pytest.raises(
        UnknownRegionError, match=r"no prices of mars-1, but of eu-central-1, .*--region.*add the column"
    ) as why:
        prices.read("mars-1")
    assert why.value.exit_code == 2


def test_a_region_that_one_price_lacks_is_named_with_the_price(tmp_path: Path) -> None:
    text = re.sub(r"(put = .*), eu-west-1 = 0\.005,", r"\1,", prices.FILE.read_text(encoding="utf-8"))
    assert "eu-west-1" not in tomllib.loads(text)["s3"]["put"]
    (file := tmp_path / "prices.toml").write_text(text, encoding="utf-8")
    with pytest.raises(CostsError, match=r"^prices\.toml: s3\.put: has no price of eu-west-1, as the others have$"):
        prices.read("eu-west-1", file)


@pytest.mark.parametrize(
    "text", ["", "x", "written = 1\n", "[s3]\npage = 1\nput = 2\n", '[s3]\npage = ""\nput = {us-east-1 = 1}\n']
)
def test_a_table_that_cannot_be_read_is_an_error_of_one_line(text: str, tmp_path: Path) -> None:
    (file := tmp_path / "prices.toml").write_text(text, encoding="utf-8")
    with pytest.raises(CommandError, match=r"^prices\.toml: [^\n]+$"):
        prices.read("us-east-1", file)
