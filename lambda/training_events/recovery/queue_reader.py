"""The undelivered queue as it is: every message once, and none taken out of it by looking.

SQS has no way to look without receiving. So a message is hidden from other readers while it is looked at, and given back at
the end; if the program dies before that, it is there again by itself after HIDDEN_SECONDS. What remains of a look is the
message's receive count; the queue has no redrive policy of its own that would act on it, and how long a message is kept
counts from when it was sent.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Any, Self

from botocore.exceptions import BotoCoreError, ClientError

from training_events.recovery.message import read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_sqs import SQSClient

    from training_events.recovery.message import Message

HIDDEN_SECONDS = 300
"""Longer than a walk through a queue of 100,000 messages; SQS has at most 120,000 of a queue hidden at a time."""
_PAGE = 10
"""SQS: messages in one request."""
_WAIT_SECONDS = 1
"""Any wait makes SQS ask all of its servers, so that an empty answer means an empty queue and not a lucky draw:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html"""
_MAX_IDLE_ANSWERS = 10
"""Answers in a row with nothing new: what was seen first has come back, the walk took too long and is at its end."""


class QueueReader:
    """The messages that wait. A context manager: what was not removed when it is left is given back to the queue."""

    def __init__(self, url: str, sqs: SQSClient) -> None:
        self.url = url
        self._sqs = sqs
        self._seen: set[str] = set()
        self._held: dict[str, str] = {}
        """Receipt handles by message id, the newest of each: an older one no longer counts."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        held = iter(self._held.values())
        with suppress(BotoCoreError, ClientError):  # then they are there again a little later
            while handles := list(islice(held, _PAGE)):
                entries: Any = [
                    {"Id": str(number), "ReceiptHandle": handle, "VisibilityTimeout": 0}
                    for number, handle in enumerate(handles)
                ]
                self._sqs.change_message_visibility_batch(QueueUrl=self.url, Entries=entries)

    def messages(self) -> Iterator[Message]:
        """Each message once, though SQS may hand it over twice; read as they are asked for."""
        idle = 0
        while idle < _MAX_IDLE_ANSWERS:
            answer = self._sqs.receive_message(
                QueueUrl=self.url,
                MaxNumberOfMessages=_PAGE,
                MessageAttributeNames=["All"],
                MessageSystemAttributeNames=["SentTimestamp"],
                VisibilityTimeout=HIDDEN_SECONDS,
                WaitTimeSeconds=_WAIT_SECONDS,
            ).get("Messages", [])
            if not answer:
                return
            self._held |= {message["MessageId"]: message["ReceiptHandle"] for message in answer}
            fresh = {message["MessageId"]: message for message in answer if message["MessageId"] not in self._seen}
            self._seen |= fresh.keys()
            yield from map(read, fresh.values())
            idle = 0 if fresh else idle + 1

    def remove(self, message: Message) -> None:
        """Take the message out of the queue for good."""
        self._sqs.delete_message(QueueUrl=self.url, ReceiptHandle=self._held[message.message_id])
        del self._held[message.message_id]
