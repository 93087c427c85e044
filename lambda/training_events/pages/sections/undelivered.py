"""The section `undelivered`: what could not be recorded, why, and what to do about it."""

from __future__ import annotations

import os
from itertools import islice
from typing import TYPE_CHECKING

from msgspec import Struct, json

from training_events.catalogue.stored import Stored
from training_events.pages.page import Section
from training_events.reading.undelivered import body_of, original_of, undelivered_events
from training_events.reading.wording.undelivered import advice
from training_events.settings import Settings
from training_events.stores.sqlite.event_log import SqliteLog

if TYPE_CHECKING:
    from training_events.reading.opening import Sources
    from training_events.recovery.message import Message

MAX_MESSAGES = 100
"""Of a place; `training-events undelivered` lists all."""
MAX_CHARACTERS = 4000
"""Of an original."""


class ShownMessage(Struct, frozen=True):
    """A message, its original or its body as text, cut, and what to do about it. `stored_at` is where a large original is."""

    message: Message
    text: str
    stored_at: Stored | None
    is_cut: bool
    advice: str


class Place(Struct, frozen=True):
    """Where events wait: `command` lists and sends them. Without an `address` none is configured, and `how` says how."""

    title: str
    address: str | None
    how: str
    command: str
    messages: list[ShownMessage]
    has_more: bool


class UndeliveredContent(Struct, frozen=True):
    places: list[Place]


def undelivered_section(sources: Sources) -> Section:
    """The first messages of the queue and of this machine's recorders. They are given back as soon as they are read."""
    return Section("undelivered", "What could not be recorded", UndeliveredContent([_queue(sources), _spool(sources)]))


def _queue(sources: Sources) -> Place:
    title, command = "In the queue", "training-events undelivered"
    settings = Settings()
    if (url := settings.optional("undelivered")) is None:
        on_a_laptop = "On a laptop there is no queue. " if isinstance(sources.log, SqliteLog) else ""
        how = f"{on_a_laptop}TRAINING_EVENTS_UNDELIVERED names the queue of a stack: its output undelivered_queue_url."
        return Place(title, None, how, command, [], has_more=False)
    return _place(title, command, url, settings, spool=False)


def _spool(sources: Sources) -> Place:
    environment = dict(os.environ)
    if isinstance(sources.log, SqliteLog):  # the one that is shown, which the command line may have named
        environment["TRAINING_EVENTS_LOG"] = f"sqlite:///{sources.log.database.path}"
    return _place(
        "Set aside by recorders of this machine", "training-events undelivered --spool", "", Settings(environment), spool=True
    )


def _place(title: str, command: str, url: str, settings: Settings, *, spool: bool) -> Place:
    with undelivered_events(url, spool=spool, settings=settings) as reader:
        messages = list(islice(reader.messages(), MAX_MESSAGES + 1))
    shown = [_shown(message) for message in messages[:MAX_MESSAGES]]
    return Place(title, reader.url, "", command, shown, has_more=len(messages) > MAX_MESSAGES)


def _shown(message: Message) -> ShownMessage:
    original = original_of(message)
    text = (body_of(message) or "") if original is None else json.format(original, indent=2).decode()
    stored = message.stored
    stored_at = None if stored is None else Stored(uri=stored.uri, sha256=stored.sha256, bytes=stored.bytes)
    return ShownMessage(message, text[:MAX_CHARACTERS], stored_at, len(text) > MAX_CHARACTERS, advice(message))
