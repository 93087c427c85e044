"""Content that is not a plan, or a plan that cannot be relied on, is refused in one line."""

from typing import Any

import pytest

from review.errors import ReviewError
from review.plan import read
from tests.review.made_plans import change, document, plan


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"{", "is not JSON"),
        (b"PK\x03\x04", "is not JSON"),
        (b"\xff\xfe{", "is not JSON"),
        (b"[]", "is not a plan of Terraform"),
        (b"{}", "is not a plan of Terraform"),
        (b'{"format_version":"1.0","terraform_version":"1.11.4","values":{}}', "is not a plan (a state?)"),
        (b'{"format_version":"2.0","resource_changes":[]}', "has the plan format '2.0', and only 1.x is known"),
        (b'{"format_version":"1.2","resource_changes":[{"address":"x"}]}', "is not a plan of Terraform"),
        (b'{"format_version":"1.2","planned_values":{},"errored":true}', "is a plan that failed"),
        (b'{"format_version":"1.2","errored":true}', "is a plan that failed"),
        (b'{"format_version":"1.2","resource_changes":' + b"[" * 100_000, "is n"),
    ],
)
def test_what_is_not_a_reliable_plan_is_refused_in_one_line(content: bytes, reason: str) -> None:
    with pytest.raises(ReviewError) as refused:
        read(content, "plan.json")
    message = str(refused.value)
    assert message.startswith(f"plan.json {reason}")
    assert len(message.splitlines()) == 1


def test_a_later_minor_version_with_unknown_keys_is_read() -> None:
    more = change("a.b", "create", something_new={"x": 1}) | {"another": 2}
    assert len(plan(more, format_version="1.99", action_invocations=[{}]).resource_changes) == 2


def test_an_empty_plan_changes_nothing() -> None:
    assert not read(b'{"format_version":"1.2","planned_values":{}}', "x").changes_anything


@pytest.mark.parametrize(
    ("more", "changes"),
    [
        ({}, False),
        ({"applyable": True}, True),
        ({"applyable": False}, False),
        ({"output_changes": {"x": {"actions": ["create"]}}}, True),
        ({"output_changes": {"x": {"actions": ["no-op"]}}}, False),
        ({"resource_drift": [change("a.b", "update")]}, False),
    ],
)
def test_a_plan_without_resource_changes_may_still_change_something(more: dict[str, Any], changes: bool) -> None:  # noqa: FBT001
    assert read(document(**more), "x").changes_anything is changes


@pytest.mark.parametrize("actions", [["create"], ["update"], ["delete"], ["delete", "create"], ["forget"], ["read"], ["brew"]])
def test_every_action_but_no_op_is_a_change(actions: list[str]) -> None:
    assert plan(change("a.b", *actions)).changes_anything
    assert not plan(change("a.b", "no-op")).changes_anything
    assert plan(change("a.b", "no-op", previous_address="a.c")).changes_anything
    assert plan(change("a.b", "no-op", importing={"id": "x"})).changes_anything


def test_unusual_values_are_read() -> None:
    wide = {"int": 2**70, "float": 1e308, "text": "ä\u2028", "deep": [[[{"a": None}]]]}
    assert plan(change("a.b", "create", after=wide)).resource_changes[1].change.after["deep"] == [[[{"a": None}]]]
