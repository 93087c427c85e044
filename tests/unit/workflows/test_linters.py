"""The linters of `make lint` find nothing in our workflows and shell scripts, and they find each planted mistake."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT

TOOLS = Path(sys.executable).parent


def lint(folder: Path, tool: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(TOOLS / tool), *arguments], cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / ".github", tmp_path / ".github")
    return tmp_path


ZIZMOR = ("zizmor", "--offline", "--no-progress", "--quiet", "--strict-collection", ".github")


def test_zizmor_finds_nothing_in_the_workflows(copy: Path) -> None:
    done = lint(copy, *ZIZMOR)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        ("persist-credentials: false", "fetch-depth: 1", "artipacked"),
        ("@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", "@v7", "unpinned-uses"),
        ("run: make audit", "run: make audit ARGS='${{ github.head_ref }}'", "template-injection"),
        ("  pull_request:", "  pull_request_target:", "dangerous-triggers"),
    ],
)
def test_zizmor_finds_each_planted_weakness(copy: Path, old: str, new: str, finding: str) -> None:
    file = copy / ".github" / "workflows" / "audit.yml"
    file.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    done = lint(copy, *ZIZMOR)
    assert done.returncode != 0
    assert f"[{finding}]" in done.stdout


@pytest.mark.parametrize(
    ("schema", "file", "old", "new"),
    [
        ("vendor.github-workflows", "workflows/audit.yml", "timeout-minutes", "timeout"),
        ("vendor.github-actions", "actions/set-up/action.yml", "using: composite", "using: make"),
        ("vendor.dependabot", "dependabot.yml", "interval: weekly", "interval: often"),
        ("vendor.github-issue-forms", "ISSUE_TEMPLATE/bug.yml", "type: textarea", "type: text"),
        ("vendor.github-issue-forms", "ISSUE_TEMPLATE/proposal.yml", "type: textarea", "type: text"),
    ],
)
def test_a_key_or_value_that_github_does_not_know_is_found(copy: Path, schema: str, file: str, old: str, new: str) -> None:
    path = copy / ".github" / file
    assert lint(copy, "check-jsonschema", "--builtin-schema", schema, str(path)).returncode == 0
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    assert lint(copy, "check-jsonschema", "--builtin-schema", schema, str(path)).returncode == 1


def shellcheck(script: str) -> str:
    return subprocess.run([str(TOOLS / "shellcheck"), "-"], input=script, capture_output=True, text=True, check=False).stdout


def written_by(script: str) -> str:
    """The program that the notebook's start-up script writes. To shellcheck it is only a text, which it does not check."""
    [program] = re.findall(r"<<'INSTALL'\n(.+?)^INSTALL$", script, re.MULTILINE | re.DOTALL)
    return str(program)


RUN, START = ((ROOT / name).read_text(encoding="utf-8") for name in (".ci/run", "stacks/notebook_start.sh"))


@pytest.mark.parametrize("script", [RUN, START, written_by(START)], ids=["run", "start", "install"])
def test_shellcheck_finds_nothing_in_the_scripts(script: str) -> None:
    assert shellcheck(script) == ""


@pytest.mark.parametrize(
    ("script", "old", "new", "finding"),
    [
        (RUN, '"$(dirname "$0")/.."', "$(dirname $0)/..", "SC2086"),
        (START, "set -u", "set -u $1", "SC2086"),
        (written_by(START), 'basename "$1"', "basename $1", "SC2086"),
    ],
    ids=["run", "start", "install"],
)
def test_shellcheck_finds_an_expansion_without_quotes(script: str, old: str, new: str, finding: str) -> None:
    assert old in script
    assert finding in shellcheck(script.replace(old, new))
