"""The path of a change from the log to the read models, and of one that fails. No emulator behaves like AWS in all of it."""

from pathlib import Path

import pytest

from tests.support.stack_json import StackJson

FUNCTION, MAPPING = "aws_lambda_function", "aws_lambda_event_source_mapping"


def test_the_function_runs_the_handler_from_the_same_package(stacks: dict[str, StackJson], cdktf_out: Path) -> None:
    function = stacks["dev"].one(FUNCTION, "projector")
    assert function["handler"] == "training_events.handlers.projector.handler"
    assert function["function_name"] == "training-dev-projector"
    assert function["filename"] == stacks["dev"].one(FUNCTION, "event_processor")["filename"]
    assert function["source_code_hash"] == f'${{filebase64sha256("{function["filename"]}")}}'
    assert (function["memory_size"], function["timeout"]) == (1024, 900)
    assert (cdktf_out / "stacks" / "training-dev" / function["filename"]).is_file()


def test_the_function_has_log_queue_bucket_and_lock_in_its_environment(stacks: dict[str, StackJson]) -> None:
    stack = stacks["prod"]
    log = stack.reference("aws_dynamodb_table", "name", "event_log")
    read_models = stack.reference("aws_dynamodb_table", "name", "read_models")
    assert stack.one(FUNCTION, "projector")["environment"]["variables"] == {
        "TRAINING_EVENTS_LOG": f"dynamodb://{log}?read_models={read_models}",
        "TRAINING_EVENTS_UNDELIVERED": stack.reference("aws_sqs_queue", "url"),
        "TRAINING_EVENTS_BUCKET": stack.reference("aws_s3_bucket", "bucket"),
        "TRAINING_EVENTS_SEAL_MODE": "GOVERNANCE",
        "TRAINING_EVENTS_SEAL_DAYS": "3653",
        "TRAINING_EVENTS_STREAM_SECONDS": "60",
        "TRAINING_EVENTS_INVOCATION_SECONDS": "825",
        "POWERTOOLS_SERVICE_NAME": "projector",
        "POWERTOOLS_METRICS_NAMESPACE": "training-prod",
    }


def test_the_function_follows_the_logs_change_stream_from_its_beginning(stack: StackJson) -> None:
    mapping = stack.one(MAPPING, "projector")
    assert mapping["event_source_arn"] == stack.reference("aws_dynamodb_table", "stream_arn", "event_log")
    assert mapping["function_name"] == stack.reference(FUNCTION, "arn", "projector")
    assert mapping["starting_position"] == "TRIM_HORIZON"
    assert (mapping["batch_size"], mapping["parallelization_factor"]) == (1000, 1)
    assert mapping["maximum_batching_window_in_seconds"] == 1
    assert "filter_criteria" not in mapping  # a filter could hide an alteration


def test_a_failed_batch_is_halved_and_retried_and_then_reported_to_the_queue(stack: StackJson) -> None:
    mapping = stack.one(MAPPING, "projector")
    assert mapping["function_response_types"] == ["ReportBatchItemFailures"]
    assert mapping["bisect_batch_on_function_error"] is True
    assert 0 < mapping["maximum_retry_attempts"] <= 10_000
    # With a longer age, the stream may drop the record before Lambda gives it up, and it would be lost.
    assert 3600 <= mapping["maximum_record_age_in_seconds"] < 24 * 3600
    assert mapping["destination_config"] == {"on_failure": {"destination_arn": stack.reference("aws_sqs_queue", "arn")}}
    assert ("sqs:SendMessage", stack.reference("aws_sqs_queue", "arn")) in stack.grants("projector")


def test_a_schedule_calls_the_function_for_streams_in_which_nothing_arrives(stacks: dict[str, StackJson]) -> None:
    stack = stacks["dev"]
    rule = stack.one("aws_cloudwatch_event_rule", "projector_schedule")
    assert (rule["name"], rule["schedule_expression"]) == ("training-dev-seal-due", "rate(5 minutes)")
    assert not {"event_bus_name", "event_pattern"} & rule.keys(), "only the default bus has schedules"
    target = stack.one("aws_cloudwatch_event_target", "projector_schedule")
    assert target["arn"] == stack.reference(FUNCTION, "arn", "projector")
    permission = stack.one("aws_lambda_permission", "projector_schedule")
    assert permission["source_arn"] == stack.reference("aws_cloudwatch_event_rule", "arn", "projector_schedule")
    assert (permission["principal"], permission["action"]) == ("events.amazonaws.com", "lambda:InvokeFunction")
    assert permission["function_name"] == stack.reference(FUNCTION, "function_name", "projector")
    config = stack.one("aws_lambda_function_event_invoke_config", "projector")
    assert config["destination_config"] == {"on_failure": {"destination": stack.reference("aws_sqs_queue", "arn")}}
    assert config["maximum_event_age_in_seconds"] <= 300, "the next call does the same"


def test_the_mapping_is_made_after_the_permissions_that_lambda_checks(stack: StackJson) -> None:
    (policy,) = (name for name in stack.all("aws_iam_role_policy") if "projector" in name)
    assert stack.one(MAPPING, "projector")["depends_on"] == [f"aws_iam_role_policy.{policy}"]


def test_the_function_has_the_permissions_for_its_work_and_no_others(stack: StackJson) -> None:
    log, read_models = (stack.reference("aws_dynamodb_table", "arn", name) for name in ("event_log", "read_models"))
    stream = stack.reference("aws_dynamodb_table", "stream_arn", "event_log")
    bucket = stack.reference("aws_s3_bucket", "arn")
    group = stack.reference("aws_cloudwatch_log_group", "arn", "projector")
    assert stack.grants("projector") == {
        ("dynamodb:DescribeStream", stream),
        ("dynamodb:GetRecords", stream),
        ("dynamodb:GetShardIterator", stream),
        ("dynamodb:ListStreams", "*"),
        ("dynamodb:Query", log),
        ("dynamodb:Query", f"{read_models}/index/by_kind"),
        ("dynamodb:GetItem", read_models),
        ("dynamodb:PutItem", read_models),
        ("sqs:SendMessage", stack.reference("aws_sqs_queue", "arn")),
        ("s3:GetObjectVersion", f"{bucket}/seals/*"),
        ("s3:PutObject", f"{bucket}/seals/*"),
        ("s3:PutObjectRetention", f"{bucket}/seals/*"),
        ("s3:PutObject", f"{bucket}/undelivered/*"),
        ("s3:ListBucketVersions", bucket),
        ("logs:CreateLogStream", f"{group}:*"),
        ("logs:PutLogEvents", f"{group}:*"),
        ("xray:PutTraceSegments", "*"),
        ("xray:PutTelemetryRecords", "*"),
    }
    (listing,) = (s for s in stack.role_statements("projector") if "s3:ListBucketVersions" in s["Action"])
    assert listing["Condition"] == {"StringLike": {"s3:prefix": "seals/*"}}


@pytest.mark.parametrize(("environment", "days"), [("dev", 30), ("prod", 365)])
def test_the_function_writes_to_its_own_log_group(stacks: dict[str, StackJson], environment: str, days: int) -> None:
    group = stacks[environment].one("aws_cloudwatch_log_group", "projector")
    assert (group["name"], group["retention_in_days"]) == (f"/aws/lambda/training-{environment}-projector", days)
