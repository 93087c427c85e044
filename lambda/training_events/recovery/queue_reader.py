"""Reads the undelivered queue: every message once, without taking any out of it.

SQS cannot read without receiving. So a message is hidden from other readers while it is read, and given back at the end. If the
program dies before that, the message reappears by itself after HIDDEN_SECONDS. Reading leaves only a higher receive count: the
queue has no redrive policy that would act on it, and its retention counts from when the message was sent.
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
"""Longer than reading a queue of 100,000 messages takes; SQS hides at most 120,000 messages of a queue at a time."""
_PAGE = 10
"""The most messages that SQS takes or returns in one request."""
_WAIT_SECONDS = 1
"""With any wait SQS asks all of its servers, so that an empty answer means an empty queue and not chance:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html"""
_MAX_IDLE_ANSWERS = 10
"""Answers in a row without a new message: the first ones have reappeared, as reading took too long; it ends here."""


class QueueReader:
    """The messages of a queue. A context manager: on leaving it, the messages that were not removed are given back."""

    def __init__(self, url: str, sqs: SQSClient) -> None:
        self.url = url
        self._sqs = sqs
        self._seen: set[str] = set()
        self._held: dict[str, str] = {}
        """The newest receipt handle of each message id: older handles are no longer valid."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        held = iter(self._held.values())
        with suppress(BotoCoreError, ClientError):  # then they reappear a little later
            while handles := list(islice(held, _PAGE)):
                entries: Any = [
                    {"Id": str(number), "ReceiptHandle": handle, "VisibilityTimeout": 0}
                    for number, handle in enumerate(handles)
                ]
                self._sqs.change_message_visibility_batch(QueueUrl=self.url, Entries=entries)

    def messages(self) -> Iterator[Message]:
        """Each message once, although SQS may return it twice. Messages are received as the caller iterates."""
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
        """Delete the message from the queue."""
        self._sqs.delete_message(QueueUrl=self.url, ReceiptHandle=self._held[message.message_id])
        del self._held[message.message_id]
