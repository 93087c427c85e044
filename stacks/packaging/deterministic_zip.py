"""Writes zips with the same bytes on every machine at any time, so that an unchanged zip is not a change to deploy."""

import hashlib
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path


def write(path: Path, entries: Mapping[str, bytes]) -> None:
    """Write the zip in one step. Its entries are sorted, with fixed times and modes, and are not compressed: versions of zlib
    compress to different bytes.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}")
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(entries):
            info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            info.create_system = 3  # Unix, on every machine
            info.external_attr = 0o644 << 16
            archive.writestr(info, entries[name])
    unfinished.replace(path)  # another process that writes it at the same time writes the same bytes


def fingerprint(seed: bytes, entries: Mapping[str, bytes]) -> str:
    """32 hex digits that depend on the entries and the seed: the name of a zip in a cache."""
    content = hashlib.sha256(seed)
    for name, data in entries.items():
        content.update(f"\0{name}\0{len(data)}\0".encode() + data)
    return content.hexdigest()[:32]


def read(path: Path) -> dict[str, bytes]:
    """The content of each file in a zip, by its name."""
    with zipfile.ZipFile(path) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist() if not info.is_dir()}
