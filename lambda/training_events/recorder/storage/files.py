"""Files and folders as people name them: what is to be read of them, and what to call them."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from training_events.errors import NotStored

if TYPE_CHECKING:
    from collections.abc import Iterator

_FILE_URI = "file://"


def local_path(named: Any) -> Path:
    """The path in a text, a Path or a `file://` URI. Raises NotStored for what names nothing."""
    try:
        text = os.fsdecode(named)
    except TypeError:
        raise NotStored(f"a value of type {type(named).__name__} names no file") from None
    if text.startswith(_FILE_URI):
        text = unquote(text.removeprefix(_FILE_URI).removeprefix("localhost"), errors="surrogateescape")
    if not text:  # Path("") would be the folder the program runs in
        raise NotStored("an empty text names no file")
    return Path(text)


def is_folder(path: Path) -> bool:
    """Whether it is a folder and not a file. Raises NotStored for what is neither."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as flaw:  # ValueError: a null character in its name
        raise NotStored(f"{shown(path)} cannot be read: {reason(flaw)}") from None
    if stat.S_ISDIR(mode):
        return True
    if stat.S_ISREG(mode):
        return False
    raise NotStored(f"{shown(path)} is neither a file nor a folder")  # a pipe, say, which one would wait for


def files_in(folder: Path) -> list[tuple[str, Path]]:
    """Every file below, by its name from the folder on; links are followed. Raises NotStored, also if there is none."""
    if files := [(path.relative_to(folder).as_posix(), path) for path in _below(folder)]:
        return files
    raise NotStored(f"the folder {shown(folder)} holds no file")


def _below(folder: Path) -> Iterator[Path]:
    try:
        inside = list(folder.iterdir())
    except OSError as flaw:
        raise NotStored(f"{shown(folder)} cannot be read: {reason(flaw)}") from None
    for path in inside:
        if is_folder(path):  # not for a link that leads round in a circle: the system says that there are too many of them
            yield from _below(path)
        else:
            yield path


def uri_of(path: Path, *, folder: bool = False) -> str:
    return path.absolute().as_uri() + "/" * folder


def shown(named: Any) -> str:
    """On one line, whatever is in the name."""
    text = str(named)
    return text if text.isprintable() else ascii(text)


def reason(error: Exception) -> str:
    """An error's own words, on one line."""
    said = (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__
    return " ".join(said.split())
