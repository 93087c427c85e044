"""The examples of the summary: each a change of the synthesized stack, as real Terraform plans it for the local environment."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from review.stack import Stack
from tests.support.paths import ROOT

COMMENTS = Path(__file__).with_name("comments")
PLANS = Path(__file__).with_name("plans")
STACK = "training-local"
OUT = Path("cdktf.out") / "stacks" / STACK

MOVED = "training-moved/terraform.tfstate"

Content = dict[str, Any]


def no_changes(_content: Content) -> None:
    """The stack as it is deployed."""


def additions(content: Content) -> None:
    """A second queue, with a log group, and a policy for a role that may read the queue."""
    resources = content["resource"]
    resources["aws_sqs_queue"]["reports"] = {"name": "training-local-reports"}
    resources["aws_iam_role_policy"]["reports"] = {
        "name": "training-local-reports",
        "role": "training-local-notebook",
        "policy": json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": {
                    "Effect": "Allow",
                    "Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage"],
                    "Resource": "arn:aws:sqs:us-east-1:123456789012:training-local-reports",
                },
            }
        ),
    }
    resources["aws_cloudwatch_log_group"]["reports"] = {"name": "/training-local/reports", "retention_in_days": 30}
    content["output"]["reports_queue_name"] = {"value": "${aws_sqs_queue.reports.name}"}


def table_replaced(content: Content) -> None:
    """Another sort key for the event log. DynamoDB cannot change a sort key."""
    log = _one(content, "aws_dynamodb_table", "event_log_")
    log["range_key"] = "place"
    for attribute in log["attribute"]:
        attribute["name"] = attribute["name"].replace("position", "place")


def policy_changed(content: Content) -> None:
    """The projector may do more, and the log's policy denies less."""
    grants = _one(content, "aws_iam_role_policy", "projector_")
    document = json.loads(grants["policy"])
    document["Statement"][0]["Action"].append("logs:CreateLogGroup")
    document["Statement"].append({"Effect": "Allow", "Action": "s3:*", "Resource": "*"})
    grants["policy"] = json.dumps(document)
    refusals = _one(content, "aws_dynamodb_resource_policy", "event_log_")
    document = json.loads(refusals["policy"])
    document["Statement"][0]["Action"].remove("dynamodb:DeleteItem")
    refusals["policy"] = json.dumps(document)


def protection_lifted(content: Content) -> None:
    """Some protection of data is switched off, some is removed, and the archive goes."""
    _one(content, "aws_dynamodb_table", "event_log_")["point_in_time_recovery"]["enabled"] = False
    _one(content, "aws_s3_bucket_versioning", "data_bucket_")["versioning_configuration"]["status"] = "Suspended"
    del content["resource"]["aws_s3_bucket_policy"]
    del content["resource"]["aws_cloudwatch_event_archive"]


def first_deploy(content: Content) -> None:
    """The state's address changes, so that everything would be created a second time."""
    content["terraform"]["backend"]["s3"]["key"] = MOVED


Edit = Callable[[Content], None]
EXAMPLES: dict[str, Edit] = {
    edit.__name__: edit for edit in (no_changes, additions, table_replaced, policy_changed, protection_lifted, first_deploy)
}


def _one(content: Content, kind: str, prefix: str) -> Any:
    (resource,) = (resource for name, resource in content["resource"][kind].items() if name.startswith(prefix))
    return resource


def stack(example: str) -> Stack:
    """The stack in the folder of an example."""
    key = MOVED if example == "first_deploy" else f"{STACK}/terraform.tfstate"
    return Stack(STACK, "training-state-123456789012-us-east-1", key)


def project(deployed: Path, folder: Path) -> Path:
    """Copy the deployed stack to where `python -m review` looks for it, and return the folder."""
    shutil.copytree(deployed, folder / OUT, ignore=shutil.ignore_patterns(".terraform"))
    return folder


def edited(project: Path, deployed: Path, edit: Edit) -> None:
    content = json.loads((deployed / "cdk.tf.json").read_text(encoding="utf-8"))
    edit(content)
    (project / OUT / "cdk.tf.json").write_text(json.dumps(content), encoding="utf-8")


def review(project: Path, environment: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """The real command, run in a project's folder."""
    paths = os.pathsep.join(filter(None, [str(ROOT), environment.get("PYTHONPATH", "")]))
    return subprocess.run(
        [sys.executable, "-m", "review", *arguments],
        cwd=project,
        env={**environment, "PYTHONPATH": paths, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def steady(text: str) -> str:
    """The text without what differs between deployments: DynamoDB names a stream by the time at which it began.

    The digest of a plan is over such names too.
    """
    text = re.sub(r"(?<=Digest: `sha256:)[0-9a-f]{64}", 64 * "0", text)
    return re.sub(r"(/stream/)[-0-9]{10}T[0-9:.]+", r"\g<1>2026-01-01T00:00:00.000", text)
