"""The path of an event from the bus to the log, and of one that fails. No emulator checks it all, so the JSON must be right."""

import json
from typing import Any

import pytest
from moto.events.models import EventPattern
from training_events.recovery.message import read

from stacks.settings.sections import Events
from tests.support.options import ACCOUNT
from tests.support.stack_json import StackJson

FUNCTION, RULE, QUEUE = "aws_lambda_function", "aws_cloudwatch_event_rule", "aws_sqs_queue"
BUS = "aws_cloudwatch_event_bus"
PROCESSOR = "event_processor"

rules_of_the_bus = pytest.mark.parametrize("prefix", ["event_processor_", "event_processor_aws_"])


def test_the_rule_listens_on_the_custom_bus_for_the_configured_sources(stack: StackJson) -> None:
    rule = stack.one(RULE, "event_processor_rule")
    assert json.loads(rule["event_pattern"]) == {"source": ["my.sagemaker.training.jobs"]}
    assert rule["event_bus_name"] == stack.reference(BUS, "name")


@pytest.mark.parametrize("configured", [(), ("acme.training",), ("my.sagemaker.training.jobs", "team.labels")])
def test_the_default_source_is_accepted_whatever_is_configured(configured: tuple[str, ...]) -> None:
    events = Events(sources=configured) if configured else Events()
    assert set(events.accepted_sources) == {"my.sagemaker.training.jobs", *configured}
    assert len(events.accepted_sources) == len(set(events.accepted_sources))


def test_another_rule_listens_there_for_aws_events_of_this_account(stacks: dict[str, StackJson]) -> None:
    rule = stacks["dev"].one(RULE, "event_processor_aws_rule")
    assert json.loads(rule["event_pattern"]) == {"source": ["aws.sagemaker", "aws.s3"], "account": ["111122223333"]}
    assert rule["event_bus_name"] == stacks["dev"].reference(BUS, "name")


@rules_of_the_bus
def test_the_permission_is_for_the_rule_and_not_for_the_bus(stack: StackJson, prefix: str) -> None:
    permission = stack.one("aws_lambda_permission", f"{prefix}permission")
    assert permission["source_arn"] == stack.reference(RULE, "arn", f"{prefix}rule")
    assert permission["principal"] == "events.amazonaws.com"
    assert permission["action"] == "lambda:InvokeFunction"
    assert permission["function_name"] == stack.reference(FUNCTION, "function_name", PROCESSOR)


def test_no_permission_replaces_another(stack: StackJson) -> None:
    permissions = stack.all("aws_lambda_permission").values()
    identities = {(permission["function_name"], permission["statement_id"]) for permission in permissions}
    assert len(identities) == len(permissions) == 5


@rules_of_the_bus
def test_the_target_is_the_function(stack: StackJson, prefix: str) -> None:
    target = stack.one("aws_cloudwatch_event_target", f"{prefix}target")
    assert target["arn"] == stack.reference(FUNCTION, "arn", PROCESSOR)
    assert target["rule"] == stack.reference(RULE, "name", f"{prefix}rule")
    assert target["event_bus_name"] == stack.reference(BUS, "name")


def test_every_rule_has_one_target_with_retries_and_a_dead_letter_queue(stack: StackJson) -> None:
    targets = list(stack.all("aws_cloudwatch_event_target").values())
    names = sorted(f"${{{RULE}.{name}.name}}" for name in stack.all(RULE))
    assert sorted(target["rule"] for target in targets) == names
    assert len(names) == 8
    for target in targets:
        assert target["dead_letter_config"] == {"arn": stack.reference(QUEUE, "arn")}
        assert target["retry_policy"] == {"maximum_event_age_in_seconds": 86400, "maximum_retry_attempts": 185}


SOURCES = ["my.sagemaker.training.jobs", "team.labels", "my.vision.training", "acme.speech", "my.speech.training",
           "acme.training", "my.sagemaker", "AWS.s3", "aws.sagemaker", "aws.s3", "aws.events", "aws.ec2", "x"]  # fmt: skip


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("foreign", [False, True])
def test_every_event_of_the_bus_has_one_rule(of_teams: StackJson, source: str, *, foreign: bool) -> None:
    """By moto's matcher. One that no other rule takes is taken by the rule that puts it into the undelivered queue."""
    event: Any = {"source": source, "account": "999988887777" if foreign else ACCOUNT, "detail-type": "Happened", "detail": {}}
    rules = {
        name: json.loads(rule["event_pattern"])
        for name, rule in of_teams.all(RULE).items()
        if rule.get("event_bus_name") == of_teams.reference(BUS, "name")
    }
    (taken_by,) = (name for name, pattern in rules.items() if EventPattern.load(json.dumps(pattern)).matches_event(event))
    if source in ("my.sagemaker.training.jobs", "team.labels", "my.vision.training", "acme.speech"):
        assert "event_processor_rule" in taken_by
    elif source in ("aws.sagemaker", "aws.s3") and not foreign:
        assert "event_processor_aws_rule" in taken_by
    else:
        assert "unmatched_events_rule" in taken_by


def test_what_no_rule_takes_is_set_aside_with_the_event_as_it_came(stack: StackJson) -> None:
    target = stack.one("aws_cloudwatch_event_target", "unmatched_events_target")
    assert target["arn"] == stack.reference(QUEUE, "arn")
    original = {"id": "1", "source": "acme", "detail-type": 'a "type"', "detail": {"run_id": "r", "x": "<é>"}}
    text = target["input_transformer"]["input_template"]
    assert target["input_transformer"].keys() == {"input_template"}, "no text of the event is put between quotes"
    for variable, value in {"event.json": original, "event.ingestion-time": "2026-11-22T15:08:39Z"}.items():
        assert text.count(f"<aws.events.{variable}>") == 1
        text = text.replace(f"<aws.events.{variable}>", json.dumps(value))
    message = read({"MessageId": "m", "Body": text, "Attributes": {"SentTimestamp": "1795360119955"}})
    assert (message.shape, message.reason, message.original) == ("set_aside", "no_rule", original)
    assert "events.sources" in str(message.explanation)


def test_nothing_on_the_way_is_switched_off_or_changes_the_event(stack: StackJson) -> None:
    for kind in (RULE, "aws_cloudwatch_event_target", "aws_lambda_event_source_mapping"):
        for name, resource in stack.all(kind).items():
            changing = {"input", "input_path"} | (set() if "unmatched_events" in name else {"input_transformer"})
            assert not {"enabled", "is_enabled", "state", *changing} & resource.keys(), name
    assert not [name for name, function in stack.all(FUNCTION).items() if function.get("reserved_concurrent_executions") == 0]


def test_the_queue_accepts_dead_letters_of_every_rule_and_of_nothing_else(stack: StackJson) -> None:
    policy = stack.one("aws_sqs_queue_policy")
    assert policy["queue_url"] == stack.reference(QUEUE, "id")
    (allowed,) = (s for s in json.loads(policy["policy"])["Statement"] if s["Effect"] == "Allow")
    assert allowed["Principal"] == {"Service": "events.amazonaws.com"}
    assert allowed["Action"] == "sqs:SendMessage"
    assert allowed["Resource"] == stack.reference(QUEUE, "arn")
    assert allowed["Condition"].keys() == {"ArnEquals"}
    arns = allowed["Condition"]["ArnEquals"]["aws:SourceArn"]
    assert sorted(arns) == sorted(f"${{{RULE}.{name}.arn}}" for name in stack.all(RULE))


def test_the_event_of_a_failed_function_goes_to_the_queue_and_the_role_allows_it(stack: StackJson) -> None:
    config = stack.one("aws_lambda_function_event_invoke_config", PROCESSOR)
    assert config["function_name"] == stack.reference(FUNCTION, "function_name", PROCESSOR)
    assert config["maximum_retry_attempts"] == 2
    assert config["destination_config"] == {"on_failure": {"destination": stack.reference(QUEUE, "arn")}}
    sending = [s for s in stack.role_statements(PROCESSOR) if s["Action"] == ["sqs:SendMessage"]]
    assert [s["Resource"] for s in sending] == [[stack.reference(QUEUE, "arn")]]


def test_every_function_that_a_rule_calls_has_a_path_for_its_failures(stack: StackJson) -> None:
    called = {target["arn"] for target in stack.all("aws_cloudwatch_event_target").values() if FUNCTION in target["arn"]}
    configs = stack.all("aws_lambda_function_event_invoke_config").values()
    configured = {
        config["function_name"].replace(".function_name}", ".arn}")
        for config in configs
        if config["destination_config"]["on_failure"]["destination"] == stack.reference(QUEUE, "arn")
    }
    assert called == configured


def test_the_queue_keeps_messages_as_long_as_sqs_can(stack: StackJson) -> None:
    queue = stack.one(QUEUE)
    assert queue["message_retention_seconds"] == 1_209_600
    assert queue["sqs_managed_sse_enabled"] is True


def test_the_archive_takes_every_event_of_the_bus(stack: StackJson) -> None:
    archive = stack.one("aws_cloudwatch_event_archive")
    assert archive["event_source_arn"] == stack.reference("aws_cloudwatch_event_bus", "arn")
    assert "event_pattern" not in archive


def test_the_processor_knows_the_teams_with_their_sources_and_accounts(of_teams: StackJson, stack: StackJson) -> None:
    variables = of_teams.one(FUNCTION, PROCESSOR)["environment"]["variables"]
    assert json.loads(variables["TRAINING_EVENTS_TEAMS"]) == {
        "vision": {"source": "my.vision.training", "accounts": [ACCOUNT]},
        "speech": {"source": "acme.speech", "accounts": [ACCOUNT, "444455556666"]},
    }
    assert "TRAINING_EVENTS_TEAMS" not in json.dumps(stack.content), "without teams nothing is different"
