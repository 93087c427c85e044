"""The stack that plain Terraform applies from an archive is the same as the one that cdktf deploys."""

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

TIMES = {"create_date", "last_modified"}
CHOSEN_BY_AWS = ("key_id", "revision_id", "stream_label", "unique_id", "uuid", "version_id")
"""Attributes whose values AWS chooses for each resource."""


def test_the_machine_has_terraform_but_no_python_and_no_node(handed_over: HandedOver) -> None:
    path = handed_over.machine.environment()["PATH"]
    found = [name for name in ("terraform", "python3", "python", "cdktf", "node") if shutil.which(name, path=path)]
    assert found == ["terraform"]


def test_a_plan_after_the_apply_changes_nothing(handed_over: HandedOver) -> None:
    plan = handed_over.terraform("plan", "-detailed-exitcode", "-input=false", "-no-color")
    assert plan.returncode == 0, plan.stdout + plan.stderr


def test_the_lock_of_the_provider_is_used_and_not_changed(handed_over: HandedOver) -> None:
    again = handed_over.terraform("init", "-input=false", "-lockfile=readonly")
    assert again.returncode == 0, again.stderr
    assert "Reusing previous version" in again.stdout


def test_a_provider_with_another_hash_as_on_another_platform_is_refused(handed_over: HandedOver, tmp_path: Path) -> None:
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


def test_with_the_state_of_the_stack_that_cdktf_deployed_the_release_changes_nothing(
    deployed: Deployed, handed_over: HandedOver, tmp_path: Path
) -> None:
    _plan_changes_nothing(deployed, unpacked(handed_over.archive, tmp_path / "unpacked"), tmp_path)


def test_with_that_state_the_stack_as_hcl_changes_nothing_either(deployed: Deployed, hcl_out: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(hcl_out / "stacks" / "training-local", tmp_path / "hcl")
    assert [file.name for file in folder.glob("*.tf*")] == ["cdk.tf"]
    _plan_changes_nothing(deployed, folder, tmp_path)


def _plan_changes_nothing(deployed: Deployed, folder: Path, scratch: Path) -> None:
    machine = Machine(scratch / "home", deployed.environment.endpoints)
    initialized = machine.terraform(folder, "init", "-input=false", "-no-color")
    assert initialized.returncode == 0, initialized.stderr
    plan = machine.terraform(folder, "plan", "-detailed-exitcode", "-input=false", "-no-color", "-lock=false")
    assert plan.returncode == 0, plan.stdout + plan.stderr


def test_the_release_creates_the_same_resources_as_cdktf(deployed: Deployed, handed_over: HandedOver) -> None:
    by_cdktf = subprocess.run(
        ["terraform", "state", "pull"],
        cwd=deployed.environment.terraform_folder,
        env={**os.environ, **deployed.environment.environment()},
        capture_output=True,
        text=True,
        check=True,
    )
    expected = _state(by_cdktf.stdout)
    assert len(expected) > 50
    text = handed_over.terraform("state", "pull").stdout
    text = text.replace(handed_over.machine.endpoints.aws, deployed.environment.endpoints.aws)
    assert _state(text).keys() == expected.keys()
    for address, attributes in _state(text).items():
        for name in CHOSEN_BY_AWS:
            if attributes.get(name):  # other attributes may contain it, such as the ARN of a stream
                text = text.replace(attributes[name], expected[address][name])
    actual = _state(text)
    assert {
        address: _differing(expected[address], actual[address]) for address in expected if expected[address] != actual[address]
    } == {}


def _state(text: str) -> dict[str, dict[str, Any]]:
    """The attributes of each resource in the state, by its address, without the times; and the outputs."""
    state = json.loads(text)
    resources = {f"{each['type']}.{each['name']}": each["instances"][0]["attributes"] for each in state["resources"]}
    resources["outputs"] = state["outputs"]
    return {address: {key: attributes[key] for key in attributes.keys() - TIMES} for address, attributes in resources.items()}


def _differing(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    return {key: (first.get(key), second.get(key)) for key in {*first, *second} if first.get(key) != second.get(key)}
