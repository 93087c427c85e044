"""What a commit lacks of the code that runs: changes to files that git tracks, and files of the program that git does not have.

It is one patch, which `git apply` puts on top of the commit. It lacks binary files, and those that may hold a credential.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from training_events.redaction.text import redacted_text, source_holds_credential

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from training_events.recorder.pinning.git import Git

MAX_PATCH_BYTES = 512 * 1024
"""Of all changes. A training's code has less; data that git tracks, or is imported, may have more."""

_DIFF = (
    "diff",
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
    "--no-renames",
    "--src-prefix=a/",
    "--dst-prefix=b/",
)
"""Whatever the user's own settings for `git diff` are."""
_FILE = re.compile(rb"^diff --git ", re.MULTILINE)
_BINARY = re.compile(rb"^Binary files .* differ$", re.MULTILINE)
_NAME = re.compile(r'"?a/(?P<name>.+?)"? "?b/(?P=name)"?$', re.MULTILINE)
_SOURCE = re.compile(r".*\.(py[iw]?|ipynb|c|cc|cpp|cu|h|go|java|jl|js|r|rs|scala|ts)", re.IGNORECASE | re.DOTALL)
"""In these a word without quotes is a name and no value."""


class Changes(NamedTuple):
    """`patch` is empty if it holds nothing. `not_kept` are the paths of what it lacks, with the reason; `.` is all of it."""

    patch: bytes
    not_kept: dict[str, str]


def changes(git: Git, root: Path, untracked: Sequence[str]) -> Changes:
    """Against HEAD. `untracked` are the paths below `root` of files that git does not have. Never raises."""
    not_kept: dict[str, str] = {}
    tracked = git.output(*_DIFF, "HEAD", max_bytes=MAX_PATCH_BYTES)
    if tracked is None:
        not_kept["."] = f"git gives no diff of at most {MAX_PATCH_BYTES} bytes in time"
    parts = _FILE.split(tracked or b"")[1:]
    for path in untracked:
        size = _size(root / path)
        new = None if size > MAX_PATCH_BYTES else git.output(*_DIFF, "--no-index", "--", "/dev/null", path, differs=True)
        if new is None:
            not_kept[path] = f"git gives no diff of at most {MAX_PATCH_BYTES} bytes in time"
        else:
            parts += _FILE.split(new)[1:]
    kept, room = [], MAX_PATCH_BYTES
    for part in parts:
        path = _path(part)
        if _BINARY.search(part):
            not_kept[path] = "it is binary, and nobody sees what it holds"
        elif _holds_credential(path, part):
            not_kept[path] = "it looks as if it held a credential"
        elif len(part) > room:
            not_kept[path] = f"all changes together would take more than {MAX_PATCH_BYTES} bytes"
        else:
            room -= len(part)
            kept.append(b"diff --git " + part)
    return Changes(b"".join(kept), not_kept)


def parts_of(patch: bytes) -> dict[str, bytes]:
    """What a kept patch changes, by path."""
    return {_path(part): part for part in _FILE.split(patch)[1:]}


def _path(part: bytes) -> str:
    head = part.partition(b"\n")[0].decode(errors="replace")
    return found["name"] if (found := _NAME.match(head)) else head


def _holds_credential(path: str, part: bytes) -> bool:
    """Also in lines that are removed or only stand around a change: a patch has those too."""
    lines = part.decode(errors="replace").splitlines()
    text = "\n".join([path, *(line[1:] for line in lines if line[:1] in "+- ")])
    return source_holds_credential(text) if _SOURCE.fullmatch(path) else redacted_text(text) != text


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
