"""However unreliable AWS delivers, every event ends in the log or in the queue: none is lost, and none is recorded twice."""

import copy
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from training_events.bus.received import event_of
from training_events.errors import NotRecordable

from tests.support.aws_events import LIVES, deliveries_of, in_order, sample
from tests.support.delivery import Delivery, Event
from tests.support.fakes import InMemoryLog
from tests.support.stack_json import StackJson


class Processor:
    """The event processor's logic on a log in memory. It fails when the schedule says so, before or after its work."""

    def __init__(self, failures: list[str]) -> None:
        self.log = InMemoryLog()
        self.set_aside: list[Event] = []
        self._failures: Iterator[str] = iter(failures)

    def recover(self) -> None:
        self._failures = iter(())

    def __call__(self, event: Event) -> None:
        failure = next(self._failures, "none")
        if failure == "before":
            raise TimeoutError
        try:
            self.log.append(event_of(event))
        except NotRecordable:
            self.set_aside.append(event)
        if failure == "after":
            raise TimeoutError


def _envelope(number: int, *, sound: bool) -> Event:
    detail: dict[str, Any] = {"stream": f"run/{number % 3}"} if sound else {}
    return {
        "id": f"{number}",
        "source": "my.sagemaker.training.jobs",
        "detail-type": "MetricsRecorded",
        "time": "2026-11-22T15:08:39Z",
        "detail": detail | {"data": {"number": number}},
    }


deliveries = st.lists(
    st.tuples(st.booleans(), st.sampled_from([0, 0, 0, 1, 185, 186, 500]), st.integers(1, 3)), min_size=1, max_size=12
)


@given(deliveries=deliveries, failures=st.lists(st.sampled_from(["none", "before", "after"]), max_size=60))
def test_every_event_is_recorded_once_or_is_in_a_queue(
    stacks: dict[str, StackJson], deliveries: list[tuple[bool, int, int]], failures: list[str]
) -> None:
    processor = Processor(failures)
    delivery = Delivery(stacks["prod"], processor)
    events = [_envelope(number, sound=sound) for number, (sound, _, _) in enumerate(deliveries)]
    for event, (_, failed_attempts, copies) in zip(events, deliveries, strict=True):
        delivery.put(event, failed_attempts=failed_attempts, copies=copies)

    recorded = Counter(event.event_id for event in processor.log.events())
    queued = {event["id"] for event in processor.set_aside + delivery.destination + delivery.dead_letters}
    assert delivery.lost == []
    assert set(recorded.values()) <= {1}
    assert recorded.keys() | queued == {event["id"] for event in events}
    assert not recorded.keys() & {event["id"] for event in processor.set_aside}

    processor.recover()
    for event in delivery.destination + delivery.dead_letters:  # sent again
        processor(event)
    sound = {event["id"] for event in events if "stream" in event["detail"]}
    assert {event.event_id for event in processor.log.events()} == sound


@given(
    source=st.sampled_from(["my.sagemaker.training.jobs", "acme.training", "aws.sagemaker", "aws.s3", "aws.ec2"]),
    account=st.sampled_from(["444455556666", "999999999999"]),
)
def test_what_no_rule_takes_is_in_the_queue_and_nothing_else_is(
    stacks: dict[str, StackJson], source: str, account: str
) -> None:
    processor = Processor([])
    delivery = Delivery(stacks["prod"], processor)
    event = {**_envelope(1, sound=False), "source": source, "account": account}
    delivery.put(event)
    is_taken = source == "my.sagemaker.training.jobs" or (source in ("aws.sagemaker", "aws.s3") and account == "444455556666")
    assert (processor.set_aside, delivery.not_taken) == (([event], []) if is_taken else ([], [event]))
    assert delivery.lost == []


@given(
    data=st.data(),
    kind=st.sampled_from(sorted(LIVES)),
    failing=st.lists(st.sampled_from([0, 0, 1, 185, 186]), min_size=2, max_size=2),
    failures=st.lists(st.sampled_from(["none", "before", "after"]), max_size=40),
)
def test_every_event_of_aws_is_recorded_once_or_is_in_a_queue(
    stacks: dict[str, StackJson], data: st.DataObject, kind: str, failing: list[int], failures: list[str]
) -> None:
    """Over both buses, with every event sent several times and in any order."""
    life = data.draw(LIVES[kind])
    sent = [{**event, "account": "444455556666", "source": "aws.sagemaker"} for event in data.draw(deliveries_of(kind, life))]
    processor = Processor(failures)
    delivery = Delivery(stacks["prod"], processor)
    for event in sent:
        delivery.put_on_default_bus(
            event, failed_attempts=data.draw(st.permutations(failing)), copies=data.draw(st.integers(1, 2))
        )
    assert delivery.lost == processor.set_aside == []

    processor.recover()
    for event in delivery.destination + delivery.dead_letters:  # sent again
        processor(event)
    expected = {event_of(event).position for event in in_order(kind, life)}
    assert {event.position for event in processor.log.events()} == expected
    assert len(processor.log.records) == len(life)


@pytest.mark.parametrize("weakness", ["none", "role for another rule", "role for another bus", "no role", "another account"])
def test_the_simulator_forwards_only_what_aws_would(stacks: dict[str, StackJson], weakness: str) -> None:
    stack = StackJson(copy.deepcopy(stacks["prod"].content))
    if weakness == "role for another rule":
        role = stack.one("aws_iam_role", "forwarding")
        role["assume_role_policy"] = role["assume_role_policy"].replace("forwarding_sagemaker", "another")
    if weakness == "role for another bus":
        policy = stack.one("aws_iam_role_policy", "forwarding")
        policy["policy"] = policy["policy"].replace("event_bus", "another")
    if weakness == "no role":
        stack.one("aws_cloudwatch_event_target", "forwarding_sagemaker")["role_arn"] = None
    event = {**sample("aws_training_job"), "account": "999999999999" if weakness == "another account" else "444455556666"}
    processor = Processor([])
    delivery = Delivery(stack, processor)
    delivery.put_on_default_bus(event)
    assert len(processor.log.records) == (weakness == "none")
    assert delivery.dead_letters == ([] if weakness in ("none", "another account") else [event])


@pytest.mark.parametrize(
    "weakness", ["permission for the bus", "no dead letters", "queue for another rule", "role may not send"]
)
def test_the_simulator_loses_events_where_aws_would(stacks: dict[str, StackJson], weakness: str) -> None:
    """Proof that the test above can fail: the original workflow's mistakes, planted one by one."""
    stack = StackJson(copy.deepcopy(stacks["prod"].content))
    failing = 0
    if weakness == "permission for the bus":
        for permission in stack.all("aws_lambda_permission").values():
            permission["source_arn"] = stack.reference("aws_cloudwatch_event_bus", "arn")
    if weakness in ("no dead letters", "permission for the bus"):
        for target in stack.all("aws_cloudwatch_event_target").values():
            del target["dead_letter_config"]
        failing = 500
    if weakness == "queue for another rule":
        policy = stack.one("aws_sqs_queue_policy")
        policy["policy"] = policy["policy"].replace("aws_cloudwatch_event_rule", "aws_cloudwatch_event_rule.another")
        failing = 500
    if weakness == "role may not send":
        for name, policy in stack.all("aws_iam_role_policy").items():
            if "event_processor" in name:
                policy["policy"] = json.dumps(
                    {"Statement": [s for s in json.loads(policy["policy"])["Statement"] if s["Action"] != ["sqs:SendMessage"]]}
                )
    event = _envelope(1, sound=True)
    delivery = Delivery(stack, Processor(["before"] * 3))
    delivery.put(event, failed_attempts=failing)
    assert delivery.lost == [event]
