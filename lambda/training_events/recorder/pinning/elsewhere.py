"""Code that runs and is not of the training's own repository: the commit of that one says nothing about it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from training_events.recorder.pinning.git import Git

IN_NO_REPOSITORY = "it is in no git repository"
CHANGED_IN_ANOTHER = "it is in another git repository, whose commit lacks it or has it otherwise"


def repository_of(file: Path) -> Path | None:
    """The folder of the innermost repository around a file, such as a submodule's."""
    return next((folder for folder in file.parents if (folder / ".git").exists()), None)


def lacking_elsewhere(git: Git, files: Iterable[Path]) -> dict[str, str] | None:
    """Those of the files that no commit holds, with the reason. None if git does not say it of all."""
    by_repository: defaultdict[Path | None, list[Path]] = defaultdict(list)
    for file in files:
        by_repository[repository_of(file)].append(file)
    lacking = dict.fromkeys(map(str, by_repository.pop(None, ())), IN_NO_REPOSITORY)
    is_known = True
    for root, own in by_repository.items():
        if root is not None:
            there, paths = git.at(root), [path.relative_to(root).as_posix() for path in own]
            untracked = there.names("--literal-pathspecs", "ls-files", "-z", "--others", "--", *paths)
            changed = there.names("--literal-pathspecs", "diff", "--name-only", "--no-ext-diff", "-z", "HEAD", "--", *paths)
            is_known &= untracked is not None and changed is not None
            lacking |= {str(root / path): CHANGED_IN_ANOTHER for path in (*(untracked or ()), *(changed or ()))}
    return lacking if lacking or is_known else None
