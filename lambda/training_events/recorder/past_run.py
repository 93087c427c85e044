"""Records a run that is over already, at the times at which it began and ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from training_events.errors import NoSuchLog
from training_events.recorder.delivery.channel import Channel
from training_events.recorder.delivery.points import MetricCall, PointBatcher
from training_events.recorder.identity import run_id
from training_events.recorder.labels import batches, tags_of
from training_events.recorder.outside_run import OF_STORES, readable_store
from training_events.recorder.pinning.fetched import pin_dataset
from training_events.recorder.pinning.spec import pinned_spec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from training_events.recorder.ending import LastEvent
    from training_events.recorder.options import RunOptions


def stream_of_run(options: RunOptions) -> str:
    return f"run/{run_id(options.model, options.run_id)}"


def is_recorded(stream: str) -> bool:
    """Whether the log has the stream. False where it cannot be read."""
    try:
        return next(iter(readable_store().log.entries(stream)), None) is not None
    except (NoSuchLog, *OF_STORES):
        return False


def record_past_run(
    options: RunOptions, measured: Iterable[tuple[str, Any, float | None]], end: LastEvent, *, began_ns: int, ended_ns: int
) -> None:
    """Record all of a run, from TrainingStarted to its end. Returns when it is sent, or after half a minute on disk.

    `measured` are names, values and steps of metrics; all that is known of their time is that it was before the end. Times are
    nanoseconds since 1970.
    """
    channel = Channel(stream_of_run(options), {})
    channel.start()
    try:
        record = channel.record
        record("TrainingStarted", pinned_spec(options, pin=pin_dataset, keep=channel.keep_code), began_ns)
        for tags in batches(tags_of(options.tags or {})):
            record("Tagged", {"tags": tags}, began_ns)
        calls = (MetricCall(name, value, step, ended_ns) for name, value, step in measured)
        for points, _ in PointBatcher().batches(calls):
            record("MetricsRecorded", points, ended_ns)
        record(*end, ended_ns)
    finally:
        channel.close()
