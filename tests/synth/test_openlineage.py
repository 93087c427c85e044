"""OpenLineage's run events: off by default; with the setting, from the projector over the bus to the service."""

import json
from typing import Any

from moto.events.models import EventPattern
from training_events import settings as training_events_settings

from stacks.settings.sections import OPENLINEAGE_SOURCE, OpenLineage
from tests.support.options import ACCOUNT, CONNECTION
from tests.support.stack_json import StackJson

RULE, DESTINATION = "aws_cloudwatch_event_rule", "aws_cloudwatch_event_api_destination"
BUS, QUEUE = "aws_cloudwatch_event_bus", "aws_sqs_queue"
NAME = "training-extra-openlineage"


def _takes(pattern: str, source: str) -> bool:
    event: Any = {"source": source, "detail-type": "OpenLineage", "account": ACCOUNT, "detail": {}}
    return bool(EventPattern.load(pattern).matches_event(event))


def test_nothing_of_it_is_there_without_the_setting(stack: StackJson) -> None:
    assert "openlineage" not in json.dumps(stack.content).lower()
    assert "event_pattern" not in stack.one("aws_cloudwatch_event_archive")


def test_the_destination_is_the_endpoint_with_the_connection_and_the_limit_of_the_settings(options: StackJson) -> None:
    destination = options.one(DESTINATION)
    assert destination["invocation_endpoint"] == "https://lineage.example.com/api/v1/lineage"
    assert (destination["http_method"], destination["connection_arn"]) == ("POST", CONNECTION)
    assert (destination["name"], destination["invocation_rate_limit_per_second"]) == (NAME, 5)


def test_only_an_endpoint_without_a_path_gets_one() -> None:
    def address(endpoint: str) -> str | None:
        return OpenLineage(endpoint=endpoint, connection_arn=CONNECTION).address

    assert address("https://example.com/") == address("https://example.com") == "https://example.com/api/v1/lineage"
    assert address("https://example.com:8443/take?a=b") == "https://example.com:8443/take?a=b"


def test_the_rule_sends_each_run_event_as_it_is_and_what_fails_to_the_undelivered_queue(options: StackJson) -> None:
    rule, target = options.one(RULE, "openlineage"), options.one("aws_cloudwatch_event_target", "openlineage")
    assert rule["event_bus_name"] == target["event_bus_name"] == options.reference(BUS, "name")
    assert target["rule"] == options.reference(RULE, "name", "openlineage")
    assert target["arn"] == options.reference(DESTINATION, "arn")
    assert target["input_path"] == "$.detail"
    assert target["retry_policy"] == {"maximum_event_age_in_seconds": 86400, "maximum_retry_attempts": 185}
    assert target["dead_letter_config"] == {"arn": options.reference(QUEUE, "arn")}
    [accepting, _] = json.loads(options.one("aws_sqs_queue_policy")["policy"])["Statement"]
    assert options.reference(RULE, "arn", "openlineage") in accepting["Condition"]["ArnEquals"]["aws:SourceArn"]


def test_the_rules_role_may_call_this_destination_and_nothing_else(options: StackJson) -> None:
    assert options.grants("openlineage") == {("events:InvokeApiDestination", options.reference(DESTINATION, "arn"))}
    [trust] = [statement for address, statement in options.statements() if address.startswith("aws_iam_role.openlineage")]
    assert trust["Principal"] == {"Service": "events.amazonaws.com"}
    assert trust["Condition"]["ArnEquals"] == {"aws:SourceArn": [options.reference(RULE, "arn", "openlineage")]}


def test_the_projector_publishes_to_the_bus_under_a_source_that_only_this_rule_takes(options: StackJson) -> None:
    assert OPENLINEAGE_SOURCE == training_events_settings.OPENLINEAGE_SOURCE
    variables = options.one("aws_lambda_function", "projector")["environment"]["variables"]
    assert variables["TRAINING_EVENTS_OPENLINEAGE_BUS"] == options.reference(BUS, "arn")
    assert variables["TRAINING_EVENTS_SOURCE"] == "team.labels"
    assert ("events:PutEvents", options.reference(BUS, "arn")) in options.grants("projector")
    taking = [
        name
        for name, rule in options.all(RULE).items()
        if rule.get("event_bus_name") and _takes(rule["event_pattern"], OPENLINEAGE_SOURCE)
    ]
    assert len(taking) == 1
    assert taking[0].startswith("openlineage")


def test_the_archive_keeps_all_but_run_events(options: StackJson) -> None:
    pattern = options.one("aws_cloudwatch_event_archive")["event_pattern"]
    assert not _takes(pattern, OPENLINEAGE_SOURCE)
    assert _takes(pattern, "team.labels")
    assert _takes(pattern, "nobody.knows")


def test_what_is_not_published_or_not_taken_raises_an_alarm(options: StackJson) -> None:
    alarms = options.all("aws_cloudwatch_metric_alarm").values()
    failed = [alarm for alarm in alarms if alarm["metric_name"] == "RunEventsFailed"]
    assert [alarm["dimensions"] for alarm in failed] == [{"service": "projector"}]
    rule = {"EventBusName": options.reference(BUS, "name"), "RuleName": options.reference(RULE, "name", "openlineage")}
    of_rule = {alarm["metric_name"] for alarm in alarms if alarm["dimensions"] == rule}
    assert of_rule == {"FailedInvocations", "InvocationsFailedToBeSentToDlq"}
