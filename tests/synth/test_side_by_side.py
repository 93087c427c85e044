"""Two environments can be in one account and region: they share no resource, and neither refers to the other."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from stacks.settings import Settings
from stacks.settings.file import load
from tests.support.options import CONNECTION, KEY, OPTIONS, PROFILE, REGION
from tests.support.stack_json import StackJson

# The attributes that identify a resource of a type within an account and region. If they are equal, two resources are the same
# to AWS, and the second environment would take over that of the first.
IDENTITIES: dict[str, tuple[str, ...]] = {
    "aws_athena_named_query": ("workgroup", "name"),
    "aws_athena_workgroup": ("name",),
    "aws_glue_catalog_database": ("name",),
    "aws_glue_catalog_table": ("database_name", "name"),
    "aws_glue_job": ("name",),
    "aws_scheduler_schedule": ("name",),
    "aws_cloudwatch_event_api_destination": ("name",),
    "aws_cloudwatch_dashboard": ("dashboard_name",),
    "aws_cloudwatch_event_archive": ("name",),
    "aws_cloudwatch_event_bus": ("name",),
    "aws_cloudwatch_event_rule": ("event_bus_name", "name"),
    "aws_cloudwatch_event_target": ("event_bus_name", "rule", "target_id"),
    "aws_cloudwatch_log_group": ("name",),
    "aws_cloudwatch_metric_alarm": ("alarm_name",),
    "aws_dynamodb_resource_policy": ("resource_arn",),
    "aws_dynamodb_table": ("name",),
    "aws_iam_role": ("name",),
    "aws_iam_role_policy": ("role", "name"),
    "aws_kms_key": ("description",),
    "aws_lambda_code_signing_config": ("description",),
    "aws_lambda_event_source_mapping": ("event_source_arn", "function_name"),
    "aws_lambda_function": ("function_name",),
    "aws_lambda_function_event_invoke_config": ("function_name",),
    "aws_lambda_permission": ("function_name", "statement_id"),
    "aws_s3_bucket": ("bucket",),
    "aws_s3_bucket_lifecycle_configuration": ("bucket",),
    "aws_s3_bucket_notification": ("bucket",),
    "aws_s3_bucket_ownership_controls": ("bucket",),
    "aws_s3_bucket_policy": ("bucket",),
    "aws_s3_bucket_public_access_block": ("bucket",),
    "aws_s3_bucket_server_side_encryption_configuration": ("bucket",),
    "aws_s3_bucket_versioning": ("bucket",),
    "aws_s3_object": ("bucket", "key"),
    "aws_sagemaker_notebook_instance": ("name",),
    "aws_sagemaker_notebook_instance_lifecycle_configuration": ("name",),
    "aws_signer_signing_job": ("source.s3.bucket", "source.s3.key"),
    "aws_sns_topic": ("name",),
    "aws_sns_topic_subscription": ("topic_arn", "endpoint"),
    "aws_sqs_queue": ("name",),
    "aws_sqs_queue_policy": ("queue_url",),
}
REFERENCE = re.compile(r"\$\{(aws_\w+)\.(\w+)\.\w+\}")
NEIGHBOURS = ["staging", "dev-2"]


def synthesized(environment: str, folder: Path, **more: Any) -> StackJson:
    """dev, or another environment with its settings: in its account and region, with an address so that there is a topic, and
    with the key, the subnets and the signing profile that environments may well share.
    """
    shared = {
        "observability": {"alarm_email": "on-call@example.com"},
        "encryption": {"kms_key_arn": KEY.replace(REGION, "us-east-1")},
        "network": OPTIONS["network"],
        "code_signing": {"profile_version_arn": PROFILE.replace(REGION, "us-east-1")},
        "openlineage": OPTIONS["openlineage"] | {"connection_arn": CONNECTION.replace(REGION, "us-east-1")},
        "analytics": OPTIONS["analytics"],
    }
    import cdktf  # noqa: PLC0415 - starts Node, which no process needs that only collects the tests

    from stacks.training_stack import TrainingStack  # noqa: PLC0415

    settings = Settings(**load("dev").model_dump() | shared | {"environment": environment} | more)
    return StackJson(json.loads(cdktf.Testing.synth(TrainingStack(cdktf.App(outdir=str(folder)), settings))))


@pytest.fixture(scope="module")
def environments(tmp_path_factory: pytest.TempPathFactory) -> dict[str, StackJson]:
    return {name: synthesized(name, tmp_path_factory.mktemp(name)) for name in ("dev", *NEIGHBOURS)}


def identity(stack: StackJson, kind: str, resource: dict[str, Any]) -> str:
    """The values by which AWS knows the resource. A reference is replaced by the identity of the resource that it refers to."""

    def resolved(value: str) -> str:
        if not (reference := REFERENCE.fullmatch(value)):
            assert "${" not in value, f"{value} is neither text nor a reference to one resource"
            return value
        return identity(stack, reference[1], stack.all(reference[1])[reference[2]])

    def attribute(path: str) -> str:
        value: Any = resource
        for key in path.split("."):
            value = value.get(key, "")
        return str(value)

    return f"{kind}({', '.join(resolved(attribute(path)) for path in IDENTITIES[kind])})"


def identities(stack: StackJson) -> list[str]:
    return [identity(stack, kind, resource) for kind, _, resource in stack.resources()]


def state(stack: StackJson) -> tuple[str, str, str]:
    backend = stack.content["terraform"]["backend"]["s3"]
    return backend["bucket"], backend["region"], backend["key"]


def test_the_identity_of_every_type_of_resource_is_known(environments: dict[str, StackJson]) -> None:
    assert {kind for kind, _, _ in environments["dev"].resources()} == IDENTITIES.keys()


@pytest.mark.parametrize("neighbour", NEIGHBOURS)
def test_two_environments_share_no_resource(environments: dict[str, StackJson], neighbour: str) -> None:
    dev, other = identities(environments["dev"]), identities(environments[neighbour])
    assert len(dev) == len(other) > 60
    assert not set(dev) & set(other)


def test_no_two_resources_of_an_environment_are_the_same_to_aws(environments: dict[str, StackJson]) -> None:
    dev = identities(environments["dev"])
    assert sorted(set(dev)) == sorted(dev)


@pytest.mark.parametrize("neighbour", NEIGHBOURS)
def test_two_environments_share_the_state_bucket_but_not_the_state(environments: dict[str, StackJson], neighbour: str) -> None:
    (bucket, region, key), (its_bucket, its_region, its_key) = state(environments["dev"]), state(environments[neighbour])
    assert (its_bucket, its_region) == (bucket, region)
    assert its_key != key


@pytest.mark.parametrize("neighbour", NEIGHBOURS)
def test_no_environment_names_a_resource_of_the_other(environments: dict[str, StackJson], neighbour: str) -> None:
    """Neither in a policy, nor in a variable, a metric or the notebook's script."""
    for name, other in (("dev", neighbour), (neighbour, "dev")):
        text = json.dumps(environments[name].content)
        assert f"training-{name}-" in text
        # If its own name begins with that of the other, its own name does not count.
        assert f"training-{other}" not in (text.replace(f"training-{name}", "") if name.startswith(other) else text)


@pytest.mark.parametrize(
    ("environment", "other"),
    [
        ("dev-eu", {"region": "eu-west-1"}),  # the same rules, roles and dashboards, which are global, in another region
        ("dev", {"name_prefix": "acme"}),
    ],
)
def test_another_region_and_another_prefix_are_side_by_side_in_one_account(
    environments: dict[str, StackJson], tmp_path: Path, environment: str, other: dict[str, Any]
) -> None:
    of_region = {
        "encryption": {"kms_key_arn": KEY},
        "code_signing": {"profile_version_arn": PROFILE},
        "openlineage": OPTIONS["openlineage"],
    }
    beside = synthesized(environment, tmp_path, **(of_region if "region" in other else {}), **other)
    dev, here = identities(environments["dev"]), identities(beside)
    assert len(here) == len(dev)
    assert not set(dev) & set(here)
    key, its_key = state(environments["dev"])[2], state(beside)[2]
    assert its_key != key
    name = its_key.partition("/")[0]
    for one, another in (("training-dev", beside), (name, environments["dev"])):
        assert not re.search(rf"(?<![a-z-]){one}(?!-eu)", json.dumps(another.content))


def test_an_environment_cannot_be_named_so_that_two_resource_names_are_equal(environments: dict[str, StackJson]) -> None:
    """`dev` with a part `a-b`, and `dev-a` with a part `b`, would both be named `training-dev-a-b`."""
    parts: dict[str, list[str]] = {}
    for what in identities(environments["dev"]):
        kind, _, name = what.removesuffix(")").partition("(")
        if re.search(r"training-dev-[^(,]+$", name) and "(" not in name:
            parts.setdefault(kind, []).append(name.partition("training-dev-")[2])
    assert sum(map(len, parts.values())) > 30
    for kind, of_kind in parts.items():
        assert not [(name, end) for name in of_kind for end in of_kind if name.endswith(f"-{end}")], kind


def test_resource_names_are_short_enough_with_the_longest_environment_name(tmp_path: Path) -> None:
    """The limits in characters, from AWS's API references: bucket 63, notebook 63, archive 48, role, rule and function 64."""
    limits = {"aws_s3_bucket": 63, "aws_sagemaker_notebook_instance": 63, "aws_cloudwatch_event_archive": 48}
    limits |= dict.fromkeys(("aws_iam_role", "aws_cloudwatch_event_rule", "aws_lambda_function"), 64)
    stack = synthesized("a-name-of-16-abc", tmp_path)
    for kind, limit in limits.items():
        for resource in stack.all(kind).values():
            assert len(resource[IDENTITIES[kind][-1]]) <= limit
