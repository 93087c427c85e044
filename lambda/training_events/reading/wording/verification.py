"""What verification found, in words: the verdict on a stream, and what each kind of finding means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training_events.proof.findings import HARMLESS, Kind
from training_events.proof.signing_history import MAX_DELAY_HOURS

if TYPE_CHECKING:
    from training_events.proof.findings import Finding
    from training_events.proof.leaf_comparison import TreeVerified
    from training_events.proof.verification import Verification

SHOWN_KEY_CHARACTERS = 12
"""Of the SHA-256 of a public key: enough to tell two apart. `--json` has all of it."""


def verdict(verification: Verification) -> str:
    """`sound`, `incomplete` where something is missing that may still arrive, else `broken`."""
    return "broken" if not verification.sound else "incomplete" if not verification.complete else "sound"


def describe_finding(finding: Finding) -> str:
    """`altered at 2026-…#e-1: seal 1 covers …`."""
    where = "" if finding.position is None else f" at {finding.position}"
    return f"{finding.kind.value}{where}: {finding.explanation}"


def describe_tree(tree: TreeVerified) -> str:
    """`6 events have a leaf, 2 have none yet; 1,234 leaves, signed at 2026-… by the key 5d0eab1c0d33`."""
    if not tree.checked:
        return "not looked at: the log has none, or no checkpoint was signed yet"
    overdue = f" ({tree.overdue:,} of them for more than {MAX_DELAY_HOURS} hours)" if tree.overdue else ""
    later = f", {tree.not_covered:,} have none yet{overdue}" if tree.not_covered else ""
    afterwards = f", {tree.caught_up:,} of them taken from the log afterwards" if tree.caught_up else ""
    catching_up = "; the notary still catches up with the log" if tree.catching_up else ""
    events = f"{tree.covered:,} events have a leaf{later}; " if tree.covered or tree.not_covered else ""
    key = "" if tree.key is None else f" by the key {tree.key[:SHOWN_KEY_CHARACTERS]}"
    believed = "" if tree.trusted else ", which nobody named: it is the log's own first"
    locks = "; locks not looked at: it takes the permission s3:GetObjectRetention" if tree.locks == "not shown" else ""
    return f"{events}{tree.size:,} leaves{afterwards}, signed at {tree.at}{key}{believed}{catching_up}{locks}"


def weight(finding: Finding) -> str:
    """`bad` where something is not as it was recorded, `warn` where something is missing, `note` for what is only told."""
    if finding.kind not in HARMLESS:
        return "bad"
    return "warn" if finding.kind in (Kind.GAP, Kind.OVERDUE) else "note"


MEANINGS = {
    Kind.ALTERED: "The event is not what was recorded.",
    Kind.DAMAGED: "What stands in the place of an event cannot be read as that event.",
    Kind.MISSING: "An event that was there is no longer there.",
    Kind.STREAM_GONE: "The tree has this stream, and the log has nothing of it any more.",
    Kind.NO_LEAF: "An event was put there later than it says, or past the notary: no leaf was taken of it in time.",
    Kind.FORK: "The tree is not the one that was signed, or not the one whose checkpoint was kept.",
    Kind.FORGED: "Two events claim the same number of a producer: at most one of them is genuine.",
    Kind.BROKEN_CHAIN: "An event does not name the one before it: one of the two was altered or replaced.",
    Kind.BROKEN_SEAL: "A seal is not what was written, or is hidden, or gone.",
    Kind.NOT_LOCKED: "A seal, or a file of the tree, can be removed sooner than it must stay, or in a weaker mode.",
    Kind.READ_MODEL_DIFFERS: "The read model is not what the log gives: training-events rebuild makes it again.",
    Kind.RUN_ALTERED: "The log no longer has the run as it was when the model was registered.",
    Kind.FILE_ALTERED: "A kept file is not what was recorded.",
    Kind.FILE_MISSING: "A kept file is gone.",
    Kind.FILE_UNREADABLE: "A kept file cannot be read, and so not be compared.",
    Kind.FILE_CHANGED: "A file that was never kept is another one by now, or gone. The log is sound.",
    Kind.CLOCK_AHEAD: "Events lay ahead of the log's clock: some clock is wrong. The log is sound.",
    Kind.ORDER_UNKNOWN: "Events of one instant decide something differently, and nothing tells their order. The log is sound.",
    Kind.DISPUTED: "Two events contradict each other about one version of a dataset. The log is sound.",
    Kind.RUN_CONTINUED: "The run went on after the model was registered. The log is sound.",
    Kind.OVERDUE: "Events wait for their leaf for more than a day: the notary stands still. The log is sound.",
    Kind.STRAY: "Somebody put a file beside those of the tree. Nobody reads it; the log is sound.",
    Kind.GAP: "Events have not arrived yet, or were removed before they were sealed. Look at what is undelivered first.",
}
"""What each kind of finding means, to whoever meets it for the first time."""
