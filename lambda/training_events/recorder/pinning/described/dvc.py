"""A dataset that a file of DVC tracks: `data.dvc`. https://dvc.org/doc/user-guide/project-structure/dvc-files

Such a file is YAML of a few lines, which PyYAML reads: the extra `dvc`. YAML has too many forms for a reader of our own.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import msgspec

from training_events.catalogue.run import UsedDataset
from training_events.errors import NotStored
from training_events.recorder.pinning.described.files import DescribedFile, digest_over, size_of_all
from training_events.recorder.reporting import log
from training_events.recorder.storage.files import one_line_reason, printable, uri_of
from training_events.redaction.text import redacted_text

_MAX_BYTES = 2**20
_MD5 = re.compile(r"[0-9a-f]{32}(\.dir)?")
"""That of a folder is the MD5 of the list of its files, and ends with `.dir`."""


class _Output(msgspec.Struct):
    path: str
    md5: Any = None
    size: Any = None


class _File(msgspec.Struct):
    outs: list[_Output]
    wdir: str = "."


def from_dvc(path: Path) -> UsedDataset:
    """The dataset that the file tracks. Raises NotStored where it cannot be read."""
    tracked = _read(path)
    folder = path.parent / tracked.wdir
    files = [DescribedFile(out.path, _uri(folder, out), _digest(out), _size(out)) for out in tracked.outs]
    digest = digest_over(files)
    if digest is None:
        without = ", ".join(file.name for file in files if file.digest is None) or "any output"
        log.warning("%s is not pinned: it has no md5 of %s", printable(path), printable(without))
    return UsedDataset(
        uri=files[0].uri if len(files) == 1 else uri_of(path, folder=False),
        bytes=size_of_all(files),
        in_place=all((file.uri or "").startswith("file:") for file in files),
        name=", ".join(file.name for file in files) or None,
        digest=digest,
        details={"dvc": {"description": uri_of(path, folder=False)}},
    )


def _read(path: Path) -> _File:
    try:
        import yaml  # type: ignore[import-untyped]  # noqa: PLC0415 - most trainings have no file of DVC
    except ImportError:
        raise NotStored(f"{printable(path)} cannot be read without PyYAML: pip install 'training-events[dvc]'") from None
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise NotStored(f"{printable(path)} is no file of DVC: it has more than {_MAX_BYTES} bytes")
        return msgspec.convert(yaml.safe_load(path.read_bytes()), _File)
    except OSError as error:
        raise NotStored(f"{printable(path)} cannot be read: {one_line_reason(error)}") from None
    except (yaml.YAMLError, msgspec.ValidationError, ValueError, RecursionError) as flaw:
        why = " ".join(str(flaw).split())
        raise NotStored(f"{printable(path)} is no file of DVC: {printable(why)}") from None


def _uri(folder: Path, out: _Output) -> str:
    if "://" in out.path:  # it is kept outside
        return redacted_text(out.path)
    is_folder = isinstance(out.md5, str) and out.md5.endswith(".dir")
    return uri_of(Path(os.path.normpath(folder / out.path)), folder=is_folder)


def _digest(out: _Output) -> str | None:
    return f"md5:{out.md5}" if isinstance(out.md5, str) and _MD5.fullmatch(out.md5) else None


def _size(out: _Output) -> int | None:
    return out.size if type(out.size) is int and out.size >= 0 else None
