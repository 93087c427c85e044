"""The state of a dataset, from its events in key order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct, field

from training_events.catalogue import dataset as facts
from training_events.catalogue.stored import Stored
from training_events.folds.stream_state import StreamState

if TYPE_CHECKING:
    from training_events.event import LogEntry

MAX_KEPT = 100
"""How many versions a state keeps: the newest ones. The log has them all."""
MAX_DISPUTED = 10
"""How many other digests, or sizes, of one version a state keeps: the first ones."""


class Version(Struct):
    """`disputed` is what other registrations of this very version say differently of its content, by field. `run` made it.

    `digest` tells the content where no SHA-256 does: `md5:9e107d9d`.
    """

    registered_at: str
    registered_by: str | None
    stored: Stored
    rows: int | None
    retired_at: str | None = None
    disputed: dict[str, list[str | int]] = field(default_factory=dict)
    run: str | None = None
    digest: str | None = None


class DatasetState(StreamState):
    """A dataset: its newest versions, the oldest first. The last one is what it holds now."""

    kind: Literal["dataset"] = "dataset"
    status: Literal["active", "retired"] = "active"
    versions: list[Version] = field(default_factory=list)
    retired_at: str | None = None
    registered: int = 0

    @property
    def finished(self) -> bool:
        return self.status == "retired"

    def living(self) -> set[str]:
        living = {f"version {version.stored.sha256}" for version in self.versions if version.retired_at is None}
        if self.versions and self.status == "active":
            living.add("status")
        return living


def registered(state: DatasetState, fact: facts.DatasetRegistered, at: str, _: LogEntry) -> None:
    """A registration after the dataset's retirement brings it back.

    Both the program that stored a version and S3 itself register it. That is one version, and each fills in what the other
    does not know. Where they contradict each other, the first one stands, and the version is disputed.
    """
    stored = stored_of(fact)
    state.status, state.retired_at = "active", None
    if known := known_version(state, stored, fact.digest):
        for name, other in known.stored.contradictions(stored).items():
            others = known.disputed.get(name, [])
            if other not in others and len(others) < MAX_DISPUTED:
                known.disputed[name] = [*others, other]
        known.stored = _filled_in(known.stored, stored)
        known.registered_by = known.registered_by or fact.registered_by
        known.run, known.digest = known.run or fact.run, known.digest or fact.digest
        known.rows = fact.rows if known.rows is None else known.rows
        known.retired_at = None
        return
    version = Version(at, fact.registered_by, stored, fact.rows, run=fact.run, digest=fact.digest)
    state.versions = [*state.versions[1 - MAX_KEPT :], version]
    state.registered += 1


def stored_of(fact: facts.DatasetRegistered) -> Stored:
    return Stored(fact.uri, fact.version_id, fact.sha256, fact.bytes, fact.in_place)


def known_version(state: DatasetState, stored: Stored, digest: str | None) -> Version | None:
    """The version that was registered before as this very content, if one was.

    In S3 the version's id tells. Elsewhere it is the newest version at the same address, if the content is the same: a file
    that has an older content again is a new version, because the last version is what the dataset holds now. Of a file that
    is kept by its content the address follows from the content: there only the last version of all can be the same.
    """
    if stored.uri is None:
        return None
    same_address = [version for version in state.versions if version.stored.uri == stored.uri]
    if stored.version_id is not None:
        return next((version for version in same_address if version.stored.version_id == stored.version_id), None)
    if not same_address:
        return None
    newest = state.versions[-1] if stored.is_content_addressed else same_address[-1]
    is_known = newest in same_address and newest.stored.version_id is None and _is_same_content(newest, stored.sha256, digest)
    return newest if is_known else None


def _is_same_content(version: Version, sha256: str | None, digest: str | None) -> bool:
    """By the SHA-256; where not both know that, by the other digest."""
    if sha256 is not None and version.stored.sha256 is not None:
        return sha256 == version.stored.sha256
    return digest is not None and digest == version.digest


def _filled_in(known: Stored, more: Stored) -> Stored:
    return Stored(
        known.uri,
        known.version_id,
        known.sha256 or more.sha256,
        more.bytes if known.bytes is None else known.bytes,
        known.in_place,
    )


def retired(state: DatasetState, fact: facts.DatasetRetired, at: str, _: LogEntry) -> None:
    if fact.sha256 is None:
        state.status, state.retired_at = "retired", at
    for version in state.versions:
        if version.retired_at is None and fact.sha256 in (None, version.stored.sha256):
            version.retired_at = at


APPLY = {facts.DatasetRegistered: registered, facts.DatasetRetired: retired}
