"""The origin of a release: the project's version, and the commit as far as git knows it."""

import subprocess
from pathlib import Path

from training_events.version import __version__

from release.synthesized import ROOT


def version() -> str:
    """The version of the package, which is the version of the project: the functions and the client in an archive have it."""
    return __version__


def commit(root: Path = ROOT) -> str:
    """The commit in a few words. They say so if it is not tagged, or if there are changes that are in no commit."""
    head = _git(root, "rev-parse", "HEAD")
    # If these files are in a folder of another repository, for example of a home folder, git finds that repository.
    if head is None or not _git(root, "ls-files", "lambda/pyproject.toml"):
        return "a folder without git: which commit it was is not known"
    if _git(root, "status", "--porcelain", "--untracked-files=normal") != "":
        return f"commit {head} with changes that are in no commit: nobody else can build it again"
    tag = f"v{version()}"
    if tag in (_git(root, "tag", "--points-at", "HEAD") or "").splitlines():
        return f"commit {head}, tagged {tag}"
    return f"commit {head}, which is not tagged {tag}: other commits have the same version"


def _git(root: Path, *arguments: str) -> str | None:
    """What git prints; None if there is no git, or if it fails in this folder."""
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
