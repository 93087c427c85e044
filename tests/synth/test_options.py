"""What settings that are off by default add."""

import json
from typing import Any

import cdktf
import pytest

from stacks.settings import Settings
from stacks.training_stack import TrainingStack
from tests.stack_json import StackJson

SUBNET, GROUP = "subnet-0123456789abcdef0", "sg-0123456789abcdef0"
KEY = "arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-3333-4444-555555555555"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> StackJson:
    options: dict[str, Any] = {
        "tags": {"cost-center": "research"},
        "remote_state": {"bucket": "states-of-the-team"},
        "events": {"sources": ["my.sagemaker.training.jobs", "team.labels"]},
        "event_processor": {"architecture": "x86_64", "reserved_concurrency": 20},
        "projector": {"memory_mb": 2048, "timeout_seconds": 600, "batch_size": 1000, "reserved_concurrency": 5},
        "seals": {"mode": "COMPLIANCE", "retention_days": 30},
        "notebook": {"subnet_id": SUBNET, "security_group_ids": [GROUP], "kms_key_arn": KEY},
        "observability": {"alarm_email": "on-call@example.com"},
    }
    settings = Settings(environment="extra", account_id="111122223333", region="eu-west-1", **options)
    app = cdktf.App(outdir=str(tmp_path_factory.mktemp("options")))
    return StackJson(json.loads(cdktf.Testing.synth(TrainingStack(app, settings))))


def test_an_address_gets_every_alarm_by_mail(stack: StackJson) -> None:
    topic = stack.reference("aws_sns_topic", "arn")
    subscription = stack.one("aws_sns_topic_subscription")
    assert (subscription["protocol"], subscription["endpoint"]) == ("email", "on-call@example.com")
    assert subscription["topic_arn"] == topic
    assert all(alarm["alarm_actions"] == [topic] for alarm in stack.all("aws_cloudwatch_metric_alarm").values())


def test_the_notebook_goes_into_the_subnet_with_its_key_and_the_rights_for_it(stack: StackJson) -> None:
    notebook = stack.one("aws_sagemaker_notebook_instance")
    assert (notebook["subnet_id"], notebook["security_groups"], notebook["kms_key_id"]) == (SUBNET, [GROUP], KEY)
    (places,) = (s["Resource"] for s in stack.role_statements("notebook") if "ec2:CreateNetworkInterface" in s["Action"])
    assert f"arn:aws:ec2:eu-west-1:111122223333:subnet/{SUBNET}" in places
    assert "*" not in places


def test_every_source_is_listened_to(stack: StackJson) -> None:
    pattern = json.loads(stack.one("aws_cloudwatch_event_rule", "event_processor_rule")["event_pattern"])
    assert pattern == {"source": ["my.sagemaker.training.jobs", "team.labels"]}


def test_the_rest_is_where_the_settings_say(stack: StackJson) -> None:
    function = stack.one("aws_lambda_function", "event_processor")
    assert (function["architectures"], function["reserved_concurrent_executions"]) == (["x86_64"], 20)
    assert stack.content["terraform"]["backend"]["s3"]["bucket"] == "states-of-the-team"
    assert stack.content["provider"]["aws"][0]["default_tags"][0]["tags"]["cost-center"] == "research"


def test_the_projector_has_limits_of_its_own_and_shares_the_package(stack: StackJson) -> None:
    function, processor = (stack.one("aws_lambda_function", name) for name in ("projector", "event_processor"))
    assert (function["memory_size"], function["timeout"], function["reserved_concurrent_executions"]) == (2048, 600, 5)
    assert (processor["memory_size"], processor["timeout"]) == (512, 30)
    assert (function["architectures"], function["filename"]) == (["x86_64"], processor["filename"])
    assert stack.one("aws_lambda_event_source_mapping")["batch_size"] == 1000


def test_the_projector_is_told_how_to_lock_seals(stack: StackJson) -> None:
    variables = stack.one("aws_lambda_function", "projector")["environment"]["variables"]
    assert (variables["TRAINING_EVENTS_SEAL_MODE"], variables["TRAINING_EVENTS_SEAL_DAYS"]) == ("COMPLIANCE", "30")
