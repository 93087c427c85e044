"""The deployments that many tests share: each is made by a program of its own while tests that need none run.

Terraform spends most of a deployment waiting for AWS to repeat what it said. So a session's first process begins them all as
soon as it knows which tests there are. Each program leaves a note in the session's folder when it is done, keeps its emulators
running, and ends when its standard input does: with the session, however that ends.
"""

import json
import subprocess
import sys
import traceback
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.support.paths import ROOT
from tests.support.patience import DEPLOYMENT_SECONDS, until

LOCAL_AWS = "tests/local_aws/"
HANDED_OVER = f"{LOCAL_AWS}handed_over/"
DEPLOYED = "deployed"
"""The environment `local`, deployed by `make local`'s own code."""
APPLIED = "applied"
"""The release of it, applied by plain Terraform."""
PROGRAMS = {DEPLOYED: "tests.local_aws.deploy", APPLIED: "tests.local_aws.handed_over.apply"}

_NEED_NO_DEPLOYMENT = (f"{LOCAL_AWS}test_emulators.py", f"{LOCAL_AWS}test_teams.py")
"""The second makes a part of one itself."""
_NEED_THE_RELEASE_ONLY = f"{HANDED_OVER}test_lock.py"


def needs_deployment(nodeid: str) -> bool:
    return nodeid.startswith(LOCAL_AWS) and not nodeid.startswith(_NEED_NO_DEPLOYMENT)


class Deployments:
    """The programs of one session. It has none until it is told which tests there are."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def begin(self, nodeids: Iterable[str]) -> None:
        """Start what these tests need, and was not started yet."""
        needing = [nodeid for nodeid in nodeids if needs_deployment(nodeid)]
        if any(nodeid.startswith(HANDED_OVER) for nodeid in needing):
            self._start(APPLIED)
        if any(not nodeid.startswith(_NEED_THE_RELEASE_ONLY) for nodeid in needing):
            self._start(DEPLOYED)

    def done(self) -> bool:
        """Whether all have made their deployment, or failed to."""
        return all(
            _note(self._folder, name).exists() or process.poll() is not None for name, process in self._processes.items()
        )

    def end(self) -> None:
        """All that the programs started ends with them (local/supervisor.py)."""
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            process.communicate()

    def _start(self, name: str) -> None:
        if name not in self._processes:
            with _log(self._folder, name).open("wb") as log:
                self._processes[name] = subprocess.Popen(
                    [sys.executable, "-m", PROGRAMS[name], str(self._folder)],
                    cwd=ROOT,
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                )


def keep(folder: Path, name: str, deployment: AbstractContextManager[Mapping[str, Any]]) -> None:
    """What a program does: make the deployment, leave a note of where it is, and keep it until the session ends."""
    try:
        with deployment as where:
            _leave_note(folder, name, where)
            sys.stdin.read()
    except BaseException:
        _leave_note(folder, name, {"error": traceback.format_exc()})
        raise


def note_of(folder: Path, name: str) -> dict[str, Any]:
    """Where the deployment is, as soon as it is made. The test fails if it cannot be."""
    until(_note(folder, name).exists, DEPLOYMENT_SECONDS)
    note: dict[str, Any] = json.loads(_note(folder, name).read_text(encoding="utf-8"))
    if "error" in note:
        pytest.fail(f"{_log(folder, name).read_text(encoding='utf-8', errors='replace')}\n{note['error']}", pytrace=False)
    return note


def _leave_note(folder: Path, name: str, content: Mapping[str, Any]) -> None:
    draft = _note(folder, name).with_suffix(".draft")
    draft.write_text(json.dumps(content), encoding="utf-8")
    draft.replace(_note(folder, name))  # whole, or not there


def _note(folder: Path, name: str) -> Path:
    return folder / f"{name}.json"


def _log(folder: Path, name: str) -> Path:
    return folder / f"{name}.log"
