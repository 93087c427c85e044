"""The version of the code that trains: the git repository that a folder lies in.

A change to a file that git tracks makes it dirty. Untracked files do not, because trainings leave such files behind. Where
there is no repository (a training job gets its code without `.git`), the environment may name the version:
TRAINING_EVENTS_GIT_COMMIT and TRAINING_EVENTS_GIT_REPOSITORY. What neither of them has is absent.
"""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from training_events.catalogue.run import Code
from training_events.redaction.text import redacted_text

if TYPE_CHECKING:
    from collections.abc import Mapping

TIMEOUT_SECONDS = 3.0
"""For each call of git. A large repository on a network file system takes long, and a training does not wait for it."""

# Inside a hook or an editor, git sets these. They would lead our git to that repository.
_MISLEADING = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX")
# No lock that the user's own git would find taken, and no question on the terminal.
_UNOBTRUSIVE = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}


def root_of(folder: Path, environment: Mapping[str, str] = os.environ, timeout: float = TIMEOUT_SECONDS) -> Path | None:
    """The folder of the git repository that `folder` lies in; None without one, or without git."""
    answer = _git(folder, environment, timeout, "rev-parse", "--show-toplevel")
    return Path(answer) if answer else None


def code_version(
    root: Path | None, environment: Mapping[str, str] = os.environ, timeout: float = TIMEOUT_SECONDS
) -> Code | None:
    """The version of the code in the repository at `root`; None if nothing is known. Never raises."""
    if root is not None:
        commit = _git(root, environment, timeout, "rev-parse", "--verify", "HEAD")
        repository = _git(root, environment, timeout, "remote", "get-url", "origin")
        changes = _git(root, environment, timeout, "status", "--porcelain", "--untracked-files=no")
        dirty = None if commit is None or changes is None else bool(changes)
    else:
        commit, repository = (environment.get(f"TRAINING_EVENTS_GIT_{name}") for name in ("COMMIT", "REPOSITORY"))
        dirty = None
    known = Code(redacted_text(repository) if repository else None, commit or None, dirty)
    return None if known == Code() else known


def _git(folder: Path, environment: Mapping[str, str], timeout: float, *command: str) -> str | None:
    """What git prints; None if it fails, is not installed, or does not answer in time."""
    variables = {name: value for name, value in environment.items() if name not in _MISLEADING} | _UNOBTRUSIVE
    try:
        with subprocess.Popen(
            ["git", "-c", "core.fsmonitor=false", "-C", str(folder), *command],  # without a daemon that outlives this call
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # so that the processes that git starts can be killed with it
        ) as git:
            try:
                answer, _ = git.communicate(timeout=timeout)
            except BaseException:  # also at Ctrl-C: `with` would wait for a git that hangs
                with suppress(ProcessLookupError):
                    os.killpg(git.pid, signal.SIGKILL)
                raise
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return os.fsdecode(answer).strip("\n") if git.returncode == 0 else None
