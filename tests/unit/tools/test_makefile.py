"""A make target installs what it needs and no more, and `make help` names every target that people call."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.support.paths import ROOT


def planned(*target: str) -> str:
    """What make would do in a fresh clone."""
    command = ["make", "--dry-run", "--always-make", *target]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("target", ["lint", "audit", "lock", "schemas", "local-down", "new-environment", "bootstrap"])
def test_what_runs_python_alone_installs_no_cdktf(target: str) -> None:
    plan = planned(target, "NAME=staging", "ENV=dev")
    assert "pip sync" in plan
    assert not installs_cdktf(plan)
    assert "stacks.packaging.lambda_package" not in plan


@pytest.mark.parametrize("target", ["costs", "demo", "test", "synth", "local", "diff", "deploy", "review", "destroy"])
def test_what_synthesizes_or_deploys_installs_cdktf_and_builds_the_functions_packages(target: str) -> None:
    plan = planned(target, "ENV=dev")
    assert plan.index("pip sync") < plan.index("stacks.packaging.lambda_package")
    assert installs_cdktf(plan)


def test_the_fast_tests_need_no_cdktf() -> None:
    plan = planned("test-fast")
    assert "stacks.packaging.lambda_package" in plan
    assert not installs_cdktf(plan)


def installs_cdktf(plan: str) -> bool:
    return any("npm ci" in line and "--prefix lambda" not in line for line in plan.splitlines())


@pytest.mark.parametrize("target", ["lint", "test-fast", "setup", "wheel"])
def test_what_draws_charts_is_there_before_the_package_is_installed(target: str) -> None:
    plan = planned(target)
    assert plan.index("npm ci --prefix lambda") < plan.index("--editable ./lambda")


@pytest.mark.parametrize("target", ["lint", "test"])
def test_nothing_is_installed_without_its_hash(target: str) -> None:
    """But for this project's own package, which lies in the clone."""
    installs = [line for line in re.split(r"(?<!\\)\n", planned(target)) if re.search(r"pip (install|sync)", line)]
    assert {("--require-hashes" in line, "./lambda" in line) for line in installs} == {(True, False), (False, True)}


@pytest.mark.parametrize("target", ["bootstrap", "costs", "diff", "review", "deploy", "destroy", "release"])
def test_what_is_about_one_environment_reads_the_settings_of_that_one(tmp_path: Path, target: str) -> None:
    assert chosen_environment(tmp_path, target, "ENV=local") == "local"


@pytest.mark.parametrize(("target", "chosen"), [("synth", ""), ("release", ""), ("local", "local")])
def test_what_is_about_all_environments_reads_all_settings(tmp_path: Path, target: str, chosen: str) -> None:
    assert chosen_environment(tmp_path, target) == chosen


def chosen_environment(folder: Path, *call: str) -> str:
    """What TRAINING_ENVIRONMENT is where make checks the settings. In their place it prints that, and ends."""
    (folder / "probe.mk").write_text(
        '.build/python.done: ;\n\nsettings:\n\t@echo "<$$TRAINING_ENVIRONMENT>"; exit 1\n', encoding="utf-8"
    )
    command = ["make", "-f", "Makefile", "-f", str(folder / "probe.mk"), *call]
    environment = {name: value for name, value in os.environ.items() if name not in {"ENV", "TRAINING_ENVIRONMENT"}}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    (chosen,) = re.findall("<(.*)>", done.stdout)
    return str(chosen)


@pytest.mark.parametrize("target", ["synth", "diff", "deploy", "destroy"])
def test_in_a_pipe_cdktf_draws_no_spinner(tmp_path: Path, target: str) -> None:
    """It draws none where CI says that no person looks on. In a terminal it is left as it is."""
    stand_in = tmp_path / "cdktf"
    stand_in.write_text('#!/bin/sh\necho "<CI=$CI>"\n', encoding="utf-8")
    stand_in.chmod(0o700)
    (tmp_path / "probe.mk").write_text(
        f"export PATH := {tmp_path}:$(PATH)\nTERRAFORM :=\n.build/python.done setup settings: ;\n", encoding="utf-8"
    )
    command = ["make", "-f", "Makefile", "-f", str(tmp_path / "probe.mk"), target, "ENV=local", "ARGS=--auto-approve"]
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert re.findall("<.*>", done.stdout) == ["<CI=true>"]


def test_an_upgrade_check_without_a_version_is_one_line_before_anything_is_installed() -> None:
    done = subprocess.run(["make", "upgrade-check"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == "say from which version: make upgrade-check FROM=0.1.0"
    assert done.stdout == ""


def test_help_names_every_target_that_people_call_in_one_of_four_groups() -> None:
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    groups = [part.splitlines()[0] for part in shown.split("\n\n")[1:]]
    assert groups == ["Try it", "Develop", "Deploy and operate", "Maintain"]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    inner = {"named", "settings", "setup", "lambda-packages"}
    assert (
        set(re.findall(r"^  make ([a-z-]+) ", shown, re.MULTILINE))
        == set(re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)) - inner
    )
