"""The environment `local` with two teams, on emulators of its own: Terraform applies what teams have to do with."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3

from local import terraform
from local.emulators import emulators
from local.endpoints import Endpoints
from local.environment import LocalEnvironment, region
from stacks.settings import Settings
from stacks.settings.file import load
from tests.support.patience import DEPLOYMENT_SECONDS
from tests.support.stack_json import StackJson

TEAMS = {"vision": {"roles": ["vision-training"]}, "speech": {"roles": ["speech-training"]}}
_KINDS = ("aws_iam_role_policy", "aws_s3_bucket_policy", "aws_dynamodb_resource_policy", "aws_lambda_permission")
"""What is applied, with all that it needs; beside the event processor's rule."""
_SLOW = ("projector", "openlineage", "forwarding")
"""Nothing that a team may do depends on it."""


@contextmanager
def deployed_teams(folder: Path) -> Iterator[LocalEnvironment]:
    """The account has the teams' roles before, as the settings say."""
    settings = Settings(**load("local").model_dump() | {"teams": TEAMS})
    stack = _synthesized(settings, folder)
    with emulators(region(), folder / "emulators", terraform.BUILD) as endpoints:
        _make_roles(endpoints, settings)
        _terraform(endpoints, stack, "init", "-input=false")
        targets = [f"-target={address}" for address in _targets(StackJson.read(stack))]
        _terraform(endpoints, stack, "apply", "-input=false", "-auto-approve", *targets)
        yield LocalEnvironment(endpoints, _outputs(endpoints, settings), folder)


def _synthesized(settings: Settings, folder: Path) -> Path:
    from cdktf import App  # noqa: PLC0415 - starts Node, which no process needs that only collects the tests

    from stacks.training_stack import TrainingStack  # noqa: PLC0415

    app = App(outdir=str(folder / "cdktf.out"))
    TrainingStack(app, settings)
    app.synth()
    stack = folder / "cdktf.out" / "stacks" / settings.stack_name
    content = json.loads((stack / "cdk.tf.json").read_text(encoding="utf-8"))
    del content["terraform"]["backend"]  # the state is of no use to anybody else
    (stack / "cdk.tf.json").write_text(json.dumps(content), encoding="utf-8")
    return stack


def _targets(stack: StackJson) -> list[str]:
    addresses = [f"{kind}.{name}" for kind, name, _ in stack.resources() if kind in _KINDS]
    rules = [f"aws_cloudwatch_event_target.{name}" for name in stack.all("aws_cloudwatch_event_target") if "processor" in name]
    return [address for address in (*addresses, *rules) if not any(part in address for part in _SLOW)]


def _make_roles(endpoints: Endpoints, settings: Settings) -> None:
    iam = boto3.client("iam", region_name=settings.region, **_as_root(endpoints))  # type: ignore[call-overload]
    everybody_here = {"AWS": f"arn:aws:iam::{settings.account_id}:root"}
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": everybody_here}
    for team in settings.teams.values():
        for role in team.roles:
            policy = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
            iam.create_role(RoleName=role, AssumeRolePolicyDocument=policy)


def _outputs(endpoints: Endpoints, settings: Settings) -> dict[str, str]:
    """By the names that the settings give: Terraform leaves out the outputs of a part."""
    sqs = boto3.client("sqs", region_name=settings.region, **_as_root(endpoints))  # type: ignore[call-overload]
    return {
        "data_bucket_name": settings.data_bucket_name,
        "event_bus_name": settings.name("events"),
        "event_log_table_name": settings.name("event-log"),
        "read_model_table_name": settings.name("read-models"),
        "notary_table_name": settings.name("notary"),
        "event_processor_function_name": settings.name("event-processor"),
        "notebook_instance_name": settings.name("notebook"),
        "undelivered_queue_url": sqs.get_queue_url(QueueName=settings.name("undelivered"))["QueueUrl"],
    }


def _as_root(endpoints: Endpoints) -> dict[str, str]:
    variables = endpoints.variables()
    return {
        "endpoint_url": variables["AWS_ENDPOINT_URL"],
        "aws_access_key_id": variables["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": variables["AWS_SECRET_ACCESS_KEY"],
    }


def _terraform(endpoints: Endpoints, folder: Path, *arguments: str) -> None:
    done = subprocess.run(
        ["terraform", *arguments, "-no-color"],
        cwd=folder,
        env=endpoints.environment(terraform.environment()),
        capture_output=True,
        text=True,
        check=False,
        timeout=DEPLOYMENT_SECONDS,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
