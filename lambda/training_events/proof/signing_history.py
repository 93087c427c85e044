"""Which leaf of the tree was signed when, and of which events there had to be one by then.

A notary that follows the log takes each event within the time that the log's change stream keeps it. So once it has a leaf of
an event that was recorded more than that later, it has one of every event before; unless it still catches up with the log,
which its checkpoint says.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from training_events.cached_property import cached_property
from training_events.times import hours_after, is_utc_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from training_events.proof.tree.log_checkpoint import LogCheckpoint

MAX_DELAY_HOURS = 25
"""How long after it was recorded an event may get its leaf. DynamoDB's change stream keeps a record for 24 hours; the rest is
for clocks that differ, and for a put that was tried again.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html"""


class Signed(NamedTuple):
    """A checkpoint that was published: how many leaves it covers, and when it was signed."""

    size: int
    at: str


class _History(NamedTuple):
    signed: list[Signed]
    sizes: list[int]
    complete_to: list[str]
    """Of each checkpoint: what was recorded before this time has a leaf in it."""
    caught_up: list[tuple[int, int]]


class SigningHistory:
    """The checkpoints of one tree, smallest first. They are read when the first question is asked. Raises BadTree as it reads.

    `recorded_to` gives the latest `recorded_at` of the leaves that a checkpoint covers, or an earlier one. Without it nothing
    is known of events without a leaf.
    """

    def __init__(
        self,
        checkpoints: Iterable[LogCheckpoint],
        recorded_to: Callable[[LogCheckpoint], str] = lambda checkpoint: "",  # noqa: ARG005
    ) -> None:
        self._checkpoints, self._recorded_to = checkpoints, recorded_to

    @cached_property
    def _history(self) -> _History:
        history, complete_to = _History([], [], [], []), ""
        for checkpoint in self._checkpoints:
            at, caught_up = checkpoint.at or "", checkpoint.caught_up
            # a leaf that says a later time than its checkpoint says a false one
            recorded_to = min(self._recorded_to(checkpoint), at)
            # a notary that still catches up says so by a range that ends with the tree
            if is_utc_text(recorded_to) and (caught_up is None or caught_up[1] < checkpoint.size):
                complete_to = max(complete_to, hours_after(recorded_to, -MAX_DELAY_HOURS))
            history.signed.append(Signed(checkpoint.size, at))
            history.sizes.append(checkpoint.size)
            history.complete_to.append(complete_to)
            if caught_up is not None:
                history.caught_up.append(caught_up)
        return history

    def first_with(self, number: int) -> Signed | None:
        """The first checkpoint that covers the leaf of this number."""
        index = bisect_right(self._history.sizes, number)
        return self._history.signed[index] if index < len(self._history.signed) else None

    def passed_by(self, recorded_at: str, number: int | None) -> Signed | None:
        """The first checkpoint that must cover an event and does not: its leaf has this number, or it has none."""
        signed, sizes, complete_to, _ = self._history
        before = len(sizes) if number is None else bisect_right(sizes, number)
        if before == 0 or recorded_at >= complete_to[before - 1]:
            return None
        return signed[bisect_right(complete_to, recorded_at)]

    def is_caught_up(self, number: int) -> bool:
        """Whether the leaf of this number was taken from the log, and not as the log took its event."""
        return any(start <= number < end for start, end in self._history.caught_up)


NOTHING_SIGNED = SigningHistory(())
