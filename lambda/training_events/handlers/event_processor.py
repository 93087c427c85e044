"""The event processor: records what EventBridge delivers in the event log, or sets it aside with its reason.

It alone may put into the log. So a person's `redrive` or `record` invokes it directly, with a request in place of an event.
What it refuses then is not set aside, because the caller still has it. No event of a bus can look like a request: the top level
of what a rule delivers is EventBridge's own.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Literal, NotRequired, TypedDict

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit

from training_events.bus.envelope import account_of
from training_events.bus.received import event_of
from training_events.errors import NotRecordable
from training_events.recovery.undelivered import UndeliveredQueue
from training_events.settings import Settings
from training_events.stores.event_log import Appended
from training_events.stores.opening import open_event_log

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


class Refusal(TypedDict):
    """Why a request was refused, in the parts of which the client makes the error."""

    what: str
    allowed: str
    path: list[str | int]


class ProcessorResult(TypedDict):
    """What became of one event. Stream and id are absent if the event could not be understood that far."""

    outcome: Literal["recorded", "repeated", "set_aside", "refused", "other_log"]
    """`other_log`: the caller means the log of another stack. `log` is this one's."""
    log: NotRequired[str]
    stream: NotRequired[str]
    event_id: NotRequired[str]
    reason: NotRequired[str]
    refusal: NotRequired[Refusal]


METRICS = {"recorded": "EventsRecorded", "repeated": "EventsRepeated", "set_aside": "EventsSetAside"}
REQUEST_KEYS = {"log", "record", "accept_future"}
"""The keys of a request: the table that the caller means, an event in its envelope, and whether it may be from the future."""

# Made while Lambda starts the function, when it has a whole processor, and used by every invocation.
settings = Settings()
teams = settings.teams
log: Any = open_event_log(settings.log)
undelivered = UndeliveredQueue(settings.undelivered, settings.bucket)
logger = Logger()  # service and level: POWERTOOLS_SERVICE_NAME, POWERTOOLS_LOG_LEVEL
# Powertools refuses to flush without a namespace; a metric must not fail an event that is already recorded
metrics = Metrics(namespace=os.environ.get("POWERTOOLS_METRICS_NAMESPACE") or "TrainingEvents")


def handler(received: Any, context: LambdaContext) -> ProcessorResult:
    """Record one event. What can never be recorded is set aside; any other error raises, so that Lambda retries."""
    is_request = isinstance(received, dict) and received.keys() == REQUEST_KEYS
    if is_request and received["log"] != log.table:
        return {"outcome": "other_log", "log": log.table}
    result: ProcessorResult = {"outcome": "refused" if is_request else "set_aside"}
    explanation: dict[str, str] = {}
    try:
        envelope = received["record"] if is_request else received
        event = event_of(envelope)
        result |= {"stream": event.stream, "event_id": event.event_id}
        account = account_of(envelope)
        teams.check(event.stream, event.source, account, delivered=not is_request)
        accept_future = is_request and received["accept_future"] is True
        appended = log.append(event, account=account, accept_future=accept_future)
        result["outcome"] = "recorded" if appended is Appended.RECORDED else "repeated"
    except NotRecordable as why:
        result["reason"] = why.reason
        explanation = {"explanation": str(why)}
        if is_request:
            result["refusal"] = {"what": why.what, "allowed": why.allowed, "path": list(why.path)}
        else:
            undelivered.set_aside(received, why, by=context.function_name, request_id=context.aws_request_id)
            # a second set of dimensions: one alarm over all reasons, one graph for each reason
            metrics.add_dimensions(reason=why.reason)
    if metric := METRICS.get(result["outcome"]):
        metrics.add_metric(metric, MetricUnit.Count, 1)
        metrics.flush_metrics()
    logger.info(result["outcome"], extra={"request_id": context.aws_request_id, **result, **explanation})
    return result
