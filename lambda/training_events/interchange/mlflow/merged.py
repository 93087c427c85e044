"""A stream as the log has it, with events of this process that the log may not have yet."""

from __future__ import annotations

import heapq
from contextlib import suppress
from typing import TYPE_CHECKING

from training_events import folds
from training_events.errors import NoSuchLog, NoSuchStream
from training_events.folds.run_state import RunState
from training_events.folds.standing import is_known, standing_metrics
from training_events.projection.projector import settled_state, stored_state
from training_events.projection.settled import position_behind
from training_events.times import TEXT_LENGTH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from training_events.event import LogEntry
    from training_events.folds import State
    from training_events.reading.opening import Sources
    from training_events.stores.read_models import ReadModels


def merged_entries(recorded: Iterable[LogEntry], own: Sequence[LogEntry]) -> Iterator[LogEntry]:
    """Both in key order, each event once."""
    last = ""
    for entry in heapq.merge(recorded, own, key=_position):  # of two that are equal, the recorded one comes first
        if entry.position != last:
            yield entry
        last = entry.position


def merged_state(
    sources: Sources,
    stream: str,
    own: Sequence[LogEntry] = (),
    on_recorded: Callable[[list[str]], object] = lambda positions: None,  # noqa: ARG005
) -> State:
    """The stream with these events. `on_recorded` gets the positions of those that the log has. Raises NoSuchStream.

    A laptop's states need not be up to date: what is not projected yet is folded from the log.
    """
    positions, recorded = {entry.position for entry in own}, list[str]()

    def entries(after: str = "") -> Iterator[LogEntry]:
        with suppress(NoSuchLog):  # a laptop's log is made with the first event
            for entry in sources.log.entries(stream, after=after):
                if entry.position in positions:
                    recorded.append(entry.position)
                yield entry

    state = _before(sources.read_models, stream, min(positions, default=None))
    folds.fold(state, merged_entries(entries(position_behind(state)), own))
    if not state.position:
        raise NoSuchStream(f"the log has no event of {stream}")
    if isinstance(state, RunState) and not is_known(state):
        state.metrics = standing_metrics(stream, lambda: merged_entries(entries(), own))
    on_recorded(recorded)
    return state


def own_state(stream: str, own: Sequence[LogEntry]) -> State:
    """What these events alone make of the stream."""
    state = folds.fold(folds.empty(stream), own)
    if isinstance(state, RunState) and not is_known(state):
        state.metrics = standing_metrics(stream, lambda: own)
    return state


def _before(read_models: ReadModels | None, stream: str, position: str | None) -> State:
    """A stored state of the stream that has nothing of the time of this position, or of one that is not projected, or later."""
    if read_models is None:
        return folds.empty(stream)
    with suppress(NoSuchLog):
        # asked first: what is projected meanwhile is in a state that is too new, and then all is folded
        unprojected = read_models.unprojected(stream) or ()
        first = min((*unprojected, *([position] if position else ())), default=None)
        if (model := read_models.get(stream)) is not None:
            for state in (stored_state(model), settled_state(model)):
                if state is not None and (first is None or state.last_at < first[:TEXT_LENGTH]):
                    return state
    return folds.empty(stream)


def _position(entry: LogEntry) -> str:
    return entry.position
