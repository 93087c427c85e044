"""The way of an event from the bus to the log, and of one that fails: what no emulator checks, so the JSON must be right."""

import json

from tests.stack_json import StackJson

FUNCTION, RULE, QUEUE = "aws_lambda_function", "aws_cloudwatch_event_rule", "aws_sqs_queue"
PROCESSOR = "event_processor"


def test_the_rule_listens_on_the_custom_bus_for_the_configured_sources(stack: StackJson) -> None:
    rule = stack.one(RULE)
    assert json.loads(rule["event_pattern"]) == {"source": ["my.sagemaker.training.jobs"]}
    assert rule["event_bus_name"] == stack.reference("aws_cloudwatch_event_bus", "name")


def test_the_permission_is_for_the_rule_and_not_for_the_bus(stack: StackJson) -> None:
    permission = stack.one("aws_lambda_permission")
    assert permission["source_arn"] == stack.reference(RULE, "arn")
    assert permission["principal"] == "events.amazonaws.com"
    assert permission["action"] == "lambda:InvokeFunction"
    assert permission["function_name"] == stack.reference(FUNCTION, "function_name", PROCESSOR)


def test_the_target_is_the_function_with_retries_and_a_dead_letter_queue(stack: StackJson) -> None:
    target = stack.one("aws_cloudwatch_event_target")
    assert target["arn"] == stack.reference(FUNCTION, "arn", PROCESSOR)
    assert target["rule"] == stack.reference(RULE, "name")
    assert target["event_bus_name"] == stack.reference("aws_cloudwatch_event_bus", "name")
    assert target["dead_letter_config"] == {"arn": stack.reference(QUEUE, "arn")}
    assert target["retry_policy"] == {"maximum_event_age_in_seconds": 86400, "maximum_retry_attempts": 185}


def test_the_queue_takes_dead_letters_of_the_rule_only(stack: StackJson) -> None:
    policy = stack.one("aws_sqs_queue_policy")
    assert policy["queue_url"] == stack.reference(QUEUE, "id")
    (allowed,) = (s for s in json.loads(policy["policy"])["Statement"] if s["Effect"] == "Allow")
    assert allowed["Principal"] == {"Service": "events.amazonaws.com"}
    assert allowed["Action"] == "sqs:SendMessage"
    assert allowed["Resource"] == stack.reference(QUEUE, "arn")
    assert allowed["Condition"] == {"ArnEquals": {"aws:SourceArn": [stack.reference(RULE, "arn")]}}


def test_a_function_that_fails_sends_the_event_to_the_queue_and_may(stack: StackJson) -> None:
    config = stack.one("aws_lambda_function_event_invoke_config")
    assert config["function_name"] == stack.reference(FUNCTION, "function_name", PROCESSOR)
    assert config["maximum_retry_attempts"] == 2
    assert config["destination_config"] == {"on_failure": {"destination": stack.reference(QUEUE, "arn")}}
    sending = [s for s in stack.role_statements(PROCESSOR) if s["Action"] == ["sqs:SendMessage"]]
    assert [s["Resource"] for s in sending] == [[stack.reference(QUEUE, "arn")]]


def test_the_queue_keeps_messages_as_long_as_sqs_can(stack: StackJson) -> None:
    queue = stack.one(QUEUE)
    assert queue["message_retention_seconds"] == 1_209_600
    assert queue["sqs_managed_sse_enabled"] is True


def test_the_archive_takes_every_event_of_the_bus(stack: StackJson) -> None:
    archive = stack.one("aws_cloudwatch_event_archive")
    assert archive["event_source_arn"] == stack.reference("aws_cloudwatch_event_bus", "arn")
    assert "event_pattern" not in archive
