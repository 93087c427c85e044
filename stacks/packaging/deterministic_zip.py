"""Zips that have the same bytes wherever and whenever they are written, so that an unchanged one is no change to deploy."""

import hashlib
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path


def write(path: Path, entries: Mapping[str, bytes]) -> None:
    """Put the zip in place at once. Sorted, with fixed times and modes, and stored: compressed bytes differ between versions of
    zlib.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}")
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(entries):
            info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            info.create_system = 3  # Unix, on every machine
            info.external_attr = 0o644 << 16
            archive.writestr(info, entries[name])
    unfinished.replace(path)  # whoever writes the same at the same moment writes the same bytes


def fingerprint(seed: bytes, entries: Mapping[str, bytes]) -> str:
    """32 hex digits that are others for other entries, or another seed: what a zip made of them is kept by."""
    content = hashlib.sha256(seed)
    for name, data in entries.items():
        content.update(f"\0{name}\0{len(data)}\0".encode() + data)
    return content.hexdigest()[:32]


def read(path: Path) -> dict[str, bytes]:
    """The files in a zip, by their names."""
    with zipfile.ZipFile(path) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist() if not info.is_dir()}
