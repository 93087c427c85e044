"""The version of the code that trains: the git repository that a folder lies in.

A change to a file that git tracks makes it dirty, and so does a file that is part of the program and that git does not have,
an ignored one too: no commit holds it. The same goes for code that is in no file, in no repository or changed in another one.
Other untracked files do not, because trainings leave such files behind. Where there is no repository (a training job gets its
code without `.git`), the environment may name the version: TRAINING_EVENTS_GIT_COMMIT and TRAINING_EVENTS_GIT_REPOSITORY. What
neither of them has is absent.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from training_events.catalogue.run import Code
from training_events.catalogue.stored import Stored
from training_events.errors import NotStored
from training_events.recorder.pinning.changes import changes
from training_events.recorder.pinning.elsewhere import lacking_elsewhere, repository_of
from training_events.recorder.pinning.git import Git
from training_events.recorder.reporting import log
from training_events.redaction.text import redacted_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

TIMEOUT_SECONDS = 3.0
"""To find the repository, and once more for all that is asked about it. A large one on a network file system takes long."""
MAX_FILES = 1_000
"""Files of the program that git is asked about: more would not fit into a command."""

_REMOTE = re.compile(r"^(?P<name>\S+)\t(?P<url>.+) \(fetch\)", re.MULTILINE)


def root_of(folder: Path | None, environment: Mapping[str, str] = os.environ, timeout: float = TIMEOUT_SECONDS) -> Path | None:
    """The folder of the git repository that `folder` lies in; None without one, or without git."""
    answer = None if folder is None else Git(folder, environment, timeout).text("rev-parse", "--show-toplevel")
    return Path(answer) if answer else None


def code_version(
    root: Path | None,
    environment: Mapping[str, str] = os.environ,
    timeout: float = TIMEOUT_SECONDS,
    *,
    files: Sequence[Path] = (),
    text: str | None = None,
    keep: Callable[[bytes], Stored] | None = None,
) -> Code | None:
    """The version of the code in the repository at `root`; None if nothing is known. Never raises.

    `files` are those that are part of the program, and `text` is what a part of it is called that is in no file. `keep` stores
    what the commit lacks of the repository's own files. Of what else no commit holds, only the names are known.
    """
    if root is None:
        commit, repository = (environment.get(f"TRAINING_EVENTS_GIT_{name}") for name in ("COMMIT", "REPOSITORY"))
        known = Code(_address(repository), commit or None)
    else:
        known = _version_in(Git(root, environment, timeout), root, files, text, keep)
    return None if known == Code() else known


def _version_in(git: Git, root: Path, files: Sequence[Path], text: str | None, keep: Callable[[bytes], Stored] | None) -> Code:
    commit = git.text("rev-parse", "--verify", "HEAD")
    repository = _address(_remote(git))
    if commit is None:
        return Code(repository)
    own = {path for path in files if repository_of(path) == root.resolve()}
    untracked = _untracked(git, root, sorted(own)[:MAX_FILES])
    changed = git.text("status", "--porcelain", "--untracked-files=no")
    elsewhere = lacking_elsewhere(git, [path for path in files if path not in own][:MAX_FILES])
    out_of_reach = {text: "it is in no file"} if text else {}
    out_of_reach |= elsewhere or {}
    if untracked or changed or out_of_reach:
        diff, not_kept = _kept(git, root, untracked or [], keep) if untracked or changed else (None, {})
        return Code(repository, commit, dirty=True, diff=diff, not_kept=not_kept | out_of_reach or None)
    return Code(repository, commit, dirty=None if None in (untracked, changed, elsewhere) else False)


def _remote(git: Git) -> str | None:
    """The address of `origin`, or else of the first remote by name."""
    addresses = {found["name"]: found["url"] for found in _REMOTE.finditer(git.text("remote", "-v") or "")}
    return addresses.get("origin") or next(iter(addresses.values()), None)


def _address(given: str | None) -> str | None:
    if given and given != (shown := redacted_text(given)):
        log.warning("the address of the code's repository held what looks like a credential, which was not recorded")
        return shown
    return given or None


def _untracked(git: Git, root: Path, files: Sequence[Path]) -> list[str] | None:
    """Those of the files that git does not have, by their paths below `root`. None if git does not say."""
    paths = [path.relative_to(root.resolve()).as_posix() for path in files]
    return git.names("--literal-pathspecs", "ls-files", "-z", "--others", "--", *paths) if paths else []


def _kept(
    git: Git, root: Path, untracked: Sequence[str], keep: Callable[[bytes], Stored] | None
) -> tuple[Stored | None, dict[str, str]]:
    if keep is None:
        return None, {}
    patch, not_kept = changes(git, root, untracked)
    if patch:
        try:
            return keep(patch), not_kept
        except (NotStored, OSError) as error:
            not_kept["."] = str(error)
    return None, not_kept
