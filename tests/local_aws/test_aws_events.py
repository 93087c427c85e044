"""AWS's own events on the real buses: from the account's default bus, by the forwarding rules, to the log.

MiniStack's S3 sends its events there as AWS does. It has no SageMaker, and like AWS it refuses events with an `aws.` source
from anybody else. So for SageMaker's events these tests check both halves of the path: the rules' patterns, and the function.
"""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from training_events.event import Event
from training_events.stores.dynamodb.event_log import DynamoDbLog

from tests.local_aws.conftest import Deployed
from tests.support.aws_events import ACCOUNT, sample
from tests.support.patience import until

SAMPLES = ["aws_training_job", "aws_model_package", "aws_pipeline_execution"]


def _recorded(deployed: Deployed, stream: str) -> list[Event]:
    log = DynamoDbLog(deployed.outputs["event_log_table_name"], deployed.client("dynamodb"))
    return [recorded.event for recorded in log.read(stream)]


def _pattern(deployed: Deployed, rule: str, **bus: str) -> str:
    return str(deployed.client("events").describe_rule(Name=rule, **bus)["EventPattern"])


@pytest.fixture
def key(deployed: Deployed) -> Iterator[str]:
    """The key of an object. If it were URL-decoded once too often, it would be another key."""
    s3, bucket = deployed.client("s3"), deployed.outputs["data_bucket_name"]
    key = f"datasets/{uuid.uuid4().hex}/träin+ing set%20.npz"
    yield key
    # Deleted here: when Terraform empties the emulator's bucket, it would ask for another key for ever.
    for version in s3.list_object_versions(Bucket=bucket, Prefix=key.rpartition("/")[0])["Versions"]:
        s3.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])


def test_only_an_object_under_datasets_is_recorded(deployed: Deployed, key: str) -> None:
    s3, bucket, name = deployed.client("s3"), deployed.outputs["data_bucket_name"], key.split("/")[1]
    s3.put_object(Bucket=bucket, Key=f"checkpoints/{name}/x", Body=b"elsewhere")
    s3.put_object(Bucket=bucket, Key=f"datasets/{name}/", Body=b"")
    versions = {s3.put_object(Bucket=bucket, Key=key, Body=content)["VersionId"] for content in (b"12345", b"123456")}
    until(lambda: len(_recorded(deployed, f"dataset/{name}")) >= 2)
    events = _recorded(deployed, f"dataset/{name}")
    assert [(event.type, event.source) for event in events] == [("DatasetRegistered", "aws.s3")] * 2
    assert sorted(event.data["bytes"] for event in events) == [5, 6]
    assert {event.data["uri"] for event in events} == {f"s3://{bucket}/{key}"}
    assert {event.data["version_id"] for event in events} == versions


@pytest.mark.parametrize("name", SAMPLES)
def test_the_rules_match_sagemakers_events_of_this_account_only(deployed: Deployed, name: str) -> None:
    events, bus = deployed.client("events"), deployed.outputs["event_bus_name"]
    patterns = [
        _pattern(deployed, "training-local-forward-sagemaker"),
        _pattern(deployed, "training-local-record-aws", EventBusName=bus),
    ]
    of_this_account: dict[str, Any] = {**sample(name), "source": "aws.sagemaker"}
    for pattern in patterns:
        for account, matches in {ACCOUNT: True, "999999999999": False}.items():
            event = json.dumps({**of_this_account, "account": account})
            assert events.test_event_pattern(EventPattern=pattern, Event=event)["Result"] is matches


@pytest.mark.parametrize("name", SAMPLES)
def test_the_function_records_an_event_of_sagemaker_only_once(deployed: Deployed, name: str) -> None:
    outcomes = []
    for number in range(2):
        answer = deployed.client("lambda").invoke(
            FunctionName=deployed.outputs["event_processor_function_name"],
            Payload=json.dumps({**sample(name), "id": f"delivery-{number}", "time": f"2026-11-22T15:08:0{number}Z"}).encode(),
        )
        outcomes.append(json.loads(answer["Payload"].read()))
    assert [outcome["outcome"] for outcome in outcomes] == ["recorded", "repeated"]
    [event] = _recorded(deployed, outcomes[0]["stream"])
    assert event.source == "aws.sagemaker"


def test_nobody_else_can_publish_with_a_source_of_aws(deployed: Deployed) -> None:
    entry = {"Source": "aws.sagemaker", "DetailType": "SageMaker Training Job State Change", "Detail": "{}"}
    for bus in ("default", deployed.outputs["event_bus_name"]):
        try:
            [answer] = deployed.client("events").put_events(Entries=[entry | {"EventBusName": bus}])["Entries"]
        except ClientError as refused:
            answer = {"ErrorCode": refused.response["Error"]["Code"]}
        assert answer["ErrorCode"] == "NotAuthorizedForSourceException"
