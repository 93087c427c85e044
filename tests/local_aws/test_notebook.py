"""The deployed notebook: what it installs is in the bucket, and the example runs with its role and its variables."""

import base64
import hashlib
import re
import subprocess
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from training_events.stores.dynamodb.event_log import DynamoDbLog

from stacks.packaging import client_wheel
from tests.local_aws.conftest import Deployed
from tests.support.notebooks import Executed, execute
from tests.support.paths import EXAMPLE, ROOT


@pytest.fixture(params=["wheel", "example"])
def file(request: pytest.FixtureRequest) -> Path:
    """What the notebook starts with."""
    return client_wheel.build() if request.param == "wheel" else EXAMPLE


@pytest.fixture(scope="module")
def start_script(deployed: Deployed) -> str:
    """What SageMaker would run, as Terraform has filled it in."""
    sagemaker, name = deployed.client("sagemaker"), deployed.outputs["notebook_instance_name"]
    lifecycle = sagemaker.describe_notebook_instance(NotebookInstanceName=name)["NotebookInstanceLifecycleConfigName"]
    said = sagemaker.describe_notebook_instance_lifecycle_config(NotebookInstanceLifecycleConfigName=lifecycle)
    return base64.b64decode(said["OnStart"][0]["Content"]).decode()


@pytest.fixture(scope="module")
def role(deployed: Deployed) -> dict[str, str]:
    """The credentials that the notebook has."""
    name = deployed.outputs["notebook_instance_name"]  # and its role's
    arn = deployed.client("iam").get_role(RoleName=name)["Role"]["Arn"]
    given = deployed.client("sts").assume_role(RoleArn=arn, RoleSessionName="SageMaker")["Credentials"]
    return {
        "aws_access_key_id": given["AccessKeyId"],
        "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given["SessionToken"],
    }


@pytest.fixture(scope="module")
def executed(deployed: Deployed, start_script: str, role: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Executed:
    folder = tmp_path_factory.mktemp("notebook")
    own = deployed.environment.endpoints.environment() | {name.upper(): value for name, value in role.items()}
    variables = dict(re.findall(r"^export (\w+)='(.*)'$", start_script, re.MULTILINE))
    return execute(EXAMPLE, folder, own | variables | {"TRAINING_EVENTS_SPOOL": str(folder / "spool")})


def test_what_was_recorded_is_in_the_log_and_says_what_is_in_the_bucket(deployed: Deployed, executed: Executed) -> None:
    (run,) = re.findall(r"'(digits-\w+)'", executed.output_of("train"))
    log = DynamoDbLog(deployed.outputs["event_log_table_name"], deployed.client("dynamodb"))
    events = {entry.event.type: entry.event.data for entry in log.read(f"run/{run}")}
    assert list(events) == ["TrainingStarted", "MetricsRecorded", "CheckpointSaved", "TrainingCompleted"]
    (dataset,) = events["TrainingStarted"]["datasets"]
    said = {f"runs/{run}/checkpoints/8/model.joblib": events["CheckpointSaved"], "datasets/digits/digits.npz": dataset}
    bucket = deployed.outputs["data_bucket_name"]
    for key, stored in said.items():
        assert stored["uri"] == f"s3://{bucket}/{key}"
        kept = deployed.client("s3").get_object(Bucket=bucket, Key=key, VersionId=stored["version_id"])["Body"].read()
        assert hashlib.sha256(kept).hexdigest() == stored["sha256"]
    assert run in executed.output_of("runs")
    assert executed.output_of("verify").count(" sound ") == 3


def test_what_the_notebook_installs_is_in_the_bucket_to_the_byte(deployed: Deployed, start_script: str, file: Path) -> None:
    key = f"client/{file.name}"
    kept = deployed.client("s3").get_object(Bucket=deployed.outputs["data_bucket_name"], Key=key)["Body"].read()
    assert kept == file.read_bytes()
    assert f"s3://{deployed.outputs['data_bucket_name']}/{key}" in start_script
    assert hashlib.sha256(kept).hexdigest() in start_script


def test_a_notebook_can_fetch_it_and_not_replace_it(deployed: Deployed, role: dict[str, str], file: Path) -> None:
    s3, place = deployed.client("s3", **role), {"Bucket": deployed.outputs["data_bucket_name"], "Key": f"client/{file.name}"}
    assert s3.get_object(**place)["ContentLength"] == file.stat().st_size
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.put_object(**place, Body=b"")


def test_the_start_up_script_came_through_terraform_as_it_was_written(start_script: str) -> None:
    subprocess.run(["bash", "-n"], input=start_script, text=True, check=True)
    written = (ROOT / "stacks" / "notebook_start.sh").read_text()
    as_written = [line for line in written.splitlines() if "@" not in line]
    assert [line for line in start_script.splitlines() if line in as_written] == as_written
