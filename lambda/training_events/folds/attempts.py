"""The attempts of a run: each start of its training, until it ends or the next one starts.

A training that is resumed, a spot instance that is replaced, a job that Slurm requeues and a notebook cell that is run again
start the same run again. The ranks of one distributed training do not: they are one attempt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from msgspec import Struct

from training_events.folds.differences import Difference, differences

if TYPE_CHECKING:
    from training_events.event import Numbering

MAX_ATTEMPTS = 100
"""How many attempts a state keeps: the newest ones. It counts all of them, and the log has them all."""

Ended: TypeAlias = Literal["completed", "failed", "stopped"]


class Attempt(Struct):
    """One attempt. It is `superseded` if the next one started before its end was recorded.

    `producer` and `rank` are those of the process that started it. `first_step` is the first step that it recorded: there the
    training was resumed. `events` counts what it has said, the last time at `last_at`. `differences` are those of its spec from
    that of the attempt before.
    """

    number: int
    started_at: str
    last_at: str
    status: Literal["running", "completed", "failed", "stopped", "superseded"] = "running"
    finished_at: str | None = None
    producer: str | None = None
    rank: int | None = None
    first_step: int | float | None = None
    events: int = 0
    differences: list[Difference] = []


def start(attempts: list[Attempt], at: str, by: Numbering | None, spec: dict[str, Any], before: dict[str, Any] | None) -> None:
    """Add an attempt, which starts now with this spec. `before` is the spec of the one before."""
    found = [] if before is None else differences(before, spec)
    number = attempts[-1].number + 1 if attempts else 1
    attempt = Attempt(number, at, at, producer=None if by is None else by.id, rank=_rank(by), events=1, differences=found)
    if attempts and attempts[-1].status == "running":
        attempts[-1].status = "superseded"
    attempts[:] = [*attempts[1 - MAX_ATTEMPTS :], attempt]


def is_joined(attempts: list[Attempt], by: Numbering | None) -> bool:
    """Whether a start is that of a further rank of the training that runs already."""
    if not attempts or attempts[-1].status != "running":
        return False
    first, rank = attempts[-1].rank, _rank(by)
    return first is not None and rank is not None and rank != first


def leads_on_joining(attempt: Attempt, by: Numbering | None) -> bool:
    """Whether the further rank that starts is the one that leads the training. Clocks differ: rank 0 may not be the first."""
    if by is None or (rank := _rank(by)) != 0:
        return False
    attempt.producer, attempt.rank = by.id, rank
    return True


def is_repeated(attempts: list[Attempt], at: str, by: Numbering | None, *, same_spec: bool) -> bool:
    """Whether a start without a producer is the newest one again: a PutEvents that is retried makes another event of it."""
    return bool(attempts) and by is None and attempts[-1].producer is None and attempts[-1].started_at == at and same_spec


def attempt_of(attempts: list[Attempt], by: Numbering | None) -> Attempt | None:
    """The attempt to which an event belongs: to an earlier one only if the process that started that one has recorded it."""
    if not attempts:
        return None
    if by is not None and by.id != attempts[-1].producer:
        for earlier in reversed(attempts[:-1]):
            if earlier.producer == by.id:
                return earlier
    return attempts[-1]


def may_end(attempt: Attempt, by: Numbering | None, status: Ended) -> bool:
    """Whether an event of this process ends the attempt.

    An end without a producer does: nothing tells that it is another's. Any rank may fail, but only the one that leads completes
    or stops the training. An end by any other process is none.
    """
    if by is None or attempt.producer in (None, by.id):
        return True
    return status == "failed" and attempt.rank is not None and _rank(by) is not None


def _rank(by: Numbering | None) -> int | None:
    return by.rank if by is not None and type(by.rank) is int else None
