"""Finds states of SageMaker training jobs whose events never arrived, and makes the events that back-fill them.

A missing state is recorded as its event would have been, but with an id and a source of its own and marked as back-filled, so
that everybody can tell what SageMaker sent from what it was asked for. If SageMaker's own event arrives after all, it is
another event of the same time with the same content: the run's state does not change.
"""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from training_events import strict_json
from training_events.bus.aws_events import sagemaker
from training_events.bus.received import event_of
from training_events.errors import NotUnderstood

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mypy_boto3_sagemaker import SageMakerClient

    from training_events.event import Event, LogEntry
    from training_events.stores.event_log import EventLog

_PAGE = 100
"""The most jobs in one answer of SageMaker: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ListTrainingJobs.html"""


def states_of_jobs(client: SageMakerClient, since: str, source_of: Callable[[str], str]) -> Iterator[Event]:
    """The current state of every training job that was modified since then, as the event that would back-fill it.

    `source_of` gives the source under which that event of a stream is published.
    """
    pages = client.get_paginator("list_training_jobs")
    for page in pages.paginate(LastModifiedTimeAfter=datetime.fromisoformat(since), PaginationConfig={"PageSize": _PAGE}):
        for job in page["TrainingJobSummaries"]:
            described = client.describe_training_job(TrainingJobName=job["TrainingJobName"])
            event = event_of(_envelope(described))
            yield _backfilling(event, source_of(event.stream))


def has_arrived(log: EventLog, state: Event) -> bool:
    """Whether the log has this state, from SageMaker or back-filled before.

    Not by its id: SageMaker answers with more details of a job than its events have.
    """
    entries_of_that_time = log.entries(state.stream, after=state.occurred_at, until=state.occurred_at)
    return any(entry.type == state.type and _is_of(state, entry) for entry in entries_of_that_time)


def _is_of(state: Event, entry: LogEntry) -> bool:
    with suppress(NotUnderstood, msgspec.MsgspecError, AttributeError):  # it was altered
        data = strict_json.stored(entry.data)
        return all(data.get(field) == state.data.get(field) for field in ("status", "secondary_status", "arn"))
    return False


def _envelope(described: Any) -> dict[str, Any]:
    """SageMaker's answer in the form of its event, which uses the same names."""
    detail = {key: value for key, value in described.items() if key != "ResponseMetadata"}
    return {
        "source": sagemaker.SOURCE,
        "detail-type": "SageMaker Training Job State Change",
        "detail": json.loads(json.dumps(detail, default=datetime.isoformat)),
    }


def _backfilling(event: Event, source: str) -> Event:
    # behind SageMaker's own event, if that arrives after all: z sorts behind all that a digest has
    kind, _, digest = event.event_id.rpartition("-")
    return replace(event, event_id=f"{kind}-z{digest}-backfilled", source=source, data={**event.data, "backfilled": True})
