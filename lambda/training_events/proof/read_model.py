"""Holds a stream's read model against the fold of the log."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

import msgspec

from training_events import folds
from training_events.errors import NotUnderstood
from training_events.event import check_stream
from training_events.proof.findings import Finding, Kind
from training_events.proof.sealing import note_name
from training_events.times import later, now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from training_events.event import LogEntry
    from training_events.folds import State
    from training_events.stores.event_log import RecordedStreams
    from training_events.stores.read_models import ReadModel, StoredStates

_MAX_READS = 10
SETTLED_SECONDS = 60
"""Events reach the projector in the order of their arrival, and `recorded_at` tells that order but for what several processors
did in the same moment. As long as what the read model lacks is this young, it may be of such a moment."""


class _Made(msgspec.Struct):
    """What a state of any version says: which folds made it. The rest of one that others made may not be read."""

    folded_by: int = 0


def check_read_model(
    log: RecordedStreams, read_models: StoredStates, stream: str, clock: Callable[[], str] = now, *, sealed: bool = False
) -> Iterator[Finding]:
    """The finding, if the read model is not the fold of the log. Late events are folded from its settled state: it counts too.

    A read model that only lacks the events that arrived last is no finding. Nor is one that other folds made, or that is too
    large to be stored: whoever shows such a state folds the log. One that is not there is a finding if it was made before: on
    AWS a stream that is `sealed` had one.
    """
    if not can_have_state(stream):
        return
    model = read_models.get(stream)  # before the log is read: the log has all that is in it
    if model is not None and _difference(log, model, frozenset(), clock) is not None:
        model, unprojected = _current(read_models, stream)  # only now: a backlog may be as long as the log
        if model is not None and (difference := _difference(log, model, unprojected, clock)) is not None:
            yield _differs(difference)
    if model is None and _was_projected(log, read_models, stream, sealed=sealed):
        yield _differs("the stream had a read model, and somebody has removed it")


def _difference(log: RecordedStreams, model: ReadModel, unprojected: frozenset[str], clock: Callable[[], str]) -> str | None:
    """How the read model is not the fold of the log, perhaps without the events that are `unprojected`; None if it is."""
    stream = model.stream
    if not model.state:
        return None
    for what, encoded in (("state", model.state), ("settled state", model.settled)):
        if not encoded:
            continue
        try:
            if msgspec.json.decode(encoded, type=_Made).folded_by != folds.VERSION:
                continue
            state = folds.decode(stream, encoded)
        except (msgspec.MsgspecError, RecursionError) as flaw:
            return f"what is stored as the stream's {what} is none: {flaw}"
        if not _is_fold(log, stream, state, encoded, unprojected=unprojected, moment=clock()):
            return f"the {what} of the read model is not the fold of the log's events up to its own newest one"
    return None


def _was_projected(log: RecordedStreams, read_models: StoredStates, stream: str, *, sealed: bool) -> bool:
    """Whether a stream that has no read model had one."""
    unprojected = read_models.unprojected(stream)
    if unprojected is None:  # a backlog of the projector may be of any age; what it has projected is sealed, or is noted to be
        return sealed or read_models.note(note_name(stream)) is not None
    events = sum(1 for _ in log.entries(stream))
    # these are read now, after the log: an event that has just arrived is among them
    return sum(1 for _ in unprojected) < events and read_models.get(stream) is None


def _current(read_models: StoredStates, stream: str) -> tuple[ReadModel | None, frozenset[str]]:
    """The read model, and the events that it lacks as it is: they are read together, unless others write all the time."""
    for _ in range(_MAX_READS):
        model, unprojected = read_models.get(stream), frozenset(read_models.unprojected(stream) or ())
        again = read_models.get(stream)
        if model == again:
            break
    return model, unprojected


def _is_fold(
    log: RecordedStreams, stream: str, state: State, encoded: bytes, *, unprojected: frozenset[str], moment: str
) -> bool:
    """Whether the state is the fold of the stream up to its newest event, perhaps without those that arrived last.

    Memory grows with the stream only where it is not.
    """

    def entries() -> Iterator[LogEntry]:
        return takewhile(lambda entry: entry.position <= state.position, log.entries(stream))

    if _gives(stream, entries(), encoded):
        return True
    if unprojected and _gives(stream, (entry for entry in entries() if entry.position not in unprojected), encoded):
        return True
    times: list[str] = []
    last = ""
    for entry in entries():
        times.append(entry.recorded_at)
        last = entry.position
    if last != state.position or not 0 < state.counts.events < len(times):
        return False
    times.sort()
    newest = times[state.counts.events - 1]
    arrived_by_then = (entry for entry in log.entries(stream) if entry.recorded_at <= newest and entry.position <= last)
    return _gives(stream, arrived_by_then, encoded) or times[-1] > later(moment, -SETTLED_SECONDS)


def _gives(stream: str, entries: Iterator[LogEntry], state: bytes) -> bool:
    try:
        return folds.encode(folds.fold(folds.empty(stream), entries)) == state
    except NotUnderstood:  # what an altered log holds makes no state
        return False


def can_have_state(stream: str) -> bool:
    """Whether events under this name make a state: an altered log may hold some under names that no stream can have."""
    try:
        check_stream(stream).encode()
    except (NotUnderstood, UnicodeEncodeError):
        return False
    return True


def _differs(explanation: str) -> Finding:
    return Finding(kind=Kind.READ_MODEL_DIFFERS, position=None, explanation=f"{explanation}; `rebuild` makes it again")
