"""Lists leave out what somebody has hidden, and say how much that is: nothing is deleted."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Generic, TypeVar

import typer

from training_events.folds.summary import StreamSummary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_Summary = TypeVar("_Summary", bound=StreamSummary)

AlsoHidden = Annotated[bool, typer.Option("--all", help="Also what somebody has hidden.")]


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

    def tail(self) -> dict[str, int]:
        """What a document says of it at its end."""
        return {"hidden_left_out": self.left_out}

    def tell(self) -> None:
        """Says it on standard error: standard output has the list, and nothing else."""
        if self.left_out:
            print(f"{self.left_out} hidden left out: --all lists them", file=sys.stderr)
