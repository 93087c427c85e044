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
QUERY = {
    "KeyConditionExpression": "#stream = :stream",
    "ExpressionAttributeNames": {"#stream": "stream"},
    "ExpressionAttributeValues": {":stream": {"S": "run/x"}},
}
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
def as_notary(deployed: Deployed) -> Clients:
    function = deployed.outputs["notary_function_name"]
    return lambda service: deployed.client_as_role_of(function, service)


@pytest.fixture(scope="module")
def as_starter(deployed: Deployed) -> Clients:
    function = deployed.outputs["training_starter_function_name"]
    return lambda service: deployed.client_as_role_of(function, service)


@pytest.fixture(scope="module")
def in_the_notebook(deployed: Deployed) -> Clients:
    return _in_sagemaker(deployed, deployed.outputs["notebook_instance_name"])  # the role has the same name


@pytest.fixture(scope="module")
def in_a_job(deployed: Deployed) -> Clients:
    return _in_sagemaker(deployed, "training-local-training-jobs")


def _in_sagemaker(deployed: Deployed, name: str) -> Clients:
    """Clients with the credentials of a role that SageMaker assumes."""
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
        "leaves": deployed.outputs["notary_table_name"],
        "checkpoint_key": deployed.outputs["checkpoint_key_arn"],
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


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("dynamodb", "put_item", {"TableName": "event_log", "Item": KEY}),
        ("dynamodb", "update_item", {"TableName": "event_log", "Key": KEY}),
        ("dynamodb", "delete_item", {"TableName": "event_log", "Key": KEY}),
        ("dynamodb", "delete_item", {"TableName": "leaves", "Key": KEY}),
        ("dynamodb", "query", {"TableName": "read_model", **QUERY}),
        ("s3", "put_object", {"Bucket": "data_bucket", "Key": "seals/run/x/000001.jsonl", "Body": b"", "IfNoneMatch": "*"}),
        ("s3", "put_object", {"Bucket": "data_bucket", "Key": "notary/tile/0/000", "Body": b""}),
        ("s3", "delete_object", {"Bucket": "data_bucket", "Key": "notary/checkpoint"}),
        ("s3", "get_object", {"Bucket": "data_bucket", "Key": "datasets/x"}),
        ("kms", "schedule_key_deletion", {"KeyId": "checkpoint_key"}),
        ("sqs", "receive_message", {"QueueUrl": "undelivered_queue"}),
        ("events", "put_events", {"Entries": [{"Source": "x", "DetailType": "x", "Detail": "{}"}]}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_notary_can_do_nothing_but_its_work(
    deployed: Deployed, as_notary: Clients, service: str, operation: str, parameters: dict[str, Any]
) -> None:
    """Its work: tests/local_aws/test_notary.py."""
    _refused(deployed, as_notary, service, operation, parameters)


def test_nobody_else_signs_or_takes_leaves(
    deployed: Deployed, as_processor: Clients, as_projector: Clients, in_the_notebook: Clients
) -> None:
    """By their own policies; the emulator does not enforce those of the key and the table."""
    signing = {"KeyId": "checkpoint_key", "Message": b"x", "SigningAlgorithm": "ECDSA_SHA_256"}
    for clients in (as_processor, as_projector, in_the_notebook):
        _refused(deployed, clients, "kms", "sign", signing)
        _refused(deployed, clients, "dynamodb", "put_item", {"TableName": "leaves", "Item": KEY})
        put = {"Bucket": "data_bucket", "Key": "notary/checkpoint", "Body": b""}
        _refused(deployed, clients, "s3", "put_object", put)


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


def test_the_training_starter_can_do_its_work(deployed: Deployed, as_starter: Clients) -> None:
    """But for SageMaker: moto enforces nothing. tests/synth/test_training_starter.py has those rights."""
    bucket, root = deployed.outputs["data_bucket_name"], deployed.client("s3")
    dynamodb, s3 = as_starter("dynamodb"), as_starter("s3")
    for table in ("event_log", "read_model"):
        answer = dynamodb.query(
            TableName=deployed.outputs[f"{table}_table_name"],
            KeyConditionExpression="#stream = :stream",
            ExpressionAttributeNames={"#stream": "stream"},
            ExpressionAttributeValues={":stream": {"S": f"run/{uuid.uuid4().hex}"}},
        )
        assert answer["Items"] == []
    for key in ("recipes/permissions.toml", "datasets/permissions/x", "pinned/permissions/x"):
        root.put_object(Bucket=bucket, Key=key, Body=b"1")
        assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == b"1"
    assert s3.list_objects_v2(Bucket=bucket, Prefix="recipes/")["KeyCount"] >= 1
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket=bucket, Key="recipes/permissions.paused")
    s3.put_object(Bucket=bucket, Key="pinned/permissions/y", Body=b"")
    version = root.head_object(Bucket=bucket, Key="datasets/permissions/x")["VersionId"]
    source = {"Bucket": bucket, "Key": "datasets/permissions/x", "VersionId": version}
    s3.copy_object(Bucket=bucket, Key="pinned/permissions/z", CopySource=source, TaggingDirective="REPLACE")
    entry = {"Source": "my.sagemaker.training.jobs", "DetailType": "Described", "Detail": '{"run_id": "permissions"}'}
    published = as_starter("events").put_events(Entries=[entry | {"EventBusName": deployed.outputs["event_bus_name"]}])
    assert published["FailedEntryCount"] == 0
    for key in ("recipes/permissions.toml", "datasets/permissions/x"):
        root.delete_object(Bucket=bucket, Key=key)


@pytest.mark.usefixtures("another_bucket")
@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("dynamodb", "put_item", {"TableName": "event_log", "Item": KEY}),
        ("dynamodb", "scan", {"TableName": "event_log"}),
        ("dynamodb", "put_item", {"TableName": "read_model", "Item": STREAM}),
        ("dynamodb", "scan", {"TableName": "read_model"}),
        ("s3", "put_object", {"Bucket": "data_bucket", "Key": "recipes/x.toml", "Body": b""}),
        ("s3", "put_object", {"Bucket": "data_bucket", "Key": "datasets/x", "Body": b""}),
        ("s3", "put_object", {"Bucket": "data_bucket", "Key": "runs/x", "Body": b""}),
        ("s3", "put_object", {"Bucket": "data_bucket", "Key": "client/x", "Body": b""}),
        ("s3", "put_object", {"Bucket": "another", "Key": "pinned/x", "Body": b""}),
        ("s3", "get_object", {"Bucket": "data_bucket", "Key": "undelivered/x"}),
        ("s3", "get_object", {"Bucket": "data_bucket", "Key": "seals/x"}),
        ("s3", "delete_object", {"Bucket": "data_bucket", "Key": "pinned/x"}),
        ("sqs", "receive_message", {"QueueUrl": "undelivered_queue"}),
        ("lambda", "invoke", {"FunctionName": "training-local-event-processor"}),
        (
            "sts",
            "assume_role",
            {"RoleArn": "arn:aws:iam::123456789012:role/training-local-notebook", "RoleSessionName": "starter"},
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_training_starter_can_do_nothing_else(
    deployed: Deployed, as_starter: Clients, service: str, operation: str, parameters: dict[str, Any]
) -> None:
    _refused(deployed, as_starter, service, operation, parameters)


def test_a_job_can_read_data_and_write_what_its_run_makes(deployed: Deployed, in_a_job: Clients) -> None:
    bucket, s3 = deployed.outputs["data_bucket_name"], in_a_job("s3")
    deployed.client("s3").put_object(Bucket=bucket, Key="pinned/job/x", Body=b"1")
    assert s3.get_object(Bucket=bucket, Key="pinned/job/x")["Body"].read() == b"1"
    assert s3.list_objects_v2(Bucket=bucket, Prefix="pinned/job/")["KeyCount"] == 1
    for key in ("runs/job/x", "models/job/x"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    entry = {"Source": "my.sagemaker.training.jobs", "DetailType": "Described", "Detail": '{"run_id": "permissions"}'}
    published = in_a_job("events").put_events(Entries=[entry | {"EventBusName": deployed.outputs["event_bus_name"]}])
    assert published["FailedEntryCount"] == 0


@pytest.mark.parametrize("prefix", ["datasets", "recipes", "code", "pinned", "seals/run", "client", "undelivered"])
def test_a_job_writes_nothing_else_and_no_recipe_comes_from_a_notebook(
    deployed: Deployed, in_a_job: Clients, in_the_notebook: Clients, prefix: str
) -> None:
    put = {"Bucket": "data_bucket", "Key": f"{prefix}/x", "Body": b""}
    _refused(deployed, in_a_job, "s3", "put_object", put)
    if prefix in ("recipes", "client"):
        _refused(deployed, in_the_notebook, "s3", "put_object", put)


def test_a_job_reads_neither_the_log_nor_the_queue(deployed: Deployed, in_a_job: Clients) -> None:
    _refused(deployed, in_a_job, "dynamodb", "get_item", {"TableName": "event_log", "Key": KEY})
    _refused(deployed, in_a_job, "sqs", "receive_message", {"QueueUrl": "undelivered_queue"})
    _refused(deployed, in_a_job, "s3", "list_objects_v2", {"Bucket": "data_bucket"})


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
