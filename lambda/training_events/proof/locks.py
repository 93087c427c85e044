"""Holds the locks of seals against what the seals, and the settings of whoever verifies, say they must be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from training_events.proof.findings import Finding, Kind
from training_events.proof.seal_format import Lock

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from training_events.proof.seal_format import Seal
    from training_events.proof.seal_reader import SealReader
    from training_events.proof.seal_store import WrittenSeals

Looked: TypeAlias = Literal["checked", "not shown", "none"]
"""Whether the locks were looked at: the caller may not see them, or the store has none."""


def check_locks(readers: Iterable[SealReader], seals: WrittenSeals | None) -> tuple[Looked, list[Finding]]:
    """Look at the lock of each seal. Returns a finding for each that is not locked as it must be."""
    looked: Looked = "none"
    findings: list[Finding] = []
    for reader in readers:
        if reader.stored.lock is None:
            continue
        lock = reader.stored.lock()
        if lock == "not shown":
            return "not shown", findings
        looked = "checked"
        required = [] if reader.seal is None or seals is None else list(_required(reader.seal, seals))
        if (why := shortcoming(lock, required)) is not None:
            explanation = f"seal {reader.number} {why}"
            findings.append(Finding(kind=Kind.NOT_LOCKED, position=None, explanation=explanation, seal=reader.number))
    return looked, findings


def _required(seal: Seal, seals: WrittenSeals) -> Iterator[tuple[str, Lock]]:
    if seal.locked_until is not None:
        yield "the seal says", Lock(seal.lock_mode or "", seal.locked_until)
    try:
        of_settings = seals.lock_of(seal.sealed_at)
    except ValueError:  # somebody altered the time: another finding tells
        return
    if of_settings is not None:
        yield "the settings say", of_settings


def shortcoming(lock: Lock | Literal["none"], required: list[tuple[str, Lock]]) -> str | None:
    """What a lock lacks of those that are required, each with who says so; None if it is as good as they are."""
    if not isinstance(lock, Lock):
        return "is not locked: whoever may remove objects can remove it"
    for who, must_be in required:
        if lock.until < must_be.until:
            return f"is locked until {lock.until}; {who} {must_be.until}"
        if must_be.mode == "COMPLIANCE" != lock.mode:  # COMPLIANCE where GOVERNANCE was asked for is more than that
            return f"is locked in {lock.mode} mode; {who} COMPLIANCE"
    return None
