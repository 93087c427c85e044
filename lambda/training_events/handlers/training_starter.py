"""The training starter: starts the training jobs that recorded events ask for.

It gets the events that the event processor gets, and translates them alike. It acts on what the log holds, so an event that
the processor sets aside starts nothing here; the processor tells why. What may succeed later raises, and Lambda tries it again.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any, Literal, NotRequired, TypedDict

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit

from training_events import aws
from training_events.bus.envelope import account_of
from training_events.bus.publisher import EventBusPublisher
from training_events.bus.received import event_of
from training_events.errors import NotRecordable
from training_events.settings import Settings
from training_events.stores.opening import open_store
from training_events.training.recipe_store import open_recipes
from training_events.training.sagemaker.starter import Starter
from training_events.training.sagemaker.starting import TrainingJobs

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws_lambda_powertools.utilities.typing import LambdaContext


class StarterResult(TypedDict):
    """What became of one event. `published` are the ids of the events that follow from it."""

    outcome: Literal["started", "refused", "requested", "nothing", "not_recorded"]
    stream: NotRequired[str]
    event_id: NotRequired[str]
    reason: NotRequired[str]
    published: NotRequired[list[str]]


COPY_SECONDS = 120.0
"""S3 answers when a copy of up to 5 GB is made. The function's timeout is at least as long."""
METRICS = {"started": "TrainingsStarted", "refused": "TrainingsRefused"}


def new_starter(settings: Settings, sleep: Callable[[float], None] = time.sleep) -> Starter:
    """The starter of this function's environment."""
    return Starter(
        open_store(settings.log),
        open_recipes(settings.recipes),
        EventBusPublisher(settings.bus, aws.client("events")),
        TrainingJobs(aws.client("sagemaker"), settings.stack_environment, sleep=sleep),
        aws.client("s3", read_seconds=COPY_SECONDS),
        role=settings.jobs_role,
        bucket=settings.bucket,
        variables={
            "TRAINING_EVENTS_BUS": settings.bus,
            "TRAINING_EVENTS_SOURCE": settings.source,
            "TRAINING_EVENTS_BUCKET": settings.bucket,
        },
        max_instances=settings.max_instances,
        teams=settings.teams,
        sleep=sleep,
    )


# Made while Lambda starts the function, and used by every invocation.
settings = Settings()
teams = settings.teams
starter = new_starter(settings)
logger = Logger()
metrics = Metrics(namespace=os.environ.get("POWERTOOLS_METRICS_NAMESPACE") or "TrainingEvents")


def handler(received: Any, context: LambdaContext) -> StarterResult:
    """Act on one event."""
    result: StarterResult = {"outcome": "not_recorded"}
    explanation: dict[str, str] = {}
    try:
        event = event_of(received)
        result |= {"stream": event.stream, "event_id": event.event_id}
        teams.check(event.stream, event.source, account_of(received), delivered=True)  # or it would wait for it in the log
        acted = starter.act(event)
    except NotRecordable as why:
        result["reason"] = why.reason
        explanation = {"explanation": str(why)}
    else:
        result["outcome"] = acted.outcome
        if acted.reason is not None:
            result["reason"] = acted.reason
        if acted.published:
            result["published"] = [event.event_id for event in acted.published]
        if acted.explanation is not None:
            explanation = {"explanation": acted.explanation}
    if metric := METRICS.get(result["outcome"]):
        if result["outcome"] == "refused":
            metrics.add_dimensions(reason=result["reason"])
        metrics.add_metric(metric, MetricUnit.Count, 1)
        metrics.flush_metrics()
    logger.info(result["outcome"], extra={"request_id": context.aws_request_id, **result, **explanation})
    return result
