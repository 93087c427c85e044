"""A request for a training starts one job, or is in a queue: whatever fails on the way, and however often it is delivered."""

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from training_events.bus.received import event_of
from training_events.recovery.queue_reader import QueueReader
from training_events.recovery.redrive import Redriver

from tests.support.delivery import Delivery
from tests.support.queues import Queue, sqs_message
from tests.support.stack_json import StackJson
from tests.support.starter_world import World, envelope, requested

STARTER = "arn:aws:lambda:us-east-1:444455556666:function:training-prod-training-starter"
PROCESSOR = "arn:aws:lambda:us-east-1:444455556666:function:training-prod-event-processor"


class Failing:
    """A function that fails as the list says: before its work, or after it."""

    def __init__(self, work: Any, failures: list[str]) -> None:
        self.work, self.failures = work, failures

    def __call__(self, event: Any) -> None:
        failure = self.failures.pop(0) if self.failures else "none"
        if failure == "before":
            raise TimeoutError
        self.work(event_of(event))
        if failure == "after":
            raise TimeoutError

    def invoke(self, *, FunctionName: str, Payload: bytes, **_: Any) -> None:  # noqa: N803 - botocore's names
        assert FunctionName == STARTER
        self(json.loads(Payload))


def message(number: int, function: str, event: Any) -> Any:
    """What Lambda puts into the queue."""
    arn = STARTER if function == "training_starter_run" else PROCESSOR
    context = {"functionArn": f"{arn}:$LATEST", "condition": "RetriesExhausted"}
    return {
        **sqs_message("failed_function", requestContext=context, requestPayload=event),
        "MessageId": f"{number}",
    }


outcomes = st.lists(st.sampled_from(["none", "none", "before", "after"]), max_size=8)


@given(copies=st.lists(st.integers(1, 3), min_size=1, max_size=4), processor_fails=outcomes, starter_fails=outcomes)
def test_a_request_starts_one_job_whatever_fails_once_what_failed_is_sent_again(
    stacks: dict[str, StackJson], copies: list[int], processor_fails: list[str], starter_fails: list[str]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        world.recipe()
        processor, starter = Failing(world.record, processor_fails), Failing(world.starter().act, starter_fails)
        delivery = Delivery(stacks["prod"], processor, starter)
        event = envelope(requested(recipe="digits"))
        for count in copies:
            delivery.put(event, copies=count)
        assert delivery.lost == []
        assert len(world.sagemaker.jobs) <= 1
        processor.failures.clear()
        starter.failures.clear()
        messages = [message(*each) for each in zip(range(99), delivery.failed_at, delivery.destination, strict=False)]
        # the processor's messages lie before the starter's, or behind them: then those are sent once more
        for _ in range(2):
            queue: Any = Queue(*messages)
            with QueueReader(queue.url, queue) as reader:
                list(Redriver(world.record, print, lambda _: starter).send(reader, reader.messages()))
            messages = list(queue.messages.values())
        assert len(world.sagemaker.jobs) == 1
        assert world.bus.published == []
        world.store.log.close()
