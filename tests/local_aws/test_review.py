"""The summary of what real Terraform plans for the deployed stack is the recorded one, with Terraform's exit codes."""

import json
from pathlib import Path

import pytest

from tests.local_aws.conftest import Deployed
from tests.review.examples import COMMENTS, EXAMPLES, OUT, edited, project, review, steady


@pytest.fixture(scope="module")
def copy(deployed: Deployed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a copy of the stack, which the tests may edit: nothing is ever applied from it."""
    return project(deployed.environment.terraform_folder, tmp_path_factory.mktemp("review"))


@pytest.mark.parametrize("name", ["no_changes", "additions", "table_replaced", "policy_changed"])
def test_the_summary_of_a_real_plan_is_the_recorded_comment(deployed: Deployed, copy: Path, name: str) -> None:
    edited(copy, deployed.environment.terraform_folder, EXAMPLES[name])
    done = review(copy, deployed.environment.environment(), "local")
    assert done.returncode == (0 if name == "no_changes" else 2), done.stderr
    assert steady(done.stdout) == (COMMENTS / f"{name}.md").read_text(encoding="utf-8")
    assert done.stdout == (copy / ".build" / "review" / "training-local.md").read_text(encoding="utf-8")
    assert not (copy / OUT / ".terraform").exists()


def test_a_stack_that_cannot_be_planned_ends_with_1_and_terraforms_own_message(deployed: Deployed, copy: Path) -> None:
    content = json.loads((deployed.environment.terraform_folder / "cdk.tf.json").read_text(encoding="utf-8"))
    content["terraform"]["backend"]["s3"]["bucket"] = "training-state-that-is-nowhere"
    (copy / OUT / "cdk.tf.json").write_text(json.dumps(content), encoding="utf-8")
    done = review(copy, deployed.environment.environment(), "local")
    assert (done.returncode, done.stdout) == (1, "")
    # Before it, there may be lines with the seconds that have passed.
    _, error, message = done.stderr.partition("\nerror: terraform init in ")
    assert error
    assert "training-state-that-is-nowhere" in message
