"""Archives (.tar.gz) of the same bytes wherever and whenever they are written, so that a sha256 says what was handed over."""

import io
import os
import struct
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

TIME = 315532800
"""1980-01-01, as in the project's zips; seconds since 1970."""
BLOCK = 0xFFFF
"""The most that a block holds that is not compressed; bytes: https://www.rfc-editor.org/rfc/rfc1951#section-3.2.4"""


def write(path: Path, folder: str, files: Mapping[str, bytes]) -> None:
    """Put the archive in place at once, with every file below one top folder: sorted, owned by root, readable by all."""
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
    """Without a name, a time or compression: versions of zlib make different bytes of the same, at level 0, too.

    https://www.rfc-editor.org/rfc/rfc1952#section-2.3
    """
    header = b"\x1f\x8b\x08" + bytes(6) + b"\xff"  # deflate, no flags, no time, of an unknown system
    return b"".join([header, *_blocks(content), struct.pack("<II", zlib.crc32(content), len(content) % 2**32)])


def _blocks(content: bytes) -> Iterator[bytes]:
    starts = range(0, len(content), BLOCK) or range(1)
    for start in starts:
        part = content[start : start + BLOCK]
        yield struct.pack("<BHH", start == starts[-1], len(part), len(part) ^ 0xFFFF) + part
