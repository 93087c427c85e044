"""How an event refers to a file that is stored somewhere: enough to fetch exactly that content again, and to check it."""

from __future__ import annotations

import os
from hashlib import sha256
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable


class Stored(Struct, frozen=True, omit_defaults=True):
    """A stored object or file: its `uri`, its version in S3, and the digest and size (in bytes) of its content.

    `in_place` is true where nothing was stored: this is the caller's own file, which may be another one tomorrow.
    """

    uri: str | None = None
    version_id: str | None = None
    sha256: str | None = None
    bytes: int | None = None
    in_place: bool = False

    def contradictions(self, other: Stored) -> dict[str, str | int]:
        """What the other one says differently of the content, by field. At most one of them is right."""
        pairs = {"sha256": (self.sha256, other.sha256), "bytes": (self.bytes, other.bytes)}
        return {name: theirs for name, (ours, theirs) in pairs.items() if ours is not None and theirs not in (None, ours)}

    @property
    def is_content_addressed(self) -> bool:
        """Whether the last name in its address holds the digest: then no other content ever gets this address."""
        name = (self.uri or "").rstrip("/").rpartition("/")[2]
        return self.sha256 is not None and self.sha256 in name


def digest_of_files(digests: Iterable[tuple[str, str]]) -> str:
    r"""The SHA-256, in hex, of the files' digests and names as `sha256sum` prints them, sorted by name.

    Anyone can compute it inside the folder, if no name has a backslash or a line break:
    `find -L . -type f -printf '%P\0' | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum`
    """
    lines = sorted((os.fsencode(name), digest) for name, digest in digests)
    return sha256(b"".join(b"%s  %s\n" % (digest.encode(), name) for name, digest in lines)).hexdigest()
