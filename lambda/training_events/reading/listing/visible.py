"""Lists leave out what somebody has hidden, and count it: nothing is deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from training_events.folds.summary import StreamSummary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_Summary = TypeVar("_Summary", bound=StreamSummary)


class Visible(Generic[_Summary]):
    """The summaries without those of hidden streams, which are counted on the way; with `everything`, all of them."""

    def __init__(self, summaries: Iterable[_Summary], *, everything: bool) -> None:
        self._summaries = summaries
        self._everything = everything
        self.left_out = 0

    def __iter__(self) -> Iterator[_Summary]:
        for summary in self._summaries:
            if summary.hidden and not self._everything:
                self.left_out += 1
            else:
                yield summary
