"""What a run of the job says of the whole log. The file that holds it makes the tables of the run whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from training_events.analytics.task import Tally
from training_events.proof.findings import Finding
from training_events.proof.leaf_comparison import TreeVerified

if TYPE_CHECKING:
    from collections.abc import Iterator


class Witness(Struct, frozen=True):
    """What DynamoDB's incremental exports show: they hold every item that was changed, as it was before and after.

    `since` and `until` are None where the log was exported as a whole alone: that shows no change.
    """

    exports: int
    since: str | None
    until: str | None
    changed: int
    """How many items were changed or removed after they had been put. In a log it has to be none."""


class Summary(Struct, frozen=True):
    """One run. `as_of` is the time at which the log was as the exports have it."""

    snapshot: str
    as_of: str
    folded_by: int
    """The version of the folds."""
    exports: list[str]
    """The ARNs of the log's exports."""
    states_compared: bool
    """Whether the read models were exported too, and no later than the log."""
    seals_read: bool
    tree: TreeVerified
    tree_findings: list[Finding]
    """What is wrong with the tree itself: it makes the log unsound, and no single stream."""
    witness: Witness
    checked: Tally
    version: int = 1

    @property
    def is_sound(self) -> bool:
        """Whether nothing is broken, and nothing is missing."""
        return self.checked.streams == self.checked.sound == self.checked.complete and not self.tree_findings


def sentences(summary: Summary) -> Iterator[str]:
    """The summary for people."""
    checked, witness = summary.checked, summary.witness
    yield f"{checked.events:,} events of {checked.streams:,} streams, as the log was at {summary.as_of}"
    if witness.since is None:
        yield "no incremental export: nothing but the events themselves tells whether one was changed"
    elif witness.changed:
        yield f"from {witness.since} to {witness.until} {witness.changed:,} change(s) to recorded events: see the findings"
    else:
        yield f"from {witness.since} to {witness.until} nothing was changed, by DynamoDB's own account"
    if not summary.states_compared:
        yield "the read models were not compared: they were not exported, or later than the log"
    if not summary.seals_read:
        yield "no seals were read: they are named with --seals s3://<bucket>"
    if summary.tree.checked:
        tree = summary.tree
        yield f"the tree, signed at {tree.at}, has a leaf of {tree.covered:,} events, and none of {tree.not_covered:,}"
    for finding in summary.tree_findings:
        yield f"the tree is broken: {finding.explanation}"
    found = ", ".join(f"{count:,} {kind}" for kind, count in sorted(checked.findings.items()))
    yield f"findings: {found or 'none'}"
    if (first := checked.first_broken) is not None:
        place = "" if first.position is None else f" at {first.position}"
        yield f"the first: {first.stream}{place}: {first.finding}: {first.explanation}"
