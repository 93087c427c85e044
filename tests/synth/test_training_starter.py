"""The training starter: what starts it, what it and its jobs may do, and the recipes that it gets."""

import json
from pathlib import Path
from typing import Any

import cdktf
import pytest
from moto.events.models import EventPattern

from stacks import recipes
from stacks.settings import Settings
from stacks.settings.file import load
from tests.support.options import ACCOUNT
from tests.support.stack_json import StackJson

FUNCTION, RULE = "aws_lambda_function", "aws_cloudwatch_event_rule"
STARTER, JOBS = "training_starter_run", "training_starter_jobs"
RECIPE = b'description = "A recipe"\ncommand = ["python", "train.py"]\n'


def synthesized(folder: Path, **more: object) -> StackJson:
    from stacks.training_stack import TrainingStack  # noqa: PLC0415 - starts Node, which collecting the tests does not need

    settings = Settings(**load("dev").model_dump() | more)
    return StackJson(json.loads(cdktf.Testing.synth(TrainingStack(cdktf.App(outdir=str(folder)), settings))))


@pytest.mark.parametrize(
    ("source", "type_", "foreign", "taken"),
    [
        ("my.sagemaker.training.jobs", "TrainingRequested", False, True),
        ("team.labels", "TrainingRequested", False, True),
        ("team.labels", "DatasetRegistered", False, True),
        ("team.labels", "MetricsRecorded", False, False),
        ("acme", "TrainingRequested", False, False),
        ("aws.s3", "Object Created", False, True),
        ("aws.s3", "Object Created", True, False),
        ("aws.s3", "Object Deleted", False, False),
        ("aws.sagemaker", "SageMaker Training Job State Change", False, False),
    ],
)
def test_the_rule_takes_what_may_start_a_training(
    options: StackJson, source: str, type_: str, *, foreign: bool, taken: bool
) -> None:
    rule = options.one(RULE, "training_starter_rule")
    event: Any = {"source": source, "detail-type": type_, "account": "999988887777" if foreign else ACCOUNT, "detail": {}}
    assert EventPattern.load(rule["event_pattern"]).matches_event(event) is taken
    assert rule["event_bus_name"] == options.reference("aws_cloudwatch_event_bus", "name")


def test_the_rule_alone_may_call_the_function_and_what_fails_there_goes_to_the_queue(stack: StackJson) -> None:
    permission = stack.one("aws_lambda_permission", "training_starter")
    assert permission["source_arn"] == stack.reference(RULE, "arn", "training_starter_rule")
    assert permission["principal"] == "events.amazonaws.com"
    assert permission["function_name"] == stack.reference(FUNCTION, "function_name", STARTER)
    target = stack.one("aws_cloudwatch_event_target", "training_starter")
    assert target["arn"] == stack.reference(FUNCTION, "arn", STARTER)
    assert target["target_id"] != "event-processor"  # a replay names the rules that record by the target's id
    config = stack.one("aws_lambda_function_event_invoke_config", "training_starter")
    queue = stack.reference("aws_sqs_queue", "arn")
    assert config["function_name"] == stack.reference(FUNCTION, "function_name", STARTER)
    assert config["destination_config"] == {"on_failure": {"destination": queue}}
    assert ("sqs:SendMessage", queue) in stack.grants(STARTER)


def test_the_function_knows_its_recipes_its_role_and_its_budget(stacks: dict[str, StackJson]) -> None:
    stack = stacks["dev"]
    function = stack.one(FUNCTION, STARTER)
    variables = function["environment"]["variables"]
    assert variables["TRAINING_EVENTS_RECIPES"] == f"s3://{stack.reference('aws_s3_bucket', 'bucket')}/recipes"
    assert variables["TRAINING_EVENTS_JOBS_ROLE"] == stack.reference("aws_iam_role", "arn", JOBS)
    assert (variables["TRAINING_EVENTS_ENVIRONMENT"], variables["TRAINING_EVENTS_MAX_INSTANCES"]) == ("dev", "4")
    assert variables["TRAINING_EVENTS_BUS"] == stack.reference("aws_cloudwatch_event_bus", "arn")
    assert function["handler"] == "training_events.handlers.training_starter.handler"
    assert (function["memory_size"], function["timeout"]) == (512, 300)


def test_the_settings_give_limits(options: StackJson) -> None:
    function = options.one(FUNCTION, STARTER)
    assert (function["memory_size"], function["timeout"], function["reserved_concurrent_executions"]) == (1024, 600, 1)
    assert function["environment"]["variables"]["TRAINING_EVENTS_MAX_INSTANCES"] == "16"


def test_the_starter_may_read_start_and_publish_and_nothing_else(stack: StackJson) -> None:
    bucket = stack.reference("aws_s3_bucket", "arn")
    log, read_models = (stack.reference("aws_dynamodb_table", "arn", name) for name in ("event_log", "read_models"))
    group = stack.reference("aws_cloudwatch_log_group", "arn", STARTER)
    (jobs,) = (s["Resource"][0] for s in stack.role_statements(STARTER) if s["Action"] == ["sagemaker:CreateTrainingJob"])
    assert jobs.endswith(":training-job/*")
    assert stack.grants(STARTER) == {
        *((action, table) for action in ("dynamodb:GetItem", "dynamodb:Query") for table in (log, read_models)),
        *(("dynamodb:Query", f"{read_models}/index/{name}") for name in ("by_kind", "by_shard")),
        ("s3:GetObject", f"{bucket}/recipes/*"),
        ("s3:ListBucket", bucket),
        *(
            (action, f"{bucket}/{prefix}/*")
            for action in ("s3:GetObject", "s3:GetObjectVersion")
            for prefix in ("datasets", "code", "pinned", "runs", "models")
        ),
        *((action, f"{bucket}/pinned/*") for action in ("s3:PutObject", "s3:AbortMultipartUpload")),
        ("events:PutEvents", stack.reference("aws_cloudwatch_event_bus", "arn")),
        *((f"sagemaker:{action}", jobs) for action in ("CreateTrainingJob", "AddTags", "DescribeTrainingJob", "ListTags")),
        ("sagemaker:Search", "*"),
        ("iam:PassRole", stack.reference("aws_iam_role", "arn", JOBS)),
        ("sqs:SendMessage", stack.reference("aws_sqs_queue", "arn")),
        ("logs:CreateLogStream", f"{group}:*"),
        ("logs:PutLogEvents", f"{group}:*"),
        ("xray:PutTelemetryRecords", "*"),
        ("xray:PutTraceSegments", "*"),
    }


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_the_starter_may_start_only_jobs_of_its_environment_with_the_one_role(
    stacks: dict[str, StackJson], environment: str
) -> None:
    """Whether AWS enforces it was not tried: the emulator of SageMaker enforces nothing."""
    conditions = {
        action: statement.get("Condition")
        for statement in stacks[environment].role_statements(STARTER)
        for action in statement["Action"]
    }
    assert conditions["sagemaker:CreateTrainingJob"] == {"StringEquals": {"aws:RequestTag/environment": environment}}
    assert conditions["sagemaker:AddTags"] == {
        "StringEquals": {"sagemaker:TaggingAction": "CreateTrainingJob", "aws:RequestTag/environment": environment}
    }
    assert conditions["iam:PassRole"] == {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}


def test_a_job_may_read_data_write_what_a_run_makes_and_publish(stack: StackJson) -> None:
    bucket = stack.reference("aws_s3_bucket", "arn")
    granted = stack.grants(JOBS)
    assert {resource for action, resource in granted if action == "s3:PutObject"} == {f"{bucket}/runs/*", f"{bucket}/models/*"}
    assert {resource for action, resource in granted if action == "s3:GetObject"} == {
        f"{bucket}/{prefix}/*" for prefix in ("datasets", "code", "pinned", "runs", "models")
    }
    assert {action for action, _ in granted} == {
        *("events:PutEvents", "cloudwatch:PutMetricData"),
        *("s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket"),
        *("s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"),
        *("logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"),
        *("ecr:GetAuthorizationToken",),
        *("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"),
    }


def test_a_job_may_not_ask_for_another_one(stack: StackJson) -> None:
    """Whether AWS enforces it was not tried."""
    (denied,) = (statement for statement in stack.role_statements(JOBS) if statement["Effect"] == "Deny")
    assert (denied["Action"], denied["Resource"]) == (["events:PutEvents"], ["*"])
    assert denied["Condition"] == {"ForAnyValue:StringEquals": {"events:detail-type": ["TrainingRequested"]}}


def test_a_recipe_is_an_object_that_changes_with_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "recipes"
    folder.mkdir()
    (folder / "digits.toml").write_bytes(RECIPE)
    (folder / "README.md").write_bytes(b"no recipe")
    monkeypatch.setattr(recipes, "FOLDER", folder)
    stack = synthesized(tmp_path / "out")
    recipe = stack.one("aws_s3_object", "training_starter_recipes")
    assert recipe["key"] == "recipes/digits.toml"
    assert recipe["etag"] == f'${{filemd5("{recipe["source"]}")}}'
    assert recipe["depends_on"]  # versioning
    assert (tmp_path / "out" / "stacks" / "training-dev" / recipe["source"]).parent.name


@pytest.mark.parametrize("exists", [True, False])
def test_without_recipes_the_stack_has_all_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, exists: bool) -> None:
    folder = tmp_path / "none"
    if exists:
        folder.mkdir()
    monkeypatch.setattr(recipes, "FOLDER", folder)
    stack = synthesized(tmp_path / "out")
    assert not [name for name in stack.all("aws_s3_object") if "recipes" in name]
    assert stack.one(FUNCTION, STARTER)


def test_switched_off_nothing_of_it_is_there(tmp_path: Path) -> None:
    stack = synthesized(tmp_path, training_starter={"enabled": False})
    text = json.dumps(stack.content)
    assert "training_starter" not in text
    assert "TRAINING_EVENTS_RECIPES" not in text
    assert len(stack.all(FUNCTION)) == 3
