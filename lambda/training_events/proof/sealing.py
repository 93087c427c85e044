"""Seals a stream: writes a digest over everything it holds so far to a place where nobody can take it back.

The last seal alone is read, and of the log what was recorded after the seals before it. The log also counts what was recorded
earlier: as long as that is as many events as those seals cover, nothing came late, and nothing was added or removed there. If
the counts differ, log and seals are compared from their beginnings.
"""

from __future__ import annotations

import shutil
from contextlib import suppress
from hashlib import sha256
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING

from training_events.errors import LogAltered, NotComplete, Overtaken
from training_events.proof.chains import Chains
from training_events.proof.comparison import flaw_at, side_by_side
from training_events.proof.merkle import MerkleTree
from training_events.proof.seal_format import Seal, event_line, next_seal, seal_line
from training_events.proof.seal_reader import SealedStream
from training_events.stores.event_log import AuditedEvent
from training_events.times import now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from training_events.proof.findings import Finding
    from training_events.proof.seal_format import SealedEvent
    from training_events.proof.seal_store import SealStore
    from training_events.stores.event_log import Damaged, EventLog

MAX_ATTEMPTS = 10
"""Each attempt failed because another process sealed meanwhile; after this many the rest is left to them."""
SPOOL_BYTES = 2**20
"""Up to this size a seal is composed in memory, beyond it in a temporary file. It has about 180 bytes for each event."""


NOTE_PREFIX = "sealing/"
_MAX_NAME_BYTES = 1024
"""The key of a note has less room than that of a stream (DynamoDB): a longer name is kept as its digest."""


def note_name(stream: str) -> str:
    """The name of the note, beside the read models, of when the stream is to be sealed. One that is projected gets it."""
    name = stream.encode()
    return NOTE_PREFIX + (stream if len(name) <= _MAX_NAME_BYTES else f"sha256={sha256(name).hexdigest()}")


def seal_stream(
    log: EventLog,
    seals: SealStore,
    stream: str,
    clock: Callable[[], str] = now,
    *,
    known: int = 0,
    first_when_complete: bool = False,
) -> Seal | None:
    """Seal the events that no seal covers yet; None if there are none. Safe to repeat, to interrupt, and to run twice at once.

    `known` is the number of a seal that the stream is known to have, to find the last one faster. With `first_when_complete`
    the first seal waits until no number of a producer is missing: NotComplete is raised. Otherwise missing numbers do not
    prevent a seal: the events may arrive late, and are sealed then.

    Raises LogAltered if the new events, the last seal or the counts contradict each other or themselves: a false record is
    never sealed as true. Whether what was sealed before is still as it was, is `verify`'s work. Raises Overtaken if other
    processes were faster every time.
    """
    for _ in range(MAX_ATTEMPTS - 1):
        with suppress(Overtaken):
            return _seal(log, seals, stream, clock, known, first_when_complete=first_when_complete)
        known = 0  # it was wrong, perhaps
    return _seal(log, seals, stream, clock, known, first_when_complete=first_when_complete)


def _seal(
    log: EventLog, seals: SealStore, stream: str, clock: Callable[[], str], known: int, *, first_when_complete: bool
) -> Seal | None:
    # seals are read before the log: every event that they cover is in it by then
    last = seals.last(stream, known)
    with SpooledTemporaryFile(SPOOL_BYTES) as lines:
        if last is not None:
            draft = _Draft(SealedStream(stream, [last], first=last.number), lines)
            if draft.continues(log):
                return draft.write(seals, clock())
            lines.seek(0)
            lines.truncate()
        draft = _Draft(SealedStream(stream, seals.of(stream)), lines)
        chains = Chains() if first_when_complete and last is None else None
        draft.compare(log.audit(stream), draft.sealed.readers, chains)
        if chains is not None and (gap := next(chains.gaps(), None)) is not None:
            raise NotComplete(f"{stream!a} at {gap.position!a}: {gap.explanation}")
        return draft.write(seals, clock())


class _Draft:
    """The next seal of a stream, after these seals. Its lines are written to a file as they are found."""

    def __init__(self, sealed: SealedStream, lines: IO[bytes]) -> None:
        self.sealed, self._lines = sealed, lines
        self._first = self._last = ""
        self._latest = ""
        """The latest time at which an event was recorded that a seal covers."""
        before = self.sealed.last
        self._tree = before.tree if before else MerkleTree()

    def continues(self, log: EventLog) -> bool:
        """Compare the last seal with what was recorded since the seals before it. False if that does not tell enough."""
        before = self.sealed.last
        if before is None or (before.number > 1 and before.recorded_after is None):  # the seal before is of version 0.1.0
            return False
        after = self._latest = before.recorded_after or ""
        came_late = earlier = 0

        def lines() -> Iterator[SealedEvent]:
            nonlocal came_late
            for event in self.sealed.readers[-1]:
                if event.recorded_at is None or event.recorded_at > after:
                    yield event
                else:
                    came_late += 1

        def records() -> Iterator[AuditedEvent | Damaged]:
            nonlocal earlier
            for page in log.recorded_after(self.sealed.stream, after):
                earlier += page.earlier
                yield from page.later

        self.compare(records(), [lines()])
        return earlier == before.events - before.added + came_late

    def compare(
        self, recorded: Iterable[AuditedEvent | Damaged], sealed: Iterable[Iterable[SealedEvent]], chains: Chains | None = None
    ) -> None:
        """Take in what the log has and no seal covers. Raises LogAltered where log and seals contradict each other."""
        for place in side_by_side(recorded, sealed):
            _refuse(flaw_at(place))
            record = place.recorded
            if not isinstance(record, AuditedEvent):
                continue
            if chains is not None:
                chains.add(record)
            if place.sealed:
                self._latest = max(self._latest, record.recorded_at)
                continue
            line = event_line(record.position, record.digest, record.recorded_at)
            self._tree.append(line)
            self._lines.write(line + b"\n")
            self._first, self._last = self._first or record.position, record.position

    def write(self, seals: SealStore, sealed_at: str) -> Seal | None:
        """Write the seal. Returns None if it would add nothing."""
        before = self.sealed.last
        _refuse(next(self.sealed.findings(), None))
        if not self._last:
            return None
        lock = seals.lock_of(sealed_at)
        seal = next_seal(
            before,
            self._tree,
            stream=self.sealed.stream,
            sealed_at=sealed_at,
            first=self._first,
            last=self._last,
            previous=self.sealed.last_digest,
            recorded_after=self._latest if before else None,
            lock=lock,
        )
        with SpooledTemporaryFile(SPOOL_BYTES) as content:
            content.write(seal_line(seal) + b"\n")  # the first line of the seal is known last
            self._lines.seek(0)
            shutil.copyfileobj(self._lines, content)
            content.seek(0)
            seals.write(self.sealed.stream, seal.number, content, lock)
        return seal


def _refuse(finding: Finding | None) -> None:
    if finding is not None:
        where = "" if finding.position is None else f"{finding.position!a}: "
        raise LogAltered(where + finding.explanation, "events and seals as they were written")
