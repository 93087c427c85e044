"""IAM is enforced here: each function's role can do its work, and nothing that would alter or reveal what is recorded."""

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from training_events.stores.dynamodb.event_log import DynamoDbLog
from training_events.stores.event_log import Appended

from tests.local_aws.conftest import Deployed, new_event

KEY = {"stream": {"S": "run/x"}, "position": {"S": "2026"}}
STREAM = {"stream": {"S": "run/x"}}
Clients = Callable[[str], Any]


@pytest.fixture(scope="module")
def another_bucket(deployed: Deployed) -> Iterator[str]:
    s3 = deployed.client("s3")
    s3.create_bucket(Bucket="another")
    yield "another"
    s3.delete_bucket(Bucket="another")


@pytest.fixture(scope="module")
def as_processor(deployed: Deployed) -> Clients:
    function = deployed.outputs["event_processor_function_name"]
    return lambda service: deployed.client_as_role_of(function, service)


@pytest.fixture(scope="module")
def as_projector(deployed: Deployed) -> Clients:
    function = deployed.outputs["projector_function_name"]
    return lambda service: deployed.client_as_role_of(function, service)


@pytest.fixture(scope="module")
def in_the_notebook(deployed: Deployed) -> Clients:
    name = deployed.outputs["notebook_instance_name"]  # the role has the same name
    role = deployed.client("iam").get_role(RoleName=name)["Role"]["Arn"]
    assumed = deployed.client("sts").assume_role(RoleArn=role, RoleSessionName="SageMaker")["Credentials"]
    credentials = {
        "aws_access_key_id": assumed["AccessKeyId"],
        "aws_secret_access_key": assumed["SecretAccessKey"],
        "aws_session_token": assumed["SessionToken"],
    }
    return lambda service: deployed.client(service, **credentials)


def _refused(deployed: Deployed, clients: Clients, service: str, operation: str, parameters: dict[str, Any]) -> None:
    """Check that IAM denies the operation. A parameter may be the beginning of a Terraform output's name."""
    named = {
        "event_log": deployed.outputs["event_log_table_name"],
        "read_model": deployed.outputs["read_model_table_name"],
        "data_bucket": deployed.outputs["data_bucket_name"],
        "undelivered_queue": deployed.outputs["undelivered_queue_url"],
    }
    parameters = {name: named.get(value, value) if isinstance(value, str) else value for name, value in parameters.items()}
    with pytest.raises(ClientError) as raised:
        getattr(clients(service), operation)(**parameters)
    assert raised.value.response["Error"]["Code"] in {"AccessDenied", "AccessDeniedException"}


def _locked_seal(deployed: Deployed) -> dict[str, Any]:
    """The parameters of a put of a seal, as the projector puts it."""
    return {
        "Bucket": deployed.outputs["data_bucket_name"],
        "Key": f"seals/run/{uuid.uuid4().hex}/000001.jsonl",
        "Body": b"{}\n",
        "IfNoneMatch": "*",
        "ObjectLockMode": "GOVERNANCE",
        "ObjectLockRetainUntilDate": datetime.now(UTC) + timedelta(days=7),
    }


def test_the_processor_can_do_its_work(deployed: Deployed, as_processor: Clients) -> None:
    log = DynamoDbLog(deployed.outputs["event_log_table_name"], as_processor("dynamodb"))
    event = new_event(f"run/{uuid.uuid4().hex}", 1)
    assert (log.append(event), log.append(event)) == (Appended.RECORDED, Appended.REPEATED)
    bucket = deployed.outputs["data_bucket_name"]
    as_processor("s3").put_object(Bucket=bucket, Key="undelivered/permissions.json", Body=b"{}")
    as_processor("sqs").send_message(QueueUrl=deployed.outputs["undelivered_queue_url"], MessageBody="permissions")


@pytest.mark.usefixtures("another_bucket")
@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("dynamodb", "update_item", {"TableName": "event_log", "Key": KEY}),
        ("dynamodb", "delete_item", {"TableName": "event_log", "Key": KEY}),
        ("dynamodb", "get_item", {"TableName": "event_log", "Key": KEY}),
        ("dynamodb", "scan", {"TableName": "event_log"}),
        ("dynamodb", "delete_table", {"TableName": "event_log"}),
        ("dynamodb", "put_item", {"TableName": "read_model", "Item": KEY}),
        ("dynamodb", "put_item", {"TableName": "another", "Item": KEY}),
        ("s3", "put_object", {"Bucket": "data_bucket", "Key": "datasets/x", "Body": b""}),
        ("s3", "get_object", {"Bucket": "data_bucket", "Key": "undelivered/x"}),
        ("s3", "put_object", {"Bucket": "another", "Key": "undelivered/x", "Body": b""}),
        ("s3", "delete_object", {"Bucket": "data_bucket", "Key": "undelivered/x"}),
        ("sqs", "receive_message", {"QueueUrl": "undelivered_queue"}),
        ("events", "put_events", {"Entries": [{"Source": "x", "DetailType": "x", "Detail": "{}"}]}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_processor_can_do_nothing_else(
    deployed: Deployed, as_processor: Clients, service: str, operation: str, parameters: dict[str, Any]
) -> None:
    _refused(deployed, as_processor, service, operation, parameters)


def test_the_projector_can_do_its_work(deployed: Deployed, as_projector: Clients) -> None:
    dynamodb, s3 = as_projector("dynamodb"), as_projector("s3")
    stream, bucket = f"run/{uuid.uuid4().hex}", deployed.outputs["data_bucket_name"]
    key = {"stream": {"S": stream}}
    read_models = deployed.outputs["read_model_table_name"]
    dynamodb.put_item(
        TableName=read_models,
        Item=key,
        ConditionExpression="attribute_not_exists(#stream)",
        ExpressionAttributeNames={"#stream": "stream"},
    )
    assert dynamodb.get_item(TableName=read_models, Key=key, ConsistentRead=True)["Item"] == key
    answer = dynamodb.query(
        TableName=deployed.outputs["event_log_table_name"],
        KeyConditionExpression="#stream = :stream",
        ExpressionAttributeNames={"#stream": "stream"},
        ExpressionAttributeValues={":stream": {"S": stream}},
    )
    assert answer["Items"] == []

    seal = _locked_seal(deployed)
    s3.put_object(**seal)
    (listed,) = s3.list_object_versions(Bucket=bucket, Prefix=seal["Key"].rsplit("/", 1)[0] + "/")["Versions"]
    assert listed["Key"] == seal["Key"]
    assert s3.get_object(Bucket=bucket, Key=seal["Key"], VersionId=listed["VersionId"])["Body"].read() == seal["Body"]
    lock = deployed.client("s3").get_object_retention(Bucket=bucket, Key=seal["Key"])["Retention"]
    assert lock["Mode"] == "GOVERNANCE"

    s3.put_object(Bucket=bucket, Key="undelivered/permissions.json", Body=b"{}")
    as_projector("sqs").send_message(QueueUrl=deployed.outputs["undelivered_queue_url"], MessageBody="permissions")


@pytest.mark.usefixtures("another_bucket")
@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("dynamodb", "put_item", {"TableName": "event_log", "Item": KEY}),
        ("dynamodb", "update_item", {"TableName": "event_log", "Key": KEY}),
        ("dynamodb", "delete_item", {"TableName": "event_log", "Key": KEY}),
        ("dynamodb", "scan", {"TableName": "event_log"}),
        ("dynamodb", "update_item", {"TableName": "read_model", "Key": STREAM}),
        ("dynamodb", "delete_item", {"TableName": "read_model", "Key": STREAM}),
        ("dynamodb", "scan", {"TableName": "read_model"}),
        ("dynamodb", "put_item", {"TableName": "another", "Item": STREAM}),
        ("s3", "put_object", {"Bucket": "data_bucket", "Key": "datasets/x", "Body": b""}),
        ("s3", "get_object", {"Bucket": "data_bucket", "Key": "datasets/x"}),
        ("s3", "get_object", {"Bucket": "data_bucket", "Key": "undelivered/x"}),
        ("s3", "list_objects_v2", {"Bucket": "data_bucket"}),
        ("s3", "list_object_versions", {"Bucket": "data_bucket"}),
        ("s3", "list_object_versions", {"Bucket": "data_bucket", "Prefix": "datasets/"}),
        ("s3", "delete_object", {"Bucket": "data_bucket", "Key": "seals/run/x/000001.jsonl"}),
        ("s3", "put_object", {"Bucket": "another", "Key": "seals/run/x/000001.jsonl", "Body": b""}),
        ("sqs", "receive_message", {"QueueUrl": "undelivered_queue"}),
        ("events", "put_events", {"Entries": [{"Source": "x", "DetailType": "x", "Detail": "{}"}]}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_projector_can_do_nothing_else(
    deployed: Deployed, as_projector: Clients, service: str, operation: str, parameters: dict[str, Any]
) -> None:
    _refused(deployed, as_projector, service, operation, parameters)


def test_the_projector_cannot_remove_a_seal_or_shorten_its_lock(deployed: Deployed, as_projector: Clients) -> None:
    seal = _locked_seal(deployed)
    version = as_projector("s3").put_object(**seal)["VersionId"]
    version_of_seal = {"Bucket": seal["Bucket"], "Key": seal["Key"], "VersionId": version}
    for bypass in (False, True):
        _refused(deployed, as_projector, "s3", "delete_object", version_of_seal | {"BypassGovernanceRetention": bypass})
    with pytest.raises(ClientError, match="PreconditionFailed"):
        as_projector("s3").put_object(**seal)
    content = deployed.client("s3").get_object(**version_of_seal)["Body"].read()
    assert content == seal["Body"]


def test_a_notebook_can_list_read_models_and_read_seals_but_not_write_them(
    deployed: Deployed, as_projector: Clients, in_the_notebook: Clients
) -> None:
    """Its role may put objects anywhere in the bucket. The bucket's policy denies it seals."""
    item = {
        "stream": {"S": f"run/{uuid.uuid4().hex}"},
        "shard": {"S": "permissions#0"},
        "first_at": {"S": "2026-11-22T15:00:00.000000Z#x"},
        "summary": {"S": "{}"},
        "state": {"B": b"state"},
    }
    as_projector("dynamodb").put_item(TableName=deployed.outputs["read_model_table_name"], Item=item)
    (listed,) = in_the_notebook("dynamodb").query(
        TableName=deployed.outputs["read_model_table_name"],
        IndexName="by_shard",
        KeyConditionExpression="#shard = :shard",
        ExpressionAttributeNames={"#shard": "shard"},  # a reserved word
        ExpressionAttributeValues={":shard": item["shard"]},
    )["Items"]
    assert listed == {name: value for name, value in item.items() if name != "state"}

    seal = _locked_seal(deployed)
    as_projector("s3").put_object(**seal)
    s3, bucket = in_the_notebook("s3"), deployed.outputs["data_bucket_name"]
    assert s3.get_object(Bucket=bucket, Key=seal["Key"])["Body"].read() == seal["Body"]
    s3.put_object(Bucket=bucket, Key="datasets/permissions", Body=b"")
    for key in (seal["Key"], f"seals/run/{uuid.uuid4().hex}/000001.jsonl"):
        _refused(deployed, in_the_notebook, "s3", "put_object", {"Bucket": "data_bucket", "Key": key, "Body": b""})
    _refused(deployed, in_the_notebook, "dynamodb", "scan", {"TableName": "event_log"})
    _refused(deployed, in_the_notebook, "sqs", "receive_message", {"QueueUrl": "undelivered_queue"})


def test_the_log_has_the_policy_that_denies_alterations(deployed: Deployed) -> None:
    """The emulator stores a table's policy, but does not enforce it. tests/synth/test_storage.py checks its statements."""
    table = deployed.client("dynamodb").describe_table(TableName=deployed.outputs["event_log_table_name"])["Table"]
    policy = json.loads(deployed.client("dynamodb").get_resource_policy(ResourceArn=table["TableArn"])["Policy"])
    altering, appending = sorted(policy["Statement"], key=lambda statement: statement["Sid"])
    for statement in (altering, appending):
        assert (statement["Effect"], statement["Principal"], statement["Resource"]) == ("Deny", "*", table["TableArn"])
    assert "dynamodb:DeleteItem" in altering["Action"]
    processor = deployed.client("lambda").get_function_configuration(
        FunctionName=deployed.outputs["event_processor_function_name"]
    )
    assert appending["Condition"] == {"ArnNotEquals": {"aws:PrincipalArn": processor["Role"]}}
