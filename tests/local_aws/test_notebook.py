"""The deployed notebook: the files that it installs are in the bucket, and the example runs with its role and variables."""

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
    """A file that the notebook installs."""
    return client_wheel.build() if request.param == "wheel" else EXAMPLE


@pytest.fixture(scope="module")
def start_script(deployed: Deployed) -> str:
    """The script that SageMaker would run, with the values from Terraform."""
    sagemaker, name = deployed.client("sagemaker"), deployed.outputs["notebook_instance_name"]
    lifecycle = sagemaker.describe_notebook_instance(NotebookInstanceName=name)["NotebookInstanceLifecycleConfigName"]
    configuration = sagemaker.describe_notebook_instance_lifecycle_config(NotebookInstanceLifecycleConfigName=lifecycle)
    return base64.b64decode(configuration["OnStart"][0]["Content"]).decode()


@pytest.fixture(scope="module")
def role(deployed: Deployed) -> dict[str, str]:
    """The credentials of the notebook."""
    name = deployed.outputs["notebook_instance_name"]  # the role has the same name
    arn = deployed.client("iam").get_role(RoleName=name)["Role"]["Arn"]
    credentials = deployed.client("sts").assume_role(RoleArn=arn, RoleSessionName="SageMaker")["Credentials"]
    return {
        "aws_access_key_id": credentials["AccessKeyId"],
        "aws_secret_access_key": credentials["SecretAccessKey"],
        "aws_session_token": credentials["SessionToken"],
    }


@pytest.fixture(scope="module")
def executed(deployed: Deployed, start_script: str, role: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Executed:
    folder = tmp_path_factory.mktemp("notebook")
    own = deployed.environment.endpoints.environment() | {name.upper(): value for name, value in role.items()}
    variables = dict(re.findall(r"^export (\w+)='(.*)'$", start_script, re.MULTILINE))
    return execute(EXAMPLE, folder, own | variables | {"TRAINING_EVENTS_SPOOL": str(folder / "spool")})


def test_the_recorded_events_are_in_the_log_and_match_the_objects_in_the_bucket(deployed: Deployed, executed: Executed) -> None:
    (run,) = re.findall(r"'(digits-\w+)'", executed.output_of("train"))
    log = DynamoDbLog(deployed.outputs["event_log_table_name"], deployed.client("dynamodb"))
    events = {entry.event.type: entry.event.data for entry in log.read(f"run/{run}")}
    assert list(events) == ["TrainingStarted", "MetricsRecorded", "CheckpointSaved", "TrainingCompleted"]
    (dataset,) = events["TrainingStarted"]["datasets"]
    files = {f"runs/{run}/checkpoints/8/model.joblib": events["CheckpointSaved"], "datasets/digits/digits.npz": dataset}
    bucket = deployed.outputs["data_bucket_name"]
    for key, stored in files.items():
        assert stored["uri"] == f"s3://{bucket}/{key}"
        content = deployed.client("s3").get_object(Bucket=bucket, Key=key, VersionId=stored["version_id"])["Body"].read()
        assert hashlib.sha256(content).hexdigest() == stored["sha256"]
    assert run in executed.output_of("runs")
    assert executed.output_of("verify").count(" sound ") == 3


def test_the_files_that_the_notebook_installs_are_in_the_bucket_unchanged(
    deployed: Deployed, start_script: str, file: Path
) -> None:
    key = f"client/{file.name}"
    content = deployed.client("s3").get_object(Bucket=deployed.outputs["data_bucket_name"], Key=key)["Body"].read()
    assert content == file.read_bytes()
    assert f"s3://{deployed.outputs['data_bucket_name']}/{key}" in start_script
    assert hashlib.sha256(content).hexdigest() in start_script


def test_a_notebook_can_fetch_these_files_but_not_replace_them(deployed: Deployed, role: dict[str, str], file: Path) -> None:
    s3, file_object = (
        deployed.client("s3", **role),
        {"Bucket": deployed.outputs["data_bucket_name"], "Key": f"client/{file.name}"},
    )
    assert s3.get_object(**file_object)["ContentLength"] == file.stat().st_size
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.put_object(**file_object, Body=b"")


def test_terraform_has_not_changed_the_start_up_script(start_script: str) -> None:
    subprocess.run(["bash", "-n"], input=start_script, text=True, check=True)
    written = (ROOT / "stacks" / "notebook_start.sh").read_text()
    constant = [line for line in written.splitlines() if "@" not in line]
    assert [line for line in start_script.splitlines() if line in constant] == constant
