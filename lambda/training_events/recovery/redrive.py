"""Does the work that an undelivered message asks for: records its event, folds its stream, has a training started, or puts a
run event of OpenLineage on the bus again.

An event keeps its identity: once decoded, it names its id, stream and time itself, so it arrives with the same digest in a new
envelope. Doing the work twice changes nothing, so a message is removed only after its work is done.
"""

from __future__ import annotations

import json
import re
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError
from msgspec import Struct

from training_events import aws
from training_events.bus.envelope import account_of, put_events_entry
from training_events.bus.publisher import EventBusPublisher
from training_events.bus.received import event_of
from training_events.canonical import canonical_json
from training_events.errors import Conflict, NotUnderstood, TrainingEventsError
from training_events.event import Event
from training_events.recordable import check_recordable
from training_events.recovery.failed_batch import streams_of
from training_events.recovery.message import NO_RULE, stream_of_record
from training_events.recovery.recording_rules import central_buses, is_taken, recording_rules
from training_events.settings import OPENLINEAGE_SOURCE
from training_events.stores.dynamodb.change_record import read_arrival
from training_events.stores.event_log import check_due
from training_events.times import now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from training_events.bus.publisher import EventBusPublisher
    from training_events.recovery.message import Message, StoredOriginal
    from training_events.recovery.recording_rules import RecordingRule
    from training_events.stores.appending import Appender


_STARTER = re.compile(r"(arn:[a-z-]+:lambda:[a-z0-9-]+:\d{12}:function:[a-z0-9-]+-training-starter)(:\$LATEST)?")
"""The ARN of a training starter, and the version with which Lambda reports it. `stacks/training_starter.py` gives the name."""

_BUS = re.compile(r"arn:[a-z-]+:events:[a-z0-9-]+:\d{12}:event-bus/.+")


class Undelivered(Protocol):
    """Where the messages are. Each is removed after its work is done."""

    def remove(self, message: Message) -> None: ...


class Record(Protocol):
    """Records an event, which this AWS account sent at first; None where the message does not say."""

    def __call__(self, event: Event, *, account: str | None = None) -> object: ...


class RedriveOutcome(Struct, frozen=True):
    """What became of a message: it was sent again, or `why` says why it stays. Streams and event id as far as known."""

    message: Message
    streams: list[str]
    event_id: str | None = None
    why: str | None = None


class _ToRecord(Struct, frozen=True):
    event: Event
    account: str | None


class _Start(Struct, frozen=True):
    """The work that the training starter failed at: to record its event again would start nothing."""

    starter: str
    event: Event
    original: Any


class _Publish(Struct, frozen=True):
    """A run event of OpenLineage that its service did not take. The log records none of these."""

    original: Any


class _Forward(Struct, frozen=True):
    """An event that the bus of a central log did not take. This environment's own log has it, or gets it by itself."""

    central: str
    event: Event


class Redriver:
    """Works through messages. `record` records an event, `refold` folds a stream again; both are safe to repeat.

    `bus` is the bus whose rules decide about events that no rule took. With `accept_future`, events are recorded before they
    are due: `record` has to do so too.
    """

    def __init__(
        self,
        record: Record,
        refold: Callable[[str], object],
        clients: Callable[[str], Any] = aws.client,
        *,
        bus: str | None = None,
        accept_future: bool = False,
        clock: Callable[[], str] = now,
    ) -> None:
        self._record, self._refold = record, refold
        self._clients = clients
        self._bus, self._accept_future, self._clock = bus, accept_future, clock
        self._rules: list[RecordingRule] | None = None
        self._centrals: set[str] | None = None
        self._sent: set[str] = set()

    def send(self, queue: Undelivered, messages: Iterable[Message], *, dry_run: bool = False) -> Iterator[RedriveOutcome]:
        """Yields one outcome for each message; a failure does not stop the messages after it. A dry run only finds the work."""
        for message in messages:
            names = message.names
            streams, event_id = [names.stream] if names.stream else [], names.event_id
            why = None
            try:
                work = self._work_of(message)
                if isinstance(work, list):
                    streams = work
                elif not isinstance(work, _Publish):
                    streams, event_id = [work.event.stream], work.event.event_id
                if not dry_run:
                    self._do(work)
                    queue.remove(message)
            except NotUnderstood as flaw:
                why = f"{flaw.reason}: {flaw}"
            except (TrainingEventsError, BotoCoreError, ClientError) as error:
                why = str(error)
            except Exception as error:  # noqa: BLE001 - anybody who may send to the queue can make up a message
                why = f"{type(error).__name__}: {error}"
            yield RedriveOutcome(message, streams, event_id, why)

    def _work_of(self, message: Message) -> _ToRecord | _Start | _Publish | _Forward | list[str]:
        """The event to record, to start a training by, to publish or to forward, or the streams to fold."""
        if message.batch is not None:
            return streams_of(message.batch, self._clients("dynamodbstreams"))
        if message.shape == "unknown":
            raise TrainingEventsError("it is not an event, nor a message of this system")
        if message.reason == Conflict.reason:  # over the bus it would only come back
            raise TrainingEventsError("the log holds other content under its key, and the log is never overwritten")
        original = message.original if message.stored is None else self._fetch(message.stored)
        if isinstance(original, dict) and original.get("source") == "aws.events":
            return []  # a call of the projector's schedule: the calls after it did what it should
        if publish := _run_event(original, message.reason):
            return publish
        if stream_of_record(original) is not None:
            return [_stream_to_fold(original)]
        return self._work_of_event(event_of(original), message, original)

    def _work_of_event(self, event: Event, message: Message, original: Any) -> _ToRecord | _Start | _Forward:
        if starter := _STARTER.fullmatch(message.function or ""):
            return _Start(starter[1], event, original)
        if (target := message.function) and self._is_central(target):
            if event.source.startswith("aws."):
                raise TrainingEventsError(
                    f"{target} takes AWS's own events from EventBridge alone; this environment's log has it"
                )
            return _Forward(target, event)
        if not self._accept_future:  # sent too soon, it would only come back
            check_due(event, self._clock())
        if message.reason == NO_RULE and not self._is_taken(original):
            raise TrainingEventsError(
                f"no rule of the bus takes it: name {event.source!a} in the setting events.sources, deploy, and send it again"
            )
        return _ToRecord(event, account_of(original))

    def _is_taken(self, original: Any) -> bool:
        if self._bus is None:
            raise TrainingEventsError("TRAINING_EVENTS_BUS is not set: it says whose rules decide whether this is recorded")
        client = self._clients("events")
        if self._rules is None:
            self._rules = recording_rules(self._bus, client)
        return is_taken(original, self._rules, client)

    def _is_central(self, target: str) -> bool:
        """Whether a rule of our bus sends there now: whoever may send to the queue can write any target into a message."""
        if self._bus in (None, target) or not _BUS.fullmatch(target):
            return False
        if self._centrals is None:
            self._centrals = central_buses(str(self._bus), self._clients("events"))
        return target in self._centrals

    def _do(self, work: _ToRecord | _Start | _Publish | _Forward | list[str]) -> None:
        if isinstance(work, list):
            for stream in work:
                self._refold(stream)
            return
        if isinstance(work, _Publish):
            self._publish(work.original)
            return
        if isinstance(work, _Forward):  # EventBridge tries for a day before it puts it back, as with a run event
            EventBusPublisher(work.central, self._clients("events")).publish([work.event])
            return
        # a function that fails at the event again puts it back while we still read: it must not go round in circles
        sent = f"{work.starter} {work.event.digest}" if isinstance(work, _Start) else work.event.digest
        if sent in self._sent:
            raise TrainingEventsError("the same event was sent a moment ago: see what became of it, then send again")
        if isinstance(work, _Start):
            # as a rule does: if the function fails again, Lambda puts the event back into the queue
            self._clients("lambda").invoke(
                FunctionName=work.starter, InvocationType="Event", Payload=json.dumps(work.original).encode()
            )
        else:
            self._record(work.event, account=work.account)
        self._sent.add(sent)

    def _publish(self, original: Any) -> None:
        """As it was. EventBridge tries for a day before it puts it back, so it does not go round in circles."""
        if self._bus is None:
            raise TrainingEventsError("TRAINING_EVENTS_BUS is not set: it says which bus a run event of OpenLineage goes to")
        body = canonical_json(original["detail"]).decode()
        entry = put_events_entry(self._bus, OPENLINEAGE_SOURCE, original["detail-type"], body, ())
        for _, cause in EventBusPublisher(self._bus, self._clients("events")).put([(original, entry)]):
            raise TrainingEventsError(f"the bus did not take it: {cause}")

    def _fetch(self, stored: StoredOriginal) -> Any:
        uri = urlsplit(stored.uri)
        answer = self._clients("s3").get_object(Bucket=uri.netloc, Key=uri.path.lstrip("/"))
        content = answer["Body"].read()
        if (digest := sha256(content).hexdigest()) != stored.sha256:
            raise TrainingEventsError(
                f"{stored.uri} was altered: its sha256 is {digest}; what was set aside had {stored.sha256}"
            )
        return json.loads(content)


def _run_event(original: Any, reason: str | None) -> _Publish | None:
    """None for anything else."""
    if not isinstance(original, dict) or original.get("source") != OPENLINEAGE_SOURCE:
        return None
    if reason == NO_RULE:
        raise TrainingEventsError("no rule sends OpenLineage's run events on: the setting openlineage.endpoint makes one")
    return _Publish(original)


def _stream_to_fold(record: Any) -> str:
    """The stream of a record that the projector set aside: the log has the event, the fold is missing. Raises its flaw."""
    arrival = read_arrival(record)
    if arrival.flaw is not None:
        raise arrival.flaw
    return arrival.stream


def recording(
    publisher: EventBusPublisher | None,
    log: Callable[[], Appender],
    *,
    own_account: Callable[[], str | None] = lambda: None,
    accept_future: bool = False,
) -> Record:
    """Record over the bus if there is one.

    Two kinds of events go straight to the log: AWS's own, since nobody may publish under AWS's sources, and with
    `accept_future` all, since the bus carries no such decision. What another account sent than `own_account` goes to the log
    first, which notes that one, and then over the bus, whose envelope names the account that publishes.
    """

    def record(event: Event, *, account: str | None = None) -> None:
        if publisher is None or accept_future or event.source.startswith("aws."):
            log().append(event, account=account, accept_future=accept_future)
            return
        check_recordable(event)  # the bus drops a type that is too long without a word, and the message would be gone
        if account is not None and own_account() not in (None, account):
            log().append(event, account=account)
        publisher.publish([event])

    return record
