"""A small Lambda that follows a DynamoDB stream, run by the synthesized JSON: what AWS does and the emulators do not.

Each shard is delivered in order, a batch at a time. Where the function names records that failed, and the mapping asks for
that, what stands before the first of them is done and the rest comes again; else the batch fails as a whole. What failed from
its first record on comes again in halves, if the mapping says so. Who fails for too long or too often is given up: the
destination is told where the records are, if the function's role may send there. What nobody has taken within 24 hours the
stream forgets, in silence. Attempts at what failed come ten minutes apart here. Shards do not wait for each other, and any
batch may come twice.
https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
"""

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
    """The record of an append, the `number`th of the stream."""
    return change("INSERT", to_item(recorded.event, recorded.recorded_at), number)


def change(name: str, image: dict[str, Any], number: int) -> Record:
    """The record of what was done to an item (tests/events/change_stream.json shows the form)."""
    images = {"INSERT": ["NewImage"], "MODIFY": ["NewImage", "OldImage"], "REMOVE": ["OldImage"]}[name]
    return {
        "eventID": md5(str(number).encode()).hexdigest(),  # noqa: S324 - looks like AWS's
        "eventName": name,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "eu-central-1",
        "dynamodb": {
            "ApproximateCreationDateTime": 1795360120,
            "Keys": {"stream": image["stream"], "position": image["position"]},
            **dict.fromkeys(images, image),
            "SequenceNumber": str(800000000003126276362 + number),
            "SizeBytes": 412,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
        "eventSourceARN": STREAM_ARN,
    }


class _Shard:
    """What is still to be delivered: batches that failed, in order, then records that nobody has seen yet."""

    def __init__(self) -> None:
        self.failed: list[tuple[Batch, int]] = []
        self.new: Batch = []
        self.busy = False
        self.waited = 0


class StreamDelivery:
    def __init__(self, stack: StackJson, function: Callable[[dict[str, Any]], Any]) -> None:
        self._stack, self._function = stack, function
        self._mapping = stack.one("aws_lambda_event_source_mapping")
        self._shards: dict[str, _Shard] = {}
        self.destination: list[dict[str, Any]] = []
        self.lost: Batch = []

    def put(self, record: Record, shard: str) -> None:
        self._shards.setdefault(shard, _Shard()).new.append(record)

    def poll(self, name: str, copies: int = 1) -> None:
        """Deliver one batch of a shard, `copies` times. One that is being delivered is not delivered from at the same time."""
        shard = self._shards.get(name)
        if shard is None or shard.busy or not (shard.failed or shard.new):
            return
        if shard.failed:
            batch, attempts = shard.failed.pop(0)
        else:
            size = self._mapping["batch_size"]
            batch, attempts, shard.new = shard.new[:size], 0, shard.new[size:]
            shard.waited = 0
        shard.busy = True
        left = min((self._deliver(batch) for _ in range(copies)), key=len)
        shard.busy = False
        if left:
            shard.waited += PAUSE_SECONDS
            self._try_again(name, shard, left, attempts + 1, whole=len(left) == len(batch))

    def drain(self) -> None:
        while waiting := [name for name, shard in self._shards.items() if shard.failed or shard.new]:
            for name in waiting:
                self.poll(name)

    def _deliver(self, batch: Batch) -> Batch:
        """What of the batch is not done."""
        answer = None
        with suppress(Exception, Ended):  # Lambda does not ask which
            answer = self._function({"Records": batch})
        if answer is None:
            return batch
        if "ReportBatchItemFailures" not in (self._mapping.get("function_response_types") or []):
            return []
        failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        numbers = [record["dynamodb"]["SequenceNumber"] for record in batch]
        if failed - {*numbers}:
            return batch
        return next((batch[place:] for place, number in enumerate(numbers) if number in failed), [])

    def _try_again(self, name: str, shard: _Shard, left: Batch, attempts: int, *, whole: bool) -> None:
        retries, age = self._mapping["maximum_retry_attempts"], self._mapping["maximum_record_age_in_seconds"]
        if shard.waited > KEPT_SECONDS:
            self.lost += left
        elif (retries != UNLIMITED and attempts > retries) or (age != UNLIMITED and shard.waited > age):
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
        first, last = (batch[end]["dynamodb"]["SequenceNumber"] for end in (0, -1))
        info = {"shardId": name, "startSequenceNumber": first, "endSequenceNumber": last, "batchSize": len(batch)}
        self.destination.append({"DDBStreamBatchInfo": info | {"streamArn": STREAM_ARN}})
