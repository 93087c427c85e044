"""Pipfile.lock as requirements: every package by its version and hashes, and nothing that is not pinned."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from tests.support.paths import ROOT
from tools.pinned_requirements import requirements

HASH = "sha256:" + "0" * 64


def lock(**entries: dict[str, Any]) -> dict[str, dict[str, dict[str, Any]]]:
    return {"default": {}, "develop": entries}


def test_every_package_of_the_lock_is_there_once_with_its_version_and_hashes() -> None:
    content = json.loads((ROOT / "Pipfile.lock").read_text(encoding="utf-8"))
    expected = {
        (name, entry["version"], entry.get("markers", ""), *sorted(entry["hashes"]))
        for group in ("default", "develop")
        for name, entry in content[group].items()
        if name != "training-events"
    }
    command = [sys.executable, "-S", "-m", "tools.pinned_requirements"]
    lines = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    read = []
    for line in lines:
        pin, *hashes = line.split(" --hash=")
        requirement = Requirement(pin)
        read.append((requirement.name, str(requirement.specifier), pin.partition(" ; ")[2], *sorted(hashes)))
    assert len(read) == len(set(read))
    assert set(read) == expected


def test_extras_and_markers_are_kept() -> None:
    entry = {"version": "==1", "hashes": [HASH], "extras": ["a", "b"], "markers": "python_version >= '3.11'"}
    assert list(requirements(lock(one=entry))) == [f"one[a,b]==1 ; python_version >= '3.11' --hash={HASH}"]


@pytest.mark.parametrize(
    "entry",
    [
        {"version": "==1"},
        {"version": "==1", "hashes": []},
        {"version": ">=1", "hashes": [HASH]},
        {"git": "https://example.com/one", "ref": "main"},
        {"path": "./elsewhere", "editable": True},
    ],
)
def test_what_is_not_pinned_is_refused(entry: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=re.escape("one is not pinned to a version with a hash")):
        list(requirements(lock(one=entry)))


@pytest.mark.parametrize("text", [None, "{", "{}"])
def test_a_lock_that_cannot_be_read_is_one_line(tmp_path: Path, text: str | None) -> None:
    if text:
        (tmp_path / "Pipfile.lock").write_text(text)
    (tmp_path / "tools").symlink_to(ROOT / "tools")
    command = [sys.executable, "-m", "tools.pinned_requirements"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(r"error: Pipfile\.lock: .*\n", done.stderr)
