"""The projector: what the log's change stream delivers goes into the read models, and finished streams are sealed.

Streams stand for themselves: one that fails is delivered again, the others of its batch are done. A record other than an insert
means that somebody altered the log: it raises the alarm and touches no read model, as the state before it is evidence.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, TypedDict

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit

from training_events import aws
from training_events.change_record import Arrival, read_arrival
from training_events.errors import LogAltered, MissingSetting
from training_events.projection import How, Projector
from training_events.s3_seals import S3Seals
from training_events.seal import seal_stream
from training_events.settings import Settings
from training_events.store import open_store
from training_events.undelivered import UndeliveredQueue

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


class Failure(TypedDict):
    itemIdentifier: str


class Response(TypedDict):
    """For Lambda: which records failed. It delivers again from the first of them on."""

    batchItemFailures: list[Failure]


METRICS = {How.APPLIED: "StatesProjected", How.REFOLDED: "StatesRefolded", How.UNCHANGED: "StatesUnchanged"}

settings = Settings()
store = open_store(settings.log)
if store.read_models is None:
    raise MissingSetting("TRAINING_EVENTS_LOG names no read models: dynamodb://<event log table>?read_models=<table>")
seals = S3Seals(settings.bucket, aws.client("s3"), mode=settings.seal_mode, days=settings.seal_days)
undelivered = UndeliveredQueue(settings.undelivered, settings.bucket)
projector = Projector(store.log, store.read_models)
logger = Logger()
metrics = Metrics(namespace=os.environ.get("POWERTOOLS_METRICS_NAMESPACE") or "TrainingEvents")


def handler(received: dict[str, Any], context: LambdaContext) -> Response:
    """Project a batch of the change stream. What may succeed later is answered as failed; the rest is done or set aside."""
    streams: dict[str, list[Arrival]] = defaultdict(list)
    for arrival in map(read_arrival, received["Records"]):
        streams[arrival.stream].append(arrival)
    done: Counter[str] = Counter()
    failed: list[str] = []
    for stream, arrivals in streams.items():
        try:
            done += _take(stream, arrivals, context)
        except Exception:  # whatever it is, the other streams go on; Lambda tries this one again, then sets it aside
            logger.exception("failed", extra={"stream": stream})
            failed += [arrival.number for arrival in arrivals]
            done["StreamsFailed"] += 1
    for name, count in done.items():
        metrics.add_metric(name, MetricUnit.Count, count)
    if done:
        metrics.flush_metrics()
    logger.info("projected", extra={"request_id": context.aws_request_id, **done, "failed": len(failed)})
    return {"batchItemFailures": [{"itemIdentifier": number} for number in failed]}


def _take(stream: str, arrivals: list[Arrival], context: LambdaContext) -> Counter[str]:
    """Project one stream's part of the batch, then set aside what nothing can be made of; what was done, by metric."""
    done: Counter[str] = Counter()
    if entries := [arrival.entry for arrival in arrivals if arrival.entry is not None]:
        projected = projector.project(stream, entries)
        done[METRICS[projected.how]] += 1
        if projected.state.finished:
            done[_seal(stream)] += 1
    for arrival in arrivals:
        if arrival.flaw is None:
            continue
        logger.error(str(arrival.flaw), extra={"stream": stream, "reason": arrival.flaw.reason})
        by, request_id = context.function_name, context.aws_request_id
        undelivered.set_aside(arrival.record, arrival.flaw, by=by, request_id=request_id)
        done["LogAltered" if isinstance(arrival.flaw, LogAltered) else "RecordsSetAside"] += 1
    return done


def _seal(stream: str) -> str:
    """What came of sealing a finished stream, by metric. A log that contradicts itself or its seals does so on a retry too."""
    try:
        return "SealsWritten" if seal_stream(store.log, seals, stream) else "SealsUnchanged"
    except LogAltered as why:
        logger.error(str(why), extra={"stream": stream, "reason": why.reason})
        return "LogAltered"
