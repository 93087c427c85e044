"""What no rule takes, and what is not due, waits in the queue; `redrive` records it when it may be, through the processor."""

import json
import uuid
from collections.abc import Iterator
from unittest.mock import patch

import pytest
from training_events import aws, cli
from training_events.recovery.message import Message
from training_events.recovery.queue_reader import QueueReader
from training_events.stores.dynamodb.event_log import DynamoDbLog

from tests.local_aws.conftest import SOURCE, Deployed
from tests.support.patience import until


@pytest.fixture(scope="module", autouse=True)
def as_after_make_local(deployed: Deployed) -> Iterator[None]:
    """Set the variables that `make local` writes."""
    with patch.dict("os.environ", deployed.environment.environment()):
        aws.forget_sessions()
        yield
    aws.forget_sessions()


def _publish(deployed: Deployed, run: str, source: str = SOURCE, **header: str) -> None:
    entry = {"EventBusName": deployed.outputs["event_bus_name"], "Source": source, "DetailType": "Happened"}
    detail = {"run_id": run, "data": {"a": "<é>"}, **header}
    deployed.client("events").put_events(Entries=[{**entry, "Detail": json.dumps(detail)}])


def _messages(deployed: Deployed, run: str) -> list[Message]:
    with QueueReader(deployed.outputs["undelivered_queue_url"], deployed.client("sqs")) as reader:
        return [message for message in reader.messages() if run in message.body]


def _recorded(deployed: Deployed, run: str) -> list[str]:
    log = DynamoDbLog(deployed.outputs["event_log_table_name"], deployed.client("dynamodb"))
    return [recorded.event.source for recorded in log.read(f"run/{run}")]


def _redrive(*options: str) -> int:
    return cli.run(["redrive", *options])


def test_an_event_that_no_rule_takes_waits_until_one_does(deployed: Deployed) -> None:
    run = uuid.uuid4().hex
    _publish(deployed, run, "acme.training")
    until(lambda: bool(_messages(deployed, run)))
    [message] = _messages(deployed, run)
    assert (message.shape, message.reason) == ("set_aside", "no_rule")
    assert (message.original["source"], message.original["detail"]["data"]) == ("acme.training", {"a": "<é>"})
    assert _redrive("--message-id", message.message_id) == 1
    assert [left.reason for left in _messages(deployed, run)] == ["no_rule"]

    events, rule = deployed.client("events"), "training-local-record"
    bus = {"EventBusName": deployed.outputs["event_bus_name"]}
    pattern = events.describe_rule(Name=rule, **bus)["EventPattern"]
    events.put_rule(Name=rule, EventPattern=json.dumps({"source": [SOURCE, "acme.training"]}), **bus)
    try:
        assert _redrive("--message-id", message.message_id) == 0
        until(lambda: bool(_recorded(deployed, run)))
    finally:
        events.put_rule(Name=rule, EventPattern=pattern, **bus)
    assert _recorded(deployed, run) == ["acme.training"]


def test_an_event_of_the_future_is_recorded_if_a_person_says_so(deployed: Deployed) -> None:
    run = uuid.uuid4().hex
    _publish(deployed, run, occurred_at="2999-01-01T00:00:00Z")
    until(lambda: bool(_messages(deployed, run)))
    [message] = _messages(deployed, run)
    assert message.reason == "in_the_future"
    assert _redrive("--message-id", message.message_id) == 1
    assert _recorded(deployed, run) == []
    assert _redrive("--message-id", message.message_id, "--accept-future") == 0
    assert _recorded(deployed, run) == [SOURCE]
    assert _messages(deployed, run) == []


def test_an_event_is_recorded_by_hand_through_the_processor(deployed: Deployed, capsys: pytest.CaptureFixture[str]) -> None:
    run = uuid.uuid4().hex
    url = deployed.environment.variables()["TRAINING_EVENTS_LOG"]
    arguments = ["record", f"run/{run}", "Happened", "--log", url, "--event-id", "e", "--occurred-at", "2026-11-22", "--json"]
    outcomes = []
    for _ in range(2):
        assert cli.run(arguments) == 0
        outcomes.append(json.loads(capsys.readouterr().out)["outcome"])
    assert outcomes == ["recorded", "repeated"]
    assert _recorded(deployed, run) == [SOURCE]
