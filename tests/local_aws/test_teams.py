"""IAM is enforced here: what a program of the team vision tries on what is of the team speech, and what of its own it can do.

The emulator looks at no `events:source` and at no bus's policy: tests/synth/test_teams.py holds these to the JSON.
"""

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local_aws.conftest import Deployed
from tests.local_aws.deployed_teams import deployed_teams
from tests.support.patience import until
from tests.support.team_attempts import ON_OBJECTS, ON_TABLES, ON_THE_BUS, OnAnObject, OnATable

Clients = Callable[[str], Any]
ROLES = ["vision-training", "training-local-training-jobs-vision"]
KEYS = {
    "event_log": {"stream": {"S": "run/speech-words-7"}, "position": {"S": "2026"}},
    "read_model": {"stream": {"S": "run/speech-words-7"}},
    "notary": {"stream": {"S": "run/speech-words-7"}, "position": {"S": "2026"}},
}


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    with deployed_teams(tmp_path_factory.mktemp("teams")) as environment:
        yield Deployed(environment)


@pytest.fixture(scope="module", params=ROLES)
def vision(request: pytest.FixtureRequest, deployed: Deployed) -> Clients:
    """Clients of a program of the team: with a role of its own, and with that of its training jobs."""
    return _as_role(deployed, request.param)


@pytest.fixture(scope="module")
def speech(deployed: Deployed) -> Clients:
    return _as_role(deployed, "speech-training")


def _as_role(deployed: Deployed, name: str) -> Clients:
    arn = deployed.client("iam").get_role(RoleName=name)["Role"]["Arn"]
    assumed = deployed.client("sts").assume_role(RoleArn=arn, RoleSessionName="team")["Credentials"]
    credentials = {
        "aws_access_key_id": assumed["AccessKeyId"],
        "aws_secret_access_key": assumed["SecretAccessKey"],
        "aws_session_token": assumed["SessionToken"],
    }
    return lambda service: deployed.client(service, **credentials)


def _refused(operation: Any, **parameters: Any) -> None:
    with pytest.raises(ClientError) as raised:
        operation(**parameters)
    assert raised.value.response["Error"]["Code"] in {"AccessDenied", "AccessDeniedException"}


def _published(deployed: Deployed, clients: Clients, source: str, type_: str, stream: str) -> str:
    event_id = uuid.uuid4().hex
    occurred_at = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"
    detail = {"event_id": event_id, "stream": stream, "occurred_at": occurred_at, "schema_version": 1, "data": {}}
    entry = {
        "EventBusName": deployed.outputs["event_bus_name"],
        "Source": source,
        "DetailType": type_,
        "Detail": json.dumps(detail),
    }
    assert clients("events").put_events(Entries=[entry])["FailedEntryCount"] == 0
    return event_id


def _recorded(deployed: Deployed, stream: str) -> list[str]:
    answer = deployed.client("dynamodb").query(
        TableName=deployed.outputs["event_log_table_name"],
        KeyConditionExpression="#stream = :stream",
        ExpressionAttributeNames={"#stream": "stream"},
        ExpressionAttributeValues={":stream": {"S": stream}},
        ConsistentRead=True,
    )
    return [item["event_id"]["S"] for item in answer["Items"]]


def _is_recorded(deployed: Deployed, stream: str, event_id: str) -> bool:
    return event_id in _recorded(deployed, stream)


def _set_aside(deployed: Deployed) -> dict[str, str]:
    """The reasons for which events wait in the undelivered queue, by their ids. They stay there."""
    sqs, url = deployed.client("sqs"), deployed.outputs["undelivered_queue_url"]
    reasons = {}
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=5).get("Messages"):
        for body in (json.loads(message["Body"]) for message in messages):
            detail = body.get("original", {}).get("detail", {})
            reasons[str(detail.get("event_id"))] = str(body.get("reason"))
    return reasons


def test_what_a_team_says_of_anothers_streams_waits_with_its_reason(deployed: Deployed, vision: Clients) -> None:
    sent = {_published(deployed, vision, "my.vision.training", attempt.type, attempt.stream): attempt for attempt in ON_THE_BUS}
    reasons: dict[str, str] = {}

    def all_are_set_aside() -> bool:
        reasons.update(_set_aside(deployed))
        return sent.keys() <= reasons.keys()

    until(all_are_set_aside)
    assert {reasons[event_id] for event_id in sent} == {"not_yours"}
    for attempt in ON_THE_BUS:
        assert not sent.keys() & set(_recorded(deployed, attempt.stream))


def test_what_a_team_says_of_its_own_streams_is_recorded(deployed: Deployed, vision: Clients, speech: Clients) -> None:
    for team, clients in (("vision", vision), ("speech", speech)):
        stream = f"run/{team}-{uuid.uuid4().hex}"
        event_id = _published(deployed, clients, f"my.{team}.training", "MetricsRecorded", stream)
        until(partial(_is_recorded, deployed, stream, event_id))


def _request(deployed: Deployed, attempt: OnAnObject) -> dict[str, Any]:
    body = {"Body": b"vision"} if attempt.operation == "put_object" else {}
    return {"Bucket": deployed.outputs["data_bucket_name"], "Key": attempt.key, **body, **dict(attempt.more)}


@pytest.mark.parametrize("attempt", ON_OBJECTS, ids=str)
def test_a_team_puts_and_removes_nothing_of_anothers_files(deployed: Deployed, vision: Clients, attempt: OnAnObject) -> None:
    _refused(getattr(vision("s3"), attempt.operation), **_request(deployed, attempt))


@pytest.mark.parametrize("attempt", ON_TABLES, ids=str)
def test_a_team_writes_into_no_table(deployed: Deployed, vision: Clients, attempt: OnATable) -> None:
    table = deployed.outputs[f"{attempt.table}_table_name"]
    item = {"Item" if attempt.operation == "put_item" else "Key": KEYS[attempt.table]}
    _refused(getattr(vision("dynamodb"), attempt.operation), TableName=table, **item)


def test_a_team_reaches_neither_the_processor_nor_the_queue(deployed: Deployed, vision: Clients) -> None:
    """Whoever may invoke the processor may speak for every team."""
    _refused(vision("lambda").invoke, FunctionName=deployed.outputs["event_processor_function_name"], Payload=b"{}")
    _refused(vision("sqs").receive_message, QueueUrl=deployed.outputs["undelivered_queue_url"])
    _refused(vision("sqs").send_message, QueueUrl=deployed.outputs["undelivered_queue_url"], MessageBody="x")


def test_a_teams_file_can_be_read_by_the_others_and_replaced_by_none(
    deployed: Deployed, vision: Clients, speech: Clients
) -> None:
    """Neither by a role that may put everywhere: the bucket's policy binds it."""
    place = {"Bucket": deployed.outputs["data_bucket_name"], "Key": f"models/speech-{uuid.uuid4().hex}/1/model.bin"}
    speech("s3").put_object(**place, Body=b"speech")
    notebook = _as_role(deployed, deployed.outputs["notebook_instance_name"])
    for clients in (vision, notebook):
        _refused(clients("s3").put_object, **place, Body=b"another")
        _refused(clients("s3").delete_object, **place)
    assert notebook("s3").get_object(**place)["Body"].read() == b"speech"
    _refused(speech("s3").delete_object, **place)  # nor does the team itself: the bucket keeps its history
