"""What events say of a thing that is stored somewhere: enough to fetch that very content again, and to check it."""

from __future__ import annotations

from msgspec import Struct


class Stored(Struct, frozen=True, omit_defaults=True):
    """An object or file: `uri`, the S3 version of it, the digest and size (bytes) of its content."""

    uri: str | None = None
    version_id: str | None = None
    sha256: str | None = None
    bytes: int | None = None
