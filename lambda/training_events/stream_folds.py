"""Folding a whole log in one walk: stream after stream, as long as the entries of each come together and in order."""

from __future__ import annotations

from itertools import groupby, pairwise
from operator import itemgetter
from typing import TYPE_CHECKING

from training_events import folds
from training_events.projection.projector import has_state

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from training_events.event import Entry
    from training_events.folds import State


class StreamFolds:
    """Folds the entries of a walk, page by page.

    Gives a stream without a state where its entries came out of order, or the walk was interrupted in the middle of it
    (`stream`). One that comes in several pieces is given for each: none of them is what the read model says, and so it is
    read by itself.
    """

    def __init__(self, stream: str) -> None:
        self.stream = stream
        self._state: State | None = None

    def take(self, entries: Iterable[tuple[str, Entry]]) -> Iterator[tuple[str, State | None]]:
        """Fold these too; gives the streams that they end."""
        for stream, group in groupby(entries, key=itemgetter(0)):
            if not has_state(stream):
                continue
            if stream != self.stream:
                yield from self.rest()
                self.stream = stream
                self._state = folds.empty(stream)
            if self._state is not None:
                piece = [entry for _, entry in group]
                positions = [self._state.position, *(entry[0] for entry in piece)]
                in_order = all(one < other for one, other in pairwise(positions))
                self._state = folds.fold(self._state, piece) if in_order else None

    def rest(self) -> Iterator[tuple[str, State | None]]:
        """The stream that is still open."""
        if self.stream:
            yield self.stream, self._state
        self.stream = ""
