"""What is made once for a whole test session, however many processes share its tests."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.installation import wait_for_lock
from release.validate import synthesize_hcl
from tests.support.environment import without_aws
from tests.support.paths import ROOT

_FOLDER = pytest.StashKey[Path]()
_NAME = "session_folder"


def make_session_folder(config: pytest.Config) -> None:
    """A folder that all processes of this session know, and that goes when the session ends."""
    if is_worker(config):
        config.stash[_FOLDER] = Path(config.workerinput[_NAME])  # type: ignore[attr-defined]
    else:
        temporary = tempfile.TemporaryDirectory(prefix="training-events-tests-", ignore_cleanup_errors=True)
        config.add_cleanup(temporary.cleanup)
        config.stash[_FOLDER] = Path(temporary.name)


def tell_session_folder(node: Any) -> None:
    """Let a process that takes a share of the tests know the folder."""
    node.workerinput[_NAME] = str(session_folder(node.config))


def session_folder(config: pytest.Config) -> Path:
    return config.stash[_FOLDER]


def is_worker(config: pytest.Config) -> bool:
    """Whether this process has only a share of the tests, from another one."""
    return hasattr(config, "workerinput")


def once(folder: Path, name: str, make: Callable[[Path], object]) -> Path:
    """The path `name` in `folder`, made by the process that asks first; the others wait for it."""
    path, made = folder / name, folder / f"{name}.made"
    with wait_for_lock(folder / f"{name}.lock"):
        if not made.exists():
            shutil.rmtree(path, ignore_errors=True)  # an attempt that failed
            make(path)
            made.touch()
    return path


def synthesized(folder: Path) -> Path:
    """The app's cdktf.out."""
    return once(folder, "cdktf.out", lambda out: synthesize(ROOT, out))


def synthesized_as_hcl(folder: Path) -> Path:
    """The same as HCL, by the cdktf CLI itself."""
    return once(folder, "cdktf.out.hcl", synthesize_hcl)


def synthesize(project: Path, out: Path) -> None:
    """Run the app of `project` as the cdktf CLI does."""
    done = subprocess.run(
        [sys.executable, "main.py"],
        cwd=project,
        env=without_aws(CDKTF_OUTDIR=str(out)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
