"""Seals a stream: writes a digest over everything it holds so far to a place where nobody can take it back."""

from __future__ import annotations

import shutil
from contextlib import suppress
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING

from training_events.errors import LogAltered, Overtaken
from training_events.proof.comparison import flaw_at, side_by_side
from training_events.proof.merkle import MerkleTree
from training_events.proof.seal_format import Seal, event_line, next_seal, seal_line
from training_events.proof.seal_reader import SealedStream
from training_events.stores.event_log import AuditedEvent
from training_events.times import now

if TYPE_CHECKING:
    from collections.abc import Callable

    from training_events.proof.findings import Finding
    from training_events.proof.seal_store import SealStore
    from training_events.stores.event_log import EventLog

MAX_ATTEMPTS = 10
"""Each attempt failed because another process sealed meanwhile; after this many the rest is left to them."""
SPOOL_BYTES = 2**20
"""Up to this size a seal is composed in memory, beyond it in a temporary file. It has about 150 bytes for each event."""


def seal_stream(log: EventLog, seals: SealStore, stream: str, clock: Callable[[], str] = now) -> Seal | None:
    """Seal the events that no seal covers yet; None if there are none. Safe to repeat, to interrupt, and to run twice at once.

    Raises LogAltered if the log and the seals contradict each other or themselves: a false record is never sealed as true.
    Raises Overtaken if other processes were faster every time. Missing numbers of a producer do not prevent a seal: the
    events may arrive late, and are sealed then.
    """
    for _ in range(MAX_ATTEMPTS - 1):
        with suppress(Overtaken):
            return _seal(log, seals, stream, clock)
    return _seal(log, seals, stream, clock)


def _seal(log: EventLog, seals: SealStore, stream: str, clock: Callable[[], str]) -> Seal | None:
    sealed = SealedStream(stream, seals)  # read before the log: every event that they cover is in it by then
    before = sealed.last
    tree = before.tree if before else MerkleTree()
    first = last = ""
    with SpooledTemporaryFile(SPOOL_BYTES) as lines, SpooledTemporaryFile(SPOOL_BYTES) as content:
        for place in side_by_side(log.audit(stream), sealed.readers):
            _refuse(flaw_at(place))
            if not place.sealed and isinstance(place.recorded, AuditedEvent):
                line = event_line(place.position, place.recorded.digest)
                tree.append(line)
                lines.write(line + b"\n")
                first, last = first or place.position, place.position
        _refuse(next(sealed.findings(), None))
        if not last:
            return None
        seal = next_seal(before, tree, stream=stream, sealed_at=clock(), first=first, last=last, previous=sealed.last_digest)
        content.write(seal_line(seal) + b"\n")  # the first line of the seal is known last
        lines.seek(0)
        shutil.copyfileobj(lines, content)
        content.seek(0)
        seals.write(stream, seal.number, content)
        return seal


def _refuse(finding: Finding | None) -> None:
    if finding is not None:
        where = "" if finding.position is None else f"{finding.position!a}: "
        raise LogAltered(where + finding.explanation, "events and seals as they were written")
