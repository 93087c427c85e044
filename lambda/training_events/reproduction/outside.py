"""What became of the things that a run pinned: its commit, its files, and the machine that it ran on."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from training_events.proof.files import FileState
from training_events.recorder.pinning.code_version import root_of
from training_events.recorder.pinning.git import Git
from training_events.recorder.storage.comparing import FileComparer

if TYPE_CHECKING:
    from training_events.catalogue.run import Code
    from training_events.catalogue.stored import Stored
    from training_events.recorder.storage.content_store import ContentStore
    from training_events.recorder.storage.progress import Advance

GIT_SECONDS = 10.0
"""For all that a repository is asked, over a network too."""
UV_SECONDS = 10.0
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
"""Anybody may have recorded anything as a commit. Nothing else reaches git: it could be an option."""
_MINOR = re.compile(r"\d+\.\d+")


class OnThisMachine:
    """What can be had here. git and uv are asked for a limited time, and each file is read once.

    `beside` is the folder for files beside the log; `advance` gets each further number of bytes that are read.
    """

    def __init__(self, beside: ContentStore | None = None, advance: Advance = lambda _: None) -> None:
        self._compare = FileComparer(beside, advance=advance)

    def commit(self, code: Code) -> str | None:
        """The clone of the working folder is asked first, then the repository's address."""
        commit, repository = str(code.commit), code.repository
        if not is_commit(commit):
            return "it is not the full id of a commit"
        if clone_with(code) is not None:
            return None
        if repository is None:
            return "this folder is in no clone that has it, and the run recorded no address of its repository"
        with tempfile.TemporaryDirectory() as folder:
            git = Git(Path(folder), os.environ, GIT_SECONDS)
            begun = git.output("init", "--quiet", "--bare") is not None
            # the commit alone, without its files; a server that cannot leave those out sends them too
            if begun and git.output("fetch", "--quiet", "--depth=1", "--filter=tree:0", "--", repository, commit) is not None:
                return None
        asked = f"{repository} did not give it, which was asked for at most {GIT_SECONDS:.0f} s"
        return f"this folder is in no clone that has it, and {asked}"

    def file(self, stored: Stored) -> str | None:
        compared = self._compare(stored)
        if compared.state is FileState.SAME:
            return None
        return compared.why or "it is neither on this machine nor in S3, and cannot be compared"

    def python(self, version: str) -> str | None:
        found = _MINOR.match(version)
        minor = found[0] if found else version
        if platform.python_version().startswith(f"{minor}.") or shutil.which(f"python{minor}") or _uv_finds(minor):
            return None
        return f"no Python {minor} is on this machine; `uv python install {minor}` may bring it"

    def machine(self, machine: str) -> str | None:
        here = f"{platform.machine()} {platform.system()}"
        return None if here == machine else f"this machine is {here}"


def is_commit(text: str) -> bool:
    """Whether it is the full id of a commit."""
    return _COMMIT.fullmatch(text) is not None


def clone_with(code: Code, around: Path | None = None) -> Path | None:
    """The root of the repository around a folder, by default the working folder, if it has the commit."""
    root = root_of(around or Path.cwd())
    if root is None or not is_commit(str(code.commit)):
        return None
    git = Git(root, {**os.environ, "GIT_NO_LAZY_FETCH": "1"}, GIT_SECONDS)
    return None if git.output("cat-file", "-e", f"{code.commit}^{{commit}}") is None else root


def _uv_finds(minor: str) -> bool:
    beside = Path(sys.executable).with_name("uv")
    uv = str(beside) if beside.exists() else shutil.which("uv")
    if uv is None or not _MINOR.fullmatch(minor):
        return False
    try:
        done = subprocess.run([uv, "python", "find", minor], capture_output=True, timeout=UV_SECONDS, check=False)
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0
