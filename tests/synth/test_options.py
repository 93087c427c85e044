"""Settings that are off by default, and what they change."""

import json
import os
import re
from pathlib import Path

import pytest

from local import terraform
from release.validate import validate
from tests.support.options import GROUP, KEY, SUBNETS
from tests.support.paths import ROOT
from tests.support.setting_keys import defaults
from tests.support.stack_json import StackJson


def test_the_stacks_read_every_setting() -> None:
    """A setting that nothing reads would be documented and accepted, and would change nothing."""
    in_the_settings = {
        "name_prefix",
        "tag_policy.required_keys",
        "tag_policy.allowed_values",
    }  # read there for every name and tag
    files = [
        *(ROOT / "stacks").glob("*.py"),
        ROOT / "stacks" / "settings" / "teams.py",
    ]  # in it, the default of a team's source
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    assert not [key for key in defaults().keys() - in_the_settings if not re.search(rf"\.{key.rpartition('.')[2]}\b", text)]


def test_an_alarm_address_gets_every_alarm_by_mail(options: StackJson) -> None:
    topic = options.reference("aws_sns_topic", "arn")
    subscription = options.one("aws_sns_topic_subscription")
    assert (subscription["protocol"], subscription["endpoint"]) == ("email", "on-call@example.com")
    assert subscription["topic_arn"] == topic
    assert all(alarm["alarm_actions"] == [topic] for alarm in options.all("aws_cloudwatch_metric_alarm").values())


def test_the_notebook_is_in_the_subnet_with_the_key_and_the_permissions_for_them(options: StackJson) -> None:
    notebook = options.one("aws_sagemaker_notebook_instance")
    assert (notebook["subnet_id"], notebook["security_groups"], notebook["kms_key_id"]) == (SUBNETS[0], [GROUP], KEY)
    (resources,) = (s["Resource"] for s in options.role_statements("notebook") if "ec2:CreateNetworkInterface" in s["Action"])
    assert f"arn:aws:ec2:eu-west-1:111122223333:subnet/{SUBNETS[0]}" in resources
    assert "*" not in resources


def test_the_rule_listens_to_every_source_in_the_settings(options: StackJson) -> None:
    pattern = json.loads(options.one("aws_cloudwatch_event_rule", "event_processor_rule")["event_pattern"])
    assert pattern == {"source": ["team.labels", "my.sagemaker.training.jobs"]}


def test_architecture_concurrency_state_bucket_and_tags_are_those_of_the_settings(options: StackJson) -> None:
    function = options.one("aws_lambda_function", "event_processor")
    assert (function["architectures"], function["reserved_concurrent_executions"]) == (["x86_64"], 20)
    assert options.content["terraform"]["backend"]["s3"]["bucket"] == "states-of-the-team"
    assert options.content["provider"]["aws"][0]["default_tags"][0]["tags"]["cost-center"] == "research"


def test_the_projector_has_limits_of_its_own_and_shares_the_package(options: StackJson) -> None:
    function, processor = (options.one("aws_lambda_function", name) for name in ("projector", "event_processor"))
    assert (function["memory_size"], function["timeout"], function["reserved_concurrent_executions"]) == (2048, 600, 5)
    assert (processor["memory_size"], processor["timeout"]) == (512, 30)
    assert (function["architectures"], function["s3_key"]) == (["x86_64"], processor["s3_key"])
    mapping = options.one("aws_lambda_event_source_mapping", "projector")
    assert (mapping["batch_size"], mapping["maximum_batching_window_in_seconds"]) == (200, 5)
    variables = function["environment"]["variables"]
    assert (variables["TRAINING_EVENTS_STREAM_SECONDS"], variables["TRAINING_EVENTS_INVOCATION_SECONDS"]) == ("120", "425")


def test_the_projector_has_the_lock_mode_and_days_in_its_environment(options: StackJson) -> None:
    variables = options.one("aws_lambda_function", "projector")["environment"]["variables"]
    assert (variables["TRAINING_EVENTS_SEAL_MODE"], variables["TRAINING_EVENTS_SEAL_DAYS"]) == ("COMPLIANCE", "30")


@pytest.mark.slow
def test_terraform_accepts_an_environment_with_every_setting(options_out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in terraform.environment().items():
        monkeypatch.setenv(name, value)
    terraform.require_terraform(os.environ)
    assert validate(options_out / "stacks" / "training-extra") == []
