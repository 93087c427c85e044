"""Events to an EventBridge bus: in batches, with what the bus refuses tried again."""

from __future__ import annotations

import random
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from training_events.canonical import canonical_json
from training_events.errors import NotPublished

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef as Entry

    from training_events.event import Event

MAX_ENTRIES = 10
"""EventBridge: entries in one PutEvents request."""
MAX_REQUEST_BYTES = 256 * 1024
"""EventBridge's limit on a request's entries together until it was raised to 1 MB. Kept below the old one (a single event
too): the log takes 400 KB, SQS as declared 256 KB, and a smaller event passes everywhere."""


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
        failed: list[tuple[Event, str]] = []
        batch: list[tuple[Event, Entry]] = []
        room = MAX_REQUEST_BYTES
        for event in events:
            entry = self._entry(event)
            size = _entry_bytes(entry)
            if size > MAX_REQUEST_BYTES:
                failed.append((event, f"larger than {MAX_REQUEST_BYTES} bytes"))
                continue
            if size > room or len(batch) == MAX_ENTRIES:
                failed += self._put(batch)
                batch, room = [], MAX_REQUEST_BYTES
            batch.append((event, entry))
            room -= size
        failed += self._put(batch)
        if failed:
            raise NotPublished([event for event, _ in failed], Counter(cause for _, cause in failed))

    def _put(self, batch: list[tuple[Event, Entry]]) -> list[tuple[Event, str]]:
        """Put until all are taken or the attempts are used up; what is left, with the bus's last word on it."""
        left = batch
        causes: list[str] = []
        for attempt in range(self._max_attempts):
            if not left:
                break
            if attempt:  # full jitter: publishers that were refused together do not come back together
                self._sleep(random.uniform(0, min(self._longest_pause, self._first_pause * 2**attempt)))  # noqa: S311 - no secret
            try:
                answers = self._client.put_events(Entries=[entry for _, entry in left])["Entries"]
            except (BotoCoreError, ClientError) as error:  # the whole request, which the SDK has tried again itself
                causes = [str(error)] * len(left)
                break
            refused = [(pair, answer["ErrorCode"]) for pair, answer in zip(left, answers, strict=True) if "ErrorCode" in answer]
            left, causes = [pair for pair, _ in refused], [cause for _, cause in refused]
        return [(event, cause) for (event, _), cause in zip(left, causes, strict=True)]

    def _entry(self, event: Event) -> Entry:
        # No Time: the envelope then says when it was published, which is what the archive's replay goes by.
        return {
            "EventBusName": self.bus,
            "Source": event.source,
            "DetailType": event.type,
            "Detail": canonical_json(_detail(event)).decode(),
            "Resources": list(event.resources),
        }


def _detail(event: Event) -> dict[str, Any]:
    """What was said, without what the envelope carries; what extended the header goes back beside it."""
    said = {key: value for key, value in event.said().items() if key not in ("type", "source", "resources", "extensions")}
    return {**event.extensions, **said}


def _entry_bytes(entry: Entry) -> int:
    """The size EventBridge counts (User Guide, "Calculating PutEvents event entry size"): the texts in UTF-8."""
    texts = (entry["Source"], entry["DetailType"], entry["Detail"], *entry["Resources"])
    return sum(len(text.encode()) for text in texts)
