"""An SQS queue that behaves, moto's queues, and the undelivered messages in tests/events/undelivered."""

import json
from itertools import count
from typing import Any

from training_events import aws

from tests.support.paths import EVENTS

BUCKET = "data-bucket"
"""Where originals are that are too large for a message."""

MESSAGES = EVENTS / "undelivered"
NAMES = sorted(path.stem for path in MESSAGES.glob("*.json"))


def sqs_message(name: str, **changed: Any) -> Any:
    """The message as SQS returns it. `changed` replaces fields of its body, which is plain JSON in the file."""
    message = json.loads((MESSAGES / f"{name}.json").read_text(encoding="utf-8"))
    body = message["Body"]
    return {**message, "Body": body if isinstance(body, str) else json.dumps({**body, **changed})}


class Queue:
    """A queue that hides a message from when it is received until it is given back.

    `twice` are the ids of messages that are returned twice all the same. With `hides=False` messages reappear at once, as if
    the time for which they are hidden were always over.
    """

    url = "https://sqs.eu-central-1.amazonaws.com/123456789012/undelivered"

    def __init__(self, *messages: dict[str, Any], twice: set[str] | None = None, hides: bool = True) -> None:
        self.messages = {message["MessageId"]: message for message in messages}
        self.hidden: set[str] = set()
        self.handles: dict[str, str] = {}
        self._twice = set(twice or ())
        self._hides = hides
        self._numbers = count()

    def add(self, message: dict[str, Any]) -> None:
        self.messages[message["MessageId"]] = message

    def receive_message(self, *, QueueUrl: str, MaxNumberOfMessages: int, **_: Any) -> dict[str, Any]:  # noqa: N803 - botocore's
        assert QueueUrl == self.url
        visible = [name for name in self.messages if name not in self.hidden][:MaxNumberOfMessages]
        return {"Messages": [self._return(name) for name in visible]} if visible else {}

    def _return(self, name: str) -> dict[str, Any]:
        if name in self._twice:
            self._twice.remove(name)
        elif self._hides:
            self.hidden.add(name)
        self.handles[name] = f"{name}/{next(self._numbers)}"  # an older handle of the same message no longer works
        return {**self.messages[name], "ReceiptHandle": self.handles[name]}

    def change_message_visibility_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        assert QueueUrl == self.url
        assert 1 <= len(Entries) <= 10
        assert len({entry["Id"] for entry in Entries}) == len(Entries)
        for entry in Entries:
            assert entry["VisibilityTimeout"] == 0
            name = self._name_of(entry["ReceiptHandle"])
            assert name in self.messages, "given back after it was removed"
            self.hidden.discard(name)
        return {"Successful": [], "Failed": []}

    def delete_message(self, *, QueueUrl: str, ReceiptHandle: str) -> None:  # noqa: N803
        assert QueueUrl == self.url
        del self.messages[self._name_of(ReceiptHandle)]

    def _name_of(self, handle: str) -> str:
        name, _, _ = handle.partition("/")
        assert self.handles[name] == handle
        return name


def put(queue: str, *names: str, **changed: Any) -> list[str]:
    """Send these messages of tests/events/undelivered; their ids, in the same order."""
    sqs = aws.client("sqs")
    ids = []
    for name in names:
        message = sqs_message(name, **changed)
        attributes = message.get("MessageAttributes", {})
        sent = sqs.send_message(QueueUrl=queue, MessageBody=message["Body"], MessageAttributes=attributes)
        ids.append(sent["MessageId"])
    return ids


def count_messages(queue: str) -> tuple[int, int]:
    """How many messages can be received, and how many are hidden."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    attributes = aws.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
    visible, hidden = (int(attributes[name]) for name in names)
    return visible, hidden
