"""Writes archives (.tar.gz) with the same bytes on every machine at any time, so that a sha256 identifies the content."""

import io
import os
import struct
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

TIME = 315532800
"""1980-01-01 as seconds since 1970, the same time as in the project's zips."""
BLOCK = 0xFFFF
"""The most bytes in a block without compression: https://www.rfc-editor.org/rfc/rfc1951#section-3.2.4"""


def write(path: Path, folder: str, files: Mapping[str, bytes]) -> None:
    """Write the archive in one step. The files are below one top folder, sorted, owned by root and readable by all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}")
    try:
        unfinished.write_bytes(gzip(tar(folder, files)))
        unfinished.replace(path)
    finally:  # after a full disk or Ctrl-C
        unfinished.unlink(missing_ok=True)


def tar(folder: str, files: Mapping[str, bytes]) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name in sorted(files):
            info = tarfile.TarInfo(f"{folder}/{name}")
            info.size, info.mtime, info.mode = len(files[name]), TIME, 0o644
            archive.addfile(info, io.BytesIO(files[name]))
    return content.getvalue()


def gzip(content: bytes) -> bytes:
    """The content as gzip, without a name, a time or compression: versions of zlib make different bytes, even at level 0.

    https://www.rfc-editor.org/rfc/rfc1952#section-2.3
    """
    header = b"\x1f\x8b\x08" + bytes(6) + b"\xff"  # deflate, no flags, no time, of an unknown system
    return b"".join([header, *_blocks(content), struct.pack("<II", zlib.crc32(content), len(content) % 2**32)])


def _blocks(content: bytes) -> Iterator[bytes]:
    starts = range(0, len(content), BLOCK) or range(1)
    for start in starts:
        part = content[start : start + BLOCK]
        yield struct.pack("<BHH", start == starts[-1], len(part), len(part) ^ 0xFFFF) + part
