"""The summaries of recorded plans of real Terraform equal the recorded comments. `tests.review.record` records both."""

import pytest

from review.plan import read
from review.summary import summary
from tests.review.examples import COMMENTS, EXAMPLES, PLANS, stack, steady
from tests.support.paths import ROOT

example = pytest.mark.parametrize("name", EXAMPLES)


@example
def test_the_summary_of_a_recorded_plan_is_the_recorded_comment(name: str) -> None:
    plan = read((PLANS / f"{name}.json").read_bytes(), name)
    assert steady(summary(plan, stack(name))) == (COMMENTS / f"{name}.md").read_text(encoding="utf-8")


@example
def test_a_recorded_plan_is_small_and_names_nothing_of_the_machine(name: str) -> None:
    text = (PLANS / f"{name}.json").read_text(encoding="utf-8")
    resources = read(text.encode(), name).resource_changes
    assert len(text) < 1024 * len(resources), "a kilobyte for each resource, on average"
    assert [word for word in ("127.0.0.1", "localhost", "://", "/home/", "/tmp", str(ROOT)) if word in text] == []  # noqa: S108


def test_every_example_is_recorded_and_nothing_else() -> None:
    assert {file.stem for file in COMMENTS.iterdir()} == {file.stem for file in PLANS.iterdir()} == set(EXAMPLES)


def test_of_all_examples_only_no_changes_changes_nothing() -> None:
    unchanged = [name for name in EXAMPLES if not read((PLANS / f"{name}.json").read_bytes(), name).changes_anything]
    assert unchanged == ["no_changes"]


def test_the_guide_shows_a_recorded_comment() -> None:
    guide = (ROOT / "docs" / "guides" / "review.md").read_text(encoding="utf-8")
    assert (COMMENTS / "table_replaced.md").read_text(encoding="utf-8") in guide


def test_the_page_on_deploying_shows_the_beginning_of_a_recorded_comment() -> None:
    deploying = (ROOT / "docs" / "operate" / "deploying.md").read_text(encoding="utf-8")
    quoted = [line for line in deploying.splitlines() if line.startswith("> ") and line != "> [!CAUTION]"]
    comment = (COMMENTS / "table_replaced.md").read_text(encoding="utf-8").splitlines()
    assert [line.removeprefix("> ") for line in quoted] == [line.removeprefix("> ") for line in comment[3:7] if line]
