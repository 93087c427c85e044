"""What people read of a verification: one stream in full, a row of a list, and what the whole tree shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from training_events.cli.style import style_of_status
from training_events.cli.table import LOOK_AHEAD_ROWS, print_fields, print_rows
from training_events.reading.wording.text import printable
from training_events.reading.wording.verification import describe_finding, describe_tree
from training_events.reading.wording.verification import verdict as verdict_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training_events.proof.findings import Finding
    from training_events.proof.leaf_comparison import TreeVerified
    from training_events.proof.verification import Verification

TITLES, WIDTHS = ("stream", "verdict", "events", "sealed", "what is wrong"), (40, 10, 8, 8)
STYLES = {"verdict": style_of_status}


def print_in_full(verification: Verification) -> None:
    """One stream: what was looked at, and every finding that was kept."""
    seals, findings = verification.seals, verification.findings
    fields: dict[str, Any] = {"stream": verification.stream, "verdict": verdict_of(verification), "events": verification.events}
    if seals.checked:
        fields["sealed"] = f"{seals.covered} events, by {seals.count} seal(s)"
        fields |= {"root": seals.root, "not sealed yet": seals.first_not_covered and f"{seals.not_covered} events"}
        if seals.locks == "not shown":
            fields["locks"] = "not looked at: it takes the permission s3:GetObjectRetention"
    else:
        fields["sealed"] = "not looked at: TRAINING_EVENTS_BUCKET names no bucket"
    fields["tree"] = describe_tree(verification.tree)
    if (files := verification.files).checked:
        fields["files"] = f"{files.kept} kept, {files.not_kept} not kept, {files.elsewhere} elsewhere; {files.differing} differ"
    for producer in verification.producers:
        fields[f"producer {producer.id}"] = f"{producer.events} events, complete up to number {producer.complete_up_to}"
    if verification.findings_total > len(findings):
        fields["findings"] = f"{verification.findings_total}, of which these are the first"
    print_fields(fields, STYLES)
    print_findings(findings)


def verdict_row(verification: Verification) -> tuple[str, ...]:
    """The row of one stream of several."""
    sealed = str(verification.seals.covered) if verification.seals.checked else "?"
    wrong = describe_finding(verification.findings[0]) if verification.findings else ""
    return verification.stream, verdict_of(verification), str(verification.events), sealed, wrong


def print_tree(tree: TreeVerified, findings: Sequence[Finding], continued: Sequence[str]) -> None:
    """What the tree of the whole log shows, below a list of streams; `continued` are names of kept checkpoints."""
    print()
    kept = printable(continued[0]) if len(continued) == 1 else f"{len(continued)} checkpoints that were kept"
    print_fields({"tree": describe_tree(tree), **({"continues": kept} if continued else {})})
    print_findings(findings)


def print_findings(findings: Sequence[Finding]) -> None:
    """One row each; nothing where there are none."""
    if findings:
        print()
        rows = [(finding.kind.value, finding.position or "-", finding.explanation) for finding in findings]
        print_rows(("finding", "at", "explanation"), (12, 60), rows, max(len(rows), LOOK_AHEAD_ROWS))
