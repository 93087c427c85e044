"""Tells of seals that must be there and are not: seals can be removed, and then nothing in the bucket says that they were.

Whoever projects a stream seals it, or notes when it is due. So events of a read model that nothing is noted of are sealed, and
the tree vouches for when they were recorded. A note may also say that the stream had more seals.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from training_events import folds
from training_events.errors import BadTime
from training_events.proof.findings import Finding, Kind
from training_events.proof.read_model import can_have_state
from training_events.proof.sealing import note_name
from training_events.stores.event_log import AuditedEvent
from training_events.times import hours_after, now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from training_events.proof.comparison import Place
    from training_events.proof.leaf_comparison import StreamLeaves
    from training_events.proof.seal_store import WrittenSeals
    from training_events.stores.read_models import StoredStates

MAX_NOTED_HOURS = 2
"""A stream is noted to be due within an hour (`projection/sealer.py`). A note of later than this is none of ours."""


class _Note(Struct):
    """What a sealer notes of a stream, as far as it tells of seals."""

    seals: int = 0
    due: str | None = None


class ExpectedSeals:
    """The events of a stream that must be sealed by now, and are not."""

    def __init__(self, leaves: StreamLeaves | None, clock: Callable[[], str] = now) -> None:
        self._leaves, self._moment = leaves, clock()
        self._events = self._settled = 0
        self._first = ""

    @property
    def lacking(self) -> bool:
        """Whether there is any such event, if somebody projected it."""
        return self._settled > 0

    def add(self, place: Place) -> None:
        """Add a place of the walk."""
        event = place.recorded
        self._events += event is not None
        if self._leaves is None or place.sealed or not place.leaves or not isinstance(event, AuditedEvent):
            return
        number, _ = place.leaves[0]
        if self._leaves.is_settled(number, event.recorded_at, self._moment):
            self._settled += 1
            self._first = self._first or event.recorded_at

    def findings(self, seals: WrittenSeals | None, read_models: StoredStates, stream: str, last: int) -> Iterator[Finding]:
        """The finding, if seals are gone. `last` is the number of the last seal that was read, before the log was."""
        if seals is None or not can_have_state(stream):
            return
        note = _note(read_models, stream)
        if note.seals > last:  # it may have been written meanwhile
            stored = seals.last(stream)
            last = 0 if stored is None else stored.number
        if note.seals > last:
            yield _gone(f"seal {note.seals} is not there, and was: it is noted beside the read model", note.seals)
        elif self.lacking and not self._is_due(note) and self._is_projected(read_models, stream):
            yield _gone(
                f"no seal covers {self._settled} of its events, the first recorded at {self._first}, although they were"
                " projected, and nothing is noted to be sealed: seals were removed"
            )

    def _is_due(self, note: _Note) -> bool:
        try:
            return note.due is not None and note.due <= hours_after(self._moment, MAX_NOTED_HOURS)
        except BadTime:
            return False

    def _is_projected(self, read_models: StoredStates, stream: str) -> bool:
        """Whether a read model that today's rules made has all events: then its stream was sealed by them too."""
        model = read_models.get(stream)
        if model is None or not model.state or any(True for _ in read_models.unprojected(stream) or ()):
            return False
        try:
            state = folds.decode(stream, model.state)
        except (msgspec.MsgspecError, RecursionError):
            return False  # another finding tells
        return state.folded_by == folds.VERSION and state.counts.events >= self._events


def _note(read_models: StoredStates, stream: str) -> _Note:
    content = read_models.note(note_name(stream))
    try:
        return _Note() if content is None else msgspec.json.decode(content, type=_Note)
    except msgspec.MsgspecError:
        return _Note()


def _gone(explanation: str, seal: int | None = None) -> Finding:
    return Finding(kind=Kind.BROKEN_SEAL, position=None, explanation=explanation, seal=seal)
