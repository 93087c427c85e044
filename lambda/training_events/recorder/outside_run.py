"""Records one fact outside of a run, after the names in it were held against the log.

A wrong argument raises at once, Misused or TypeError. What cannot be sent waits in the spool, and a warning says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from training_events.bus.envelope import to_envelope
from training_events.errors import BadLogUrl, LogUnavailable, MissingSetting, Misused, NotRecordable
from training_events.event import check_stream, in_one_form
from training_events.recorder.delivery.channel import object_store, recordable
from training_events.recorder.delivery.delivery import Delivery
from training_events.recorder.delivery.destination import configured_destination
from training_events.recorder.delivery.journal import Journal, event_source, produced_here
from training_events.recorder.delivery.spool import Spool, spool_folder
from training_events.recorder.delivery.writer import MAX_EVENT_BYTES
from training_events.recorder.known_names import check_names, has_names
from training_events.recorder.pinning.user import logged_in
from training_events.recorder.reporting import log
from training_events.redaction.text import redacted_text
from training_events.settings import LAPTOP_LOG, Settings
from training_events.stores.opening import open_store

if TYPE_CHECKING:
    from training_events.event import Event
    from training_events.recorder.delivery.destination import Destination
    from training_events.stores.opening import Store

MAX_SECONDS = 30.0
"""How long a call waits for the bus or the log. Then its event waits in the spool."""

OF_STORES = (MissingSetting, BadLogUrl, LogUnavailable, BotoCoreError, ClientError, OSError)
"""What keeps a log from being read. It must not keep a fact from being recorded."""

_registered: set[tuple[Destination, str, str]] = set()
"""The versions that this process has registered, and where: the log may not have them yet."""


class HasStream(Protocol):
    """A run as `record_run` gives it."""

    @property
    def stream(self) -> str: ...


def record_fact(stream: str, fact: msgspec.Struct) -> None:
    record_event(stream, type(fact).__name__, msgspec.to_builtins(fact))


def record_event(stream: str, type_: str, data: dict[str, Any]) -> None:
    """Send an event, or leave it in the spool. Raises a NotRecordable for data that no event can hold."""
    _record(stream, type_, data, is_numbered=True)


def record_unnumbered(stream: str, type_: str, data: dict[str, Any]) -> None:
    """The same for the end of a run that its own producer could not record: folds count an end by no other producer."""
    _record(stream, type_, data, is_numbered=False)


def _record(stream: str, type_: str, data: dict[str, Any], *, is_numbered: bool) -> None:
    settings = Settings()
    home, to = spool_folder(settings), configured_destination(settings)
    journal = Journal(stream, source=event_source(settings))
    recorded = recordable(home, stream, object_store(settings))(data, MAX_EVENT_BYTES)
    event = journal.next_event(type_, recorded, is_numbered=is_numbered)
    _deliver(event, Spool(home, to, journal.producer), to)


def _deliver(event: Event, spool: Spool, to: Destination) -> None:
    try:
        spool.append(to_envelope(event))
        if why := _send(spool, to):
            log.warning(
                "%s of %s cannot be sent to %s: %s; it waits in %s, and is sent by the next recorder, or by"
                " `training-events flush`",
                event.type,
                event.stream,
                to,
                why,
                spool.path.parent,
            )
    finally:
        spool.close()


def _send(spool: Spool, to: Destination) -> str | None:
    """Why the event did not arrive, or None."""
    try:
        unsent = Delivery(to).send_within(MAX_SECONDS, spool)
    except TimeoutError as error:
        return str(error)
    return unsent[0].why if unsent else None


def note_version(stream: str, version: str) -> None:
    """Remember a version that this process has registered."""
    _registered.add((configured_destination(Settings()), stream, version))


def readable_store() -> Store:
    """The log that the environment names, and its read models. Raises one of OF_STORES."""
    settings = Settings()
    url = settings.optional("log") or (None if publishes_on_bus() else LAPTOP_LOG)
    return open_store(url or settings.log)


def publishes_on_bus() -> bool:
    """Whether events reach the log by a bus, a moment after they were sent."""
    return Settings().optional("bus") is not None


def check_names_of(stream: str, fact: msgspec.Struct) -> None:
    """Raises Misused. Whatever else goes wrong must not keep the fact from being recorded."""
    if not has_names(fact):
        return
    try:
        store = readable_store()
        to = configured_destination(Settings())
        said_here: set[tuple[str, str | None]] = {(of, version) for at, of, version in _registered if at == to}
        said_here |= {(produced, None) for produced in produced_here}
        try:
            check_names(store, stream, fact, said_here=said_here, over_bus=publishes_on_bus())
        except Misused as flaw:
            raise Misused(f"{flaw}; unchecked=True records it all the same") from None
    except OF_STORES as why:
        log.warning("the names in %s of %s could not be checked: %s", type(fact).__name__, stream, why)


def stream_of(kind: str, name: Any) -> str:
    """The stream of this kind with this name. Raises Misused, TypeError."""
    if redacted_text(text("name", name)) != name:
        raise Misused(f"the name of a {kind} holds what looks like a credential; give it another one")
    try:
        stream = check_stream(f"{kind}/{in_one_form(name)}")
    except NotRecordable as flaw:
        raise Misused(f"{name!a:.80} cannot be the name of a {kind}: {flaw.what}; allowed: {flaw.allowed}") from None
    if {".", ".."} & set(name.split("/")):  # some programs take these for folders
        raise Misused(f"{name!a:.80} cannot be the name of a {kind}: it has a dot in place of a name")
    return stream


def person(role: str, given: Any) -> str | None:
    """Whom an event names in this role: by default the user that is logged in. Raises Misused, TypeError."""
    return logged_in() if given is None else text(role, given)


def text(what: str, value: Any) -> str:
    """The value, which has to be a text that is not empty. Raises Misused, TypeError."""
    if not isinstance(value, str):
        raise TypeError(f"{what} is of type {type(value).__name__}: allowed is text")
    if not value.strip():
        raise Misused(f"{what} is empty")
    return value
