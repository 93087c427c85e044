"""Only one apply can run at a time. A lock that nobody holds any more is broken with the commands in the release's README.

This file must run after test_applied.py, because the last test changes the stack.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from stacks.settings.file import load
from tests.local_aws.handed_over.apply import HandedOver
from tests.support.patience import DEPLOYMENT_SECONDS, until

APPLY = ("apply", "-auto-approve", "-input=false", "-no-color")
REFUSED = "Error acquiring the state lock"


@pytest.fixture
def applying(handed_over: HandedOver, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """An apply during a change of about 25 s: Terraform waits until a queue returns its new attributes."""
    folder = tmp_path / "changed"
    shutil.copytree(handed_over.folder, folder, symlinks=True)
    file = folder / "cdk.tf.json"
    content = json.loads(file.read_text(encoding="utf-8"))
    (queue,) = content["resource"]["aws_sqs_queue"].values()
    queue["message_retention_seconds"] -= 60
    file.write_text(json.dumps(content), encoding="utf-8")
    output = tmp_path / "apply.log"
    with output.open("wb") as log:
        first = subprocess.Popen(
            ["terraform", *APPLY],
            cwd=folder,
            env=handed_over.machine.environment(),
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:

        def modifies() -> bool:
            assert first.poll() is None, output.read_text(encoding="utf-8")
            return bool(locks(handed_over)) and "Modifying..." in output.read_text(encoding="utf-8")

        until(modifies)
        yield first
    finally:
        if first.returncode is None:
            os.killpg(first.pid, signal.SIGKILL)
            first.wait()


def client(handed_over: HandedOver, service: Any) -> Any:
    variables = handed_over.machine.endpoints.variables()
    return boto3.client(
        service,
        region_name=variables["AWS_REGION"],
        endpoint_url=variables["AWS_ENDPOINT_URL"],
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
    )


def locks(handed_over: HandedOver) -> list[str]:
    listed: Any = client(handed_over, "s3").list_objects_v2(Bucket=load("local").state_bucket)
    return [item["Key"] for item in listed["Contents"] if item["Key"].endswith(".tflock")]


def kept_seconds(handed_over: HandedOver) -> int:
    sqs = client(handed_over, "sqs")
    (queue,) = sqs.list_queues()["QueueUrls"]
    return int(sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]["MessageRetentionPeriod"])


def holder(output: str) -> dict[str, str]:
    """Who holds the lock, from Terraform's output."""
    return dict(re.findall(r"^\W*(ID|Who|Operation|Created):\s+(.+?)\s*$", output, re.MULTILINE))


def test_a_resource_that_a_killed_apply_left_out_of_the_state_can_be_imported(handed_over: HandedOver) -> None:
    state = handed_over.terraform("state", "list").stdout.split()
    (archive,) = (address for address in state if address.startswith("aws_cloudwatch_event_archive."))
    assert handed_over.terraform("state", "rm", archive).returncode == 0

    again = handed_over.terraform(*APPLY)
    assert again.returncode == 1
    assert "already exists" in again.stderr

    documented = re.search(r"terraform (import .+)", (handed_over.folder / "README.md").read_text(encoding="utf-8"))
    assert documented
    import_it = documented[1].replace("ADDRESS", archive).replace("ID", "training-local-events")
    imported = handed_over.terraform(*import_it.split())
    assert imported.returncode == 0, imported.stderr
    plan = handed_over.terraform("plan", "-detailed-exitcode", "-input=false", "-no-color")
    assert plan.returncode == 0, plan.stdout


def test_a_second_apply_is_refused_and_the_lock_of_a_killed_one_is_broken_by_its_id(
    handed_over: HandedOver, applying: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    machine, changed = handed_over.machine, tmp_path / "changed"

    second = handed_over.terraform(*APPLY)
    assert applying.poll() is None
    assert (second.returncode, REFUSED in second.stderr) == (1, True), second.stderr
    lock = holder(second.stderr)
    assert lock["Operation"] == "OperationTypeApply"
    assert "@" in lock["Who"]

    os.killpg(applying.pid, signal.SIGKILL)
    applying.wait()
    assert locks(handed_over) == ["training-local/terraform.tfstate.tflock"]
    out = tmp_path / "cdktf.out"
    deployment = _cdktf_deploys(handed_over, out)
    assert deployment.returncode != 0
    assert REFUSED in deployment.stdout
    assert holder(deployment.stdout)["ID"] == lock["ID"]

    # As documented: for a release in its folder, for cdktf in the stack's folder below cdktf.out.
    documented = re.search(r"terraform (force-unlock .+)", (changed / "README.md").read_text(encoding="utf-8"))
    assert documented
    wrong = machine.terraform(changed, *documented[1].replace("ID", "0-1").split())
    assert (wrong.returncode, locks(handed_over) != []) == (1, True)
    broken = machine.terraform(out / "stacks" / "training-local", *documented[1].replace("ID", lock["ID"]).split())
    assert broken.returncode == 0, broken.stderr
    assert locks(handed_over) == []

    wanted = kept_seconds_of(changed)
    applied = machine.terraform(changed, *APPLY)
    assert applied.returncode == 0, applied.stderr
    assert kept_seconds(handed_over) == wanted
    assert locks(handed_over) == []
    plan = machine.terraform(changed, "plan", "-detailed-exitcode", "-input=false", "-no-color")
    assert plan.returncode == 0, plan.stdout


def kept_seconds_of(folder: Path) -> int:
    (queue,) = json.loads((folder / "cdk.tf.json").read_text(encoding="utf-8"))["resource"]["aws_sqs_queue"].values()
    return int(queue["message_retention_seconds"])


def _cdktf_deploys(handed_over: HandedOver, out: Path) -> subprocess.CompletedProcess[str]:
    """Run `make deploy` with the same state."""
    options = ["--auto-approve", "--skip-provider-lock", "--no-color", "--output", str(out)]
    return subprocess.run(
        [sys.executable, "-m", "local.terraform", "npx", "--no-install", "cdktf", "deploy", "training-local", *options],
        env=handed_over.machine.endpoints.environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=DEPLOYMENT_SECONDS,
    )
