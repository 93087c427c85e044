"""Holds the tree against checkpoints that were kept elsewhere: whoever may rewrite a log and its tree cannot rewrite these."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training_events.errors import BadTree
from training_events.proof.findings import Finding, Kind
from training_events.proof.tree.log_checkpoint import read_log_checkpoint
from training_events.proof.tree.note import read_note

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from training_events.proof.tree.log_checkpoint import LogCheckpoint
    from training_events.proof.tree.reader import TreeReader


def read_kept(note: bytes, name: str) -> LogCheckpoint:
    """What a note that was kept says. Nobody has checked its signature. Raises BadTree if it is no checkpoint."""
    try:
        return read_log_checkpoint(read_note(note).text)
    except BadTree as flaw:
        raise BadTree(f"{name}: {flaw}") from None


def check_against(tree: TreeReader, kept: Iterable[tuple[str, bytes]]) -> Iterator[Finding]:
    """The finding, if the tree does not continue every one of these notes. Each has a name, which says where it was kept.

    The smallest that it does not continue is told, and the first leaf that may differ: a smaller checkpoint that agrees vouches
    for all leaves that it covers.
    """
    agreed = 0
    for name, note in sorted(kept, key=lambda named: read_kept(named[1], named[0]).size):
        try:
            difference = _difference(tree, note, name, agreed)
        except BadTree as flaw:
            difference = f"{name}: {flaw}"
        if difference is not None:
            yield Finding(kind=Kind.FORK, position=None, explanation=difference)
            return
        agreed = read_kept(note, name).size


def _difference(tree: TreeReader, note: bytes, name: str, agreed: int) -> str | None:
    newest, kept = tree.newest(), read_kept(note, name)
    what = f"{name}, a checkpoint of {kept.size} leaves" + ("" if kept.at is None else f" signed at {kept.at}")
    if newest is None:
        return f"the log has no checkpoint any more, and {what}, was kept"
    if kept.origin != newest.origin:
        return f"{what}, is of the log {kept.origin!a}, and this one is {newest.origin!a}"
    tree.check(note)
    if kept.size > newest.size:
        return f"{what}, was kept, and the newest of the log has {newest.size} leaves: the others are gone"
    if tree.root(kept.size) == kept.root:
        return None
    where = f"leaf {agreed}" if kept.size == agreed + 1 else f"one of the leaves {agreed} to {kept.size - 1}"
    leaf = next(tree.leaves(agreed, agreed + 1))
    return (
        f"the log does not continue {what}: {where} was another one. Today leaf {agreed} is of {leaf.stream!a} at"
        f" {leaf.position!a}, recorded at {leaf.recorded_at}"
    )
