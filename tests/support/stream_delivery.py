"""A small Lambda that reads a DynamoDB stream and follows the synthesized JSON: it does what AWS does and emulators do not.

Each shard is delivered in order, a batch at a time. If the function names records that failed, and the mapping asks for that,
the records before the first of them are done and the rest is delivered again. Otherwise the batch fails as a whole. A batch
that failed from its first record on is delivered again in halves, if the mapping says so. A batch that fails for too long or
too often is given up: the destination gets a message that says where its records are, if the function's role may send there.
A record that nobody has taken within 24 hours is dropped silently by the stream. Here ten minutes lie between two attempts.
Shards do not wait for each other, and any batch may come twice.
https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
"""

import time
from collections.abc import Callable
from contextlib import suppress
from hashlib import md5
from typing import Any

from training_events.event import RecordedEvent
from training_events.stores.dynamodb.item import to_item

from tests.support.stack_json import StackJson

Record = dict[str, Any]
Batch = list[Record]

PAUSE_SECONDS = 600
KEPT_SECONDS = 24 * 3600
UNLIMITED = -1
_TABLE = "arn:aws:dynamodb:eu-central-1:123456789012:table/training-dev-event-log"
STREAM_ARN = f"{_TABLE}/stream/2026-11-22T00:04:06.388"


class Ended(BaseException):
    """The function ended without an answer: out of time or of memory."""


def inserted(recorded: RecordedEvent, number: int) -> Record:
    """The change record of an append; `number` is its place in the change stream."""
    return change("INSERT", to_item(recorded.event, recorded.recorded_at), number)


def change(name: str, image: dict[str, Any], number: int, *, hours_ago: float = 0) -> Record:
    """The change record of an INSERT, MODIFY or REMOVE (tests/events/change_stream.json shows the form)."""
    images = {"INSERT": ["NewImage"], "MODIFY": ["NewImage", "OldImage"], "REMOVE": ["OldImage"]}[name]
    return {
        "eventID": md5(str(number).encode()).hexdigest(),  # noqa: S324 - looks like AWS's
        "eventName": name,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "eu-central-1",
        "dynamodb": {
            "ApproximateCreationDateTime": int(time.time() - 3600 * hours_ago),
            "Keys": {"stream": image["stream"], "position": image["position"]},
            **dict.fromkeys(images, image),
            "SequenceNumber": str(800000000003126276362 + number),
            "SizeBytes": 412,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
        "eventSourceARN": STREAM_ARN,
    }


class _Shard:
    """What is still to be delivered: failed batches with their attempts, in order, then records that were never delivered."""

    def __init__(self) -> None:
        self.failed: list[tuple[Batch, int]] = []
        self.new: Batch = []
        self.busy = False
        self.failing_seconds = 0


class StreamDelivery:
    def __init__(self, stack: StackJson, function: Callable[[dict[str, Any]], Any]) -> None:
        self._stack, self._function = stack, function
        self._mapping = stack.one("aws_lambda_event_source_mapping", "projector")
        self._shards: dict[str, _Shard] = {}
        self.destination: list[dict[str, Any]] = []
        self.lost: Batch = []

    def put(self, record: Record, shard: str) -> None:
        self._shards.setdefault(shard, _Shard()).new.append(record)

    def poll(self, name: str, copies: int = 1) -> None:
        """Deliver one batch of a shard, `copies` times. Does nothing while another batch of this shard is being delivered."""
        shard = self._shards.get(name)
        if shard is None or shard.busy or not (shard.failed or shard.new):
            return
        if shard.failed:
            batch, attempts = shard.failed.pop(0)
        else:
            size = self._mapping["batch_size"]
            batch, attempts, shard.new = shard.new[:size], 0, shard.new[size:]
            shard.failing_seconds = 0
        shard.busy = True
        left = min((self._deliver(batch) for _ in range(copies)), key=len)
        shard.busy = False
        if left:
            shard.failing_seconds += PAUSE_SECONDS
            self._try_again(name, shard, left, attempts + 1, whole=len(left) == len(batch))

    def drain(self) -> None:
        """Deliver until nothing is left, in any shard."""
        while pending := [name for name, shard in self._shards.items() if shard.failed or shard.new]:
            for name in pending:
                self.poll(name)

    def _deliver(self, batch: Batch) -> Batch:
        """Deliver a batch. Returns the part of it that failed."""
        answer = None
        with suppress(Exception, Ended):  # Lambda retries after any error
            answer = self._function({"Records": batch})
        if answer is None:
            return batch
        if "ReportBatchItemFailures" not in (self._mapping.get("function_response_types") or []):
            return []
        failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        numbers = [record["dynamodb"]["SequenceNumber"] for record in batch]
        if failed - {*numbers}:
            return batch
        return next((batch[index:] for index, number in enumerate(numbers) if number in failed), [])

    def _try_again(self, name: str, shard: _Shard, left: Batch, attempts: int, *, whole: bool) -> None:
        retries, age = self._mapping["maximum_retry_attempts"], self._mapping["maximum_record_age_in_seconds"]
        if shard.failing_seconds > KEPT_SECONDS:
            self.lost += left
        elif (retries != UNLIMITED and attempts > retries) or (age != UNLIMITED and shard.failing_seconds > age):
            self._give_up(name, left)
        elif whole and self._mapping.get("bisect_batch_on_function_error") and len(left) > 1:
            middle = len(left) // 2  # "splitting a batch does not count towards the retry quota"
            shard.failed[:0] = [(left[:middle], attempts - 1), (left[middle:], attempts - 1)]
        else:
            shard.failed.insert(0, (left, attempts))

    def _give_up(self, name: str, batch: Batch) -> None:
        destination = (self._mapping.get("destination_config") or {}).get("on_failure", {}).get("destination_arn")
        if ("sqs:SendMessage", destination) not in self._stack.grants("projector"):
            self.lost += batch
            return
        first, last = (record["dynamodb"]["SequenceNumber"] for record in (batch[0], batch[-1]))
        info = {"shardId": name, "startSequenceNumber": first, "endSequenceNumber": last, "batchSize": len(batch)}
        self.destination.append({"DDBStreamBatchInfo": info | {"streamArn": STREAM_ARN}})
