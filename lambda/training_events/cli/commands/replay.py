"""`training-events replay`: sends what went over the bus in a period once more."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from msgspec import Struct, field

from training_events import aws
from training_events.cli.output import print_document
from training_events.cli.progress import progress
from training_events.cli.time_argument import start_option, time_option
from training_events.cli.workspace import AsJson
from training_events.errors import TrainingEventsError
from training_events.recovery.replay import Archive
from training_events.settings import Settings

if TYPE_CHECKING:
    from training_events.recovery.replay import Replay


class ReplayDocument(Struct):
    """`state` is EventBridge's. `from` and `to` are what it was asked for: whole seconds around the times of the caller."""

    replay: str
    archive: str
    state: str
    first: str = field(name="from")
    last: str = field(name="to")
    last_replayed: str | None


def replay(
    first: Annotated[str, start_option("--from", meaning="Start of the period.")],
    last: Annotated[str, time_option("--to", meaning="End of the period, not in the future.")],
    as_json: AsJson = False,
) -> None:
    """Send the archived events of a period over the bus again.

    The archive belongs to the bus that TRAINING_EVENTS_BUS names. An event is in the period if it was published in it. The
    command follows the replay until everything is sent. The log takes each event once, so a replay is harmless, whatever
    was recorded meanwhile. An event may take 10 minutes to reach the archive: then replay again.

    For example:
      training-events replay --from "2 hours ago" --to now
      training-events replay --from 2026-11-21T08:00 --to 2026-11-21T09:30+01:00
    """
    archive = Archive(Settings().bus, aws.client("events"))
    started = archive.replay(first, last)
    try:
        ended = _follow(archive, started)
    except KeyboardInterrupt:
        command = f"aws events describe-replay --replay-name {started.name}"
        print(f"training-events: no longer following the replay, which goes on: {command}", file=sys.stderr)
        raise
    if as_json:
        print_document(_document(ended))
    if ended.state != "COMPLETED":
        raise TrainingEventsError(f"the replay {ended.name} is {ended.state}: {ended.why or 'EventBridge does not say why'}")
    if not as_json:
        print(f"{ended.name}: replayed {ended.first} to {ended.last}")


def _follow(archive: Archive, started: Replay) -> Replay:
    reached = started
    with progress() as show:
        for reached in archive.follow(started):
            show(f"{reached.name} {reached.state}", _share(reached))
    return reached


def _share(replay: Replay) -> float:
    """How much of the period is done: EventBridge goes through it in order, minute by minute."""
    if replay.last_replayed is None:
        return 0
    first, last, reached = map(datetime.fromisoformat, (replay.first, replay.last, replay.last_replayed))
    return min(1.0, max(0.0, (reached - first) / (last - first)))


def _document(replay: Replay) -> ReplayDocument:
    return ReplayDocument(replay.name, replay.archive, replay.state, replay.first, replay.last, replay.last_replayed)
