"""The projector: puts what the log's change stream delivers into the read models, and seals the streams that are due.

Each stream stands for itself: a stream that fails is delivered again, the others of its batch are done. One that fails again
and again is set aside, so that its shard goes on. A record other than an insert means that somebody altered the log: it raises
the alarm and touches no read model, as the state before it is evidence.

With TRAINING_EVENTS_OPENLINEAGE_BUS it publishes the run events of the runs that a batch has changed, once all is projected.
"""

from __future__ import annotations

import os
import time
from collections import Counter, defaultdict, deque
from functools import partial
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics

from training_events import aws
from training_events.errors import LogAltered, MissingSetting, NotProjected, NotUnderstood
from training_events.handlers.stream_reader import SCHEDULED, SPARE_MILLISECONDS, end_of_call
from training_events.projection.failing import FailingStreams
from training_events.projection.projector import Projector, Update
from training_events.projection.sealer import Sealer, Sealing
from training_events.proof.s3_seal_store import S3SealStore
from training_events.recovery.undelivered import UndeliveredQueue
from training_events.settings import Settings
from training_events.stores.dynamodb.change_record import Arrival, read_arrival
from training_events.stores.opening import open_store

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws_lambda_powertools.utilities.typing import LambdaContext

    from training_events.event import LogEntry
    from training_events.handlers.stream_reader import Response
    from training_events.openlineage.publishing import RunEventPublisher
    from training_events.projection.projector import Projected
    from training_events.stores.read_models import ReadModels


METRICS = {Update.APPLIED: "StatesProjected", Update.REFOLDED: "StatesRefolded", Update.UNCHANGED: "StatesUnchanged"}
SEAL_METRICS = {Sealing.WRITTEN: "SealsWritten", Sealing.UNCHANGED: "SealsUnchanged"}
RUN_EVENT_SECONDS = 10
"""For how long run events are published after a batch; a last request to a bus that does not answer takes seconds more."""


def _require(read_models: ReadModels | None) -> ReadModels:
    if read_models is None:
        raise MissingSetting("TRAINING_EVENTS_LOG names no read models: dynamodb://<event log table>?read_models=<table>")
    return read_models


def _run_event_publisher() -> RunEventPublisher | None:
    """None without the setting. Then nothing of it is imported either."""
    if (bus := settings.optional("openlineage_bus")) is None:
        return None
    from training_events.bus.publisher import EventBusPublisher  # noqa: PLC0415
    from training_events.openlineage.publishing import RunEventPublisher  # noqa: PLC0415

    publisher = EventBusPublisher(bus, aws.client("events", read_seconds=2), max_attempts=2)
    return RunEventPublisher(publisher, settings.source, store.log, _require(store.read_models))


settings = Settings()
store = open_store(settings.log)
seals = S3SealStore(settings.bucket, aws.client("s3"), mode=settings.seal_mode, days=settings.seal_days)
undelivered = UndeliveredQueue(settings.undelivered, settings.bucket)
projector = Projector(store.log, _require(store.read_models), max_seconds=settings.stream_seconds)
run_events = _run_event_publisher()
failing = FailingStreams()
clock = time.monotonic
set_aside_ids: deque[str] = deque(maxlen=10_000)
"""Ids of records that were set aside. Lambda delivers them again as long as a record before them fails."""
logger = Logger()
metrics = Metrics(namespace=os.environ.get("POWERTOOLS_METRICS_NAMESPACE") or "TrainingEvents")


def sealer() -> Sealer:
    """What decides when a stream is sealed."""
    return Sealer(store.log, _require(store.read_models), seals)


def handler(received: dict[str, Any], context: LambdaContext) -> Response:
    """Project a batch of the change stream, or seal what is due."""
    counts: Counter[str] = Counter()
    failed = _seal_due(counts, context) if received.get("source") == SCHEDULED else _project(received, counts, context)
    return end_of_call("projected", counts, failed, context=context, logger=logger, metrics=metrics)


def _project(received: dict[str, Any], counts: Counter[str], context: LambdaContext) -> list[str]:
    """Project a batch. Returns the records that may succeed later; the rest is done or set aside."""
    streams: dict[str, list[Arrival]] = defaultdict(list)
    for arrival in map(read_arrival, received["Records"]):
        streams[arrival.stream].append(arrival)
    failed: list[str] = []
    changes: list[tuple[Projected, list[LogEntry]]] = []
    deadline = clock() + settings.invocation_seconds
    for stream, arrivals in streams.items():
        if clock() > deadline:  # Lambda delivers the rest again
            failed += [arrival.number for arrival in arrivals]
            continue
        try:
            projected = _handle_stream(stream, arrivals, counts, context)
        except Exception as error:  # whatever it is, the other streams go on; Lambda retries this one, until it is set aside
            logger.exception("failed", extra={"stream": stream})
            counts["StreamsFailed"] += 1
            if not (failing.failed(stream) and _give_up(stream, arrivals, error, counts, context)):
                failed += [arrival.number for arrival in arrivals]
        else:
            if not failing.is_resting(stream):
                failing.succeeded(stream)
            if projected is not None:
                changes.append((projected, [arrival.entry for arrival in arrivals if arrival.entry is not None]))
    if run_events is not None:
        _publish_run_events(run_events, changes, counts, context)
    return failed


def _publish_run_events(
    publisher: RunEventPublisher, changes: list[tuple[Projected, list[LogEntry]]], counts: Counter[str], context: LambdaContext
) -> None:
    """What fails is logged, and an alarm tells: the read models are up to date, and a second delivery would help no state."""
    seconds = min(RUN_EVENT_SECONDS, (context.get_remaining_time_in_millis() - SPARE_MILLISECONDS) / 1000)
    try:
        outcome = publisher.publish(changes, seconds)
    except Exception:
        logger.exception("run events not published")
        counts["RunEventsFailed"] += 1
        return
    for what, why in outcome.unpublished:
        logger.error("run event not published", extra={"what": what, "why": why})
    if outcome.published or outcome.unpublished:
        counts.update({"RunEventsPublished": outcome.published, "RunEventsFailed": len(outcome.unpublished)})


def _seal_due(counts: Counter[str], context: LambdaContext) -> list[str]:
    """Seal the streams that are due. One that fails stays due: the next call tries it again, and an alarm tells."""
    due = sealer()
    for name in due.due():
        if context.get_remaining_time_in_millis() < SPARE_MILLISECONDS:
            break
        try:
            _count_sealing(partial(due.wake, name), name, counts)
        except Exception:
            logger.exception("not sealed", extra={"note": name})
            counts["SealsFailed"] += 1
    return []


def _handle_stream(stream: str, arrivals: list[Arrival], counts: Counter[str], context: LambdaContext) -> Projected | None:
    """Handle one stream's part of the batch: set aside what is not understood, project the rest, seal; count by metric.

    Returns None where nothing was projected.
    """
    # counted first, before anything can fail: the alarm must not wait for a read model, a bucket or a queue
    counts.update("LogAltered" for arrival in arrivals if isinstance(arrival.flaw, LogAltered))
    for arrival in arrivals:
        if arrival.flaw is not None:
            _set_aside(arrival, arrival.flaw, counts, context)
    entries = [arrival.entry for arrival in arrivals if arrival.entry is not None]
    if not entries:
        return None
    if failing.is_resting(stream):
        _set_stream_aside(arrivals, "the stream failed again and again a short time ago", counts, context)
        return None
    try:
        # what was set aside may be missing in the read model
        projected = projector.refold(stream) if failing.was_set_aside(stream) else projector.project(stream, entries)
    except NotUnderstood as why:  # it makes no state, however often it is tried
        for arrival in arrivals:
            _set_aside(arrival, why, counts, context)
        return None
    counts[METRICS[projected.update]] += 1
    counts.update("EventsNotFolded" for arrival in arrivals if arrival.entry is not None and not arrival.understood)
    _count_sealing(partial(sealer().after, projected.state), stream, counts)
    return projected


def _give_up(stream: str, arrivals: list[Arrival], error: Exception, counts: Counter[str], context: LambdaContext) -> bool:
    """Set a stream aside that fails again and again. Returns False if that fails too: then its shard has to wait."""
    what = f"the stream failed again and again, at last with {type(error).__name__}: {error}"
    try:
        _set_stream_aside(arrivals, what, counts, context)
    except Exception:
        logger.exception("not set aside", extra={"stream": stream})
        return False
    failing.rest(stream)
    return True


def _set_stream_aside(arrivals: list[Arrival], what: str, counts: Counter[str], context: LambdaContext) -> None:
    """Set one record aside for all of its stream: whoever sends it again has the whole stream folded."""
    for arrival in reversed(arrivals):
        if arrival.flaw is None:  # the others are set aside already, each for its own reason
            _set_aside(arrival, NotProjected(what, "a read model that can be written in time"), counts, context)
            return


def _set_aside(arrival: Arrival, why: NotUnderstood, counts: Counter[str], context: LambdaContext) -> None:
    if arrival.record["eventID"] in set_aside_ids:
        return
    logger.error(str(why), extra={"stream": arrival.stream, "reason": why.reason})
    undelivered.set_aside(arrival.record, why, by=context.function_name, request_id=context.aws_request_id)
    set_aside_ids.append(arrival.record["eventID"])
    if not isinstance(why, LogAltered):
        counts["RecordsSetAside"] += 1


def _count_sealing(seal: Callable[[], Sealing], name: str, counts: Counter[str]) -> None:
    """Seal, and count it. A log that contradicts its seals does so on a retry too."""
    try:
        sealing = seal()
    except LogAltered as why:
        logger.exception("not sealed", extra={"stream": name, "reason": why.reason})
        counts["LogAltered"] += 1
        return
    if sealing in SEAL_METRICS:
        counts[SEAL_METRICS[sealing]] += 1
