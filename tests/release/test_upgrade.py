"""`make upgrade-check`: an earlier version is found in git, synthesized beside this one, and compared with it."""

import json
import subprocess
from pathlib import Path

import pytest

from command_line import UsageError
from release.upgrade.__main__ import environments_of_both, main
from release.upgrade.revision import commit_of, export
from tests.support.paths import ROOT


def _git(folder: Path, *arguments: str) -> str:
    own = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false", "-c", "tag.gpgsign=false"]
    done = subprocess.run(["git", *own, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with two releases, of which only the second has a tag, and with changes after them."""
    folder = tmp_path_factory.mktemp("clone")
    _git(folder, "init", "--quiet", "--initial-branch=main")
    (folder / "main.py").write_text("")
    changelog = "# Changelog\n\n## Unreleased\n"
    for number, text in enumerate(("", "## 0.1.0 - 2026-01-01\n", "## 0.2.0 - 2026-02-01\n", "")):
        changelog += text
        (folder / "CHANGELOG.md").write_text(changelog)
        (folder / "number").write_text(str(number))
        _git(folder, "add", ".")
        _git(folder, "commit", "--quiet", "--message", str(number))
        if "0.2.0" in text:
            _git(folder, "tag", "v0.2.0")
    return folder


@pytest.mark.parametrize(
    ("version", "number"), [("0.1.0", 1), ("v0.1.0", 1), ("0.2.0", 2), ("v0.2.0", 2), ("HEAD", 3), ("HEAD~3", 0)]
)
def test_a_version_is_its_tag_or_the_commit_that_cut_it(clone: Path, tmp_path: Path, version: str, number: int) -> None:
    export(commit_of(version, clone), tmp_path / "old", clone)
    assert (tmp_path / "old" / "number").read_text() == str(number)
    assert not (tmp_path / "old" / ".git").exists()


@pytest.mark.parametrize("version", ["0.3.0", "nothing", "--all", ""])
def test_a_version_that_git_does_not_know_is_one_line(clone: Path, version: str) -> None:
    with pytest.raises(UsageError, match=rf"^FROM={version}: ") as raised:
        commit_of(version, clone)
    assert len(str(raised.value).splitlines()) == 1


def test_the_command_ends_with_2_and_one_line_for_an_unknown_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["99.0.0"]) == 2
    assert capsys.readouterr().err.startswith("error: FROM=99.0.0: git knows no such version")


def test_the_command_names_the_environments_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["HEAD", "nowhere"]) == 2
    assert capsys.readouterr().err == "error: environments/nowhere.toml: is not here; there are: dev, local, prod\n"


def test_environments_of_which_no_version_has_the_others_are_one_line() -> None:
    with pytest.raises(UsageError, match=r"^no environment is in both: here dev, local, prod; in 0.0.1 staging$"):
        environments_of_both(None, ["staging"], "0.0.1")


@pytest.mark.slow
def test_from_version_0_1_0_nothing_that_holds_data_is_lost(capfd: pytest.CaptureFixture[str]) -> None:
    """`local` has what the note on the next version asks for. A clone without a history compares with its only commit."""
    shallow = _git(ROOT, "rev-parse", "--is-shallow-repository") == "true"
    assert main(["HEAD" if shallow else "0.1.0", "local", "--json"]) == 0
    document = json.loads(capfd.readouterr().out)
    (local,) = document["environments"]
    assert (local["environment"], local["refused"]) == ("local", [])
    if not shallow:
        actions = {change["address"]: change["action"] for change in local["changes"]}
        assert {"add", "change"} == {*actions.values()}
        assert actions["aws_dynamodb_table.notary_table_F7ACB2CD"] == "add"
    assert not (ROOT / ".build" / "upgrade" / "old").exists()
