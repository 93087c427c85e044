"""Appending to a log from outside of AWS: on AWS the event processor does it, for anybody else the log's policy denies.

The processor is invoked synchronously, and answers what became of the event. Its name comes from TRAINING_EVENTS_PROCESSOR.
Without that the event is put into the table, as a stack of version 0.1.0, or an emulator, lets anyone who has the right.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

from training_events.bus.envelope import to_envelope
from training_events.errors import Misused, NotAllowed, NotRecordable, TrainingEventsError
from training_events.stores.dynamodb.event_log import DynamoDbLog
from training_events.stores.event_log import Appended

if TYPE_CHECKING:
    from training_events.event import Event
    from training_events.settings import Settings
    from training_events.stores.event_log import EventLog

REPLY_SECONDS = 60.0
"""A cold start and the function's own timeout of 30 seconds are within this."""
_DENIED = ("AccessDenied", "AccessDeniedException")
_REASONS = {error.reason: error for error in NotRecordable.__subclasses__()}


class Appender(Protocol):
    """What can append: a log, or the event processor."""

    def append(self, event: Event, *, account: str | None = None, accept_future: bool = False) -> Appended:
        """As EventLog.append. Raises NotAllowed where the caller may not."""
        ...


def appender(log: EventLog, settings: Settings) -> Appender:
    """What to append to this log with."""
    if not isinstance(log, DynamoDbLog):
        return log
    from training_events import aws  # noqa: PLC0415 - on a laptop nobody waits for AWS's SDK

    if (function := settings.optional("processor")) is None:
        return _Table(log)
    return Processor(function, log.table, aws.client("lambda", read_seconds=REPLY_SECONDS))


class Processor:
    """The event processor, given by its name or ARN, of the stack that has this table."""

    def __init__(self, function: str, table: str, client: Any) -> None:
        self.function, self.table = function, table
        self._client = client

    def append(self, event: Event, *, account: str | None = None, accept_future: bool = False) -> Appended:
        """Raises NotAllowed, the NotRecordable with which the processor refuses the event, and what AWS raises."""
        head = json.dumps({"log": self.table, "accept_future": accept_future}).encode()
        request = b'%s,"record":%s}' % (head[:-1], to_envelope(event, account))
        try:
            reply = self._client.invoke(FunctionName=self.function, Payload=request)
        except self._client.exceptions.ClientError as error:
            if (code := error.response["Error"]["Code"]) in _DENIED:
                raise NotAllowed(
                    f"{code}: you may not invoke the event processor {self.function}, which alone may put into the log:"
                    " ask for lambda:InvokeFunction on it, or publish to the bus (TRAINING_EVENTS_BUS)"
                ) from None
            raise
        return self._read(json.loads(reply["Payload"].read()), failed="FunctionError" in reply)

    def _read(self, answer: Any, *, failed: bool) -> Appended:
        if failed or not isinstance(answer, dict):
            raise TrainingEventsError(f"the event processor {self.function} failed: {_failure(answer)}")
        outcome = answer.get("outcome")
        if outcome in (Appended.RECORDED.value, Appended.REPEATED.value):
            return Appended(outcome)
        if outcome == "other_log":
            raise Misused(
                f"the event processor {self.function} puts into the table {answer.get('log')}, not into {self.table}:"
                " set TRAINING_EVENTS_PROCESSOR to the one of the same stack"
            )
        refusal = answer.get("refusal")
        if outcome == "refused" and isinstance(refusal, dict) and (error := _REASONS.get(str(answer.get("reason")))):
            raise error(refusal["what"], refusal["allowed"], tuple(refusal["path"]))
        # an older processor takes the request for an event, and sets it aside
        raise TrainingEventsError(
            f"the event processor {self.function} answers {json.dumps(answer):.200}: is its version older than this client's?"
        )


class _Table:
    """The table itself. A denial becomes one line that says what to do."""

    def __init__(self, log: DynamoDbLog) -> None:
        self._log = log

    def append(self, event: Event, *, account: str | None = None, accept_future: bool = False) -> Appended:
        try:
            return self._log.append(event, account=account, accept_future=accept_future)
        except self._log.client.exceptions.ClientError as error:
            if (code := error.response["Error"]["Code"]) in _DENIED:
                raise NotAllowed(
                    f"{code}: you may not put into the table {self._log.table}, only the event processor may: set"
                    " TRAINING_EVENTS_PROCESSOR to its name (the output event_processor_function_name),"
                    " or TRAINING_EVENTS_BUS to publish"
                ) from None
            raise


def _failure(answer: Any) -> str:
    texts = (answer.get("errorType"), answer.get("errorMessage")) if isinstance(answer, dict) else ()
    return ": ".join(text for text in texts if isinstance(text, str)) or "it says nothing of why"
