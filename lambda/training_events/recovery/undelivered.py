"""Sets aside what can never be recorded: sends it to the undelivered queue, with the reason and the original as it came."""

from __future__ import annotations

import json
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from training_events import aws
from training_events.times import now

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

    from training_events.errors import NotUnderstood

MAX_MESSAGE_BYTES = 262_144
"""SQS takes 1 MiB of body and attributes today, but AWS provider 5 declares a queue of 256 KiB at most. EventBridge's
events may be 1 MB, so a larger original goes to the bucket and the message says where."""


class UndeliveredQueue:
    """The queue of events that could not be recorded. The AWS clients are made when the first event is set aside."""

    def __init__(
        self, url: str, bucket: str, clients: Callable[[str], Any] = aws.client, clock: Callable[[], str] = now
    ) -> None:
        self.url, self.bucket = url, bucket
        self._clients = clients
        self._clock = clock

    @cached_property
    def sqs(self) -> SQSClient:
        return self._clients("sqs")  # type: ignore[no-any-return]

    @cached_property
    def s3(self) -> S3Client:
        return self._clients("s3")  # type: ignore[no-any-return]

    def set_aside(self, original: Any, why: NotUnderstood, *, by: str, request_id: str) -> None:
        """Send the original with the reason for its refusal. Raises what AWS raises: then it is not set aside.

        `by` is the function that refused it, `request_id` its invocation. Setting aside twice makes two messages, as any
        delivery to SQS may.
        """
        note = {
            "reason": why.reason,
            "explanation": str(why),
            "set_aside_at": self._clock(),
            "set_aside_by": by,
            "request_id": request_id,
        }
        # ASCII escapes and Python's NaN literal: even what is not valid JSON or UTF-8 arrives as it came
        body = json.dumps({**note, "original": original})
        if len(body) + len("reasonString" + why.reason) > MAX_MESSAGE_BYTES:
            body = json.dumps({**note, **self._stored(json.dumps(original).encode())})
        attributes: Any = {"reason": {"DataType": "String", "StringValue": why.reason}}
        self.sqs.send_message(QueueUrl=self.url, MessageBody=body, MessageAttributes=attributes)

    def _stored(self, original: bytes) -> dict[str, Any]:
        """Store the original in the bucket and say where. The key is its digest, so a retry writes the same object again."""
        digest = sha256(original).hexdigest()
        key = f"undelivered/{digest}.json"
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=original, ContentType="application/json")
        return {
            "original_at": f"s3://{self.bucket}/{key}",
            "original_sha256": digest,
            "original_bytes": len(original),
        }
