"""The path of AWS's own events from the account's default bus to the custom bus. No emulator checks it as AWS does."""

import json

import pytest

from tests.support.aws_events import JOB, PACKAGE, PIPELINE, sample
from tests.support.delivery import matches
from tests.support.stack_json import StackJson

RULE, TARGET, BUS = "aws_cloudwatch_event_rule", "aws_cloudwatch_event_target", "aws_cloudwatch_event_bus"

forwarding = pytest.mark.parametrize("what", ["forwarding_sagemaker", "forwarding_datasets"])


@forwarding
def test_the_rules_are_on_the_default_bus_to_which_aws_sends(stack: StackJson, what: str) -> None:
    assert "event_bus_name" not in stack.one(RULE, what)
    assert "event_bus_name" not in stack.one(TARGET, what)


def test_events_on_jobs_packages_and_pipelines_are_forwarded(stacks: dict[str, StackJson]) -> None:
    assert json.loads(stacks["dev"].one(RULE, "forwarding_sagemaker")["event_pattern"]) == {
        "source": ["aws.sagemaker"],
        "detail-type": [JOB, PACKAGE, PIPELINE],
        "account": ["111122223333"],
    }


def test_events_on_datasets_in_this_bucket_are_forwarded(stacks: dict[str, StackJson]) -> None:
    stack = stacks["dev"]
    assert json.loads(stack.one(RULE, "forwarding_datasets")["event_pattern"]) == {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {
            "bucket": {"name": [stack.reference("aws_s3_bucket", "bucket")]},
            "object": {"key": [{"prefix": "datasets/"}], "size": [{"numeric": [">", 0]}]},
        },
        "account": ["111122223333"],
    }
    assert stack.one("aws_s3_bucket_notification")["eventbridge"] is True


@pytest.mark.parametrize(
    ("key", "size", "bucket", "forwarded"),
    [
        ("datasets/digits/x.npz", 5, None, True),
        ("datasets/x.npz", 5, None, True),  # the key names no dataset: the event is set aside with that reason, and not ignored
        ("datasets/digits/", 0, None, False),  # a folder that the console made
        ("checkpoints/digits/x", 5, None, False),
        ("undelivered/x.json", 5, None, False),
        ("datasets/digits/x.npz", 5, "of-another-team", False),
    ],
)
def test_only_new_datasets_in_this_bucket_are_forwarded(
    stacks: dict[str, StackJson], key: str, size: int, bucket: str | None, *, forwarded: bool
) -> None:
    stack = stacks["dev"]
    own = stack.reference("aws_s3_bucket", "bucket")
    event = sample("aws_object_created", object={"key": key, "size": size}, bucket={"name": bucket or own})
    pattern = json.loads(stack.one(RULE, "forwarding_datasets")["event_pattern"])
    assert matches(pattern, event) is forwarded
    assert not matches(pattern, {**event, "account": "999999999999"})


@forwarding
def test_the_target_is_the_custom_bus_by_a_role(stack: StackJson, what: str) -> None:
    target = stack.one(TARGET, what)
    assert target["arn"] == stack.reference(BUS, "arn")
    assert target["rule"] == stack.reference(RULE, "name", what)
    assert target["role_arn"] == stack.reference("aws_iam_role", "arn", "forwarding")
    assert target["depends_on"] == [
        f"aws_iam_role_policy.{name}" for name in stack.all("aws_iam_role_policy") if "forward" in name
    ]


def test_the_role_may_put_events_on_this_bus_and_no_more(stack: StackJson) -> None:
    assert stack.grants("forwarding") == {("events:PutEvents", stack.reference(BUS, "arn"))}


def test_the_role_is_for_these_rules_of_this_account_only(stacks: dict[str, StackJson]) -> None:
    stack = stacks["dev"]
    (statement,) = json.loads(stack.one("aws_iam_role", "forwarding")["assume_role_policy"])["Statement"]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Condition"] == {
        "ArnEquals": {
            "aws:SourceArn": [stack.reference(RULE, "arn", f"forwarding_{what}") for what in ("sagemaker", "datasets")]
        },
        "StringEquals": {"aws:SourceAccount": "111122223333"},
    }


def test_older_resources_have_kept_their_addresses(stack: StackJson) -> None:
    """A resource whose address changes would be destroyed and created again."""
    assert "event_processor_rule_E318F673" in stack.all(RULE)
    assert "event_processor_target_9D50BDFE" in stack.all(TARGET)
    assert "event_processor_permission_932B03BB" in stack.all("aws_lambda_permission")
    assert "observability_rule-failed-invocations_E277302B" in stack.all("aws_cloudwatch_metric_alarm")
