"""Where a recorder's events go: to the event bus, or without one straight to the log."""

from __future__ import annotations

from contextlib import nullcontext, suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

import msgspec
from botocore.exceptions import BotoCoreError, ClientError
from msgspec import Struct, structs

from training_events import aws, strict_json
from training_events.bus.envelope import decode, put_events_entry
from training_events.bus.publisher import EventBusPublisher, is_final
from training_events.canonical import MAX_DEPTH, canonical_json
from training_events.errors import BadLogUrl, NotRecordable, TrainingEventsError
from training_events.recorder import forks
from training_events.recorder.delivery.sha256 import sha256_hex
from training_events.settings import LAPTOP_LOG, Settings
from training_events.stores.address import SqliteFile, parse
from training_events.stores.appending import appender
from training_events.stores.opening import open_event_log

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

REPLY_SECONDS = 30.0
"""How long a reply of the bus may take. Nothing waits for it."""


class Unsent(NamedTuple):
    """An event's line that was not taken, and why. A `final` one would not be taken however often it is sent."""

    line: bytes
    why: str
    final: bool = False


class Sink(Protocol):
    """Takes events as the spool keeps them: lines of `bus.envelope.to_envelope`. Taking one again changes nothing."""

    def send(self, lines: Sequence[bytes]) -> list[Unsent]: ...


class Destination(Struct, frozen=True):
    """A bus or a log. Region and endpoint tell it apart from others of the same name."""

    kind: Literal["bus", "log"]
    at: str
    region: str = ""
    endpoint: str = ""

    @property
    def folder_name(self) -> str:
        """The folder of the spool that holds the events for this destination."""
        return sha256_hex(canonical_json(msgspec.to_builtins(self)))[:16]

    @property
    def folder_names(self) -> tuple[str, ...]:
        """Its own folder, and that of the same bus without a region: recorders that knew no region could not send."""
        return (self.folder_name, structs.replace(self, region="").folder_name) if self.region else (self.folder_name,)

    @property
    def is_file(self) -> bool:
        """Whether it is a laptop's log."""
        return self.kind == "log" and self.at.startswith("sqlite:")

    def __str__(self) -> str:
        return f"the {self.kind} {self.at}" + (f" in {self.region}" if self.region else "")

    def sink(self, pause: Callable[[float], None]) -> Sink:
        """Raises what is wrong with the destination's settings. `pause` waits between attempts, in seconds."""
        with forks.client_setup.entered():
            self._load()
        with forks.request.entered():  # credentials may come by the network
            if self.kind == "log":
                return LogSink(self.at)
            client = aws.client("events", validate=False, read_seconds=REPLY_SECONDS)
            return BusSink(EventBusPublisher(self.at, client, sleep=pause))

    def _load(self) -> None:
        """All that a sink imports, and what OpenSSL sets up: it is bounded, and a fork has to wait for it."""
        if self.kind == "bus":
            aws.load("events")
        elif isinstance(parse(self.at), SqliteFile):
            import_module("training_events.stores.sqlite.event_log")
        else:
            import_module("training_events.stores.dynamodb.event_log")
            aws.load("dynamodb")


def configured_destination(settings: Settings) -> Destination:
    """TRAINING_EVENTS_BUS, else TRAINING_EVENTS_LOG, else the laptop's log in the working folder."""
    environment = settings.environment
    region = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or ""

    def endpoint(service: str) -> str:
        return environment.get(f"AWS_ENDPOINT_URL_{service}") or environment.get("AWS_ENDPOINT_URL") or ""

    if bus := settings.optional("bus"):
        # an ARN names its region itself
        return Destination("bus", bus, region, endpoint("EVENTBRIDGE"))
    url = settings.optional("log") or LAPTOP_LOG
    with suppress(BadLogUrl):  # raised again, to be reported, when the log is opened
        if isinstance(address := parse(url), SqliteFile):
            return Destination("log", f"sqlite:///{address.path}")  # absolute: the program may change its working folder
    return Destination("log", url, region, endpoint("DYNAMODB"))


class _Line(Struct):
    source: str
    type: str = msgspec.field(name="detail-type")
    detail: msgspec.Raw = msgspec.Raw()
    resources: tuple[str, ...] = ()


_read_line = msgspec.json.Decoder(_Line).decode


class BusSink:
    def __init__(self, publisher: EventBusPublisher) -> None:
        self._publisher = publisher

    def send(self, lines: Sequence[bytes]) -> list[Unsent]:
        unsent, entries = [], []
        for line in lines:
            try:
                entries.append((line, self._entry(line)))
            except msgspec.MsgspecError as flaw:  # something else has written into the spool
                unsent.append(Unsent(line, f"it is no event: {flaw}", final=True))
        failed = self._publisher.put(entries)
        return unsent + [Unsent(line, why, final=is_final(why)) for line, why in failed]

    def _entry(self, line: bytes) -> Any:
        event = _read_line(line)
        return put_events_entry(self._publisher.bus, event.source, event.type, bytes(event.detail).decode(), event.resources)


class LogSink:
    """For recorders without a bus."""

    def __init__(self, url: str) -> None:
        from training_events.stores.sqlite.event_log import SqliteLog  # noqa: PLC0415 - sqlite3 is not needed for a bus

        log = open_event_log(url)
        self._log = appender(log, Settings())
        self.file = log.database if isinstance(log, SqliteLog) else None
        self._together = nullcontext if self.file is None else self.file.together

    def send(self, lines: Sequence[bytes]) -> list[Unsent]:
        try:
            with self._together():
                return self._append(lines)
        except TrainingEventsError as error:  # none of the transaction has arrived
            return [Unsent(line, str(error)) for line in lines]

    def _append(self, lines: Sequence[bytes]) -> list[Unsent]:
        unsent = []
        for number, line in enumerate(lines):
            try:
                self._log.append(decode(strict_json.loads(line, MAX_DEPTH + 2)))  # the data is inside detail and envelope
            except NotRecordable as flaw:
                unsent.append(Unsent(line, f"{flaw.reason}: {flaw}", final=True))
            except (TrainingEventsError, BotoCoreError, ClientError, OSError) as error:
                return unsent + [Unsent(rest, str(error)) for rest in lines[number:]]
        return unsent
