"""Decides when a stream is sealed: a model or a dataset at each change, a run when it has ended or has been quiet for long.

Nothing wakes a stream that nothing arrives in. So a note beside the read models says when it is due: on AWS a schedule reads
such notes, on a laptop the next command does. A note that is lost, or is wrong, seals a stream later or once too often; what
a seal holds never depends on it.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from training_events.errors import BadTime, LogAltered, NotComplete
from training_events.folds.run_state import RunState
from training_events.projection.projector import stored_state
from training_events.proof.sealing import NOTE_PREFIX, note_name, seal_stream
from training_events.times import later, now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from training_events.folds import State
    from training_events.proof.seal_store import SealStore
    from training_events.stores.event_log import EventLog
    from training_events.stores.read_models import ReadModels

MAX_PROMPT = 100
"""How many times a day (UTC) a stream is sealed as soon as something arrives. Each seal is an object that is kept for years."""
PAUSE_SECONDS = 15 * 60
"""How long a stream waits for its next seal after that, and after a seal that could not be written."""
QUIET_SECONDS = 3600
"""After how long without an event a run is sealed that has not ended, or that lacks events. A program that reaches its bus
sends what it has within seconds. An hour without any metric is rare in a training; it then gets one more seal."""


class Sealing(Enum):
    """What became of a stream that was to be sealed."""

    WRITTEN = "written"
    UNCHANGED = "unchanged"
    """The last seal covers everything already."""
    LATER = "later"
    """It is noted when the stream is due."""


class _Note(Struct, omit_defaults=True):
    """What is known about the seals of a stream without reading them."""

    stream: str
    day: str = ""
    attempts: int = 0
    """How many times it was sealed on this day."""
    at: str = ""
    """When it was sealed last."""
    seals: int = 0
    """The number of a seal that it has."""
    due: str | None = None

    def __post_init__(self) -> None:
        for time in (self.at, self.due):  # raises BadTime: whoever may write read models may write anything here
            if time:
                later(time, 0)


class Sealer:
    """Seals the streams of one log. What the stores raise passes through: the caller tries again.

    Raises LogAltered where what is to be sealed contradicts itself or the last seal.
    """

    def __init__(self, log: EventLog, read_models: ReadModels, seals: SealStore, clock: Callable[[], str] = now) -> None:
        self._log, self._read_models, self._seals, self._clock = log, read_models, seals, clock

    def after(self, state: State) -> Sealing:
        """Seal the stream that has just got events and is in this state, or note when it is due."""
        moment = self._clock()
        note = self._note(note_name(state.stream)) or _Note(state.stream)
        due = moment
        if isinstance(state, RunState) and not state.finished:
            due = later(moment, QUIET_SECONDS)
        elif note.day == moment[:10] and note.attempts >= MAX_PROMPT:
            due = later(note.at, PAUSE_SECONDS)
        if due <= moment:
            try:
                return self._seal(note, moment, when_complete=isinstance(state, RunState))
            except LogAltered:
                raise
            except Exception:  # whoever delivers the events may give up: then the note has it tried again
                self._keep(replace(note, due=later(moment, PAUSE_SECONDS)))
                raise
        if note.due is None or due < note.due:
            self._keep(replace(note, due=due))
        return Sealing.LATER

    def due(self) -> Iterator[str]:
        """What `wake` takes: one name for each stream that is due."""
        return (name for name in self._read_models.due_notes(self._clock()) if name.startswith(NOTE_PREFIX))

    def wake(self, name: str) -> Sealing:
        """Seal a stream that is due. A run that is not quiet yet is noted again."""
        moment, note = self._clock(), self._note(name)
        if note is None or note.due is None or note.due > moment:  # the list of what is due may be a moment old
            return Sealing.LATER
        model = self._read_models.get(note.stream)
        state = None if model is None else stored_state(model)
        if isinstance(state, RunState) and not state.finished and state.last_at > later(moment, -QUIET_SECONDS):
            # an hour from now at most, although the producer's clock may be ahead
            self._keep(replace(note, due=later(min(state.last_at, moment), QUIET_SECONDS)))
            return Sealing.LATER
        sealing = self._seal(note, moment, when_complete=False)
        current = self._read_models.get(note.stream)
        if (model and model.revision) != (current and current.revision):  # it got events, and saw the note that is gone now
            self._keep(replace(note, due=later(moment, QUIET_SECONDS)))
        return sealing

    def _seal(self, note: _Note, moment: str, *, when_complete: bool) -> Sealing:
        attempts = note.attempts + 1 if note.day == moment[:10] else 1
        tried = replace(note, day=moment[:10], attempts=attempts, at=moment, due=None)
        try:
            seal = seal_stream(
                self._log, self._seals, note.stream, self._clock, known=note.seals, first_when_complete=when_complete
            )
        except NotComplete:
            self._keep(replace(tried, due=later(moment, QUIET_SECONDS)))
            return Sealing.LATER
        except LogAltered:
            self._keep(tried)
            raise
        if seal is None or seal.number > 1 or note.due is not None:  # most streams get one seal, and need no note
            self._keep(tried if seal is None else replace(tried, seals=seal.number))
        return Sealing.UNCHANGED if seal is None else Sealing.WRITTEN

    def _note(self, name: str) -> _Note | None:
        return _read(self._read_models, name)

    def _keep(self, note: _Note) -> None:
        _keep(self._read_models, note)


def note_due(read_models: ReadModels, stream: str, moment: str) -> None:
    """Have a stream sealed from this moment on, unless it is noted already: what nobody projected, nobody has sealed."""
    note = _read(read_models, note_name(stream)) or _Note(stream)
    if note.due is None:
        _keep(read_models, replace(note, due=moment))


def _read(read_models: ReadModels, name: str) -> _Note | None:
    content = read_models.note(name)
    try:
        return None if content is None else msgspec.json.decode(content, type=_Note)
    except (msgspec.MsgspecError, BadTime):
        return None


def _keep(read_models: ReadModels, note: _Note) -> None:
    read_models.set_note(note_name(note.stream), msgspec.json.encode(note), due=note.due)
