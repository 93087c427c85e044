"""Replays the archive of a bus: EventBridge sends the events of a period again, to the rules that record.

It names these rules, because the rule for events that no other takes would put each of those into the undelivered queue once
more. A replay is harmless at any time, as the log records each event once. At most 10 replays run at a time in an account and
region, a replay goes through its period minute by minute, and an event may take 10 minutes to reach the archive:
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-replay-archived-event.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-archive.html
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from training_events.errors import Misused
from training_events.recovery.recording_rules import recording_rules
from training_events.times import now, to_utc_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mypy_boto3_events import EventBridgeClient

POLL_SECONDS = 2.0
ENDED = ("COMPLETED", "FAILED", "CANCELLED")


class Replay(Struct, frozen=True):
    """How far a replay has come. `last_replayed` is between `first` and `last`; None before the first event."""

    name: str
    archive: str
    state: str
    first: str
    last: str
    last_replayed: str | None = None
    why: str | None = None


class Archive:
    """The archive of one bus, which is given by its name or ARN."""

    def __init__(
        self,
        bus: str,
        client: EventBridgeClient,
        *,
        clock: Callable[[], str] = now,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._bus = bus
        self._client = client
        self._clock, self._sleep = clock, sleep

    def replay(self, first: str, last: str) -> Replay:
        """Start replaying the events whose envelopes have a time from `first` to `last`, rounded outwards to whole seconds.

        They go to the rules that hand events to the event processor; to all rules where the bus has none of these. Raises
        Misused for an impossible period, and for a bus that does not have exactly one archive.
        """
        present = self._clock()
        if last > present:
            raise Misused(f"the end, {last}, lies in the future: it is {present}")
        # the request has whole seconds, as envelopes do: an end that is cut off would leave out its own second
        start = datetime.fromisoformat(first).replace(microsecond=0)
        end = min(_up_to_a_second(last), datetime.fromisoformat(present).replace(microsecond=0))
        if first >= last or start >= end:
            raise Misused(f"the beginning, {first}, is not before the end, {last}")
        bus = self._client.describe_event_bus(Name=self._bus)["Arn"]
        archive = self._archive_of(bus)
        destination: Any = {"Arn": bus}
        if rules := [rule.arn for rule in recording_rules(self._bus, self._client)]:
            destination["FilterArns"] = rules
        name = f"training-replay-{present.replace(':', '').replace('-', '')}"
        answer = self._client.start_replay(
            ReplayName=name,
            EventSourceArn=archive,
            EventStartTime=start,
            EventEndTime=end,
            Destination=destination,
        )
        return Replay(name, archive, answer["State"], _text(start), _text(end), None, answer.get("StateReason"))

    def follow(self, replay: Replay) -> Iterator[Replay]:
        """Yields how far the replay has come, every few seconds, until it has ended. The last one says how it ended."""
        while True:
            answer: Any = self._client.describe_replay(ReplayName=replay.name)
            reached = answer.get("EventLastReplayedTime")
            last_replayed = None if reached is None else _text(reached)
            yield Replay(
                replay.name,
                replay.archive,
                answer["State"],
                replay.first,
                replay.last,
                last_replayed,
                answer.get("StateReason"),
            )
            if answer["State"] in ENDED:
                return
            self._sleep(POLL_SECONDS)

    def _archive_of(self, bus: str) -> str:
        names: list[str] = []
        token: dict[str, Any] = {}
        while True:
            page = self._client.list_archives(EventSourceArn=bus, **token)
            names += [archive["ArchiveName"] for archive in page["Archives"]]
            if not page.get("NextToken"):
                break
            token = {"NextToken": page["NextToken"]}
        if len(names) != 1:
            archives = f"several archives, {', '.join(names)}" if names else "no archive"
            raise Misused(f"the bus {bus} has {archives}: a replay needs exactly one")
        return self._client.describe_archive(ArchiveName=names[0])["ArchiveArn"]


def _up_to_a_second(moment: str) -> datetime:
    exact = datetime.fromisoformat(moment)
    whole = exact.replace(microsecond=0)
    return whole if whole == exact else whole + timedelta(seconds=1)


def _text(moment: datetime) -> str:
    return to_utc_text(moment.astimezone(UTC).isoformat())
