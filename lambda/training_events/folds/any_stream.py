"""What people say of a stream of any kind, folded: its name, description and tags, and whether lists leave it out.

It changes nothing else of a state. It is no sign that a training lives, and no end or start of anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from training_events.catalogue import any_stream as facts
from training_events.folds.stream_state import Hiding, StreamState

if TYPE_CHECKING:
    from training_events.event import LogEntry


def described(state: StreamState, fact: facts.Described, _at: str, _: LogEntry) -> None:
    if fact.name is not None:
        state.name = fact.name or None
    if fact.description is not None:
        state.description = fact.description or None


def tagged(state: StreamState, fact: facts.Tagged, _at: str, _: LogEntry) -> None:
    for key, value in fact.tags.items():
        if value is None:
            state.tags.pop(key, None)
        else:
            state.tags[key] = value


def hidden(state: StreamState, fact: facts.Hidden, at: str, _: LogEntry) -> None:
    state.hidden = Hiding(at, fact.by, fact.reason)


def restored(state: StreamState, _fact: facts.Restored, _at: str, _: LogEntry) -> None:
    state.hidden = None


APPLY = {facts.Described: described, facts.Tagged: tagged, facts.Hidden: hidden, facts.Restored: restored}
