"""No policy allows more than necessary."""

import pytest

from tests.support.stack_json import StackJson

# These actions have no resources that a policy could name.
WITHOUT_RESOURCE = {
    "cloudwatch:PutMetricData",
    "dynamodb:ListStreams",
    "ecr:GetAuthorizationToken",
    "sagemaker:Search",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}

# A resource outside of this stack is not named by a reference. It is named in full, except for these, each with its reason.
WIDER_THAN_ONE = {
    "arn:aws:ecr:HERE:*:repository/*",  # AWS's own training images are in accounts of AWS, a different one in each region
    "arn:aws:logs:HERE:ACCOUNT:log-group:/aws/sagemaker/*",  # SageMaker names the log groups of training jobs
    "arn:aws:sagemaker:HERE:ACCOUNT:training-job/*",  # a job gets its name when it is started
}

RECORDING_AND_READING = {
    *("dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query", "events:PutEvents"),
    *("s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketVersions"),
    *(
        "s3:AbortMultipartUpload",
        "s3:GetObject",
        "s3:GetObjectRetention",
        "s3:GetObjectVersion",
        "s3:ListMultipartUploadParts",
        "s3:PutObject",
    ),
}
TRAINING = {
    *("cloudwatch:PutMetricData", "ecr:GetAuthorizationToken", "iam:PassRole"),
    *("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"),
    *("logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:GetLogEvents", "logs:PutLogEvents"),
    *("sagemaker:AddTags", "sagemaker:CreateTrainingJob", "sagemaker:DescribeTrainingJob", "sagemaker:StopTrainingJob"),
}


def _list(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def test_no_action_is_allowed_by_a_wildcard(stack: StackJson) -> None:
    for address, statement in stack.statements():
        if statement["Effect"] == "Allow":
            assert not [action for action in _list(statement["Action"]) if {"*", "?"} & set(action)], address


def test_actions_are_allowed_only_on_named_resources(stack: StackJson) -> None:
    seen: set[str] = set()
    for address, statement in stack.statements():
        if statement["Effect"] == "Allow" and "*" in _list(statement.get("Resource", [])):
            if address.startswith("aws_kms_key."):
                continue  # there it is the key itself: https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html
            assert set(_list(statement["Action"])) <= WITHOUT_RESOURCE, address
            seen |= set(_list(statement["Action"]))
    assert seen == WITHOUT_RESOURCE  # the list has nothing that is not needed


def test_a_wildcard_in_an_arn_is_only_for_names_that_are_not_known(stack: StackJson) -> None:
    (provider,) = stack.content["provider"]["aws"]
    (account,) = provider["allowed_account_ids"]
    wider = {
        resource.replace(provider["region"], "HERE").replace(account, "ACCOUNT")
        for _, statement in stack.statements()
        for resource in _list(statement.get("Resource", []))
        if statement["Effect"] == "Allow" and "*" in resource and resource != "*" and not resource.startswith("${")
    }
    assert wider == WIDER_THAN_ONE


def test_no_policy_allows_or_denies_all_but_something(stack: StackJson) -> None:
    """Such a statement would include whatever AWS adds later."""
    for address, statement in stack.statements():
        assert not {"NotAction", "NotResource", "NotPrincipal"} & statement.keys(), address


def test_every_role_is_for_one_service_and_has_no_managed_policy(stack: StackJson) -> None:
    trusts = [s for address, s in stack.statements() if address.startswith("aws_iam_role.")]
    assert {(s["Effect"], s["Action"], *s["Principal"]) for s in trusts} == {("Allow", "sts:AssumeRole", "Service")}
    assert sorted(s["Principal"]["Service"] for s in trusts) == [
        "events.amazonaws.com",
        "lambda.amazonaws.com",
        "lambda.amazonaws.com",
        "lambda.amazonaws.com",
        "lambda.amazonaws.com",
        "sagemaker.amazonaws.com",
        "sagemaker.amazonaws.com",
    ]
    assert {kind for kind, *_ in stack.resources() if kind.startswith("aws_iam_")} == {"aws_iam_role", "aws_iam_role_policy"}
    assert not [role for role in stack.all("aws_iam_role").values() if {"managed_policy_arns", "inline_policy"} & role.keys()]


def test_a_resource_policy_allows_only_services_on_behalf_of_a_named_source(stack: StackJson) -> None:
    """Everybody else needs a role, in whatever account. A key's policy lets the account in: tests/synth/test_notary.py."""
    for address, statement in stack.statements():
        if statement["Effect"] == "Allow" and not address.startswith(("aws_iam_", "aws_kms_key.")):
            assert statement["Principal"].keys() == {"Service"}, address
            assert statement["Condition"]["ArnEquals"]["aws:SourceArn"], address


def test_the_notebook_may_record_read_and_train_and_nothing_else(stack: StackJson) -> None:
    """The next tests check on which resources. parliament knows a few dangerous actions, but not the purpose of this role."""
    granted = {action for action, _ in stack.grants("notebook")}
    assert granted == RECORDING_AND_READING | TRAINING
    (metrics,) = (s for s in stack.role_statements("notebook") if s["Action"] == ["cloudwatch:PutMetricData"])
    assert metrics["Condition"] == {"StringLike": {"cloudwatch:namespace": "/aws/sagemaker/*"}}


@pytest.mark.parametrize("service", ["s3", "events", "dynamodb"])
def test_the_notebook_may_use_only_this_bucket_this_bus_and_these_tables(stack: StackJson, service: str) -> None:
    own = {
        "s3": [stack.reference("aws_s3_bucket", "arn"), stack.reference("aws_s3_bucket", "arn") + "/*"],
        "events": [stack.reference("aws_cloudwatch_event_bus", "arn")],
        "dynamodb": [
            *(stack.reference("aws_dynamodb_table", "arn", name) for name in ("event_log", "read_models", "notary")),
            *(
                stack.reference("aws_dynamodb_table", "arn", "read_models") + f"/index/{name}"
                for name in ("by_kind", "by_shard")
            ),
        ],
    }
    granted = {
        resource
        for s in stack.role_statements("notebook")
        for resource in s["Resource"]
        if s["Effect"] == "Allow" and any(action.startswith(f"{service}:") for action in s["Action"])
    }
    assert granted == set(own[service])


def test_the_notebook_may_not_put_what_every_notebook_installs_nor_what_events_start(stack: StackJson) -> None:
    (denied,) = (s for s in stack.role_statements("notebook") if s["Effect"] == "Deny")
    assert denied["Action"] == ["s3:PutObject"]
    bucket = stack.reference("aws_s3_bucket", "arn")
    assert denied["Resource"] == [f"{bucket}/client/*", f"{bucket}/recipes/*"]
    keys = {file["key"] for name, file in stack.all("aws_s3_object").items()}
    assert {key for key in keys if key.startswith("client/")}
    assert all(key.startswith(("client/", "recipes/")) for key in keys)


def test_the_notebook_may_not_scan_the_log_and_may_not_empty_the_queue(stack: StackJson) -> None:
    """To scan the log, to rebuild and to send events again is an operator's work. Single events it may get by their keys."""
    actions = {action for s in stack.role_statements("notebook") for action in s["Action"]}
    reading = {"dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query"}
    assert {action for action in actions if action.startswith("dynamodb:")} == reading
    log = stack.reference("aws_dynamodb_table", "arn", "event_log")
    assert {where for action, where in stack.grants("notebook") if action == "dynamodb:BatchGetItem"} == {log}
    assert not [action for action in actions if action.startswith("sqs:")]


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_the_notebook_may_stop_and_tag_only_jobs_of_its_own_environment(stacks: dict[str, StackJson], environment: str) -> None:
    own = {"StringEqualsIfExists": {"aws:RequestTag/environment": environment}}
    conditions = {
        tuple(statement["Action"]): statement["Condition"]
        for statement in stacks[environment].role_statements("notebook")
        if {"sagemaker:AddTags", "sagemaker:StopTrainingJob"} & set(statement["Action"])
    }
    assert conditions == {
        ("sagemaker:AddTags",): {"StringEquals": {"sagemaker:TaggingAction": "CreateTrainingJob"}, **own},
        ("sagemaker:AddTags", "sagemaker:StopTrainingJob"): {
            "StringEquals": {"aws:ResourceTag/environment": environment},
            **own,
        },
    }


def test_the_notebook_may_pass_only_its_own_role_and_only_to_sagemaker(stacks: dict[str, StackJson]) -> None:
    (passing,) = (s for s in stacks["dev"].role_statements("notebook") if s["Action"] == ["iam:PassRole"])
    assert passing["Resource"] == ["arn:aws:iam::111122223333:role/training-dev-notebook"]
    assert passing["Condition"] == {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
