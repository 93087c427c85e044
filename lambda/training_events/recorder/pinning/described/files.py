"""The files that a description names, as one dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from training_events.catalogue.stored import digest_of_files

if TYPE_CHECKING:
    from collections.abc import Sequence


class DescribedFile(NamedTuple):
    """A file by its name in the dataset, with its address if it has one. `digest` is `sha256:…`, `md5:…`, or not known."""

    name: str
    uri: str | None
    digest: str | None
    size: int | None


def digest_over(files: Sequence[DescribedFile]) -> str | None:
    """The digest of the only file; of several, `files:` and the SHA-256 of their digests and names. None if one has none.

    It is computed as that of a folder is: `sha256sum` of the lines that `sha256sum` (or `md5sum`) prints, sorted by name.
    """
    digests = [file.digest for file in files if file.digest is not None]
    if not files or len(digests) < len(files):
        return None
    if len(files) == 1:
        return digests[0]
    named = ((file.name, digest.partition(":")[2]) for file, digest in zip(files, digests, strict=True))
    return f"files:{digest_of_files(named)}"


def size_of_all(files: Sequence[DescribedFile]) -> int | None:
    sizes = [file.size for file in files if file.size is not None]
    return sum(sizes) if sizes and len(sizes) == len(files) else None
