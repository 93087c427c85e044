"""The workflow that docs/guides/comparing.md gives to copy keeps the rules of our own ones, and does what the page says."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from tests.support.command_line import empty_store, make_event, record_events
from tests.support.github_script import BOT, HEAD, run_script, script_of
from tests.support.paths import ROOT
from tests.support.workflow_rules import every_action_is_pinned_or_of_this_repository, one_version_of_each_action, tree

TEXT = (ROOT / "docs" / "guides" / "comparing.md").read_text(encoding="utf-8")
[WORKFLOW] = re.findall(r'^```yaml title="compare-runs.yml"\n(.*?)^```$', TEXT, re.MULTILINE | re.DOTALL)
JOBS: dict[str, Any] = yaml.safe_load(WORKFLOW)["jobs"]
TOOLS = Path(sys.executable).parent
MARKER = "<!-- compared runs -->"


def lint(folder: Path, tool: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    file = folder / ".github" / "workflows" / "compare-runs.yml"
    file.parent.mkdir(parents=True)
    file.write_text(WORKFLOW, encoding="utf-8")
    return subprocess.run([str(TOOLS / tool), *arguments, str(file)], cwd=folder, capture_output=True, text=True, check=False)


def test_linters_find_nothing_in_it(tmp_path: Path):
    zizmor = lint(tmp_path / "a", "zizmor", "--offline", "--no-progress", "--quiet", "--strict-collection")
    assert zizmor.returncode == 0, zizmor.stdout
    schema = lint(tmp_path / "b", "check-jsonschema", "--builtin-schema", "vendor.github-workflows")
    assert schema.returncode == 0, schema.stdout


def test_its_actions_are_those_of_our_workflows():
    files = {**tree(), "docs/guides/comparing.md": WORKFLOW}
    assert list(every_action_is_pinned_or_of_this_repository(files)) == []
    assert list(one_version_of_each_action(files)) == []


def test_the_job_that_runs_the_pull_requests_code_may_write_nothing():
    assert yaml.safe_load(WORKFLOW)["permissions"] == {}
    assert JOBS["train"]["permissions"] == {"contents": "read", "id-token": "write"}
    assert JOBS["comment"]["permissions"] == {"pull-requests": "write"}
    assert not [step for step in JOBS["comment"]["steps"] if "run" in step or "checkout" in step["uses"]]


@pytest.mark.parametrize(
    ("stage", "says"),
    [("production", "### only hyperparameter C differs"), ("staging", "Nothing serves `staging` yet")],
)
def test_its_step_compares_the_new_run_with_the_one_that_serves(tmp_path: Path, stage: str, says: str):
    with empty_store("sqlite", tmp_path) as url:
        started = [
            make_event(f"run/{run}", "TrainingStarted", 1, model="digits", hyperparameters={"C": number})
            for number, run in enumerate(("digits-7", "pull-9-1"))
        ]
        registered = make_event("model/digits", "ModelRegistered", 2, version=1, run="digits-7")
        promoted = make_event("model/digits", "ModelPromoted", 3, version=1, stage="production")
        record_events(url, [*started, registered, promoted])
        [step] = [step["run"] for step in JOBS["train"]["steps"] if step.get("name") == "Compare"]
        environment = {
            "PATH": f"{TOOLS}{os.pathsep}{os.environ['PATH']}",
            "MODEL": "digits",
            "STAGE": stage,
            "TRAINING_EVENTS_RUN": "pull-9-1",
            "TRAINING_EVENTS_LOG": url,
            "TRAINING_EVENTS_SPOOL": str(tmp_path / "spool"),
            "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
        }
        subprocess.run(["bash", "-eo", "pipefail", "-c", step], cwd=tmp_path, env=environment, check=True)
    comment = (tmp_path / "comparison.md").read_text(encoding="utf-8")
    assert comment.startswith(says)
    assert (tmp_path / "summary.md").read_text(encoding="utf-8") == comment


def test_there_is_one_comment_which_the_next_comparison_replaces(tmp_path: Path):
    (tmp_path / "comparison.md").write_text("### only the seed differs", encoding="utf-8")
    [first] = run_script(script_of(WORKFLOW), tmp_path)["comments"]
    assert first["body"].startswith(f"{MARKER}\n### only the seed differs\n\nOf {HEAD}: https://github.com/")
    (tmp_path / "comparison.md").unlink()
    own = {"id": 4, "user": BOT, "body": f"{MARKER}\nonly the seed differs"}
    [comment] = run_script(script_of(WORKFLOW), tmp_path, comments=[own])["comments"]
    assert "The training failed, or could not be compared." in comment["body"]
