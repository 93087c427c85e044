"""The real emulators: they answer, enforce policies, keep what Terraform reads back, and leave no process running."""

import io
import json
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local.emulators import EMULATORS, emulators, running, start_detached, stop
from local.endpoints import ACCOUNT, Endpoints
from tests.support.paths import ROOT as PROJECT
from tests.support.patience import until

pytestmark = pytest.mark.local_aws

BUILD = PROJECT / ".build"
REGION = "us-east-1"


@pytest.fixture(scope="module")
def endpoints(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoints]:
    with emulators(REGION, tmp_path_factory.mktemp("emulators"), BUILD) as started:
        yield started


def client(service: str, url: str, key: str = "test", signature: str = "test") -> Any:
    connect: Any = boto3.client  # its stubs know services by literal names only
    return connect(service, endpoint_url=url, region_name=REGION, aws_access_key_id=key, aws_secret_access_key=signature)


def test_both_emulators_have_the_same_account_and_listen_on_loopback(endpoints: Endpoints) -> None:
    assert client("sts", endpoints.aws).get_caller_identity()["Account"] == ACCOUNT
    arn = client("sagemaker", endpoints.moto).create_model(
        ModelName="m", ExecutionRoleArn=f"arn:aws:iam::{ACCOUNT}:role/r", PrimaryContainer={"Image": "i"}
    )["ModelArn"]
    assert arn.split(":")[3:5] == [REGION, ACCOUNT]
    assert all(url.startswith("http://127.0.0.1:") for url in (endpoints.aws, endpoints.moto))


def test_policies_are_enforced(endpoints: Endpoints) -> None:
    iam = client("iam", endpoints.aws)
    iam.create_user(UserName="nobody")
    key = iam.create_access_key(UserName="nobody")["AccessKey"]
    nobody = client("dynamodb", endpoints.aws, key["AccessKeyId"], key["SecretAccessKey"])
    with pytest.raises(ClientError, match="AccessDenied"):
        nobody.list_tables()


def test_a_policy_can_require_conditional_writes(endpoints: Endpoints) -> None:
    s3, iam = client("s3", endpoints.aws), client("iam", endpoints.aws)
    s3.create_bucket(Bucket="written-once")
    iam.create_user(UserName="writer")
    allow = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::written-once/*"}
    deny = allow | {"Effect": "Deny", "Condition": {"Null": {"s3:if-none-match": "true"}}}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow, deny]})
    iam.put_user_policy(UserName="writer", PolicyName="once", PolicyDocument=policy)
    key = iam.create_access_key(UserName="writer")["AccessKey"]
    writer = client("s3", endpoints.aws, key["AccessKeyId"], key["SecretAccessKey"])
    writer.put_object(Bucket="written-once", Key="seal", Body=b"1", IfNoneMatch="*")
    with pytest.raises(ClientError, match="PreconditionFailed"):
        writer.put_object(Bucket="written-once", Key="seal", Body=b"2", IfNoneMatch="*")
    with pytest.raises(ClientError, match="AccessDenied"):
        writer.put_object(Bucket="written-once", Key="seal", Body=b"2")


FAILS_ONCE = """
import pathlib
def handler(event, context):
    before = pathlib.Path(MARK)
    records = event["Records"]
    if before.exists():
        pathlib.Path(MARK + ".done").touch()
        return {"batchItemFailures": []}
    before.touch()
    return {"batchItemFailures": [{"itemIdentifier": records[0]["dynamodb"]["SequenceNumber"]}]}
"""


def test_records_of_a_change_stream_that_a_function_reports_as_failed_come_again(endpoints: Endpoints, tmp_path: Path) -> None:
    dynamodb, functions = client("dynamodb", endpoints.aws), client("lambda", endpoints.aws)
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = client("iam", endpoints.aws).create_role(
        RoleName="follower", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )["Role"]["Arn"]
    stream = dynamodb.create_table(
        TableName="followed",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )["TableDescription"]["LatestStreamArn"]
    mark, package = tmp_path / "mark", io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("follower.py", FAILS_ONCE.replace("MARK", repr(str(mark))))
    functions.create_function(
        FunctionName="follower",
        Runtime="python3.13",
        Handler="follower.handler",
        Role=role,
        Code={"ZipFile": package.getvalue()},
    )
    functions.create_event_source_mapping(
        FunctionName="follower",
        EventSourceArn=stream,
        StartingPosition="TRIM_HORIZON",
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )
    dynamodb.put_item(TableName="followed", Item={"id": {"S": "1"}})
    until(mark.with_suffix(".done").exists)  # the record came again


def test_a_lifecycle_configuration_keeps_its_tags_and_takes_a_new_script(endpoints: Endpoints) -> None:
    sagemaker = client("sagemaker", endpoints.moto)
    name = {"NotebookInstanceLifecycleConfigName": "setup"}
    arn = sagemaker.create_notebook_instance_lifecycle_config(
        **name, OnStart=[{"Content": "b25l"}], Tags=[{"Key": "project", "Value": "training"}]
    )["NotebookInstanceLifecycleConfigArn"]

    sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "project", "Value": "other"}])
    assert sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "project", "Value": "other"}]

    sagemaker.update_notebook_instance_lifecycle_config(**name, OnStart=[{"Content": "dHdv"}])
    assert sagemaker.describe_notebook_instance_lifecycle_config(**name)["OnStart"] == [{"Content": "dHdv"}]


def test_a_notebook_keeps_its_platform_and_metadata_setting(endpoints: Endpoints) -> None:
    sagemaker = client("sagemaker", endpoints.moto)
    imds = {"MinimumInstanceMetadataServiceVersion": "2"}
    name = {"NotebookInstanceName": "lab"}
    sagemaker.create_notebook_instance(
        **name,
        InstanceType="ml.t3.medium",
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/r",
        PlatformIdentifier="notebook-al2-v3",
        InstanceMetadataServiceConfiguration=imds,
    )

    sagemaker.update_notebook_instance(**name, InstanceType="ml.t3.large")

    notebook = sagemaker.describe_notebook_instance(**name)
    assert notebook["PlatformIdentifier"] == "notebook-al2-v3"
    assert notebook["InstanceMetadataServiceConfiguration"] == imds
    assert notebook["InstanceType"] == "ml.t3.large"


def test_detached_emulators_are_found_again_and_stopped(tmp_path: Path) -> None:
    try:
        started = start_detached(REGION, tmp_path, BUILD)
        assert running(REGION, tmp_path) == started
        assert client("s3", started.aws).list_buckets()["Buckets"] == []
    finally:
        assert stop(tmp_path) is True
    assert running(REGION, tmp_path) is None


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_process_outlives_an_interrupted_block(signal_number: signal.Signals, tmp_path: Path) -> None:
    program = (
        "import signal, time; from pathlib import Path; from local.emulators import emulators;"
        # A shell's background job ignores SIGINT, and so would this process.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        f"with emulators({REGION!r}, Path({str(tmp_path)!r}), Path({str(BUILD)!r})): print('up', flush=True); time.sleep(300)"
    )
    process = subprocess.Popen([sys.executable, "-c", program], cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    with process:
        assert process.stdout
        assert process.stdout.readline() == b"up\n"
        owners = [emulator.owner(tmp_path) for emulator in EMULATORS]
        assert all(owners)
        os.kill(process.pid, signal_number)
    until(lambda: not any(emulator.owner(tmp_path) for emulator in EMULATORS))
