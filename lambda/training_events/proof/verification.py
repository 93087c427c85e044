"""Verifies that a stream is complete and as it was recorded: one walk through log and seals, in constant memory.

A stream is sound if no event contradicts its digest, its producer's chain or a seal. Honest producers, late arrivals and
repeated sealing never make a stream unsound, at any moment. docs/design/proof.md says what this proves and what it cannot.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct

from training_events.proof.chains import Chain, Chains
from training_events.proof.comparison import flaw_at, side_by_side
from training_events.proof.disputes import Disputes
from training_events.proof.doubts import Doubts
from training_events.proof.expected_seals import ExpectedSeals
from training_events.proof.files import FilesVerified, compare_files
from training_events.proof.findings import HARMLESS, Finding, Findings, Kind
from training_events.proof.leads import Leads
from training_events.proof.leaf_comparison import TreeVerified
from training_events.proof.locks import Looked, check_locks
from training_events.proof.read_model import check_read_model
from training_events.proof.run_head import PinnedRuns, runs_since
from training_events.proof.seal_reader import SealedStream
from training_events.stores.event_log import AuditedEvent
from training_events.times import now

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from training_events.catalogue.model import RunHead
    from training_events.proof.files import CompareFile
    from training_events.proof.leaf_comparison import StreamLeaves
    from training_events.proof.run_head import RunSince, RunsSince
    from training_events.proof.seal_store import WrittenSeals
    from training_events.stores.event_log import Alteration, RecordedStreams
    from training_events.stores.read_models import StoredStates


class SealsVerified(Struct, frozen=True):
    """What the seals show about the stream. Events that no seal covers were recorded after the last seal was written."""

    checked: bool
    """False if no seals were read: then nothing shows whether the newest events were removed."""
    count: int
    covered: int
    """How many events of the log a seal covers."""
    root: str | None
    """The Merkle root in the last seal: one text that stands for every covered event."""
    not_covered: int
    first_not_covered: str | None
    locks: Looked = "none"
    """Whether the seals' locks were looked at: not where the caller may not see them, nor where nothing locks them (SQLite)."""


class Verification(Struct, frozen=True):
    """The result of verifying a stream."""

    stream: str
    sound: bool
    """Nothing was altered, removed or forged, as far as digests, chains, seals and their locks, and the read model show. Gaps
    are the only findings."""
    complete: bool
    """No event is missing, as far as the producers' numbers and the seals show."""
    events: int
    producers: list[Chain]
    seals: SealsVerified
    files: FilesVerified
    findings_total: int
    findings: list[Finding]
    """The first findings: a stream that is gone, then about events by position, then about whole seals, the tree and the read
    model, then gaps."""
    tree: TreeVerified


def verify(
    log: RecordedStreams,
    seals: WrittenSeals | None,
    stream: str,
    compare_file: CompareFile | None = None,
    *,
    read_models: StoredStates | None = None,
    leaves: StreamLeaves | None = None,
    runs: RunsSince | None = None,
    clock: Callable[[], str] = now,
) -> Verification:
    """Check everything the stream holds; with `compare_file` the files that its events name too, with `read_models` its state.

    `leaves` are those of a checkpoint that was read before: what it covers is in the log by now. `runs` tells of pinned runs
    where `log` has no streams but this one.

    Raises only what the stores raise when they cannot be read, and what `compare_file` raises.
    """
    # read before the log: no seal then covers an event that the walk misses
    sealed = SealedStream(stream, () if seals is None else seals.of(stream))
    findings, chains, files = Findings(), Chains(), FilesVerified(checked=compare_file is not None)
    expected = ExpectedSeals(leaves, clock)
    leads, doubts, disputes, pinned = Leads(), Doubts(stream), Disputes(stream), PinnedRuns()
    events = covered = not_covered = 0
    first_not_covered: str | None = None
    for place in side_by_side(log.audit(stream), sealed.readers, leaves or ()):
        flaw, not_attested = flaw_at(place), None if leaves is None else leaves.flaw_at(place)
        if (worst := flaw or not_attested) is not None:
            findings.add(worst)
        expected.add(place)
        if place.recorded is None:
            continue
        events += 1
        if place.sealed:
            covered += 1
        else:
            not_covered += 1
            first_not_covered = first_not_covered or place.position
        if isinstance(place.recorded, AuditedEvent):
            findings.add(*chains.add(place.recorded))
            leads.add(place.recorded)
            findings.add(*doubts.add(place.recorded), *disputes.add(place.recorded))
            pinned.add(place.recorded)
            if compare_file is not None:
                findings.add(*compare_files(place.recorded, compare_file, files))
    for finding in map(_finding, log.alterations(stream)):
        if not findings.contains(finding.kind, finding.position):  # a seal may show the same
            findings.add(finding)
    locks, not_locked = check_locks(sealed.readers, seals)
    if read_models is not None:
        was_projected = bool(sealed.readers) or expected.lacking
        findings.add(*check_read_model(log, read_models, stream, clock, sealed=was_projected))
        findings.add(*expected.findings(seals, read_models, stream, sealed.last_number))
    findings.add(*pinned.findings(runs or _runs_in(log)))
    findings.add(*(() if leaves is None else leaves.findings()))
    findings.add(*chains.gaps(), *sealed.findings(), *leads.findings(), *doubts.rest(), *not_locked)
    counts = findings.counts
    return Verification(
        stream=stream,
        sound=counts.keys() <= HARMLESS,
        complete=not counts[Kind.GAP] and not counts[Kind.MISSING],
        events=events,
        producers=chains.heads(),
        seals=SealsVerified(
            checked=seals is not None,
            count=len(sealed.readers),
            covered=covered,
            root=sealed.last.root if sealed.last else None,
            not_covered=not_covered,
            first_not_covered=first_not_covered,
            locks=locks,
        ),
        files=files,
        findings_total=counts.total(),
        findings=findings.first,
        tree=TreeVerified(checked=False) if leaves is None else leaves.verified,
    )


def _runs_in(log: RecordedStreams) -> RunsSince:
    def since_of(run: str, heads: Collection[RunHead]) -> dict[RunHead, RunSince]:
        return runs_since(partial(log.audit, run), heads)

    return since_of


_CHANGES = {"delete": (Kind.MISSING, "removed"), "replace": (Kind.ALTERED, "removed and put back")}


def _finding(alteration: Alteration) -> Finding:
    """The finding for a change to an event that the store itself noticed."""
    kind, change = _CHANGES.get(alteration.what, (Kind.ALTERED, "altered"))
    why = f"the event recorded here with the digest {alteration.digest} was {change} at {alteration.at}"
    return Finding(kind=kind, position=alteration.position, explanation=why)
