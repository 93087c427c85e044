"""Holds the locks of the tree's files against what the settings of whoever verifies say they must be.

A lock takes a request of its own, and a large tree has hundreds of thousands of files. So some are looked at: all keys, the
newest checkpoints, and others at random. Nobody knows before which.
"""

from __future__ import annotations

from collections import deque
from random import SystemRandom
from typing import TYPE_CHECKING

from training_events.proof.findings import Finding, Kind
from training_events.proof.locks import shortcoming
from training_events.proof.tree.store import CHECKPOINTS, KEYS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from training_events.proof.locks import Looked
    from training_events.proof.tree.store import LockedFile

NEWEST_CHECKPOINTS = 10
"""So many are looked at in any case: they stand for everything before them."""
AT_RANDOM = 100
"""So many of the other files. If one in twenty is not locked, that shows in 199 of 200 verifications."""


def check_tree_locks(files: Iterable[LockedFile]) -> tuple[Looked, list[Finding]]:
    """Look at the locks of some of these files, which are in the order of their paths; all of a tree with few.

    Returns a finding for each that is not locked as it must be.
    """
    looked: Looked = "none"
    findings: list[Finding] = []
    for file in _chosen(files):
        lock = file.lock()
        if lock == "not shown":
            return "not shown", findings
        looked = "checked"
        required = [] if file.must_be is None else [("the settings say", file.must_be)]
        if (why := shortcoming(lock, required)) is not None:
            findings.append(Finding(kind=Kind.NOT_LOCKED, position=None, explanation=f"{file.path} of the tree {why}"))
    return looked, findings


def _chosen(files: Iterable[LockedFile]) -> Iterator[LockedFile]:
    """All keys, the newest checkpoints, and as many of the others, each as likely as any other (algorithm R)."""
    newest: deque[LockedFile] = deque()
    others: list[LockedFile] = []
    seen, random = 0, SystemRandom()
    for file in files:
        other = file
        if file.path.startswith(KEYS):
            yield file
            continue
        if file.path.startswith(CHECKPOINTS):
            newest.append(file)
            if len(newest) <= NEWEST_CHECKPOINTS:
                continue
            other = newest.popleft()
        seen += 1
        if len(others) < AT_RANDOM:
            others.append(other)
        elif (place := random.randrange(seen)) < AT_RANDOM:
            others[place] = other
    yield from newest
    yield from others
