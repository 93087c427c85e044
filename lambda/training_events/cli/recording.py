"""How a command records events: the names in them are held against the log, and they go to the bus, or to the log itself."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import typer

from training_events.cli.workspace import bring_up_to_date
from training_events.errors import BadLogUrl
from training_events.reading.opening import open_sources
from training_events.recorder.known_names import check_names, has_names
from training_events.settings import LAPTOP_LOG, Settings
from training_events.stores.appending import appender
from training_events.stores.opening import open_store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from msgspec import Struct

    from training_events.event import Event

Sent: TypeAlias = Literal["published", "recorded", "repeated"]
ToLog = Annotated[
    str, typer.Option("--log", metavar="URL", help="Record straight to this log, whatever TRAINING_EVENTS_BUS says.")
]


def why_not_checked(stream: str, fact: Struct | None, log: str) -> str | None:
    """Why the log could not be asked for the names in this fact; None if it was, or if there are none.

    Raises Misused for what looks like a typing mistake.
    """
    settings = Settings()
    over_bus = settings.optional("bus") is not None and not log
    url = log or settings.optional("log") or ("" if over_bus else LAPTOP_LOG)
    if fact is None or not has_names(fact):
        return None
    if not url:
        return "TRAINING_EVENTS_LOG is not set"
    try:
        check_names(open_store(url), stream, fact, over_bus=over_bus)
    except BadLogUrl:
        raise
    except _of_aws() as why:
        return str(why)
    return None


def send(events: Sequence[Event], log: str) -> list[Sent]:
    """Send them to the bus that the environment names, else to the log. `log` is the address of one that goes before a bus."""
    settings = Settings()
    bus = settings.optional("bus")
    if bus and not log:
        # imported here: on a laptop nobody waits for AWS's SDK
        from training_events import aws  # noqa: PLC0415
        from training_events.bus.publisher import EventBusPublisher  # noqa: PLC0415

        EventBusPublisher(bus, aws.client("events")).publish(events)
        return ["published" for _ in events]
    sources = open_sources(log or settings.optional("log") or LAPTOP_LOG)
    to = appender(sources.log, settings)
    appended = [to.append(event) for event in events]
    bring_up_to_date(sources)
    return [one.value for one in appended]


def _of_aws() -> tuple[type[Exception], ...]:
    if "botocore" not in sys.modules:  # then no call to AWS was made
        return ()
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    return BotoCoreError, ClientError
