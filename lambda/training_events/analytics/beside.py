"""What verification needs beside a stream's own rows, in a form that every task gets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from training_events.proof.seal_format import FLAWS, read_seal

if TYPE_CHECKING:
    from training_events.analytics.exported_tree import ExportedTree
    from training_events.proof.seal_format import Lock
    from training_events.proof.seal_store import SealStore, StoredSeal, WrittenSeals


class Beside(Struct, frozen=True):
    """`as_of` is the time at which the log was as the exports have it. `seal_bucket` is None where no seals are read."""

    as_of: str
    compare_states: bool = False
    seal_bucket: str | None = None
    tree: ExportedTree | None = None

    def seals(self) -> WrittenSeals | None:
        """The seals that were written by then; None where none are read."""
        return None if self.seal_bucket is None else SealsUntil(seals_in(self.seal_bucket), self.as_of)


def seals_in(bucket: str) -> SealStore:
    """The seals in a bucket of S3's."""
    from training_events import aws  # noqa: PLC0415 - without seals nobody needs the SDK
    from training_events.proof.s3_seal_store import S3SealStore  # noqa: PLC0415

    return S3SealStore(bucket, aws.client("s3"))


class SealsUntil:
    """The seals that were written by a time. One of later covers events that an export of this time cannot have."""

    def __init__(self, seals: WrittenSeals, until: str) -> None:
        self._seals, self._until = seals, until

    def of(self, stream: str) -> list[StoredSeal]:
        written = self._seals.of(stream)
        while written and self._is_later(written[-1]):
            written.pop()
        return written

    def last(self, stream: str, known: int = 0) -> StoredSeal | None:  # noqa: ARG002 - all are listed
        written = self.of(stream)
        return written[-1] if written else None

    def lock_of(self, sealed_at: str) -> Lock | None:
        return self._seals.lock_of(sealed_at)

    def _is_later(self, stored: StoredSeal) -> bool:
        try:
            return read_seal(next(iter(stored.lines()), b"")).sealed_at > self._until
        except FLAWS:
            return False  # verification tells
