"""Finds the commit of a version, and takes its files out of git."""

import subprocess
from pathlib import Path

from command_line import UsageError
from release.synthesized import ROOT


def commit_of(version: str, root: Path = ROOT) -> str:
    """The commit of a version such as `0.1.0`, or of any git revision. Raises UsageError.

    A version is its tag, `v0.1.0` or `0.1.0`. Where a clone has no such tag, it is the commit that wrote the version's heading
    into the changelog, which is what a release is cut by.
    """
    if not version or version.startswith("-"):
        raise UsageError(f"FROM={version}: must be a version such as 0.1.0, a tag or another git revision")
    for name in (f"refs/tags/v{version}", version):
        if commit := _git(root, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}"):
            return commit
    heading = f"## {version.removeprefix('v')} - "
    commits = _git(root, "log", "--format=%H", "-S", heading, "--", "CHANGELOG.md") or ""
    if commits and _git(root, "cat-file", "-e", f"{commits.split()[-1]}:main.py") is not None:
        return commits.split()[-1]
    tags = (_git(root, "tag", "--list", "v*", "--sort=-version:refname") or "").split()
    known = ", ".join(tags[:5]) or "none here; `git fetch --tags` brings those of the origin"
    raise UsageError(f"FROM={version}: git knows no such version or revision, and CHANGELOG.md no such release; tags: {known}")


def export(commit: str, folder: Path, root: Path = ROOT) -> None:
    """Write the files of the commit to an empty folder. Raises CalledProcessError if git fails."""
    folder.mkdir(parents=True)
    done = subprocess.run(["git", "archive", commit], cwd=root, capture_output=True, check=True)
    subprocess.run(["tar", "-xf", "-", "-C", str(folder)], input=done.stdout, check=True)


def _git(root: Path, *arguments: str) -> str | None:
    """What git prints; None if it fails, or if there is no git."""
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise UsageError("git is not on the PATH, and the earlier version is in it") from None
    return done.stdout.strip() if done.returncode == 0 else None
