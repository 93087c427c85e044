"""Finds the streams that a failed batch was about, by reading the table's change stream again while it still holds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from training_events.errors import TrainingEventsError
from training_events.recovery.message import stream_of_record

if TYPE_CHECKING:
    from training_events.recovery.message import Batch

_GONE = {"TrimmedDataAccessException", "ResourceNotFoundException"}
"""The records are older than 24 hours, or the change stream no longer exists:
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetRecords.html"""
_MAX_EMPTY_ANSWERS = 100
""""It might take multiple calls to get to a portion of the shard that contains stream records" (same page)."""


def streams_of(batch: Batch, client: Any) -> list[str]:
    """The streams, each once. Raises if the records are gone: then only a rebuild brings the states up to date."""
    try:
        streams = _read(batch, client)
    except ClientError as error:
        if error.response["Error"]["Code"] not in _GONE:
            raise
        streams = None
    if streams is None:
        raise TrainingEventsError("the change stream no longer holds these records; `training-events rebuild` does their work")
    return sorted(streams)


def _read(batch: Batch, client: Any) -> set[str] | None:
    """The streams of the batch; None if its end was not found."""
    streams: set[str] = set()
    iterator = client.get_shard_iterator(
        StreamArn=batch.stream_arn,
        ShardId=batch.shard,
        ShardIteratorType="AT_SEQUENCE_NUMBER",
        SequenceNumber=batch.first,
    )["ShardIterator"]
    empty_answers = 0
    while iterator and empty_answers < _MAX_EMPTY_ANSWERS:
        answer = client.get_records(ShardIterator=iterator)
        for record in answer["Records"]:
            if stream := stream_of_record(record):
                streams.add(stream)
            if int(record["dynamodb"]["SequenceNumber"]) >= int(batch.last):
                return streams
        iterator = answer.get("NextShardIterator")
        empty_answers = 0 if answer["Records"] else empty_answers + 1
    return None
