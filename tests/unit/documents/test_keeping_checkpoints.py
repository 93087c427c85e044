"""The workflow in docs/design/proof.md keeps the checkpoints of a log in a git repository, and stops where the log differs."""

import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import yaml  # type: ignore[import-untyped]
from training_events.event import Event
from training_events.stores.opening import open_event_log

from tests.support.paths import ROOT
from tests.support.workflow_rules import every_action_is_pinned_or_of_this_repository, one_version_of_each_action, tree

TEXT = (ROOT / "docs" / "design" / "proof.md").read_text(encoding="utf-8")
[WORKFLOW] = re.findall(r'^```yaml title="keep-checkpoints.yml"\n(.*?)^```$', TEXT, re.MULTILINE | re.DOTALL)
*_, STEP = yaml.safe_load(WORKFLOW)["jobs"]["keep"]["steps"]


def test_a_linter_finds_nothing_in_it_and_its_actions_are_those_of_our_workflows(tmp_path):
    file = tmp_path / ".github" / "workflows" / "keep-checkpoints.yml"
    file.parent.mkdir(parents=True)
    file.write_text(WORKFLOW, encoding="utf-8")
    schema = [Path(sys.executable).parent / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", file]
    subprocess.run(schema, check=True, capture_output=True)
    files = {**tree(), "docs/design/proof.md": WORKFLOW}
    assert list(every_action_is_pinned_or_of_this_repository(files)) == []
    assert list(one_version_of_each_action(files)) == []


def git(folder, *arguments):
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def test_the_workflow_keeps_each_checkpoint_once_and_holds_the_log_to_them(tmp_path):
    url = f"sqlite:///{tmp_path}/log.db"
    log = open_event_log(url)
    git(tmp_path, "init", "--quiet", "--bare", "elsewhere")
    git(tmp_path, "clone", "--quiet", "elsewhere", "clone")
    environment = {
        **os.environ,
        "TRAINING_EVENTS_LOG": url,
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }

    def keep():
        # as GitHub runs it: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax (shell)
        shell = ["bash", "-e", "-c", STEP["run"]]
        return subprocess.run(shell, cwd=tmp_path / "clone", env=environment, check=False, capture_output=True, text=True)

    for number in range(2):
        log.append(Event(f"e-{number}", f"run/{number}", "Happened", f"2026-11-22T15:08:0{number}.000000Z", "tests", {}))
        assert keep().returncode == 0
    assert keep().returncode == 0, "nothing is new"
    assert git(tmp_path / "elsewhere", "ls-tree", "--name-only", "HEAD", "checkpoints/").split() == [
        "checkpoints/1",
        "checkpoints/2",
    ]
    assert git(tmp_path / "elsewhere", "rev-list", "--count", "HEAD").strip() == "2"

    with closing(sqlite3.connect(tmp_path / "log.db")) as file, file:
        file.executescript(
            "DELETE FROM tiles; DELETE FROM log_checkpoints; UPDATE leaves SET digest = 'sha256:0' WHERE number = 1;"
        )
    stopped = keep()
    assert stopped.returncode == 1
    assert "fork" in stopped.stderr
