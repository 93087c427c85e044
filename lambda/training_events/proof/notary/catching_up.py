"""Catches up from the log itself, where the notary was down for longer than the log's change stream keeps what was recorded.

A checkpoint tells which leaves came so: whoever altered the log meanwhile altered it before anybody had a leaf of it. The walk
goes on where it was stopped, as often as it takes. What has a leaf gets no other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from training_events.errors import LogAltered
from training_events.proof.notary.items import CatchUp
from training_events.proof.notary.ledger import Taken, in_batches
from training_events.proof.notary.recorded_leaf import recorded_leaf
from training_events.times import hours_after

if TYPE_CHECKING:
    from collections.abc import Callable

    from training_events.proof.notary.items import LedgerState
    from training_events.proof.notary.ledger import Ledger
    from training_events.proof.tree.leaf import Leaf
    from training_events.stores.dynamodb.event_log import AuditedPage, DynamoDbLog

MAX_DOWN_HOURS = 20
"""A change stream keeps 24 hours: whoever was not called for so long may have missed something.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html"""


LOST_WITHIN_HOURS = 4
"""Lambda gives a record up after 23 hours (stacks/notary.py): so long after one of MAX_DOWN_HOURS was handed over it is taken,
or was given up. Then a walk finds whatever was lost, and there is one in so many hours at most."""


def is_behind(created_at: float, moment: float) -> bool:
    """Whether a record is so old as it is handed over that the change stream may soon lose it: both in seconds since 1970."""
    return created_at < moment - 3600 * MAX_DOWN_HOURS


def begun_catch_up(state: LedgerState, moment: str, *, is_asked_for: bool = False) -> CatchUp | None:
    """What the notary begins to catch up that is called at this moment; None if its change stream has everything.

    A person may ask for it, and it begins by itself once Lambda may have given up a batch. Before the first call nobody knows
    for how long the log has been there. If the notary was down in the middle of a walk, it begins again from the beginning.
    """
    was_down = state.woken_at is None or state.woken_at < hours_after(moment, -MAX_DOWN_HOURS)
    has_lost = state.behind_since is not None and state.behind_since < hours_after(moment, -LOST_WITHIN_HOURS)
    if not (was_down or has_lost or is_asked_for):
        return None
    return CatchUp(state.size if state.catch_up is None else state.catch_up.start)


def catch_up(log: DynamoDbLog, ledger: Ledger, has_time: Callable[[], bool], on_flaw: Callable[[LogAltered], None]) -> Taken:
    """Give every event of the log that has none its leaf, as far as there is time. `on_flaw` gets what is no event.

    Raises Overtaken if another worker catches up too.
    """
    left = ledger.state().catch_up
    total = Taken(0, 0, [])
    if left is None or left.end is not None:
        return total
    for page in log.audit_all(left.after):
        for batch in in_batches(_leaves(page, on_flaw)):
            taken = ledger.take(ledger.lacking(batch))
            contradicted = [*total.contradicted, *taken.contradicted]
            total = Taken(total.taken + taken.taken, total.repeated + taken.repeated, contradicted)
        before, left = left, left._replace(after=page.after)
        if page.after is None:
            size = ledger.state().size
            ledger.note_catch_up(before, left._replace(end=size) if size > left.start else None)
        else:
            ledger.note_catch_up(before, left)
        if not has_time():
            break
    return total


def _leaves(page: AuditedPage, on_flaw: Callable[[LogAltered], None]) -> list[Leaf]:
    """The leaves of a part of the log, in the order in which the log took its events."""
    leaves = []
    for stream, record in page.records:
        try:
            leaves.append(recorded_leaf(stream, record))
        except LogAltered as flaw:
            on_flaw(flaw)
    return sorted(leaves, key=lambda leaf: (leaf.recorded_at, leaf.stream, leaf.position))
