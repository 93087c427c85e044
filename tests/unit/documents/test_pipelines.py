"""The pipelines that docs/guides/pipelines.md gives to copy do the same for the same environments, and call what there is."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from tests.support.paths import ROOT
from tests.support.workflow_rules import ENVIRONMENTS, TARGETS

TEXT = (ROOT / "docs" / "guides" / "pipelines.md").read_text(encoding="utf-8")
BLOCKS: dict[str, str] = dict(re.findall(r'^```yaml title="([\w.-]+)"\n(.*?)^```$', TEXT, re.MULTILINE | re.DOTALL))
GITLAB: dict[str, Any] = yaml.safe_load(BLOCKS[".gitlab-ci.yml"])
ATLANTIS: dict[str, Any] = yaml.safe_load(BLOCKS["atlantis.yaml"])
ATLANTIS_SERVER: dict[str, Any] = yaml.safe_load(BLOCKS["repos.yaml"])


def extended(job: dict[str, Any], jobs: dict[str, Any]) -> dict[str, Any]:
    """A job with what it takes from others, as GitLab merges it; the schema looks into no job that only others use."""
    base = extended(jobs[job["extends"]], jobs) if "extends" in job else {}
    merged = {key: base[key] | value if isinstance(value, dict) and key in base else value for key, value in job.items()}
    return base | {key: value for key, value in merged.items() if key != "extends"}


def against_gitlabs_schema(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    jobs = yaml.safe_load(text)
    whole = {name: extended(job, jobs) if isinstance(job, dict) else job for name, job in jobs.items() if name[0] != "."}
    file = folder / "gitlab-ci.yml"
    file.write_text(yaml.safe_dump(whole), encoding="utf-8")
    command = [str(Path(sys.executable).with_name("check-jsonschema")), "--builtin-schema", "vendor.gitlab-ci", str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_gitlabs_file_keeps_gitlabs_schema(tmp_path: Path) -> None:
    done = against_gitlabs_schema(BLOCKS[".gitlab-ci.yml"], tmp_path)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("old", "new"), [("when: manual", "when: asked"), ("id_tokens", "ids"), ("resource_group", "lock")])
def test_what_gitlab_does_not_know_is_found(tmp_path: Path, old: str, new: str) -> None:
    done = against_gitlabs_schema(BLOCKS[".gitlab-ci.yml"].replace(old, new), tmp_path)
    assert done.returncode == 1, done.stdout


def test_gitlab_reviews_and_deploys_every_environment_one_at_a_time() -> None:
    deploys = [job for job in GITLAB.values() if isinstance(job, dict) and job.get("extends") == ".deploy"]
    reviews = [job for job in GITLAB.values() if isinstance(job, dict) and job.get("extends") == ".review"]
    assert (
        sorted(job["environment"] for job in deploys)
        == sorted(job["variables"]["ENVIRONMENT"] for job in reviews)
        == ENVIRONMENTS
    )
    assert all(job["resource_group"] == f"training-{job['environment']}" for job in deploys)
    assert all(job["artifacts"]["paths"] == [f".build/review/training-{job['variables']['ENVIRONMENT']}.md"] for job in reviews)
    assert GITLAB[".deploy"]["interruptible"] is False
    assert [rule["when"] for rule in GITLAB[".deploy"]["rules"]] == ["manual"]


def test_atlantis_knows_every_environment_and_takes_no_workflow_from_a_pull_request() -> None:
    assert sorted(project["name"] for project in ATLANTIS["projects"]) == ENVIRONMENTS
    assert "workflows" not in ATLANTIS
    assert ATLANTIS["abort_on_execution_order_fail"] is True, "prod would be applied after a dev that failed"
    assert [project.get("execution_order_group", 0) for project in ATLANTIS["projects"]] == list(range(len(ENVIRONMENTS)))
    [served] = ATLANTIS_SERVER["repos"]
    assert served["allow_custom_workflows"] is False
    assert served["allowed_overrides"] == []
    assert served["apply_requirements"] == ["approved", "mergeable", "undiverged"]
    assert "`--checkout-strategy=merge`" in TEXT  # a flag of the server, without which nothing is ever found to have diverged
    workflow = ATLANTIS_SERVER["workflows"][served["workflow"]]
    assert '-out="$PLANFILE"' in str(workflow["plan"])
    assert workflow["apply"]["steps"][-1]["run"].endswith(' apply -input=false "$PLANFILE"')


@pytest.mark.parametrize("name", [".gitlab-ci.yml", "repos.yaml"])
def test_every_target_is_in_the_makefile(name: str) -> None:
    called = set(re.findall(r"\bmake ([a-z-]+)", BLOCKS[name]))
    assert {"review"} < called <= TARGETS


def test_the_same_targets_are_checked_everywhere() -> None:
    checks = yaml.safe_load((ROOT / ".github" / "workflows" / "checks.yml").read_text(encoding="utf-8"))
    targets = checks["jobs"]["make"]["strategy"]["matrix"]["target"]
    assert GITLAB["check"]["parallel"]["matrix"] == [{"TARGET": targets}]
    assert re.findall(r"`checks / make ([a-z]+)`", TEXT) == targets


def test_the_same_terraform_is_installed_everywhere() -> None:
    action = yaml.safe_load((ROOT / ".github" / "actions" / "set-up" / "action.yml").read_text(encoding="utf-8"))
    [version] = [
        step["with"]["terraform_version"] for step in action["runs"]["steps"] if "setup-terraform" in step.get("uses", "")
    ]
    assert set(re.findall(r"terraform_(\d+\.\d+\.\d+)_", BLOCKS[".gitlab-ci.yml"])) == {version}
