"""A company's rules: a prefix of all names, a path and a boundary for all roles, a bus that takes events of other accounts."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from moto.events.models import EventPattern

from local import terraform
from release.validate import validate
from stacks.settings.sections import AWS_SOURCES
from tests.support.options import (
    ACCOUNT,
    BOUNDARY,
    CENTRAL_BUS,
    COMPANY,
    EXISTING,
    OTHER_ACCOUNTS,
    synthesized_with_options,
)
from tests.support.stack_json import StackJson

ROLES = f"arn:aws:iam::{ACCOUNT}:role/teams/vision/acme-ml-extra-"


@pytest.fixture(scope="module")
def outs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {name: tmp_path_factory.mktemp(name) for name in ("ruled", "existing")}


@pytest.fixture(scope="module")
def ruled(outs: dict[str, Path]) -> StackJson:
    return synthesized_with_options(outs["ruled"], **COMPANY)


@pytest.fixture(scope="module")
def existing(outs: dict[str, Path]) -> StackJson:
    return synthesized_with_options(outs["existing"], **EXISTING)


def texts(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for part in value.values():
            yield from texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from texts(part)
    elif isinstance(value, str):
        yield value


def test_nothing_has_the_name_that_it_would_have_without_the_prefix(ruled: StackJson, options: StackJson) -> None:
    assert "training-extra" in json.dumps(options.content)
    assert not [text for text in texts(ruled.content) if "training-extra" in text or "training-state" in text]
    assert ruled.content["terraform"]["backend"]["s3"]["key"] == "acme-ml-extra/terraform.tfstate"


def test_the_prefix_changes_no_address(ruled: StackJson, options: StackJson) -> None:
    of_options = {f"{kind}.{name}" for kind, name, _ in options.resources()}
    added = {f"{kind}.{name}" for kind, name, _ in ruled.resources()} - of_options
    assert of_options <= {f"{kind}.{name}" for kind, name, _ in ruled.resources()}
    assert {address.partition(".")[0] for address in added} == {"aws_cloudwatch_event_bus_policy"}


def test_every_role_has_the_path_and_the_boundary(ruled: StackJson) -> None:
    roles = ruled.all("aws_iam_role").values()
    assert len(roles) > 6
    assert {(role["path"], role["permissions_boundary"]) for role in roles} == {("/teams/vision/", BOUNDARY)}


def test_without_the_settings_no_role_says_anything_of_them(options: StackJson) -> None:
    assert not [role for role in options.all("aws_iam_role").values() if {"path", "permissions_boundary"} & role.keys()]


def test_every_arn_of_a_role_has_the_path(ruled: StackJson) -> None:
    """AWS compares the whole ARN: without the path, nobody could write seals, tiles or checkpoints, and the notebook train."""
    arns = {text for _, statement in ruled.statements() for text in texts(statement) if ":role/" in text}
    assert arns == {f"{ROLES}{role}" for role in ("projector", "notary", "notebook")}


def test_the_bus_takes_from_other_accounts_what_it_records_and_nothing_else(ruled: StackJson) -> None:
    (statement,) = json.loads(ruled.one("aws_cloudwatch_event_bus_policy")["policy"])["Statement"]
    assert statement["Principal"] == {"AWS": [f"arn:aws:iam::{account}:root" for account in OTHER_ACCOUNTS]}
    assert (statement["Action"], statement["Resource"]) == (
        "events:PutEvents",
        ruled.reference("aws_cloudwatch_event_bus", "arn"),
    )
    sources = ["team.labels", "my.sagemaker.training.jobs", "aws.sagemaker", "aws.s3"]
    assert statement["Condition"] == {"ForAllValues:StringEquals": {"events:source": sources}}


@pytest.mark.parametrize("source", [*AWS_SOURCES, "team.labels"])
@pytest.mark.parametrize("account", [ACCOUNT, *OTHER_ACCOUNTS, "999988887777"])
def test_an_event_is_recorded_or_set_aside_by_its_account_and_never_both(ruled: StackJson, source: str, account: str) -> None:
    event: Any = {"source": source, "account": account, "detail-type": "x", "detail": {}}
    patterns = {
        name: EventPattern.load(ruled.one("aws_cloudwatch_event_rule", name)["event_pattern"]).matches_event(event)
        for name in ("event_processor_rule", "event_processor_aws_rule", "unmatched_events")
    }
    known = source not in AWS_SOURCES or account != "999988887777"
    assert [name for name, matches in patterns.items() if matches] == [
        ("event_processor_aws_rule" if source in AWS_SOURCES else "event_processor_rule") if known else "unmatched_events"
    ]


def test_without_other_accounts_the_bus_has_no_policy(stack: StackJson) -> None:
    assert not stack.all("aws_cloudwatch_event_bus_policy")


def test_names_are_short_enough_with_the_longest_prefix_and_environment(tmp_path: Path) -> None:
    """The limits in characters, from AWS's API references: archive 48, notebook 63, role, rule and function 64, queue 80."""
    limits = {"aws_cloudwatch_event_archive": 48, "aws_sagemaker_notebook_instance": 63, "aws_sqs_queue": 80}
    limits |= dict.fromkeys(("aws_iam_role", "aws_cloudwatch_event_rule"), 64)
    # With a bucket that exists already; otherwise its name has the smallest limit, which the settings check.
    longest = synthesized_with_options(tmp_path, **EXISTING | {"name_prefix": "p" * 20, "environment": "abcdefghij-12345"})
    for kind, limit in limits.items():
        for resource in longest.all(kind).values():
            assert len(resource["name"]) <= limit
    assert all(len(function["function_name"]) <= 64 for function in longest.all("aws_lambda_function").values())


def test_nothing_of_what_exists_already_is_declared(existing: StackJson) -> None:
    kinds = {kind for kind, _, _ in existing.resources()}
    assert not {kind for kind in kinds if kind.startswith("aws_s3_bucket")}
    assert not kinds & {"aws_cloudwatch_event_bus", "aws_cloudwatch_event_bus_policy", "aws_cloudwatch_log_group"}
    assert "data" not in existing.content  # a plan reads nothing either


def test_everything_else_has_the_address_that_it_has_without(existing: StackJson, ruled: StackJson) -> None:
    missing = {f"{kind}.{name}" for kind, name, _ in ruled.resources()} - {
        f"{kind}.{name}" for kind, name, _ in existing.resources()
    }
    expected = ("aws_s3_bucket", "aws_cloudwatch_event_bus", "aws_cloudwatch_log_group")
    others = {address for address in missing if not address.startswith(expected)}
    assert {re.sub(r"_[0-9A-F]{8}$", "", address) for address in others} == {
        "aws_cloudwatch_event_rule.unmatched_events_rule",
        "aws_cloudwatch_event_target.unmatched_events_target",
        "aws_cloudwatch_metric_alarm.observability_rule-unmatched-failed-invocations",
        "aws_cloudwatch_metric_alarm.observability_rule-unmatched-invocations-failed-to-be-sent-to-dlq",
    }


def test_the_existing_bucket_is_where_everything_is(existing: StackJson) -> None:
    outputs = existing.content["output"]
    assert (outputs["data_bucket_name"]["value"], outputs["event_bus_name"]["value"]) == ("acme-data", "acme-bus")
    assert outputs["event_bus_arn"]["value"] == f"arn:aws:events:eu-west-1:{ACCOUNT}:event-bus/acme-bus"
    assert {file["bucket"] for file in existing.all("aws_s3_object").values()} == {"acme-data"}
    assert ("s3:PutObject", "arn:aws:s3:::acme-data/seals/*") in existing.grants("projector")
    forwarded = json.loads(existing.one("aws_cloudwatch_event_rule", "datasets")["event_pattern"])
    assert forwarded["detail"]["bucket"]["name"] == ["acme-data"]


def test_every_rule_of_ours_is_on_the_existing_bus(existing: StackJson) -> None:
    buses = {name: rule.get("event_bus_name") for name, rule in existing.all("aws_cloudwatch_event_rule").items()}
    on_it = {name for name, bus in buses.items() if bus == "acme-bus"}
    assert {name.rpartition("_rule")[0] for name in on_it} == {
        "central_bus",
        "event_processor",
        "event_processor_aws",
        "openlineage",
        "training_starter",
    }
    assert set(buses.values()) == {"acme-bus", None}


@pytest.mark.parametrize(
    ("source", "kind", "detail", "taken"),
    [
        ("aws.sagemaker", "SageMaker Training Job State Change", {}, True),
        ("aws.sagemaker", "SageMaker Endpoint State Change", {}, False),
        ("aws.s3", "Object Created", {"bucket": {"name": "acme-data"}, "object": {"key": "datasets/x", "size": 1}}, True),
        ("aws.s3", "Object Created", {"bucket": {"name": "of-others"}, "object": {"key": "datasets/x", "size": 1}}, False),
    ],
)
def test_of_aws_events_on_a_bus_of_others_only_ours_are_recorded(
    existing: StackJson, source: str, kind: str, detail: dict[str, Any], *, taken: bool
) -> None:
    pattern = EventPattern.load(existing.one("aws_cloudwatch_event_rule", "event_processor_aws_rule")["event_pattern"])
    event: Any = {"source": source, "account": ACCOUNT, "detail-type": kind, "detail": detail}
    assert pattern.matches_event(event) is taken
    assert not pattern.matches_event(event | {"account": "999988887777"})


def test_the_archive_of_a_bus_of_others_keeps_what_the_log_takes(existing: StackJson) -> None:
    archive = existing.one("aws_cloudwatch_event_archive")
    assert archive["event_source_arn"].endswith(":event-bus/acme-bus")
    assert json.loads(archive["event_pattern"]) == {
        "source": ["team.labels", "my.sagemaker.training.jobs", "aws.sagemaker", "aws.s3"]
    }


def test_every_function_logs_into_the_existing_group_and_may_write_no_other(existing: StackJson) -> None:
    functions = existing.all("aws_lambda_function").values()
    assert len(functions) == 4
    assert {json.dumps(function["logging_config"]) for function in functions} == {
        json.dumps({"log_format": "Text", "log_group": "/acme/training"})
    }
    writing = {
        resource
        for role in ("projector", "notary_run", "event_processor", "training_starter_run")
        for action, resource in existing.grants(role)
        if action == "logs:PutLogEvents"
    }
    assert writing == {f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/acme/training:*"}


def test_the_central_bus_gets_what_is_recorded_straight_from_the_rules_of_both_buses(existing: StackJson) -> None:
    """EventBridge hands an event on once: AWS's own would not come through our bus."""
    targets = [t for t in existing.all("aws_cloudwatch_event_target").values() if t["arn"] == CENTRAL_BUS]
    rules = {
        name: existing.reference("aws_cloudwatch_event_rule", "name", name)
        for name in ("central_bus_rule", "forwarding_sagemaker", "forwarding_datasets")
    }
    assert sorted(target["rule"] for target in targets) == sorted(rules.values())
    assert [target.get("event_bus_name") for target in targets if target["rule"] == rules["central_bus_rule"]] == ["acme-bus"]
    queue = existing.reference("aws_sqs_queue", "arn")
    role = existing.reference("aws_iam_role", "arn", "central_bus")
    assert {(t["target_id"], t["dead_letter_config"]["arn"], t["role_arn"]) for t in targets} == {("central-bus", queue, role)}
    assert existing.grants("central_bus") == {("events:PutEvents", CENTRAL_BUS)}
    pattern = json.loads(existing.one("aws_cloudwatch_event_rule", "central_bus_rule")["event_pattern"])
    assert pattern == {"source": ["team.labels", "my.sagemaker.training.jobs"]}


def test_only_the_rules_that_forward_may_use_the_role_and_the_queue(existing: StackJson) -> None:
    (trust,) = (s for address, s in existing.statements() if address.startswith("aws_iam_role.central_bus"))
    arns = [
        existing.reference("aws_cloudwatch_event_rule", "arn", name)
        for name in ("central_bus_rule", "forwarding_sagemaker", "forwarding_datasets")
    ]
    assert trust["Condition"]["ArnEquals"]["aws:SourceArn"] == arns
    assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": ACCOUNT}
    (letters,) = (s for address, s in existing.statements() if s.get("Sid") == "DeadLettersOfRules")
    assert set(arns) <= set(letters["Condition"]["ArnEquals"]["aws:SourceArn"])


def test_an_event_that_the_central_bus_does_not_take_raises_an_alarm(existing: StackJson) -> None:
    alarms = [
        alarm for alarm in existing.all("aws_cloudwatch_metric_alarm").values() if "-rule-central-" in alarm["alarm_name"]
    ]
    assert sorted(alarm["metric_name"] for alarm in alarms) == ["FailedInvocations", "InvocationsFailedToBeSentToDlq"]
    assert {json.dumps(alarm["dimensions"]["EventBusName"]) for alarm in alarms} == {'"acme-bus"'}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ruled", "existing"])
def test_terraform_accepts_it(
    outs: dict[str, Path], ruled: StackJson, existing: StackJson, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in terraform.environment().items():
        monkeypatch.setenv(variable, value)
    terraform.require_terraform(os.environ)
    assert validate(outs[name] / "stacks" / "acme-ml-extra") == []
