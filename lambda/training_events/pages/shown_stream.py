"""A stream as a page shows it: its state at the times that were asked, and what the state alone does not tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from msgspec import Struct

from training_events import times
from training_events.folds import State
from training_events.folds.run_state import RunState
from training_events.reading.run_life import Life, completed
from training_events.reading.states import clock_ahead, folded_state

if TYPE_CHECKING:
    from training_events.pages.page import Asked
    from training_events.reading.opening import Sources

_State = TypeVar("_State", bound=State)


class ShownStream(Struct, Generic[_State], frozen=True):
    """`now` is the moment that the page is about, as a 27-character text. `clock_ahead` is in seconds, as `show` has it."""

    state: _State
    now: str
    clock_ahead: float | None
    life: Life


def shown_stream(sources: Sources, stream: str, asked: Asked) -> ShownStream[State]:
    """Raises NoSuchStream where the stream had no event then."""
    state = folded_state(sources, stream, as_of=asked.as_of, known_at=asked.known_at)
    now = min(filter(None, (asked.as_of, asked.known_at)), default=times.now())
    ahead = clock_ahead(sources.log, state, asked.known_at)
    life = completed(state, sources.log, asked.as_of, asked.known_at) if isinstance(state, RunState) else Life()
    return ShownStream(state, now, ahead, life)
