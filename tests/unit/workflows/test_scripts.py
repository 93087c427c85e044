"""The scripts in GitHub's workflows, which Node runs here with a fake GitHub."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.github_script import BOT, HEAD, run_script, script_of
from tests.support.paths import ROOT

WORKFLOWS = ROOT / ".github" / "workflows"
MARKER = "<!-- review of dev -->"


def run(workflow: str, folder: Path, **given: Any) -> dict[str, Any]:
    return run_script(script_of((WORKFLOWS / workflow).read_text(encoding="utf-8")), folder, **given)


def test_the_first_review_is_a_new_comment(tmp_path: Path) -> None:
    (tmp_path / "training-dev.md").write_text("## training-dev\nNo changes.", encoding="utf-8")
    [comment] = run("review.yml", tmp_path)["comments"]
    assert comment["issue_number"] == 7
    assert comment["body"] == (
        f"{MARKER}\n## training-dev\nNo changes.\n\nOf {HEAD}: [the run](https://github.com/my-org/my-repo/actions/runs/42)"
    )


def test_the_next_review_replaces_the_previous_comment(tmp_path: Path) -> None:
    (tmp_path / "training-dev.md").write_text("Two changes.", encoding="utf-8")
    others = [
        {"id": 1, "user": BOT, "body": "<!-- review of training-prod -->\nNo changes."},
        {"id": 2, "user": {"login": "somebody"}, "body": f"{MARKER}\nNo changes, honestly."},
        {"id": 3, "user": None, "body": f"{MARKER}\nBy somebody who has left."},
    ]
    own = {"id": 4, "user": BOT, "body": f"{MARKER}\nNo changes."}
    *unchanged, updated = run("review.yml", tmp_path, comments=[*others, own])["comments"]
    assert unchanged == others
    assert updated["id"] == 4
    assert "Two changes." in updated["body"]
    assert "No changes" not in updated["body"]


def test_a_failed_review_replaces_the_previous_comment_too(tmp_path: Path) -> None:
    own = {"id": 4, "user": BOT, "body": f"{MARKER}\nNo changes."}
    [comment] = run("review.yml", tmp_path, comments=[own])["comments"]
    assert "## dev: the review failed" in comment["body"]
    assert "No changes" not in comment["body"]


NEWER = "0" * 40


@pytest.mark.parametrize(
    ("main", "failures"),
    [(HEAD, []), (NEWER, [f"main is at {NEWER} by now: the run of that commit deploys"])],
    ids=["same", "newer"],
)
def test_only_the_newest_commit_of_main_is_deployed(tmp_path: Path, main: str, failures: list[str]) -> None:
    assert run("deploy-environment.yml", tmp_path, main=main)["failures"] == failures


@pytest.mark.parametrize("tag", ["v1.2.0", "1.2.0"])
def test_a_release_with_the_tag_of_its_version_is_published(tmp_path: Path, tag: str) -> None:
    built(tmp_path, "training_events-1.2.0-py3-none-any.whl", "training_events-1.2.0.tar.gz")
    assert run("publish.yml", tmp_path, tag=tag)["failures"] == []


@pytest.mark.parametrize("tag", ["v1.2.1", "v1.2", "1.2.0rc1", "release"])
def test_a_release_with_another_tag_is_not_published(tmp_path: Path, tag: str) -> None:
    files = built(tmp_path, "training_events-1.2.0-py3-none-any.whl", "training_events-1.2.0.tar.gz")
    assert run("publish.yml", tmp_path, tag=tag)["failures"] == [
        f"the tag is {tag}, but version.py makes {' and '.join(files)}"
    ]


def test_only_the_wheel_and_the_source_archive_are_published(tmp_path: Path) -> None:
    built(tmp_path, "training_events-1.2.0-py3-none-any.whl", "training_events-1.2.0.tar.gz", "another-1.0.tar.gz")
    assert len(run("publish.yml", tmp_path, tag="v1.2.0")["failures"]) == 1


def built(folder: Path, *names: str) -> tuple[str, ...]:
    (folder / "dist" / "python").mkdir(parents=True)
    for name in names:
        (folder / "dist" / "python" / name).touch()
    return names
