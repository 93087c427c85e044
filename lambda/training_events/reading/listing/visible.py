"""Lists leave out what somebody has hidden, and models that were only logged, and count both: nothing is deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from training_events.folds.summary import ModelSummary, StreamSummary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_Summary = TypeVar("_Summary", bound=StreamSummary)


class Visible(Generic[_Summary]):
    """The summaries without those of hidden streams, which are counted on the way; with `everything`, all of them.

    Models that were only logged, without a version, are left out too: `only_logged` counts them.
    """

    def __init__(self, summaries: Iterable[_Summary], *, everything: bool) -> None:
        self._summaries = summaries
        self._everything = everything
        self.left_out = self.only_logged = 0

    def __iter__(self) -> Iterator[_Summary]:
        for summary in self._summaries:
            if self._everything:
                yield summary
            elif summary.hidden:
                self.left_out += 1
            elif isinstance(summary, ModelSummary) and summary.is_only_logged:
                self.only_logged += 1
            else:
                yield summary
