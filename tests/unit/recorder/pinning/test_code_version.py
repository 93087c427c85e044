"""The version of the code that trains, from git or from the environment, with no credentials in it."""

import os
import shutil
import subprocess
from functools import partial

import pytest
from training_events.catalogue.run import Code
from training_events.recorder.pinning import code_version as module
from training_events.redaction.text import redacted_text

# on a busy machine git may be slow, and here no training waits for it
root_of, code_version = partial(module.root_of, timeout=600), partial(module.code_version, timeout=600)
# the user's own settings (signing, hooks, another default branch) must make no difference
SETTINGS = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
AUTHOR = {f"GIT_{who}_{what}": "ada@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


def git(folder, *command):
    done = subprocess.run(
        ["git", "-C", folder, *command], env=os.environ | SETTINGS | AUTHOR, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path):
    root = tmp_path / "my project"
    (root / "src").mkdir(parents=True)
    (root / "src/train.py").write_text("1\n", encoding="utf-8")
    git(root, "init", "--quiet")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message", "first")
    git(root, "remote", "add", "origin", "https://ada:secret@example.org/team/digits.git")
    return root


def test_the_version_of_a_folder_in_a_repository(repository):
    root = root_of(repository / "src")
    assert root == repository.resolve()
    commit = git(repository, "rev-parse", "HEAD")
    assert code_version(root) == Code("https://example.org/team/digits.git", commit, dirty=False)


def dirty(repository):
    known = code_version(repository)
    return known and known.dirty


def test_changes_to_tracked_files_make_it_dirty(repository):
    (repository / "model.joblib").write_text("left behind", encoding="utf-8")
    assert dirty(repository) is False
    (repository / "src/train.py").write_text("2\n", encoding="utf-8")
    assert dirty(repository) is True
    git(repository, "add", ".")
    assert dirty(repository) is True


def test_nothing_in_the_repository_is_changed(repository):
    def files():
        return {file: (file.stat().st_mtime_ns, file.read_bytes()) for file in repository.rglob("*") if file.is_file()}

    os.utime(repository / "src/train.py", (0, 0))  # so that git would refresh its index
    before = files()
    assert dirty(repository) is False
    assert files() == before


def test_a_repository_without_a_commit_or_a_remote_has_no_version(tmp_path):
    git(tmp_path, "init", "--quiet")
    assert code_version(root_of(tmp_path)) is None


def test_the_variables_of_a_git_hook_do_not_mislead(repository, tmp_path):
    elsewhere = os.environ | {"GIT_DIR": str(tmp_path / "other/.git"), "GIT_WORK_TREE": str(tmp_path)}
    assert root_of(repository, elsewhere) == repository.resolve()
    assert code_version(repository, elsewhere) == code_version(repository)


NAMED = {"TRAINING_EVENTS_GIT_COMMIT": "c0ffee", "TRAINING_EVENTS_GIT_REPOSITORY": "https://token@example.org/digits.git"}


def test_without_a_repository_the_environment_names_the_version(tmp_path, repository):
    assert root_of(tmp_path) is None
    assert code_version(None, {}) is None
    assert code_version(None, NAMED) == Code("https://example.org/digits.git", "c0ffee")
    assert code_version(None, {"TRAINING_EVENTS_GIT_COMMIT": "c0ffee"}) == Code(commit="c0ffee")
    assert code_version(repository, os.environ | NAMED) == code_version(repository)


def test_without_git_nothing_is_known(repository, tmp_path):
    without = {"PATH": str(tmp_path / "empty")}
    assert root_of(repository, without) is None
    assert code_version(repository, without) is None
    assert root_of(tmp_path / "no such folder") is None


def test_a_git_that_hangs_is_killed_with_the_processes_it_started(tmp_path):
    """One of them keeps git's output open. It also holds a pipe, which ends when the last of them is gone."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "git").write_text(
        f"#!/bin/sh\nexec 3>'{tmp_path}/pipe'\n(sleep 300; echo late >&3) &\nwait\n", encoding="utf-8"
    )
    (tmp_path / "git").chmod(0o755)
    pipe = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert root_of(tmp_path, os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}, timeout=1) is None
        os.set_blocking(pipe, True)
        assert os.read(pipe, 100) == b""
    finally:
        os.close(pipe)


@pytest.mark.parametrize(
    ("answers", "dirty"), [("*remote*) exec yes;;", False), ("*status*) exec sleep 300;;", None)], ids=["endless", "hangs"]
)
def test_what_git_says_without_an_end_or_not_in_time_is_unknown_and_the_rest_is_known(repository, tmp_path, answers, dirty):
    real = shutil.which("git")
    (tmp_path / "git").write_text(f'#!/bin/sh\ncase "$*" in {answers} *) exec \'{real}\' "$@";; esac\n', encoding="utf-8")
    (tmp_path / "git").chmod(0o755)
    git(repository, "remote", "remove", "origin")
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    commit = git(repository, "rev-parse", "HEAD")
    assert module.code_version(repository, environment, timeout=8) == Code(commit=commit, dirty=dirty)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.org/digits.git", "https://example.org/digits.git"),
        ("https://user:secret@example.org:8443/a/b.git", "https://example.org:8443/a/b.git"),
        ("https://token@example.org/a@b.git", "https://example.org/a@b.git"),
        ("https://user:se@cret@example.org/", "https://example.org/"),
        ("ssh://git@example.org/digits.git", "ssh://git@example.org/digits.git"),
        ("ssh://git:secret@example.org/digits.git", "ssh://git@example.org/digits.git"),
        ("git@example.org:team/digits.git", "git@example.org:team/digits.git"),
        ("/srv/git/digits.git", "/srv/git/digits.git"), ("file:///srv/git/d@igits.git", "file:///srv/git/d@igits.git"),
        ("codecommit::eu-central-1://profile@digits", "codecommit::eu-central-1://digits"), ("", ""),
    ],
)  # fmt: skip
def test_credentials_are_removed_from_a_url(url, expected):
    assert redacted_text(url) == expected
