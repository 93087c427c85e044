"""The version of the code that trains: the git repository that a folder lies in.

Changes to files that git tracks make it dirty; files that git does not know do not, as trainings leave such files behind.
Where there is no repository (a training job gets its code without `.git`), the environment may tell:
TRAINING_EVENTS_GIT_COMMIT and TRAINING_EVENTS_GIT_REPOSITORY. What neither tells is absent.
"""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from training_events.catalogue.run import Code
from training_events.recorder.redaction import without_credentials

if TYPE_CHECKING:
    from collections.abc import Mapping

TIMEOUT_SECONDS = 3.0
"""For each question to git: a large repository on a network file system takes its time, a training does not wait for it."""

# A hook's or an editor's git would point ours at its own repository.
_ELSEWHERE = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX")
# No lock that the user's own git would trip over, no question on the terminal.
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
    known = Code(without_credentials(repository) if repository else None, commit or None, dirty)
    return None if known == Code() else known


def _git(folder: Path, environment: Mapping[str, str], timeout: float, *command: str) -> str | None:
    """What git answers; None if it fails, is not there or does not answer in time."""
    own = {name: value for name, value in environment.items() if name not in _ELSEWHERE} | _UNOBTRUSIVE
    try:
        with subprocess.Popen(
            ["git", "-c", "core.fsmonitor=false", "-C", str(folder), *command],  # no daemon that stays behind
            env=own,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # so that what git starts can be ended with it
        ) as git:
            try:
                answer, _ = git.communicate(timeout=timeout)
            except BaseException:  # also an interruption: a git that hangs would be waited for
                with suppress(ProcessLookupError):
                    os.killpg(git.pid, signal.SIGKILL)
                raise
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return os.fsdecode(answer).strip("\n") if git.returncode == 0 else None
