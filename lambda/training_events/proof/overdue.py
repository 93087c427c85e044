"""Tells of a notary that stands still: events wait for their leaf longer than a delay explains.

Those that it left out, and took others instead, are named singly: leaf_comparison.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from training_events.proof.findings import Finding, Kind
from training_events.proof.signing_history import MAX_DELAY_HOURS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training_events.proof.leaf_comparison import TreeVerified


def overdue_leaves(tree: TreeVerified) -> Iterator[Finding]:
    """The finding, if events must have a leaf by now. `tree` is what it shows once all streams were seen.

    While the notary catches up with the log there may be such events; its checkpoints say so, for a week at most.
    """
    if tree.overdue and not tree.catching_up:
        why = (
            f"{tree.overdue:,} events were recorded more than {MAX_DELAY_HOURS} hours ago, and no checkpoint covers them; the"
            f" newest is of {tree.at}: the notary stands still, or is kept from signing"
        )
        yield Finding(kind=Kind.OVERDUE, position=None, explanation=why)
