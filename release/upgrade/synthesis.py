"""Synthesizes a version of this project: this one here, and an earlier one in a folder of its own."""

import json
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from release.errors import ReleaseError
from release.synthesized import JSON, ROOT
from release.upgrade.revision import export
from tools import step

BUILD = ROOT / ".build" / "upgrade"
_TOOLKIT = ("cdktf", "cdktf-cdktf-provider-aws", "constructs")
"""What decides on the JSON: with the same versions of these, an earlier program runs with what is installed here."""
_CHARTS = "lambda/training_events/pages/static/uplot"
_DOWNLOADED = (_CHARTS, ".build/package/wheels")
"""What set-up downloads; the earlier version takes it from here, if it needs it."""
Stacks = dict[str, dict[str, Any]]
"""The Terraform JSON of each environment, by its name."""


def of_this_version(names: Iterable[str], build: Path = BUILD) -> Stacks:
    """The stacks of these environments, as they are declared now."""
    return _synthesize(ROOT, [sys.executable], build / "new", "this version", names)


@contextmanager
def checked_out(commit: str, build: Path = BUILD) -> Iterator[Path]:
    """The files of the commit in a folder, which goes with the block."""
    folder = build / "old"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        export(commit, folder)
        if not (folder / "main.py").is_file() or not (folder / "environments").is_dir():
            raise ReleaseError(f"{commit[:7]} has no main.py or no environments/: it is not a version of this project")
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def of_earlier_version(folder: Path, called: str, names: Iterable[str], build: Path = BUILD) -> Stacks:
    """The stacks of these environments, as the version in the folder declares them. It is set up there if it has to be."""
    python = [sys.executable]
    if _toolkit(folder) != _toolkit(ROOT):
        _run(["make", "setup"], build / "setup.log", f"setting up {called}, whose toolkit is another one", folder, {})
        python = [str(folder / ".venv" / "bin" / "python")]
    for downloaded in _DOWNLOADED:
        if (ROOT / downloaded).is_dir() and not (folder / downloaded).exists():
            shutil.copytree(ROOT / downloaded, folder / downloaded)
    return _synthesize(folder, python, build / "old.out", called, names)


def _synthesize(project: Path, python: list[str], out: Path, called: str, names: Iterable[str]) -> Stacks:
    shutil.rmtree(out, ignore_errors=True)
    stacks = {}
    for name in names:
        if (stack := _stack_of(out, name)) is not None:
            stacks[name] = stack
            continue
        # A mistake in the settings of another environment does not matter. Versions that do not know the variable write all.
        variables = {"CDKTF_OUTDIR": str(out), "TRAINING_ENVIRONMENT": name}
        _run([*python, "main.py"], out.with_suffix(".log"), f"synthesizing {name} of {called}", project, variables)
        if (stack := _stack_of(out, name)) is None:
            raise ReleaseError(f"{called} has written no stack of {name}")
        stacks[name] = stack
    shutil.rmtree(out)
    return stacks


def _stack_of(out: Path, environment: str) -> dict[str, Any] | None:
    """The stack with the tag of the environment, if there is one: its name depends on a setting."""
    for file in sorted(out.glob(f"stacks/*/{JSON}")):
        content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        (provider,) = content["provider"]["aws"]
        if provider["default_tags"][0]["tags"].get("environment") == environment:
            return content
    return None


def _toolkit(project: Path) -> dict[str, str | None]:
    """The locked versions of the toolkit."""
    try:
        locked = json.loads((project / "Pipfile.lock").read_text(encoding="utf-8"))["default"]
    except (OSError, ValueError, KeyError) as error:
        raise ReleaseError(f"{project / 'Pipfile.lock'}: cannot be read as a lock: {error!r}") from None
    return {name: locked.get(name, {}).get("version") for name in _TOOLKIT}


def _run(command: list[str], log: Path, title: str, folder: Path, variables: Mapping[str, str]) -> None:
    if step.run(log, title, command, folder, {**os.environ, **variables}):
        raise SystemExit(1)  # step has said what and why
