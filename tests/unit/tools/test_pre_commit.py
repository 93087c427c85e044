"""What runs before a commit are the tools that are locked, so that it cannot disagree with `make lint`."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from tests.support.paths import ROOT
from tests.unit.tools.test_makefile import planned

CONFIGURATION: dict[str, Any] = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
HOOKS: list[dict[str, Any]] = [hook for repository in CONFIGURATION["repos"] for hook in repository["hooks"]]


def test_no_hook_comes_from_elsewhere() -> None:
    assert [repository["repo"] for repository in CONFIGURATION["repos"]] == ["local"]


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_a_hook_runs_a_locked_tool_that_lint_runs_too(hook: dict[str, Any]) -> None:
    tool = Path(hook["entry"].split()[0])
    assert tool.parts[:-1] == (".venv", "bin")
    assert re.search(rf'^ +"{tool.name}(-py)?": ', (ROOT / "Pipfile.lock").read_text(encoding="utf-8"), re.MULTILINE)
    assert re.search(rf"(^|\| |&& ){tool.name}\b", planned("lint"), re.MULTILINE)
    assert hook["language"] == "system"
