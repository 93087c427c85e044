"""A run of this process as a notebook shows it: as the log has it, where that can be read from here."""

from __future__ import annotations

from training_events.errors import TrainingEventsError
from training_events.folds import fold
from training_events.folds.run_state import RunState
from training_events.notebook.run_card import run_card
from training_events.notebook.text import html
from training_events.recorder.outside_run import OF_STORES, readable_store

_MAX_CHARACTERS = 200


def card_of(stream: str, recorded: int) -> str:
    """The HTML of a run of which this process has recorded so many events."""
    try:
        state = fold(RunState(stream), readable_store().log.entries(stream))
    except (*OF_STORES, TrainingEventsError) as why:
        return _only(stream, recorded, f"the log cannot be read from here: {why}")
    if not state.counts.events:
        return _only(stream, recorded, "the log has none of them yet")
    return run_card(state)


def _only(stream: str, recorded: int, why: str) -> str:
    name, reason = html(stream.partition("/")[2], _MAX_CHARACTERS), html(why, _MAX_CHARACTERS)
    events = f"{recorded} event{'' if recorded == 1 else 's'} recorded"
    return f"<div><p><strong>{name}</strong> · {events}</p><p>{reason}</p></div>"
