"""Publishes events to an EventBridge bus, in batches, and tries again what the bus refuses."""

from __future__ import annotations

import random
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, TypeVar

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
"""EventBridge: the most entries in one PutEvents request."""
MAX_REQUEST_BYTES = 256 * 1024
"""The most bytes of all entries of a request, and so of one event. EventBridge's own limit was this, and is now 1 MB. The old
one is kept, because the log takes 400 KB and SQS, as declared, 256 KB: an event of this size passes everywhere."""
_ENTRY_TOO_LARGE = f"larger than {MAX_REQUEST_BYTES} bytes"
_INCOMPLETE_REPLY = "the reply does not say that it was taken"

_FINAL_CAUSES = frozenset({_ENTRY_TOO_LARGE, "InvalidArgument", "MalformedDetail"})
"""The last two are EventBridge's codes for an entry that it will never take:
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html"""


class NotPublished(TrainingEventsError):  # noqa: N818
    """Some events did not reach the bus. `events` has exactly those."""

    def __init__(self, events: Sequence[Event], causes: Mapping[str, int]) -> None:
        self.events = tuple(events)
        counted = ", ".join(f"{cause} ({count})" for cause, count in causes.items())
        super().__init__(f"{len(self.events)} event(s) not published: {counted}")


class EventBusPublisher:
    """Publishes to one bus, given by its name or ARN. To publish an event again is harmless: the log records it once."""

    def __init__(
        self,
        bus: str,
        client: EventBridgeClient,
        *,
        max_attempts: int = 5,
        first_pause_seconds: float = 0.1,
        max_pause_seconds: float = 5.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.bus = bus
        self._client = client
        self._max_attempts = max_attempts
        self._first_pause, self._max_pause = first_pause_seconds, max_pause_seconds
        self._sleep = sleep

    def publish(self, events: Iterable[Event]) -> None:
        """Publish all events; one that fails does not stop those after it. Raises NotPublished with exactly the failed ones."""
        failed = self.put((event, to_put_events_entry(self.bus, event)) for event in events)
        if failed:
            raise NotPublished([event for event, _ in failed], Counter(cause for _, cause in failed))

    def put(self, entries: Iterable[tuple[_T, PutEventsEntry]]) -> list[tuple[_T, str]]:
        """Put entries. Returns those that failed, each with the bus's last answer.

        An entry is given with the object that it was made from (an event, a line of the spool), and that is returned for it.
        """
        failed: list[tuple[_T, str]] = []
        batch: list[tuple[_T, PutEventsEntry]] = []
        room = MAX_REQUEST_BYTES
        for origin, entry in entries:
            size = _entry_bytes(entry)
            if size > MAX_REQUEST_BYTES:
                failed.append((origin, _ENTRY_TOO_LARGE))
                continue
            if size > room or len(batch) == MAX_ENTRIES:
                failed += self._put(batch)
                batch, room = [], MAX_REQUEST_BYTES
            batch.append((origin, entry))
            room -= size
        return failed + self._put(batch)

    def _put(self, batch: list[tuple[_T, PutEventsEntry]]) -> list[tuple[_T, str]]:
        """Put the batch until the bus has taken all or no attempt is left. Returns the rest, with the bus's last answers."""
        left = batch
        causes: list[str] = []
        for attempt in range(self._max_attempts):
            if not left:
                break
            if attempt:  # full jitter, so that publishers who were refused together do not try again together
                self._sleep(random.uniform(0, min(self._max_pause, self._first_pause * 2**attempt)))  # noqa: S311 - no secret
            try:
                reply = self._client.put_events(Entries=[entry for _, entry in left])
            except (BotoCoreError, ClientError) as error:  # of the whole request, which the SDK itself has tried again
                causes = [str(error)] * len(left)
                break
            except (AttributeError, TypeError, ValueError):  # how the SDK fails at JSON that has not the form of a reply
                reply = None
            answered = zip(left, _causes(reply, len(left)), strict=True)
            refused = [(pair, cause) for pair, cause in answered if cause is not None]
            left, causes = [pair for pair, _ in refused], [cause for _, cause in refused]
        return [(origin, cause) for (origin, _), cause in zip(left, causes, strict=True)]


def _causes(reply: Any, entries: int) -> list[str | None]:
    """For each entry of the request why the bus did not take it; None where it did.

    An entry is taken if and only if its answer has an EventId: a proxy, or a bus that is in trouble, may answer 200 with
    anything. What was taken all the same is recorded only once, however often it is sent.
    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html
    """
    answers = reply.get("Entries") if isinstance(reply, dict) else None
    if not isinstance(answers, list) or len(answers) != entries:
        # nothing tells which answer belongs to which entry
        return [_INCOMPLETE_REPLY] * entries
    return [_cause(answer) for answer in answers]


def _cause(answer: Any) -> str | None:
    if not isinstance(answer, dict):
        return _INCOMPLETE_REPLY
    if _is_text(answer.get("EventId")):
        return None
    code = answer.get("ErrorCode")
    return code if _is_text(code) else _INCOMPLETE_REPLY


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def is_final(cause: str) -> bool:
    """Whether it is useless to put the entry again. `cause` is an answer that `put` has returned."""
    return cause in _FINAL_CAUSES


def _entry_bytes(entry: PutEventsEntry) -> int:
    """The size that EventBridge counts (User Guide, "Calculating PutEvents event entry size"): the texts in UTF-8."""
    texts = (entry["Source"], entry["DetailType"], entry["Detail"], *entry["Resources"])
    return sum(len(text.encode()) for text in texts)
