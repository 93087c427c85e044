"""The event processor's function: its package, its limits, its environment and its permissions."""

from pathlib import Path

from tests.support.stack_json import StackJson


def test_the_function_runs_the_handler_from_the_package(stacks: dict[str, StackJson], cdktf_out: Path) -> None:
    function = stacks["dev"].one("aws_lambda_function", "event_processor")
    assert function["handler"] == "training_events.handlers.event_processor.handler"
    assert function["source_code_hash"] == f'${{filebase64sha256("{function["filename"]}")}}'
    assert (cdktf_out / "stacks" / "training-dev" / function["filename"]).is_file()


def test_the_function_has_the_settings_limits(stacks: dict[str, StackJson]) -> None:
    function = stacks["prod"].one("aws_lambda_function", "event_processor")
    assert (function["runtime"], function["architectures"]) == ("python3.13", ["arm64"])
    assert (function["memory_size"], function["timeout"]) == (1024, 30)
    assert "reserved_concurrent_executions" not in function


def test_every_function_is_traced_and_runs_only_code_of_this_project(stack: StackJson) -> None:
    for name, function in stack.all("aws_lambda_function").items():
        assert function["tracing_config"] == {"mode": "Active"}, name
        assert "layers" not in function, name


def test_the_function_knows_its_log_queue_and_bucket(stack: StackJson) -> None:
    variables = stack.one("aws_lambda_function", "event_processor")["environment"]["variables"]
    log = stack.reference("aws_dynamodb_table", "name", "event_log")
    read_models = stack.reference("aws_dynamodb_table", "name", "read_models")
    assert variables["TRAINING_EVENTS_LOG"] == f"dynamodb://{log}?read_models={read_models}"
    assert variables["TRAINING_EVENTS_UNDELIVERED"] == stack.reference("aws_sqs_queue", "url")
    assert variables["TRAINING_EVENTS_BUCKET"] == stack.reference("aws_s3_bucket", "bucket")


def test_the_function_may_append_to_the_log_and_do_nothing_else_there(stack: StackJson) -> None:
    group = stack.reference("aws_cloudwatch_log_group", "arn", "event_processor")
    assert stack.grants("event_processor") == {
        ("dynamodb:PutItem", stack.reference("aws_dynamodb_table", "arn", "event_log")),
        ("s3:PutObject", stack.reference("aws_s3_bucket", "arn") + "/undelivered/*"),
        ("sqs:SendMessage", stack.reference("aws_sqs_queue", "arn")),
        ("logs:CreateLogStream", f"{group}:*"),
        ("logs:PutLogEvents", f"{group}:*"),
        ("xray:PutTelemetryRecords", "*"),
        ("xray:PutTraceSegments", "*"),
    }


def test_the_function_writes_to_its_own_log_group_with_a_retention(stacks: dict[str, StackJson]) -> None:
    stack = stacks["prod"]
    group = stack.one("aws_cloudwatch_log_group", "event_processor")
    assert group["name"] == f"/aws/lambda/{stack.one('aws_lambda_function', 'event_processor')['function_name']}"
    assert group["retention_in_days"] == 365


def test_every_function_has_a_log_group_and_no_log_is_kept_for_ever(stack: StackJson) -> None:
    groups = stack.all("aws_cloudwatch_log_group").values()
    names = {f"/aws/lambda/{function['function_name']}" for function in stack.all("aws_lambda_function").values()}
    assert {group["name"] for group in groups} == names
    assert all(group["retention_in_days"] > 0 for group in groups)
