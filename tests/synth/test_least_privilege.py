"""No policy is wider than it must be."""

import pytest

from tests.stack_json import StackJson

# AWS gives these actions no resource to name.
WITHOUT_RESOURCE = {
    "cloudwatch:PutMetricData",
    "dynamodb:ListStreams",
    "ecr:GetAuthorizationToken",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}


def _list(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def test_nothing_is_allowed_by_a_wildcard_action(stack: StackJson) -> None:
    for address, statement in stack.statements():
        if statement["Effect"] == "Allow":
            assert not [action for action in _list(statement["Action"]) if "*" in action], address


def test_everything_is_allowed_on_named_resources_only(stack: StackJson) -> None:
    seen: set[str] = set()
    for address, statement in stack.statements():
        if statement["Effect"] == "Allow" and "*" in _list(statement.get("Resource", [])):
            assert set(_list(statement["Action"])) <= WITHOUT_RESOURCE, address
            seen |= set(_list(statement["Action"]))
    assert seen == WITHOUT_RESOURCE  # the list has nothing that is not needed


def test_every_role_is_for_one_service_and_has_no_managed_policy(stack: StackJson) -> None:
    trusts = [s for address, s in stack.statements() if address.startswith("aws_iam_role.")]
    assert sorted(s["Principal"]["Service"] for s in trusts) == [
        "events.amazonaws.com",
        "lambda.amazonaws.com",
        "lambda.amazonaws.com",
        "sagemaker.amazonaws.com",
    ]
    assert not stack.all("aws_iam_role_policy_attachment")


@pytest.mark.parametrize("what", ["s3", "events", "dynamodb"])
def test_the_notebook_reaches_this_bucket_this_bus_and_these_tables_only(stack: StackJson, what: str) -> None:
    own = {
        "s3": [stack.reference("aws_s3_bucket", "arn"), stack.reference("aws_s3_bucket", "arn") + "/*"],
        "events": [stack.reference("aws_cloudwatch_event_bus", "arn")],
        "dynamodb": [
            *(stack.reference("aws_dynamodb_table", "arn", name) for name in ("event_log", "read_models")),
            stack.reference("aws_dynamodb_table", "arn", "read_models") + "/index/by_kind",
        ],
    }
    granted = {
        resource
        for s in stack.role_statements("notebook")
        for resource in s["Resource"]
        if s["Effect"] == "Allow" and any(action.startswith(f"{what}:") for action in s["Action"])
    }
    assert granted == set(own[what])


def test_the_notebook_cannot_put_what_every_notebook_installs(stack: StackJson) -> None:
    (denied,) = (s for s in stack.role_statements("notebook") if s["Effect"] == "Deny")
    assert denied["Action"] == ["s3:PutObject"]
    (prefix,) = denied["Resource"]
    installed = stack.all("aws_s3_object").values()
    assert len(installed) == 2
    assert all(
        f"{stack.reference('aws_s3_bucket', 'arn')}/{file['key']}".startswith(prefix.removesuffix("*")) for file in installed
    )


def test_the_notebook_reads_the_log_stream_by_stream_and_empties_no_queue(stack: StackJson) -> None:
    """Looking through everything, rebuilding and sending again are the operator's."""
    actions = {action for s in stack.role_statements("notebook") for action in s["Action"]}
    assert {action for action in actions if action.startswith("dynamodb:")} == {"dynamodb:GetItem", "dynamodb:Query"}
    assert not [action for action in actions if action.startswith("sqs:")]


def test_the_notebook_may_pass_its_own_role_to_sagemaker_and_no_other(stacks: dict[str, StackJson]) -> None:
    (passing,) = (s for s in stacks["dev"].role_statements("notebook") if s["Action"] == ["iam:PassRole"])
    assert passing["Resource"] == ["arn:aws:iam::111122223333:role/training-dev-notebook"]
    assert passing["Condition"] == {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
