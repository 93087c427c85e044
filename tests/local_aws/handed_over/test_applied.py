"""Applied by plain Terraform from its archive, the stack is the one that cdktf deploys."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.local_aws.conftest import Deployed
from tests.local_aws.handed_over.apply import HandedOver, Machine, unpacked

MADE_AT = {"create_date", "last_modified"}
CHOSEN_BY_AWS = ("revision_id", "stream_label", "unique_id", "uuid", "version_id")
"""The attributes by which AWS says which one of its kind a resource is."""


def test_no_python_can_be_found_on_the_machine(handed_over: HandedOver) -> None:
    path = handed_over.machine.environment()["PATH"]
    found = [name for name in ("terraform", "python3", "python", "cdktf", "node") if shutil.which(name, path=path)]
    assert found == ["terraform"]


def test_a_plan_after_the_apply_has_nothing_to_do(handed_over: HandedOver) -> None:
    plan = handed_over.terraform("plan", "-detailed-exitcode", "-input=false", "-no-color")
    assert plan.returncode == 0, plan.stdout + plan.stderr


def test_the_lock_of_the_provider_is_in_force_and_left_as_it_was(handed_over: HandedOver) -> None:
    again = handed_over.terraform("init", "-input=false", "-lockfile=readonly")
    assert again.returncode == 0, again.stderr
    assert "Reusing previous version" in again.stdout


def test_a_provider_of_another_hash_as_on_another_platform_is_refused(handed_over: HandedOver, tmp_path: Path) -> None:
    folder = unpacked(handed_over.archive, tmp_path / "unpacked")
    lock = folder / ".terraform.lock.hcl"
    lock.write_text(
        re.sub(r'"(h1|zh):[^"]+"', '"h1:edXOJWE4ORX8Fm+dpVpICzMZJat4AX0VRCAy/xkcOc1="', lock.read_text(encoding="utf-8"))
    )
    refused = handed_over.machine.terraform(folder, "init", "-backend=false", "-input=false", "-no-color")
    assert refused.returncode == 1
    assert "doesn't match any of the checksums" in " ".join(refused.stderr.split())

    lock.unlink()  # as the README says
    assert handed_over.machine.terraform(folder, "init", "-backend=false", "-input=false").returncode == 0


def test_on_the_state_of_the_stack_that_cdktf_deployed_it_plans_nothing(
    deployed: Deployed, handed_over: HandedOver, tmp_path: Path
) -> None:
    _plans_nothing(deployed, unpacked(handed_over.archive, tmp_path / "unpacked"), tmp_path)


def test_nor_does_the_stack_as_hcl(deployed: Deployed, hcl_out: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(hcl_out / "stacks" / "training-local", tmp_path / "hcl")
    assert [file.name for file in folder.glob("*.tf*")] == ["cdk.tf"]
    _plans_nothing(deployed, folder, tmp_path)


def _plans_nothing(deployed: Deployed, folder: Path, place: Path) -> None:
    machine = Machine(place / "home", deployed.environment.endpoints)
    initialized = machine.terraform(folder, "init", "-input=false", "-no-color")
    assert initialized.returncode == 0, initialized.stderr
    plan = machine.terraform(folder, "plan", "-detailed-exitcode", "-input=false", "-no-color", "-lock=false")
    assert plan.returncode == 0, plan.stdout + plan.stderr


def test_it_makes_the_resources_that_cdktf_makes(deployed: Deployed, handed_over: HandedOver) -> None:
    by_cdktf = subprocess.run(
        ["terraform", "state", "pull"],
        cwd=deployed.environment.terraform_folder,
        env={**os.environ, **deployed.environment.environment()},
        capture_output=True,
        text=True,
        check=True,
    )
    ours = _state(by_cdktf.stdout)
    assert len(ours) > 50
    text = handed_over.terraform("state", "pull").stdout
    text = text.replace(handed_over.machine.endpoints.aws, deployed.environment.endpoints.aws)
    assert _state(text).keys() == ours.keys()
    for address, attributes in _state(text).items():
        for name in CHOSEN_BY_AWS:
            if attributes.get(name):  # it may be part of others, such as a stream's ARN
                text = text.replace(attributes[name], ours[address][name])
    theirs = _state(text)
    assert {address: _differing(ours[address], theirs[address]) for address in ours if ours[address] != theirs[address]} == {}


def _state(text: str) -> dict[str, dict[str, Any]]:
    """What the state says of each resource, by its address, but when it was made; and the outputs."""
    state = json.loads(text)
    said = {f"{each['type']}.{each['name']}": each["instances"][0]["attributes"] for each in state["resources"]}
    said["outputs"] = state["outputs"]
    return {address: {key: attributes[key] for key in attributes.keys() - MADE_AT} for address, attributes in said.items()}


def _differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    return {key: (one.get(key), other.get(key)) for key in {*one, *other} if one.get(key) != other.get(key)}
