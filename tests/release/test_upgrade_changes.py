"""What a deploy of a later version would do is told from the two stacks alone; what holds data is never lost without a word."""

import copy
from typing import Any

import pytest

from release.upgrade.changes import STATE, Change, compare
from release.upgrade.report import judged, lines

TABLE, BUS, ARCHIVE = "aws_dynamodb_table.log", "aws_cloudwatch_event_bus.bus", "aws_cloudwatch_event_archive.archive"
QUEUE, KEY, FUNCTION = "aws_sqs_queue.undelivered", "aws_kms_key.key", "aws_lambda_function.processor"
STACK: dict[str, Any] = {
    "terraform": {"backend": {"s3": {"bucket": "states", "key": "training-dev/terraform.tfstate", "region": "eu-west-1"}}},
    "resource": {
        "aws_dynamodb_table": {"log": {"name": "training-dev-log", "hash_key": "stream", "//": {"metadata": 1}}},
        "aws_s3_bucket": {"data": {"bucket": "training-dev-data", "object_lock_enabled": True}},
        "aws_cloudwatch_event_bus": {"bus": {"name": "training-dev-events"}},
        "aws_cloudwatch_event_archive": {"archive": {"name": "a", "event_source_arn": f"${{{BUS}.arn}}"}},
        "aws_sqs_queue": {"undelivered": {"name": "training-dev-undelivered"}},
        "aws_kms_key": {"key": {"key_usage": "SIGN_VERIFY"}},
        "aws_sagemaker_notebook_instance": {"notebook": {"name": "n", "volume_size": 50}},
        "aws_cloudwatch_log_group": {"logs": {"name": "/aws/lambda/processor"}},
        "aws_lambda_function": {"processor": {"environment": {"variables": {"LOG": f"${{{TABLE}.name}}"}}, "timeout": 30}},
    },
}


def changed(*path: str, to: Any) -> dict[str, Any]:
    """The stack with another value of an attribute, or without what the path names, if that is None."""
    stack = copy.deepcopy(STACK)
    place: Any = stack
    for part in path[:-1]:
        place = place[part]
    if to is None:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return stack


def refused(new: dict[str, Any], *accepted: str) -> list[str]:
    return judged("dev", compare(STACK, new), accepted).refused


def test_the_same_stack_changes_nothing_and_neither_do_the_notes_of_cdktf() -> None:
    new = changed("resource", "aws_dynamodb_table", "log", "//", to={"metadata": 2})
    assert compare(STACK, new) == []
    assert lines(judged("dev", [], [])) == ["dev: nothing changes"]


def test_what_is_added_and_changed_is_told_and_refused_by_nobody() -> None:
    new = changed("resource", "aws_lambda_function", "processor", "timeout", to=60)
    new["resource"]["aws_dynamodb_table"]["notary"] = {"name": "training-dev-notary"}
    assert compare(STACK, new) == [
        Change(action="add", address="aws_dynamodb_table.notary"),
        Change(action="change", address=FUNCTION, attributes=("timeout",)),
    ]
    assert refused(new) == []


@pytest.mark.parametrize("address", [f"{kind}.{name}" for kind, of in STACK["resource"].items() for name in of])
def test_whatever_holds_data_is_not_destroyed_without_a_word(address: str) -> None:
    new = changed("resource", *address.split("."), to=None)
    found = [change for change in compare(STACK, new) if change.address == address]
    assert [change.action for change in found] == ["destroy"]
    assert (address in refused(new)) == (address != FUNCTION)


@pytest.mark.parametrize(
    ("address", "attribute", "value"),
    [
        (TABLE, "hash_key", "run"),
        (TABLE, "name", "other"),
        (TABLE, "range_key", "position"),
        ("aws_s3_bucket.data", "object_lock_enabled", None),
        (QUEUE, "fifo_queue", True),
        (KEY, "key_usage", "ENCRYPT_DECRYPT"),
        ("aws_sagemaker_notebook_instance.notebook", "volume_size", 20),
        ("aws_cloudwatch_log_group.logs", "name", "/other"),
    ],
)
def test_a_change_that_forces_a_new_resource_is_a_replacement_and_refused(address: str, attribute: str, value: object) -> None:
    new = changed("resource", *address.split("."), attribute, to=value)
    (change,) = compare(STACK, new)
    assert (change.action, change.address, change.attributes) == ("replace", address, (attribute,))
    assert change.loses
    assert refused(new) == [address]


def test_a_replacement_that_was_accepted_is_told_and_not_refused() -> None:
    new = changed("resource", "aws_sqs_queue", "undelivered", "name", to="other")
    assert refused(new, QUEUE) == []
    text = "\n".join(lines(judged("dev", compare(STACK, new), [QUEUE])))
    assert f"replaced   {QUEUE}: name" in text
    assert "lost, accepted: the messages that wait in it" in text
    assert refused(new, TABLE) == [QUEUE]


def test_a_larger_volume_a_switch_that_is_off_and_another_description_replace_nothing() -> None:
    new = changed("resource", "aws_sagemaker_notebook_instance", "notebook", "volume_size", to=80)
    new["resource"]["aws_sqs_queue"]["undelivered"]["fifo_queue"] = False
    new["resource"]["aws_kms_key"]["key"]["description"] = "another"
    assert {change.action for change in compare(STACK, new)} == {"change"}


def test_what_is_named_after_a_replaced_resource_is_replaced_too() -> None:
    new = changed("resource", "aws_cloudwatch_event_bus", "bus", "name", to="other")
    bus, archive = sorted(compare(STACK, new), key=lambda change: change.address, reverse=True)
    assert (bus.address, archive.address) == (BUS, ARCHIVE)
    assert archive.action == "replace"
    assert archive.because == "event_source_arn names what is replaced"
    assert refused(new) == [ARCHIVE, BUS]


def renamed() -> dict[str, Any]:
    new = changed("resource", "aws_dynamodb_table", "log", to=None)
    new["resource"]["aws_dynamodb_table"]["event_log"] = STACK["resource"]["aws_dynamodb_table"]["log"]
    new["resource"]["aws_lambda_function"]["processor"]["environment"]["variables"]["LOG"] = (
        "${aws_dynamodb_table.event_log.name}"
    )
    return new


def test_a_new_address_is_a_resource_destroyed_and_the_report_says_what_to_do() -> None:
    found = {change.address: change for change in compare(STACK, renamed())}
    assert found["aws_dynamodb_table.event_log"].action == "add"
    assert found[TABLE].action == "destroy"
    assert "aws_dynamodb_table.event_log has its name: without a `moved` block" in found[TABLE].because
    assert refused(renamed()) == [TABLE]


def test_with_a_moved_block_a_new_address_changes_nothing() -> None:
    new = renamed() | {"moved": [{"from": TABLE, "to": "aws_dynamodb_table.event_log"}]}
    assert compare(STACK, new) == []


def test_moved_and_changed_is_judged_by_what_changed() -> None:
    new = renamed() | {"moved": [{"from": TABLE, "to": "aws_dynamodb_table.event_log"}]}
    new["resource"]["aws_dynamodb_table"]["event_log"] = {"name": "training-dev-log", "hash_key": "other"}
    assert refused(new) == ["aws_dynamodb_table.event_log"]


def test_another_place_of_the_state_is_refused_as_terraform_would_make_everything_again() -> None:
    new = changed("terraform", "backend", "s3", "key", to="ml-dev/terraform.tfstate")
    (change,) = compare(STACK, new)
    assert (change.action, change.address, change.attributes) == ("replace", STATE, ("key",))
    assert refused(new) == [STATE]
