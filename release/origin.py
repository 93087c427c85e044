"""What a release is made of: the project's version, and the commit as far as git can tell."""

import subprocess
from pathlib import Path

from training_events.version import __version__

from release.synthesized import ROOT


def version() -> str:
    """The package's version, which is the project's: the functions and the client that an archive holds are of it."""
    return __version__


def commit(root: Path = ROOT) -> str:
    """Which commit this is, in a few words, and no better than it is: neither tagged nor clean where it is not."""
    head = _git(root, "rev-parse", "HEAD")
    # Unpacked somewhere below another project, or a home folder, the repository that git finds is that one.
    if head is None or not _git(root, "ls-files", "lambda/pyproject.toml"):
        return "a folder without git: which commit it was is not known"
    if _git(root, "status", "--porcelain", "--untracked-files=normal") != "":
        return f"commit {head} with changes that are in no commit: nobody else can build it again"
    tag = f"v{version()}"
    if tag in (_git(root, "tag", "--points-at", "HEAD") or "").splitlines():
        return f"commit {head}, tagged {tag}"
    return f"commit {head}, which is not tagged {tag}: other commits have the same version"


def _git(root: Path, *arguments: str) -> str | None:
    """What git says; None where it says nothing of this folder."""
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
