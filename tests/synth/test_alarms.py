"""There is an alarm for every way to lose an event, to alter one or to fall behind, each with a metric that exists."""

import json
from typing import Any

from tests.support.stack_json import StackJson

RULE = "aws_cloudwatch_event_rule"
Metrics = set[tuple[str, str, tuple[tuple[str, str], ...]]]


def _metrics(stack: StackJson) -> dict[str, Metrics]:
    """The metrics of each part, with the dimensions that AWS or the handlers use."""

    def by(**dimensions: str) -> tuple[tuple[str, str], ...]:
        return tuple(sorted(dimensions.items()))

    own = "training-" + stack.content["provider"]["aws"][0]["default_tags"][0]["tags"]["environment"]
    # The metrics of a rule on a custom bus have two dimensions, bus and rule: with the rule alone there is never a point. On
    # the default bus they have the rule alone.
    on_the_bus = {"EventBusName": stack.reference("aws_cloudwatch_event_bus", "name")}
    rules = [
        by(**on_the_bus, RuleName=stack.reference(RULE, "name", "event_processor_rule")),
        by(**on_the_bus, RuleName=stack.reference(RULE, "name", "event_processor_aws_rule")),
        by(**on_the_bus, RuleName=stack.reference(RULE, "name", "unmatched_events_rule")),
        by(**on_the_bus, RuleName=stack.reference(RULE, "name", "training_starter_rule")),
        by(RuleName=stack.reference(RULE, "name", "forwarding_sagemaker")),
        by(RuleName=stack.reference(RULE, "name", "forwarding_datasets")),
        by(RuleName=stack.reference(RULE, "name", "projector_schedule")),
        by(RuleName=stack.reference(RULE, "name", "notary_schedule")),
    ]
    function = {
        name: by(FunctionName=stack.reference("aws_lambda_function", "function_name", name))
        for name in ("event_processor", "projector", "notary", "training_starter")
    }
    return {
        "queue": {
            ("AWS/SQS", "ApproximateNumberOfMessagesVisible", by(QueueName=stack.reference("aws_sqs_queue", "name"))),
        },
        "rules": {
            ("AWS/Events", name, rule) for rule in rules for name in ("FailedInvocations", "InvocationsFailedToBeSentToDlq")
        },
        "event processor": {
            ("AWS/Lambda", name, function["event_processor"])
            for name in ("Errors", "Throttles", "AsyncEventsDropped", "DestinationDeliveryFailures")
        },
        "training starter": {
            ("AWS/Lambda", name, function["training_starter"])
            for name in ("Errors", "Throttles", "AsyncEventsDropped", "DestinationDeliveryFailures")
        },
        "projector": {
            ("AWS/Lambda", name, function["projector"])
            for name in ("Errors", "Throttles", "DestinationDeliveryFailures", "IteratorAge")
        },
        "notary": {
            ("AWS/Lambda", name, function["notary"])
            for name in ("Errors", "Throttles", "DestinationDeliveryFailures", "IteratorAge")
        },
        "notary's handler": {(own, name, by(service="notary")) for name in ("LogAltered", "NotaryFailed")},
        "handler": {(own, name, by(service="projector")) for name in ("LogAltered", "RecordsSetAside", "SealsFailed")},
    }


def _watched(alarm: dict[str, Any]) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    return alarm["namespace"], alarm["metric_name"], tuple(sorted(alarm["dimensions"].items()))


def test_each_of_these_metrics_has_an_alarm(stack: StackJson) -> None:
    alarms = stack.all("aws_cloudwatch_metric_alarm").values()
    assert len(alarms) == 38  # docs/operate/costs.md says what they cost
    assert {_watched(alarm) for alarm in alarms} == set().union(*_metrics(stack).values())


def test_an_alarm_goes_off_at_the_first_event_or_after_half_an_hour_of_lateness(stack: StackJson) -> None:
    for alarm in stack.all("aws_cloudwatch_metric_alarm").values():
        late = alarm["metric_name"] == "IteratorAge"
        assert alarm["threshold"] == (30 * 60 * 1000 if late else 0)
        assert alarm["comparison_operator"] == "GreaterThanThreshold"
        level = late or alarm["metric_name"] == "ApproximateNumberOfMessagesVisible"
        assert alarm["statistic"] == ("Maximum" if level else "Sum")


def test_the_alarm_that_the_log_was_altered_says_so(stack: StackJson) -> None:
    for name in ("log-altered", "notary-alterations"):
        alarm = stack.one("aws_cloudwatch_metric_alarm", name)
        assert alarm["metric_name"] == "LogAltered"
        assert alarm["alarm_description"].startswith("The log was altered: ")


def test_the_dashboard_shows_the_metrics_of_projector_and_notary_and_of_their_handlers(stack: StackJson) -> None:
    widgets = json.loads(stack.one("aws_cloudwatch_dashboard")["dashboard_body"])["widgets"]
    assert len({(widget["x"], widget["y"]) for widget in widgets}) == len(widgets)
    shown = {
        (namespace, name, ((dimension, value),))
        for widget in widgets
        for namespace, name, dimension, value, *more in widget["properties"]["metrics"]
        if not more
    }
    metrics = _metrics(stack)
    ((own, _, service), *_) = metrics["handler"]
    own_metrics = {"StatesProjected", "StatesRefolded", "EventsNotFolded", "RecordsSetAside", "LogAltered", "SealsWritten"}
    assert {(own, name, service) for name in own_metrics} <= shown
    counted = {"LeavesTaken", "LeavesRepeated", "CheckpointsPublished", "LogAltered", "NotaryFailed"}
    assert {(own, name, (("service", "notary"),)) for name in counted} <= shown
    for function in ("projector", "notary"):
        assert {metric for metric in metrics[function] if metric[1] != "DestinationDeliveryFailures"} <= shown
