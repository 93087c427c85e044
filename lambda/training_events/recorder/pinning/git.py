"""Asks git about a repository, for a limited time in all and for a limited answer: no training waits for a large repository."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
from contextlib import suppress
from time import monotonic
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MAX_ANSWER_BYTES = 2**20
"""Of what git prints: a list of files, or the address of a remote, has less."""
_READ_BYTES = 2**16

# Inside a hook or an editor, git sets these. They would lead our git to that repository.
_MISLEADING = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX")
# No lock that the user's own git would find taken, and no question on the terminal.
_UNOBTRUSIVE = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}


class Git:
    """git in one folder. All calls together take at most so many seconds; after that each is without an answer at once."""

    def __init__(self, folder: Path, environment: Mapping[str, str], seconds: float) -> None:
        self._folder = folder
        self._environment = {name: value for name, value in environment.items() if name not in _MISLEADING} | _UNOBTRUSIVE
        self._deadline = monotonic() + seconds

    def at(self, folder: Path) -> Git:
        """For another folder, within the same time."""
        return Git(folder, self._environment, self._deadline - monotonic())

    def text(self, *command: str) -> str | None:
        """What git prints, without the line break at its end. None as of `output`."""
        answer = self.output(*command)
        return None if answer is None else os.fsdecode(answer).strip("\n")

    def names(self, *command: str) -> list[str] | None:
        """The names of files that git prints with `-z`. None as of `output`."""
        answer = self.output(*command)
        return None if answer is None else [os.fsdecode(name) for name in answer.split(b"\0") if name]

    def output(self, *command: str, max_bytes: int = MAX_ANSWER_BYTES, differs: bool = False) -> bytes | None:
        """What git prints; None if it fails, is not installed, does not answer in time, or prints more than so many bytes.

        `differs`: exit code 1 only says that there is a difference, as of `diff --no-index`.
        """
        if self._deadline <= monotonic():
            return None
        try:
            with subprocess.Popen(
                ["git", "-c", "core.fsmonitor=false", "-C", str(self._folder), *command],  # no daemon that outlives this call
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # so that the processes that git starts can be killed with it
            ) as git:
                try:
                    answer = self._read(git.stdout, max_bytes)
                    code = git.wait(max(self._deadline - monotonic(), 0))
                except BaseException:  # also at Ctrl-C: `with` would wait for a git that hangs
                    with suppress(ProcessLookupError):
                        os.killpg(git.pid, signal.SIGKILL)
                    raise
        except (OSError, ValueError, subprocess.SubprocessError):
            return None
        return answer if code == 0 or (differs and code == 1) else None

    def _read(self, pipe: IO[bytes] | None, max_bytes: int) -> bytes:
        """Raises TimeoutError, and ValueError for too long an answer."""
        answer = bytearray()
        with selectors.DefaultSelector() as selector:
            selector.register(pipe, selectors.EVENT_READ)  # type: ignore[arg-type]  # it is a pipe, as Popen was told
            while selector.select(max(self._deadline - monotonic(), 0)):
                if not (part := os.read(pipe.fileno(), _READ_BYTES)):  # type: ignore[union-attr]
                    return bytes(answer)
                answer += part
                if len(answer) > max_bytes:
                    raise ValueError("the answer is too long")
        raise TimeoutError
