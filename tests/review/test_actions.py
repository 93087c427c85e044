"""Actions of Terraform 1.14: an apply invokes them, so a summary shows and counts them, also where no resource changes."""

from typing import Any

from tests.review.made_plans import change, plan, shown


def action(address: str, **more: Any) -> dict[str, Any]:
    """One entry of action_invocations, as Terraform 1.14 shows it."""
    _, kind, name = address.split(".")
    return {"address": address, "type": kind, "name": name, "provider_name": "registry.terraform.io/hashicorp/aws", **more}


INVOKE = action(
    "action.aws_lambda_invoke.warm",
    config_values={"function_name": "projector", "payload": '{"token": "hunter2"}', "region": None},
    config_unknown={"qualifier": True},
    config_sensitive={},
    lifecycle_action_trigger={
        "triggering_resource_address": "aws_lambda_function.projector",
        "action_trigger_event": "AfterUpdate",
        "action_trigger_block_index": 0,
        "actions_list_index": 0,
    },
)


def test_a_plan_with_nothing_but_an_action_changes_something() -> None:
    assert plan(action_invocations=[INVOKE]).changes_anything
    assert not plan(action_invocations=[]).changes_anything


def test_an_action_is_counted_and_shown_with_what_triggers_it_and_what_it_gets() -> None:
    text = shown(change("aws_sqs_queue.new", "create", after={"name": "new"}), action_invocations=[INVOKE])
    assert "**Plan: 1 to add, 1 action to invoke.**" in text
    _, _, section = text.partition("### Actions: what providers do beside changing resources (1)\n")
    assert "- `action.aws_lambda_invoke.warm`: `AfterUpdate` of `aws_lambda_function.projector`\n" in section
    assert "`function_name`: " in section
    assert "known after apply: `qualifier`" in section


def test_a_secret_of_an_action_is_masked() -> None:
    sensitive = action("action.x.y", config_values={"value": "open sesame"}, config_sensitive={"value": True})
    text = shown(action_invocations=[INVOKE, sensitive])
    assert "hunter2" not in text
    assert "open sesame" not in text
    assert "2 actions to invoke" in text


def test_an_action_from_the_command_line_and_one_that_is_put_off_are_shown() -> None:
    invoked = action("action.x.by_hand", invoke_action_trigger={})
    deferred = {"reason": "resource_config_unknown", "action_invocation": action("action.x.later")}
    text = shown(action_invocations=[invoked], deferred_action_invocations=[deferred])
    assert "- `action.x.by_hand`\n" in text
    assert "- `action.x.later`, put off: `resource_config_unknown`\n" in text
