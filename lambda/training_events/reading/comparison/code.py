"""What lies between two commits, where this machine has the repository: the working folder is in a clone that knows both."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training_events.recorder.pinning.git import Git

TIMEOUT_SECONDS = 5.0
"""For all that git is asked. What it does not answer by then is left out."""
MAX_COMMITS, MAX_FILES = 20, 100
"""How many of each are listed, of one change. The change counts all of them."""

_COMMIT = re.compile(r"[0-9a-f]{7,64}")
"""Anybody may have recorded anything as a commit. Nothing else reaches git: it could be an option."""
_OWN_SETTINGS_ASIDE = ("--no-color", "--no-ext-diff", "--no-textconv", "--no-renames")


class Commit(Struct, frozen=True):
    """A commit between two runs, and the first line of its message."""

    id: str
    subject: str


class ChangedFile(Struct, frozen=True):
    """The lines that were added and removed. Both are null for a binary file."""

    path: str
    added: int | None
    removed: int | None


class CodeChange(Struct, frozen=True):
    """From the commit of the first run, `before`, to that of other runs, `after`.

    `ahead` counts the commits that `after` has and `before` lacks, and `behind` those that `after` lacks. `commits` are the
    newest of the former. `files` are the first by path of those that differ, which `changed_files` counts.
    """

    before: str
    after: str
    ahead: int
    behind: int
    commits: list[Commit]
    changed_files: int
    files: list[ChangedFile]


def code_changes(commits: dict[str, str], folder: Path | None = None) -> list[CodeChange]:
    """From the first of these commits to each other one, by run. Empty where git, or the repository, is not at hand."""
    # imported here: git is asked only where commits differ
    from training_events.recorder.pinning.git import Git  # noqa: PLC0415

    first, *others = dict.fromkeys(commits.values())
    git = Git(folder or Path.cwd(), {**os.environ, "GIT_NO_LAZY_FETCH": "1"}, TIMEOUT_SECONDS)
    found = (_change(git, first, other) for other in others if _COMMIT.fullmatch(first) and _COMMIT.fullmatch(other))
    return [change for change in found if change is not None]


def _change(git: Git, before: str, after: str) -> CodeChange | None:
    counts = (git.text("rev-list", "--left-right", "--count", f"{before}...{after}", "--") or "").split()
    log = git.names(
        "log", "-z", "--no-show-signature", "--format=%H %s", f"--max-count={MAX_COMMITS}", f"{before}..{after}", "--"
    )
    numbers = git.names("diff", "--numstat", "-z", *_OWN_SETTINGS_ASIDE, before, after, "--")
    if len(counts) != 2 or log is None or numbers is None:
        return None
    behind, ahead = map(int, counts)
    commits = [Commit(*line.split(" ", 1)) for line in log]
    files = list(_files(numbers))
    return CodeChange(before, after, ahead, behind, commits, len(files), files[:MAX_FILES])


def _files(numbers: list[str]) -> Iterator[ChangedFile]:
    for line in numbers:
        added, removed, path = line.split("\t", 2)
        yield ChangedFile(path, *(int(count) if count.isdigit() else None for count in (added, removed)))
