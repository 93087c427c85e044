"""Which leaf of the tree was signed when, and of which events there had to be one by then.

A notary that follows the log takes each event within the time that the log's change stream keeps it. So once it has a leaf of
an event that was recorded more than that later, it has one of every event before; unless it still catches up with the log,
which its checkpoint says, and may say for a week.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from training_events.cached_property import cached_property
from training_events.times import hours_after, is_utc_text, seconds_between

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from training_events.proof.tree.log_checkpoint import LogCheckpoint

MAX_DELAY_HOURS = 25
"""How long after it was recorded an event may get its leaf. DynamoDB's change stream keeps a record for 24 hours; the rest is
for clocks that differ, and for a put that was tried again.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html"""


MAX_CATCH_UP_HOURS = 7 * 24
"""For how long the notary may say that it still catches up with the log before an event must have its leaf all the same. A log
of a hundred million events takes days. A notary that said so for ever would never have to take an event."""


class Signed(NamedTuple):
    """A checkpoint that was published: how many leaves it covers, and when it was signed."""

    size: int
    at: str


class CatchingUp(NamedTuple):
    """Checkpoints one after the other that say that the notary still catches up with the log."""

    begun: str
    """When the first of them was published."""
    newest: str
    seconds: float = 0
    """How long the notary has been at it. While it was down it was not: from one checkpoint to the next at most MAX_DELAY_HOURS
    count."""

    def until(self, moment: str) -> CatchingUp:
        """The same, with one more of them."""
        passed = min(max(seconds_between(self.newest, moment), 0), 3600 * MAX_DELAY_HOURS)
        return CatchingUp(self.begun, moment, self.seconds + passed)


class _History(NamedTuple):
    signed: list[Signed]
    sizes: list[int]
    complete_to: list[str]
    """Of each checkpoint: what was recorded before this time has a leaf in it."""
    caught_up: list[tuple[int, int]]
    catching_up: CatchingUp | None
    """Whether the newest says that there is more."""


class SigningHistory:
    """The checkpoints of one tree, smallest first, each with when the store took it, if it knows. They are read when the first
    question is asked. Raises BadTree as it reads.

    `recorded_to` gives the latest `recorded_at` of the leaves that a checkpoint covers, or an earlier one. Without it nothing
    is known of events without a leaf.
    """

    def __init__(
        self,
        published: Iterable[tuple[LogCheckpoint, str | None]],
        recorded_to: Callable[[LogCheckpoint], str] = lambda checkpoint: "",  # noqa: ARG005
    ) -> None:
        self._published, self._recorded_to = published, recorded_to

    @cached_property
    def _history(self) -> _History:
        signed, sizes, complete, ranges = list[Signed](), list[int](), list[str](), list[tuple[int, int]]()
        catching_up: CatchingUp | None = None
        complete_to = ""
        for checkpoint, written_at in self._published:
            # what the notary says of its clock is believed only where the store has none
            moment, caught_up = written_at or checkpoint.at or "", checkpoint.caught_up
            # a leaf that says a later time than that of its checkpoint says a false one
            recorded_to = min(self._recorded_to(checkpoint), moment)
            # a notary that still catches up says so by a range that ends with the tree
            if caught_up is None or caught_up[1] < checkpoint.size:
                catching_up = None
            elif moment:
                catching_up = CatchingUp(moment, moment) if catching_up is None else catching_up.until(moment)
            is_excused = catching_up is not None and catching_up.seconds < 3600 * MAX_CATCH_UP_HOURS
            if is_utc_text(recorded_to) and not is_excused:
                complete_to = max(complete_to, hours_after(recorded_to, -MAX_DELAY_HOURS))
            signed.append(Signed(checkpoint.size, moment))
            sizes.append(checkpoint.size)
            complete.append(complete_to)
            ranges += [] if caught_up is None else [caught_up]
        return _History(signed, sizes, complete, ranges, catching_up)

    def first_with(self, number: int) -> Signed | None:
        """The first checkpoint that covers the leaf of this number."""
        index = bisect_right(self._history.sizes, number)
        return self._history.signed[index] if index < len(self._history.signed) else None

    def passed_by(self, recorded_at: str, number: int | None) -> Signed | None:
        """The first checkpoint that must cover an event and does not: its leaf has this number, or it has none."""
        signed, sizes, complete_to, *_ = self._history
        before = len(sizes) if number is None else bisect_right(sizes, number)
        if before == 0 or recorded_at >= complete_to[before - 1]:
            return None
        return signed[bisect_right(complete_to, recorded_at)]

    def is_caught_up(self, number: int) -> bool:
        """Whether the leaf of this number was taken from the log, and not as the log took its event."""
        ranges = self._history.caught_up
        return bool(ranges) and any(start <= number < end for start, end in ranges)

    @property
    def caught_up(self) -> int:
        """How many leaves were taken from the log."""
        ends, count = 0, 0
        for start, end in sorted(self._history.caught_up):
            count += max(0, end - max(start, ends))
            ends = max(ends, end)
        return count

    def is_catching_up(self, moment: str) -> bool:
        """Whether the newest checkpoint says at this moment, and may still say, that events of the log have no leaf yet."""
        catching_up = self._history.catching_up
        return catching_up is not None and moment < hours_after(catching_up.begun, MAX_CATCH_UP_HOURS)


NOTHING_SIGNED = SigningHistory(())
