"""What real Terraform plans for the deployed stack is summed up as recorded, with Terraform's exit codes."""

import json
from pathlib import Path

import pytest

from tests.local_aws.conftest import Deployed
from tests.review.examples import COMMENTS, EXAMPLES, OUT, edited, project, review, steady


@pytest.fixture(scope="module")
def copied(deployed: Deployed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project's folder with a copy of the stack, which the tests may edit: nothing is ever applied from it."""
    return project(deployed.environment.terraform_folder, tmp_path_factory.mktemp("review"))


@pytest.mark.parametrize("name", ["no_changes", "additions", "table_replaced", "policy_changed"])
def test_a_real_plan_is_summed_up_as_recorded(deployed: Deployed, copied: Path, name: str) -> None:
    edited(copied, deployed.environment.terraform_folder, EXAMPLES[name])
    done = review(copied, deployed.environment.environment(), "local")
    assert done.returncode == (0 if name == "no_changes" else 2), done.stderr
    assert steady(done.stdout) == (COMMENTS / f"{name}.md").read_text(encoding="utf-8")
    assert done.stdout == (copied / ".build" / "review" / "training-local.md").read_text(encoding="utf-8")
    assert not (copied / OUT / ".terraform").exists()


def test_a_stack_that_cannot_be_planned_is_exit_code_1_with_terraforms_own_words(deployed: Deployed, copied: Path) -> None:
    content = json.loads((deployed.environment.terraform_folder / "cdk.tf.json").read_text(encoding="utf-8"))
    content["terraform"]["backend"]["s3"]["bucket"] = "training-state-that-is-nowhere"
    (copied / OUT / "cdk.tf.json").write_text(json.dumps(content), encoding="utf-8")
    done = review(copied, deployed.environment.environment(), "local")
    assert (done.returncode, done.stdout) == (1, "")
    _, found, terraforms = done.stderr.partition("\nerror: terraform init in ")  # before it, perhaps, how long it takes
    assert found
    assert "training-state-that-is-nowhere" in terraforms
