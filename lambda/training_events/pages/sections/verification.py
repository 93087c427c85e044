"""The section `verification`: whether a stream is complete and as it was recorded, and what covers it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from training_events.pages.page import Section
from training_events.reading.verification import last_seal, verification_of
from training_events.reading.wording.verification import MEANINGS, describe_tree, verdict, weight
from training_events.times import now

if TYPE_CHECKING:
    from training_events.proof.findings import Finding
    from training_events.proof.seal_format import Seal
    from training_events.proof.verification import Verification
    from training_events.reading.opening import Sources


class ShownFinding(Struct, frozen=True):
    """A finding, what its kind means, and how much it weighs: `bad`, `warn` or `note`."""

    finding: Finding
    meaning: str
    weight: str


class VerificationContent(Struct, frozen=True):
    """`verification` is None where the page leads to it and does not wait for it. `last_seal` says of itself what it covers."""

    stream: str
    verification: Verification | None
    verdict: str | None
    checked_at: str | None
    findings: list[ShownFinding]
    last_seal: Seal | None
    tree: str | None = None
    """What the tree over the whole log shows of the stream."""


def verification_section(sources: Sources, stream: str, *, whole: bool) -> Section:
    """What `verify` says of the stream as the log is now, where `whole`; it reads all its events and seals.

    Otherwise what its last seal covers, with a link to the rest. Raises NoSuchStream where it is whole and nothing knows the
    stream.
    """
    seal = last_seal(sources, stream)
    if not whole:
        return Section("verification", "Verification", VerificationContent(stream, None, None, None, [], seal))
    checked_at = now()
    verification = verification_of(sources, stream)
    findings = [ShownFinding(finding, MEANINGS[finding.kind], weight(finding)) for finding in verification.findings]
    tree = describe_tree(verification.tree)
    content = VerificationContent(stream, verification, verdict(verification), checked_at, findings, seal, tree)
    return Section("verification", "Verification", content)
