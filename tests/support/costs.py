"""A small synthesized stack, and prices that are easy to reckon with, whatever AWS asks."""

from dataclasses import replace
from typing import Any

from costs import prices
from costs.prices import Prices
from costs.stack import Stack

ROUND = {
    "cloudwatch.alarm": 0.1,
    "cloudwatch.dashboard": 3,
    "cloudwatch.log_ingestion": 0.5,
    "cloudwatch.log_storage": 0.03,
    "cloudwatch.metric": 0.3,
    "dynamodb.point_in_time_recovery": 0.2,
    "dynamodb.read": 0.125,
    "dynamodb.storage": 0.25,
    "dynamodb.write": 0.5,
    "eventbridge.api_call": 0.2,
    "eventbridge.archive_storage": 0.02,
    "eventbridge.archived": 0.1,
    "eventbridge.event": 1,
    "glue.unit_hour": 0.4,
    "kms.key": 1,
    "kms.signature": 0.15,
    "lambda.arm64": 0.00001,
    "lambda.request": 0.2,
    "lambda.x86_64": 0.00002,
    "s3.put": 0.005,
    "s3.storage": 0.02,
    "sagemaker.ml.t3.medium": 0.05,
    "sagemaker.volume": 0.1,
    "xray.traces": 5,
}
"""Dollars, for as many of each unit as in the real table."""


def round_prices() -> Prices:
    real = prices.read("us-east-1")
    return replace(real, prices={name: replace(real[name], dollars=dollars) for name, dollars in ROUND.items()})


def small_stack(**resources: Any) -> Stack:
    """A bus, the event processor, the log and the projector with its schedule; `resources` by type replace those of a type."""
    return Stack.of("training-small", {"provider": {"aws": [{"region": "us-east-1"}]}, "resource": _RESOURCES | resources})


def function(role: str, memory_mb: int, **more: Any) -> dict[str, Any]:
    handler = f"training_events.handlers.{role}.handler"
    return {"handler": handler, "memory_size": memory_mb, "architectures": ["arm64"]} | more


_RESOURCES: dict[str, Any] = {
    "aws_cloudwatch_event_bus": {"bus": {}},
    "aws_cloudwatch_metric_alarm": {
        "one": {"namespace": "AWS/Lambda", "metric_name": "Errors", "dimensions": {}},
        "two": {"namespace": "training-small", "metric_name": "LogAltered", "dimensions": {"service": "projector"}},
    },
    "aws_cloudwatch_event_rule": {"due": {"schedule_expression": "rate(1 hour)"}, "record": {"event_pattern": "{}"}},
    "aws_cloudwatch_event_target": {
        "due": {"rule": "${aws_cloudwatch_event_rule.due.name}", "arn": "${aws_lambda_function.projector_run.arn}"},
        "record": {"rule": "${aws_cloudwatch_event_rule.record.name}", "arn": "${aws_lambda_function.processor_run.arn}"},
    },
    "aws_lambda_function": {
        "processor_run": function("event_processor", 512),
        "projector_run": function("projector", 1024, tracing_config={"mode": "Active"}),
    },
    "aws_lambda_event_source_mapping": {
        "stream": {"function_name": "${aws_lambda_function.projector_run.arn}", "batch_size": 100}
    },
    "aws_dynamodb_table": {"event_log_table": {"billing_mode": "PAY_PER_REQUEST", "point_in_time_recovery": {"enabled": True}}},
    "aws_iam_role": {"role": {}},
}
