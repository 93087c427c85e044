"""With CDK Terrain the app synthesizes the same as with CDKTF: the move is a rename, and a plan shows no change."""

import json
from collections.abc import Callable
from copy import deepcopy
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from tests.future_toolkit.conftest import REQUIREMENTS, run
from tests.future_toolkit.differences import differences
from tests.support.paths import ROOT

LIBRARY_VERSION = {
    "cdk.tf.json": ["//.metadata.version"],  # below `//`, which Terraform ignores
    "manifest.json": ["version"],  # only the cdktf command reads it
}
"""All that may differ, by file. The provider's version comes from the settings, so it is the same with any bindings."""


def _files(out: Path) -> list[str]:
    return sorted(file.relative_to(out).as_posix() for file in out.rglob("*") if file.is_file())


def _locked(package: str) -> str:
    (line,) = (line for line in REQUIREMENTS.read_text(encoding="utf-8").splitlines() if line.startswith(f"{package}=="))
    return line.removeprefix(f"{package}==").split()[0]


def test_only_the_library_version_differs(cdktf_out: Path, cdktn_out: Path) -> None:
    files = _files(cdktf_out)
    assert _files(cdktn_out) == files
    environments = (settings.stem for settings in (ROOT / "environments").glob("*.toml"))
    assert {f"stacks/training-{name}/cdk.tf.json" for name in environments} <= set(files)
    for file in files:
        old, new = (out / file for out in (cdktf_out, cdktn_out))
        if old.name in LIBRARY_VERSION:
            found = list(differences(json.loads(old.read_bytes()), json.loads(new.read_bytes())))
            assert found == LIBRARY_VERSION[old.name], file
        else:
            assert old.read_bytes() == new.read_bytes(), file


def test_each_synth_used_its_own_library(cdktf_out: Path, cdktn_out: Path) -> None:
    """Otherwise a copy that the old library has synthesized would look like a success."""
    versions = [json.loads((out / "manifest.json").read_bytes())["version"] for out in (cdktf_out, cdktn_out)]
    assert versions == [metadata.version("cdktf"), _locked("cdktn")]


def test_the_bindings_are_imported_one_by_one_under_the_new_name(cdktn_python: Path, renamed_app: Path) -> None:
    script = (
        "import importlib.util, json, sys, stacks.training_stack\n"
        "bindings = [name for name in sys.modules if name.startswith('cdktn_provider_aws.')]\n"
        "init_ran = hasattr(sys.modules['cdktn_provider_aws'], '__all__')\n"
        "old = [name for name in ('cdktf', 'cdktf_cdktf_provider_aws') if importlib.util.find_spec(name)]\n"
        "print(json.dumps([len(bindings), init_ran, old]))"
    )
    count, init_ran, old = json.loads(run(cdktn_python, "-c", script, project=renamed_app))
    assert 20 < count < 200
    assert not init_ran
    assert old == [], "the environment must not hold CDKTF, or a forgotten import would not show"


def test_both_environments_build_the_wheel_with_the_same_version_of_hatchling() -> None:
    """The client's wheel contains the version of hatchling that built it, and its hash is in the output."""
    pipfile = json.loads((ROOT / "Pipfile.lock").read_text(encoding="utf-8"))
    assert pipfile["default"]["hatchling"]["version"] == f"=={_locked('hatchling')}", "renew both locks: make lock"


def _renamed_resource(stack: dict[str, Any]) -> None:
    tables = stack["resource"]["aws_dynamodb_table"]
    tables["renamed"] = tables.pop(next(iter(tables)))


def _dropped_argument(stack: dict[str, Any]) -> None:
    del next(iter(stack["resource"]["aws_dynamodb_table"].values()))["deletion_protection_enabled"]


def _text_for_a_boolean(stack: dict[str, Any]) -> None:
    next(iter(stack["resource"]["aws_dynamodb_table"].values()))["deletion_protection_enabled"] = "true"


def _number_for_a_boolean(stack: dict[str, Any]) -> None:
    stack["terraform"]["backend"]["s3"]["use_lockfile"] = 1


def _wider_provider(stack: dict[str, Any]) -> None:
    stack["terraform"]["required_providers"]["aws"]["version"] = ">= 5.0.0"


def _another_item(stack: dict[str, Any]) -> None:
    stack["provider"]["aws"][0]["allowed_account_ids"].append("1")


@pytest.mark.parametrize(
    ("plant", "path_part"),
    [
        (_renamed_resource, "resource.aws_dynamodb_table."),
        (_dropped_argument, ".deletion_protection_enabled"),
        (_text_for_a_boolean, ".deletion_protection_enabled"),
        (_number_for_a_boolean, "terraform.backend.s3.use_lockfile"),
        (_wider_provider, "terraform.required_providers.aws.version"),
        (_another_item, "provider.aws[0].allowed_account_ids"),
    ],
)
def test_a_planted_difference_is_found(cdktf_out: Path, plant: Callable[[dict[str, Any]], None], path_part: str) -> None:
    stack = json.loads((cdktf_out / "stacks" / "training-prod" / "cdk.tf.json").read_bytes())
    planted = deepcopy(stack)
    plant(planted)
    found = list(differences(stack, planted))
    assert found
    assert all(path_part in path for path in found)
    assert list(differences(stack, deepcopy(stack))) == []
