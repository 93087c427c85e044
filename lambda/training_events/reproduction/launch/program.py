"""How the program of a run is called again, and with which environment variables."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from training_events.errors import NotLaunched
from training_events.recorder.pinning.environment import ALLOWED
from training_events.redaction.tokens import MASK

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from training_events.reproduction.launch.virtual_environment import VirtualEnvironment

_LEADING_ELSEWHERE = (
    "PYTHON",
    "VIRTUAL_ENV",
    "CONDA_PREFIX",
    "__PYVENV_LAUNCHER__",
    "GIT_DIR",  # these inside a hook or an editor
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_PREFIX",
)
"""How variables begin that would lead to other code, or to other packages, than those of the run."""


def require_program(entry_point: str | None) -> str:
    """The entry point. Raises NotLaunched for what is no program by itself."""
    if entry_point is None:
        raise NotLaunched("the run has recorded no entry point: it was no script and no module, as at a prompt")
    if entry_point.endswith(".ipynb"):
        raise NotLaunched(f"the entry point {entry_point} is a notebook: open it, and run its cells")
    return entry_point


def command(entry_point: str, arguments: Sequence[str], environment: VirtualEnvironment, root: Path, folder: Path) -> list[str]:
    """The command that the program was started with, for its working folder `folder` below the code's `root`.

    Raises NotLaunched for a file that is not there.
    """
    if entry_point.startswith("-m "):
        return [str(environment.python), "-m", entry_point.removeprefix("-m "), *arguments]
    script = root / entry_point  # an absolute one stays as it is
    installed = environment.bin / script.name
    if script.parent.name == "bin" and installed.is_file():  # the command of a package
        return [str(installed), *arguments]
    if script.is_file():
        return [str(environment.python), os.path.relpath(script, folder), *arguments]
    raise NotLaunched(f"the entry point {entry_point} is not in the commit, and not on this machine")


def tools_variables(current: Mapping[str, str]) -> dict[str, str]:
    """Those of this process, for git and uv: they ask nobody anything, and look at no other environment or repository."""
    return {"GIT_SSH_COMMAND": "ssh -o BatchMode=yes"} | _leading_here(current) | {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}


def variables(recorded: Mapping[str, str], environment: VirtualEnvironment, current: Mapping[str, str]) -> dict[str, str]:
    """Those of this process, but for what the run had otherwise: its own values, and nothing of what it did not have.

    A value that held a credential was not recorded: the one of this process stays.
    """
    kept = {name: value for name, value in _leading_here(current).items() if name not in ALLOWED}
    own = {name: value for name, value in recorded.items() if MASK not in value or name not in current}
    return kept | own | {"PATH": os.pathsep.join([str(environment.bin), current.get("PATH", os.defpath)])}


def _leading_here(current: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in current.items() if not name.startswith(_LEADING_ELSEWHERE)}
