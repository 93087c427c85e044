"""However large the plan is, the summary fits into a comment: it leaves out the least important items, and counts them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.document import MAX_BYTES, Item, Section, render
from tests.review.made_plans import change, shown

sizes = st.integers(0, 300)
items = st.builds(
    lambda head, details: Item("h" * head, tuple("ä" * size for size in details)), sizes, st.lists(sizes, max_size=3)
)
sections = st.lists(st.builds(Section, st.just("Title"), st.lists(items, min_size=1, max_size=30), st.booleans()), max_size=5)


@given(sections, st.integers(5_000, 20_000))
def test_a_document_fits_and_every_item_is_shown_or_counted(made: list[Section], max_bytes: int) -> None:
    text = render("## top\n", made, max_bytes)
    assert len(text.encode()) <= max_bytes
    assert text.startswith("## top\n")
    parts = re.split(r"### Title\n|<b>Title</b>", text)[1:]
    assert len(parts) == len(made)
    cut = False
    for section, part in zip(made, parts, strict=True):
        heads = len(re.findall(r"^- h*$", part, re.MULTILINE))
        left_out = sum(map(int, re.findall(r"^- … and (\d+) more, left out here$", part, re.MULTILINE)))
        assert heads + left_out == len(section.items)
        assert not (cut and heads), "a less important item is shown while a more important one is not"
        cut = cut or left_out > 0
    whole = render("## top\n", made, 10**9)
    assert ("Shortened to fit" in text) == (text != whole)


def test_a_huge_plan_keeps_its_cautions_and_what_is_lost() -> None:
    count = 500
    wide = {f"a{n}": "ü" * 300 for n in range(20)}
    text = shown(
        *(change(f"aws_new_{n}.{'x' * 100}", "create", after=wide) for n in range(count)),
        *(change(f"aws_x.changed_{n}_{'x' * 100}", "update", before={}, after=wide | {"n": n}) for n in range(count)),
        change(
            "aws_dynamodb_table.event_log_table_X", "delete", "create", before={"name": "log"}, after={"name": "log"} | wide
        ),
        *(change(f"aws_x.gone_{n}", "delete", before=wide) for n in range(20)),
    )
    assert len(text.encode()) <= MAX_BYTES
    assert text.startswith(
        "## `training-dev`\n\n> [!CAUTION]\n> **Data would be lost.**\n> - **The event log would be destroyed"
    )
    assert "**`log`** · `aws_dynamodb_table.event_log_table_X`" in text
    assert all(f"`aws_x.gone_{n}`" in text for n in range(20))
    assert "> Shortened to fit into a comment, without " in text
    assert "more, left out here" in text


@pytest.mark.parametrize("character", ["x", "`", "ü", "🔥", "\U000e0001", "\n"])
@pytest.mark.parametrize("length", [150, 300])
def test_cautions_are_never_cut_and_fit_too(character: str, length: int) -> None:
    """Even if each character takes ten characters to show."""
    long = character * length
    losses = (
        change(
            *(f"aws_dynamodb_table.event_log_{n}", "delete", "create"),
            before={"name": long},
            after={"name": long},
            replace_paths=[[f"{name}{long}"] for name in "abc"],
        )
        for n in range(40)
    )
    assert len(shown(*losses).encode()) <= MAX_BYTES
