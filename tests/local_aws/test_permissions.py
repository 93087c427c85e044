"""IAM is enforced here: the event processor's role can do its work, and nothing that would alter or reveal the record."""

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from training_events.dynamodb_log import DynamoDbLog
from training_events.log import Appended

from tests.local_aws.conftest import Deployed, new_event

KEY = {"stream": {"S": "run/x"}, "position": {"S": "2026"}}


@pytest.fixture(scope="module")
def another_bucket(deployed: Deployed) -> Iterator[str]:
    s3 = deployed.client("s3")
    s3.create_bucket(Bucket="another")
    yield "another"
    s3.delete_bucket(Bucket="another")


@pytest.fixture(scope="module")
def as_processor(deployed: Deployed) -> Callable[[str], Any]:
    function = deployed.outputs["event_processor_function_name"]
    return lambda service: deployed.client_as_role_of(function, service)


def test_the_processor_can_do_its_work(deployed: Deployed, as_processor: Callable[[str], Any]) -> None:
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
    deployed: Deployed, as_processor: Callable[[str], Any], service: str, operation: str, parameters: dict[str, Any]
) -> None:
    named = {
        "event_log": deployed.outputs["event_log_table_name"],
        "read_model": deployed.outputs["read_model_table_name"],
        "data_bucket": deployed.outputs["data_bucket_name"],
        "undelivered_queue": deployed.outputs["undelivered_queue_url"],
    }
    parameters = {name: named.get(value, value) if isinstance(value, str) else value for name, value in parameters.items()}
    with pytest.raises(ClientError) as raised:
        getattr(as_processor(service), operation)(**parameters)
    assert raised.value.response["Error"]["Code"] in {"AccessDenied", "AccessDeniedException"}


def test_the_log_carries_the_policy_that_forbids_altering_it(deployed: Deployed) -> None:
    """The emulator keeps a table's policy but does not enforce it: what it says is checked in tests/synth/test_storage.py."""
    table = deployed.client("dynamodb").describe_table(TableName=deployed.outputs["event_log_table_name"])["Table"]
    (statement,) = json.loads(deployed.client("dynamodb").get_resource_policy(ResourceArn=table["TableArn"])["Policy"])[
        "Statement"
    ]
    assert (statement["Effect"], statement["Principal"], statement["Resource"]) == ("Deny", "*", table["TableArn"])
    assert "dynamodb:DeleteItem" in statement["Action"]
