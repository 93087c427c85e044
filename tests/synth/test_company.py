"""A company's rules: a prefix of all names, a path and a boundary for all roles, a bus that takes events of other accounts."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from moto.events.models import EventPattern

from stacks.settings.sections import AWS_SOURCES
from tests.support.options import ACCOUNT, BOUNDARY, COMPANY, OTHER_ACCOUNTS, synthesized_with_options
from tests.support.stack_json import StackJson

ROLES = f"arn:aws:iam::{ACCOUNT}:role/teams/vision/acme-ml-extra-"


@pytest.fixture(scope="module")
def ruled(tmp_path_factory: pytest.TempPathFactory) -> StackJson:
    return synthesized_with_options(tmp_path_factory.mktemp("ruled"), **COMPANY)


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
    # The bucket's own limit is checked in the settings; 29 characters are the most that it leaves in this region.
    longest = synthesized_with_options(tmp_path, **COMPANY | {"name_prefix": "p" * 17, "environment": "abcdefghij-12345"})
    for kind, limit in limits.items():
        for resource in longest.all(kind).values():
            assert len(resource["name"]) <= limit
    assert all(len(function["function_name"]) <= 64 for function in longest.all("aws_lambda_function").values())
