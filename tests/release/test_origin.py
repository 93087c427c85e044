"""The text on the commit that an archive was made from says no more than git knows."""

import shutil
import subprocess
from pathlib import Path

import pytest

from release import origin
from release.synthesized import ROOT


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("AUTHOR_NAME", "AUTHOR_EMAIL", "COMMITTER_NAME", "COMMITTER_EMAIL"):
        monkeypatch.setenv(f"GIT_{name}", "a@example.com")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    folder = tmp_path / "checkout"
    (folder / "lambda").mkdir(parents=True)
    shutil.copy(ROOT / "lambda" / "pyproject.toml", folder / "lambda")
    return folder


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def test_the_text_names_the_commit_its_tag_and_uncommitted_changes(checkout: Path) -> None:
    assert origin.commit(checkout) == "a folder without git: which commit it was is not known"
    git(checkout, "init", "--quiet")
    git(checkout, "add", ".")
    git(checkout, "commit", "--quiet", "--no-gpg-sign", "--message", "one")
    head, version = git(checkout, "rev-parse", "HEAD"), origin.version()
    assert origin.commit(checkout) == f"commit {head}, which is not tagged v{version}: other commits have the same version"

    git(checkout, "tag", f"v{version}")
    assert origin.commit(checkout) == f"commit {head}, tagged v{version}"

    (checkout / "environments").mkdir()
    (checkout / "environments" / "new.toml").touch()
    assert origin.commit(checkout) == f"commit {head} with changes that are in no commit: nobody else can build it again"


def test_untracked_files_are_seen_although_git_is_configured_not_to_show_them(checkout: Path) -> None:
    git(checkout, "init", "--quiet")
    git(checkout, "add", ".")
    git(checkout, "commit", "--quiet", "--no-gpg-sign", "--message", "one")
    git(checkout, "config", "status.showUntrackedFiles", "no")
    (checkout / "new.toml").touch()
    assert "with changes that are in no commit" in origin.commit(checkout)


def test_a_tree_that_git_cannot_compare_is_not_called_clean(checkout: Path) -> None:
    git(checkout, "init", "--quiet")
    git(checkout, "add", ".")
    git(checkout, "commit", "--quiet", "--no-gpg-sign", "--message", "one")
    git(checkout, "tag", f"v{origin.version()}")
    (checkout / ".git" / "index").write_bytes(b"no index")
    assert "tagged" not in origin.commit(checkout)


def test_a_folder_inside_of_another_repository_has_no_known_commit(checkout: Path) -> None:
    """For example an unpacked archive of the sources, in a home folder that is a git repository."""
    outside = checkout.parent
    (outside / ".gitignore").write_text("*\n", encoding="utf-8")
    git(outside, "init", "--quiet")
    git(outside, "add", "--force", ".gitignore")
    git(outside, "commit", "--quiet", "--no-gpg-sign", "--message", "another's")
    assert origin.commit(checkout).endswith("is not known")


def test_without_git_the_commit_is_not_known(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(checkout))
    assert origin.commit(checkout).endswith("is not known")


def test_the_version_is_that_of_the_package() -> None:
    assert origin.version() == "0.1.0"
