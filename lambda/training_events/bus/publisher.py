"""Events to an EventBridge bus: in batches, with what the bus refuses tried again."""

from __future__ import annotations

import random
import time
from collections import Counter
from typing import TYPE_CHECKING, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from training_events.bus.envelope import to_put_events_entry
from training_events.errors import TrainingEventsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef as PutEventsEntry

    from training_events.event import Event

_T = TypeVar("_T")

MAX_ENTRIES = 10
"""EventBridge: entries in one PutEvents request."""
MAX_REQUEST_BYTES = 256 * 1024
"""EventBridge's limit on a request's entries together until it was raised to 1 MB. Kept below the old one (a single event
too): the log takes 400 KB, SQS as declared 256 KB, and a smaller event passes everywhere."""
_ENTRY_TOO_LARGE = f"larger than {MAX_REQUEST_BYTES} bytes"

_FINAL_CAUSES = frozenset({_ENTRY_TOO_LARGE, "InvalidArgument", "MalformedDetail"})
"""The last two are EventBridge's codes for an entry that it will never take:
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html"""


class NotPublished(TrainingEventsError):  # noqa: N818
    """Some events did not reach the bus; the error carries exactly those."""

    def __init__(self, events: Sequence[Event], why: Mapping[str, int]) -> None:
        self.events = tuple(events)
        causes = ", ".join(f"{cause} ({count})" for cause, count in why.items())
        super().__init__(f"{len(self.events)} event(s) not published: {causes}")


class EventBusPublisher:
    """Publishes to one bus (name or ARN). Publishing an event again is harmless: the log records it once."""

    def __init__(
        self,
        bus: str,
        client: EventBridgeClient,
        *,
        max_attempts: int = 5,
        first_pause_seconds: float = 0.1,
        longest_pause_seconds: float = 5.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.bus = bus
        self._client = client
        self._max_attempts = max_attempts
        self._first_pause, self._longest_pause = first_pause_seconds, longest_pause_seconds
        self._sleep = sleep

    def publish(self, events: Iterable[Event]) -> None:
        """Publish all; one that fails does not stop those after it. Raises NotPublished with exactly the failed ones."""
        failed = self.put((event, to_put_events_entry(self.bus, event)) for event in events)
        if failed:
            raise NotPublished([event for event, _ in failed], Counter(cause for _, cause in failed))

    def put(self, entries: Iterable[tuple[_T, PutEventsEntry]]) -> list[tuple[_T, str]]:
        """Put entries, each of them given with what it stands for: that of
        those which failed, and the bus's last word on it.
        """
        failed: list[tuple[_T, str]] = []
        batch: list[tuple[_T, PutEventsEntry]] = []
        room = MAX_REQUEST_BYTES
        for what, one in entries:
            size = _entry_bytes(one)
            if size > MAX_REQUEST_BYTES:
                failed.append((what, _ENTRY_TOO_LARGE))
                continue
            if size > room or len(batch) == MAX_ENTRIES:
                failed += self._put(batch)
                batch, room = [], MAX_REQUEST_BYTES
            batch.append((what, one))
            room -= size
        return failed + self._put(batch)

    def _put(self, batch: list[tuple[_T, PutEventsEntry]]) -> list[tuple[_T, str]]:
        """Put until all are taken or the attempts are used up; what is left, with the bus's last word on it."""
        left = batch
        causes: list[str] = []
        for attempt in range(self._max_attempts):
            if not left:
                break
            if attempt:  # full jitter: publishers that were refused together do not come back together
                self._sleep(random.uniform(0, min(self._longest_pause, self._first_pause * 2**attempt)))  # noqa: S311 - no secret
            try:
                answers = self._client.put_events(Entries=[entry for _, entry in left]).get("Entries", [])
            except (BotoCoreError, ClientError) as error:  # the whole request, which the SDK has tried again itself
                causes = [str(error)] * len(left)
                break
            if len(answers) != len(left):  # the SDK makes something of half a reply too
                causes = ["the reply was cut off"] * len(left)
                continue
            answered = zip(left, answers, strict=True)
            refused = [(pair, answer["ErrorCode"]) for pair, answer in answered if "ErrorCode" in answer]
            left, causes = [pair for pair, _ in refused], [cause for _, cause in refused]
        return [(what, cause) for (what, _), cause in zip(left, causes, strict=True)]


def is_final(cause: str) -> bool:
    """Whether putting the entry again cannot help: `cause` is one that `put` has given."""
    return cause in _FINAL_CAUSES


def _entry_bytes(entry: PutEventsEntry) -> int:
    """The size EventBridge counts (User Guide, "Calculating PutEvents event entry size"): the texts in UTF-8."""
    texts = (entry["Source"], entry["DetailType"], entry["Detail"], *entry["Resources"])
    return sum(len(text.encode()) for text in texts)
