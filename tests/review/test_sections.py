"""The items of each section: a change in words, what forces it, and the values before and after."""

import json
from typing import Any

import pytest

from review.plan import read
from review.stack import Stack
from review.summary import summary
from tests.review.made_plans import change, shown

QUEUE = "aws_sqs_queue.queue_1A2B3C4D"


def test_a_plan_without_changes_is_one_line() -> None:
    assert shown() == "## `training-dev`\n\nNo changes.\n"


def test_what_forces_a_replacement_comes_first() -> None:
    text = shown(
        change(
            *(QUEUE, "delete", "create"),
            before={"name": "a", "fifo_queue": False, "delay_seconds": 1, "arn": "x"},
            after={"name": "a", "fifo_queue": True, "delay_seconds": 2},
            after_unknown={"arn": True},
            replace_paths=[["fifo_queue"]],
            action_reason="replace_because_cannot_update",
        )
    )
    assert text.endswith(
        "### Replaced (1)\n\n"
        "- **`a`** · `aws_sqs_queue.queue_1A2B3C4D`, destroyed, then created again\n"
        "  - forced by `fifo_queue`: `false` → `true`\n"
        "  - `delay_seconds`: `1` → `2`\n"
    )


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("replace_because_tainted", "an earlier apply left it half made (tainted)"),
        ("replace_by_request", "asked for with -replace"),
        ("replace_by_triggers", "something in its replace_triggered_by changes"),
        ("a_reason_of_2030", "`a_reason_of_2030`"),
    ],
)
def test_a_replacement_that_no_attribute_forces_shows_its_reason(reason: str, words: str) -> None:
    text = shown(change(QUEUE, "create", "delete", before={"name": "a"}, after={"name": "a"}, action_reason=reason))
    assert f"`aws_sqs_queue.queue_1A2B3C4D`, the new one is created first: {words}\n" in text


def test_what_is_destroyed_or_forgotten_shows_the_reason() -> None:
    text = shown(
        change(QUEUE, "delete", before={"name": "a"}, action_reason="delete_because_no_resource_config"),
        change("aws_sns_topic.t", "forget", before={"name": "b"}),
        change("aws_sns_topic.old", "delete", before={"name": "c"}, deposed="00000000"),
    )
    assert "**Plan: 2 to destroy, 1 to forget.**" in text
    assert "- **`a`** · `aws_sqs_queue.queue_1A2B3C4D`: no longer declared\n" in text
    assert "- **`c`** · `aws_sns_topic.old`: an old copy that an apply left behind\n" in text
    assert "### Forgotten: Terraform lets go of it, AWS keeps it (1)\n\n- **`b`** · `aws_sns_topic.t`\n" in text


def test_a_change_is_shown_leaf_by_leaf() -> None:
    before = {"name": "a", "tags": {"x": "1"}, "tags_all": {"x": "1"}, "rule": [{"id": "r", "days": 7}], "zones": ["a", "b"]}
    after = {
        "name": "a",
        "tags": {"x": "2"},
        "tags_all": {"x": "2"},
        "rule": [{"id": "r", "days": 9}],
        "zones": ["b", "c", "d"],
    }
    text = shown(change(QUEUE, "update", before=before, after=after | {"note": ""}, after_unknown={"arn": True, "url": True}))
    assert text.partition(f"`{QUEUE}`\n")[2].splitlines() == [
        '  - `note`: *not set* → `""`',
        "  - `rule[0].days`: `7` → `9`",
        "  - `tags.x`: `1` → `2`",
        "  - `zones`: removed `a`",
        "  - `zones`: added `c`",
        "  - `zones`: added `d`",
        "  - known after apply: `arn`, `url`",
    ]


def test_a_change_of_default_tags_alone_is_shown() -> None:
    text = shown(change(QUEUE, "update", before={"tags_all": {"team": "a"}}, after={"tags_all": {"team": "b"}}))
    assert "  - `tags_all.team`: `a` → `b`\n" in text


@pytest.mark.parametrize(("before", "after"), [(None, []), ({}, None), ([], {})])
def test_empty_and_not_set_are_the_same(before: Any, after: Any) -> None:
    text = shown(change(QUEUE, "update", before={"x": before, "y": 1}, after={"x": after, "y": 2}))
    assert "`x`" not in text


def test_json_in_a_text_is_shown_leaf_by_leaf_too() -> None:
    text = shown(
        change(QUEUE, "update", before={"event_pattern": '{"source":["a"]}'}, after={"event_pattern": '{"source":["b"]}'})
    )
    assert "  - `event_pattern.source[0]`: `a` → `b`\n" in text


def test_long_texts_are_shown_where_they_differ_with_their_length() -> None:
    text = shown(change(QUEUE, "update", before={"script": "x" * 5000 + "old"}, after={"script": "x" * 5000 + "newer"}))
    assert f"`…{'x' * 20}old… (5,003 characters)` → `…{'x' * 20}newer… (5,005 characters)`" in text


def test_the_same_change_of_many_resources_is_one_item() -> None:
    many = [
        change(f"aws_sns_topic.t{n}", "update", before={"name": f"t{n}", "x": 1}, after={"name": f"t{n}", "x": 2})
        for n in range(12)
    ]
    text = shown(*many)
    assert "- 12 resources alike: `t0`, `t1`, `t2`, `t3`, `t4`, `t5`, `t6`, `t7` and 4 more\n  - `x`: `1` → `2`\n" in text


def test_changes_that_differ_only_in_a_part_that_is_not_shown_are_not_alike() -> None:
    wide = {f"a{n:02d}": 1 for n in range(40)}
    text = shown(*(change(f"aws_x.y{n}", "update", before={}, after=wide | {"z": n}) for n in range(9)))
    assert "alike" not in text
    assert text.count("… and 16 more differences\n") == 9


def test_additions_are_grouped_by_type_and_folded_if_there_are_many() -> None:
    few = shown(*(change(f"aws_sns_topic.t{n}", "create", after={"name": f"t{n}"}) for n in range(2)))
    assert few.endswith("### Added (1)\n\n- 2 `aws_sns_topic`: `t0`, `t1`\n")
    many = shown(*(change(f"aws_kind_{n}.x", "create", after={"name": f"n{n}"}) for n in range(20)))
    assert "<details><summary><b>Added (20)</b></summary>\n\n- 1 `aws_kind_0`: `n0`\n" in many


@pytest.mark.parametrize(
    ("arn", "name"), [("arn:aws:sns:eu-west-1:1:topic", "topic"), ("arn:aws:s3:::b", "b"), ("arn:x", "arn:x")]
)
def test_an_arn_is_shown_by_its_end(arn: str, name: str) -> None:
    assert f"**`{name}`** · `aws_x.y`" in shown(change("aws_x.y", "delete", before={"resource_arn": arn}))


def test_moves_and_imports_are_shown_and_reads_are_not() -> None:
    same = {"name": "a"}
    text = shown(
        change(QUEUE, "no-op", before=same, after=same, previous_address="aws_sqs_queue.before"),
        change("aws_sns_topic.t", "no-op", before=same, after=same, importing={"id": "x"}),
        change("aws_caller.c", "read", after={"id": "x"}, mode="data"),
    )
    assert "**Plan: 1 moved, 1 to import.**" in text
    assert f"- **`a`** · `{QUEUE}`: moved from `aws_sqs_queue.before`\n" in text
    assert "- **`a`** · `aws_sns_topic.t`: imported into the state, as it exists already\n" in text
    assert "aws_caller" not in text


def test_each_change_of_an_output_is_shown() -> None:
    def of(*actions: str, before: Any = None, after: Any = None, **more: Any) -> dict[str, Any]:
        return {"actions": list(actions), "before": before, "after": after, **more}

    outputs = {
        "came": of("create", after="a"),
        "changed": of("update", before="a", after="b"),
        "later": of("update", before="a", after_unknown=True),
        "same": of("no-op", before="a", after="a"),
        "secret": of("update", before="x1", after="x2", before_sensitive=True, after_sensitive=True),
        "went": of("delete", before="a"),
    }
    text = shown(output_changes=outputs)
    assert "**Plan: no resource changes, only outputs.**\n" in text
    assert text.endswith(
        "\n\n### Outputs (5)\n\n"
        "- `came`: new, `a`\n- `changed`: `a` → `b`\n- `later`: `a` → *(known after apply)*\n"
        "- `secret`: *(sensitive, another value)*\n- `went`: removed, was `a`\n"
    )


def test_drift_is_shown_if_the_plan_undoes_it_or_somebody_destroyed_the_resource() -> None:
    drift = [
        change(QUEUE, "update", before={"name": "a", "x": 1, "seen": 1}, after={"name": "a", "x": 2, "seen": 2}),
        change("aws_sns_topic.elsewhere", "update", before={"x": 1}, after={"x": 2}),
        change("aws_sns_topic.gone", "delete", before={"name": "gone"}),
    ]
    before, after, unknown = {"name": "a", "x": 2, "seen": 2}, {"name": "a", "x": 1}, {"seen": True}
    text = shown(change(QUEUE, "update", before=before, after=after, after_unknown=unknown), resource_drift=drift)
    section = text.partition("### Changed outside of Terraform (2)\n\n")[2]
    assert section.startswith("- **`a`** · `aws_sqs_queue.queue_1A2B3C4D`\n  - `x`: `1` → `2`\n- ")
    assert "- **`gone`** · `aws_sns_topic.gone`: somebody destroyed it\n" in text
    assert "elsewhere" not in text


def test_a_plan_that_only_reads_says_so() -> None:
    assert "**Plan: no resource changes, only data to be read.**" in shown(change("aws_x.y", "read", mode="data"))


def test_an_empty_state_has_a_warning_with_the_address_of_the_state() -> None:
    new = change(QUEUE, "create", after={"name": "a"})
    only = {"format_version": "1.2", "resource_changes": [new]}
    first = read(json.dumps(only).encode(), "the plan")
    assert "> [!WARNING]\n> **The state at `s3://bucket/key` is empty.**" in summary(first, Stack("x", "bucket", "key"))
    assert "> [!WARNING]\n> **The state is empty.**" in summary(first, Stack())
    assert "is empty" not in shown(new)


def test_a_plan_that_is_not_complete_says_so() -> None:
    text = shown(change(QUEUE, "create", after={"name": "a"}), complete=False, applyable=True)
    assert "> **This plan is not complete.**" in text


def test_a_plan_that_cannot_be_applied_says_so() -> None:
    text = shown(change(QUEUE, "create", after={"name": "a"}), applyable=False)
    assert "> **Terraform says that this plan cannot be applied.**" in text
    assert "**Plan: 1 to add.**" in text
