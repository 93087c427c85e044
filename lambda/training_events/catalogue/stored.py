"""How an event refers to a file that is stored somewhere: enough to fetch exactly that content again, and to check it."""

from __future__ import annotations

from msgspec import Struct


class Stored(Struct, frozen=True, omit_defaults=True):
    """A stored object or file: its `uri`, its version in S3, and the digest and size (in bytes) of its content."""

    uri: str | None = None
    version_id: str | None = None
    sha256: str | None = None
    bytes: int | None = None
